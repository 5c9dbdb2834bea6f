# Reference numbers of tests of simple samples: R's own functions on small and awkward inputs.
# Run by `make oracles`, or: Rscript tests/oracles/make_simple_oracles.R FOLDER [SEED]
# Needs R and jsonlite (Debian: r-base-core r-cran-jsonlite).
suppressPackageStartupMessages(library(jsonlite))
given <- commandArgs(trailingOnly = TRUE)
folder <- if (length(given) > 0) given[1] else "tests/oracles"
set.seed(if (length(given) > 1) as.integer(given[2]) else 1L)

cases <- list()
number <- function(x) if (is.null(x)) NULL else I(as.numeric(x))
test <- function(t) list(statistic = number(t$statistic), parameter = number(t$parameter), p = number(t$p.value),
                         estimate = number(t$estimate), ci = number(t$conf.int))
# Kolmogorov's law in full: ks.test takes one term of its series below 1
ks_law <- function(a, b) {
  found <- ks.test(a, b, exact = FALSE)
  x <- as.numeric(found$statistic) * sqrt(length(a) * length(b) / (length(a) + length(b)))
  k <- 1:200
  found$p.value <- if (x < 0.05) 1 else 2 * sum((-1)^(k - 1) * exp(-2 * k^2 * x^2))
  test(found)
}
add <- function(kind, args, call) {
  result <- tryCatch(suppressWarnings(eval(call)), error = function(e) NULL)
  if (is.null(result)) return(invisible())
  cases[[length(cases) + 1]] <<- list(id = paste(kind, length(cases) + 1, sep = "-"), kind = kind, args = args,
                                      call = paste(deparse(call, 500L), collapse = " "), result = result)
}
odd <- list(c(0, 5, 5, 5), c(0, 10, 1, 12), c(9, 10, 3, 10), c(1, 1, 0, 1), c(4, 7, 29, 31), c(50, 50, 49, 50),
            c(3, 100, 9, 80), c(0, 8, 0, 9), c(7, 7, 9, 9), c(230, 900, 1, 4))
for (i in 1:12) {
  n <- sample(1:60, 2)
  odd[[length(odd) + 1]] <- c(sample(0:n[1], 1), n[1], sample(0:n[2], 1), n[2])
}
for (o in odd) {
  x1 <- o[1]; n1 <- o[2]; x2 <- o[3]; n2 <- o[4]
  args <- list(x1 = x1, n1 = n1, x2 = x2, n2 = n2)
  m <- bquote(matrix(.(c(x1, n1 - x1, x2, n2 - x2)), 2, byrow = TRUE))
  for (level in c(.9, .99)) for (correct in c(TRUE, FALSE))
    add("prop_test", c(args, level = level, correct = correct),
        bquote(test(prop.test(.(c(x1, x2)), .(c(n1, n2)), correct = .(correct), conf.level = .(level)))))
  for (alternative in c("two.sided", "less", "greater"))
    add("fisher", c(args, alternative = alternative), bquote(test(fisher.test(.(m), alternative = .(alternative)))))
  add("chisq", c(args, correct = TRUE), bquote(test(chisq.test(.(m), correct = TRUE))))
  for (alternative in c("two.sided", "less", "greater")) for (p in c(.02, .5, .87)) {
    add("binom", list(x = x1, n = n1, p = p, alternative = alternative, level = .99),
        bquote(test(binom.test(.(x1), .(n1), p = .(p), alternative = .(alternative), conf.level = .99))))
    for (correct in c(TRUE, FALSE))
      add("score", list(x = x1, n = n1, p = p, alternative = alternative, level = .9, correct = correct),
          bquote(test(prop.test(.(x1), .(n1), p = .(p), alternative = .(alternative), conf.level = .9, correct = .(correct)))))
  }
  if (min(n1, n2, n1 - x1 + n2 - x2) > 0)
    add("mcnemar", list(table = list(c(x1, n1 - x1), c(x2, n2 - x2)), correct = TRUE), bquote(test(mcnemar.test(.(m)))))
}
samples <- list(
  list(c(1, 2, 2, 3, 5), c(2, 2, 4, 5, 5, 5)), list(c(1.5, 2.5, 7), c(0.1, 9, 12, 3.3)), list(3, c(1, 2, 4)),
  list(c(1, 1, 1, 2), c(1, 1, 1, 1, 3)), list(1:8 + 0, 9:20 + 0), list(c(5, 4, 3, 2, 1, 1), c(5, 5, 5, 5)))
for (i in 1:8) samples[[length(samples) + 1]] <- list(
  sample(1:5, sample(3:40, 1), TRUE) + 0, sample(1:5, sample(3:40, 1), TRUE, c(.1, .1, .2, .3, .3)) + 0)
for (i in 1:4) samples[[length(samples) + 1]] <- list(round(rnorm(9), 3), round(rnorm(14, 1), 3))
for (s in samples) {
  a <- s[[1]]; b <- s[[2]]
  args <- list(a = I(a), b = I(b))
  for (correct in c(TRUE, FALSE))
    add("wilcox", c(args, correct = correct, exact = FALSE),
        bquote(test(wilcox.test(.(a), .(b), exact = FALSE, correct = .(correct)))))
  if (!anyDuplicated(c(a, b)))
    add("wilcox", c(args, correct = TRUE, exact = TRUE),
        bquote(test(wilcox.test(.(a), .(b), exact = TRUE, conf.int = TRUE, conf.level = .9))))
  add("ks", args, bquote(ks_law(.(a), .(b))))
  for (alternative in c("two.sided", "less", "greater")) for (equal in c(TRUE, FALSE))
    add("t", c(args, alternative = alternative, equal = equal, level = .99),
        bquote(test(t.test(.(a), .(b), alternative = .(alternative), var.equal = .(equal), conf.level = .99))))
  add("t_one", list(a = I(a), mu = 2.5, level = .9), bquote(test(t.test(.(a), mu = 2.5, conf.level = .9))))
  k <- min(length(a), length(b))
  pair <- list(a = I(a[seq_len(k)]), b = I(b[seq_len(k)]))
  add("t_paired", pair, bquote(test(t.test(.(a[seq_len(k)]), .(b[seq_len(k)]), paired = TRUE))))
  add("wilcox_paired", pair, bquote(test(wilcox.test(.(a[seq_len(k)]), .(b[seq_len(k)]), paired = TRUE, exact = FALSE))))
  for (method in c("pearson", "spearman"))
    add("cor", c(pair, method = method), bquote(test(cor.test(.(a[seq_len(k)]), .(b[seq_len(k)]), method = .(method), exact = FALSE))))
}
for (i in 1:14) {
  groups <- lapply(seq_len(sample(2:5, 1)), function(g) {
    n <- sample(if (i %% 3 == 0) 1:12 else 3:12, 1)
    if (i %% 2) sample(1:5, n, TRUE) + 0 else round(rnorm(n, g / 2), 2)
  })
  y <- unlist(groups); g <- factor(rep(seq_along(groups), lengths(groups)))
  args <- list(groups = lapply(groups, I))
  add("kruskal", args, bquote(test(kruskal.test(.(y), .(g)))))
  add("anova", args, bquote({ s <- summary(aov(.(y) ~ .(g)))[[1]]; list(f = s[1, 4], p = s[1, 5], ss = I(s[, 2]), df = I(s[, 1])) }))
  add("welch", args, bquote(test(oneway.test(.(y) ~ .(g)))))
  add("bartlett", args, bquote(test(bartlett.test(.(y), .(g)))))
  add("tukey", args, bquote({ yy <- .(y); gg <- .(g); t <- TukeyHSD(aov(yy ~ gg), conf.level = .9)$gg
    list(diff = I(t[, 1]), low = I(t[, 2]), high = I(t[, 3]), p = I(t[, 4])) }))
  m <- matrix(sample(1:4, 3 * sample(4:9, 1), TRUE), ncol = 3)
  add("friedman", list(table = m), bquote(test(friedman.test(.(m)))))
  n <- sample(3:40, sample(3:5, 1)); x <- sapply(n, function(k) sample(0:k, 1))
  add("trend", list(x = I(x), n = I(n)), bquote(test(prop.trend.test(.(x), .(n)))))
  tab <- matrix(rpois(sample(2:4, 1) * 3, c(1, 4, 9)), ncol = 3) + (i %% 2)
  if (all(rowSums(tab) > 0) && all(colSums(tab) > 0)) {
    add("table", list(table = tab), bquote(test(chisq.test(.(tab), correct = FALSE))))
    add("fisher_table", list(table = tab), bquote(test(fisher.test(.(tab)))))
  }
  strata <- array(rpois(8 + 4 * (i %% 3), 5), c(2, 2, 2 + i %% 3))
  for (correct in c(TRUE, FALSE)) for (exact in c(TRUE, FALSE))
    add("mantelhaen", list(tables = strata, correct = correct, exact = exact),
        bquote(test(mantelhaen.test(.(strata), correct = .(correct), exact = .(exact), conf.level = .9))))
  p <- c(runif(sample(1:9, 1)), if (i %% 2) NA, if (i %% 3 == 0) c(0, 1, .04, .04))
  for (method in p.adjust.methods) add("adjust", list(p = I(p), method = method), bquote(list(p = I(p.adjust(.(p), .(method))))))
}
for (p1 in c(.03, .5, .9)) for (p2 in c(.1, .62)) for (n in c(8, 250)) {
  add("power_prop", list(p1 = p1, p2 = p2, n = n, sided = "two-sided"), bquote(list(power = power.prop.test(.(n), .(p1), .(p2), sig.level = .01, strict = TRUE)$power)))
  add("power_prop", list(p1 = p1, p2 = p2, n = n, sided = "one-sided"), bquote(list(power = power.prop.test(.(n), .(p1), .(p2), sig.level = .01, alternative = "one.sided")$power)))
}
for (delta in c(.2, 1.1)) for (n in c(4, 60)) for (kind in c("two.sample", "one.sample", "paired")) for (sd in c(.5, 2))
  add("power_t", list(delta = delta, n = n, kind = kind, sd = sd),
      bquote(list(power = power.t.test(.(n), .(delta), .(sd), type = .(kind), sig.level = .1, strict = TRUE)$power)))
write_json(list(made_with = paste("R", getRversion()), cases = cases), file.path(folder, "simple_cases.json"),
           auto_unbox = TRUE, digits = 15, na = "string", matrix = "rowmajor")
cat(length(cases), "cases of simple samples\n")
