# Makes the reference numbers of tests/oracles: synthetic data, and what R says of them.
# Run by `make oracles`, or: Rscript tests/oracles/make_oracles.R FOLDER [SEED]
# Column names keep clear of those that R's own functions use (w, g, c, t): svyolr and svyglm look in the data first.
# Needs R with survey, MASS and jsonlite (Debian: r-base-core r-cran-survey r-cran-mass r-cran-jsonlite).
suppressPackageStartupMessages({
  library(survey); library(MASS); library(jsonlite)
})
given <- commandArgs(trailingOnly = TRUE)
folder <- if (length(given) > 0) given[1] else "tests/oracles"
seed <- if (length(given) > 1) as.integer(given[2]) else 1L
set.seed(seed)
options(survey.lonely.psu = "fail")

# Below the share of the first weight survey 4.1.1 gives the second value, at 1 it divides 0 by 0; corrected here.
assignInNamespace("qs", function(x, w, p) {
  order_of_x <- order(x)
  x <- x[order_of_x]
  cumw <- cumsum(w[order_of_x])
  reached <- which(cumw <= p * sum(w))
  if (!length(reached))
    return(list(qlow = x[1], qup = x[1], ilow = 0, iup = 1, wlow = p, wup = cumw[1] / sum(w) - p))
  at <- max(reached)
  if (at == length(x)) return(list(qlow = x[at], qup = x[at], ilow = at, iup = at, wlow = 0, wup = 1))
  list(qlow = x[at], qup = x[at + 1], ilow = at, iup = at + 1,
       wlow = p - cumw[at] / sum(w), wup = cumw[at + 1] / sum(w) - p)
}, "survey")

# ---- data: everything is synthetic -----------------------------------------------------------------
answers <- function(n, psu) {
  lift <- rnorm(max(psu), 0, 0.5)[psu]
  grp <- sample(c("ant", "bee", "cat"), n, TRUE, c(.4, .35, .25))
  half <- sample(c("u", "v"), n, TRUE)
  x <- round(rnorm(n), 3)
  y <- round(10 + 2 * x + lift + (grp == "bee") + rnorm(n), 3)
  k <- pmin(pmax(round(3 + lift + 0.5 * x + rnorm(n)), 1), 5)
  k2 <- pmin(pmax(round(k + rnorm(n, 0, 0.8)), 1), 5)
  k3 <- pmin(pmax(round(k + rnorm(n, 0, 1.2)), 1), 5)
  b <- rbinom(n, 1, plogis(-0.3 + 0.6 * x + lift))
  rare <- rbinom(n, 1, 0.06)
  most <- rbinom(n, 1, 0.95)
  count <- rpois(n, exp(0.3 + 0.3 * x))
  z <- round(runif(n, 1, 5), 2)
  known <- runif(n) > 0.06
  b[!known] <- NA
  k[runif(n) < 0.04] <- NA
  data.frame(grp, half, x, y, k, k2, k3, b, rare, most, count, z, stringsAsFactors = FALSE)
}
stages <- function(sizes) {
  rows <- list()
  for (s in seq_along(sizes)) for (p in seq_len(sizes[s])) for (u in seq_len(sample(2:3, 1)))
    for (i in seq_len(sample(2:4, 1)))
      rows[[length(rows) + 1]] <- data.frame(st = LETTERS[s], psu = p, ssu = u, person = i)
  rows <- do.call(rbind, rows)
  one <- interaction(rows$st, rows$psu, drop = TRUE)
  two <- interaction(rows$st, rows$psu, rows$ssu, drop = TRUE)
  rows$N1 <- (sizes * 2 + 5)[match(rows$st, LETTERS)]
  rows$N2 <- sample(4:9, nlevels(one), TRUE)[as.integer(one)]
  rows$N3 <- sample(5:20, nlevels(two), TRUE)[as.integer(two)]
  rows$wt <- round(runif(nrow(rows), 0.4, 4), 3)
  cbind(rows, answers(nrow(rows), as.integer(one)))
}
alone <- function() {
  rows <- stages(c(4, 1, 3, 1))
  rows
}
pairs2 <- function() {
  rows <- data.frame(st = rep(1:7, each = 12), psu = rep(rep(1:2, each = 6), 7))
  rows$wt <- round(runif(84, 0.5, 3), 3)
  cbind(rows, answers(84, rows$st * 2 - 2 + rows$psu))
}
simple <- function(n) {
  rows <- data.frame(wt = rexp(n) + 0.2, st = sample(c("p", "q"), n, TRUE))
  rows$wt <- round(rows$wt / mean(rows$wt), 5)  # survey's "shahvaish" holds for weights that average 1
  rows$N <- c(p = 2 * n, q = 5 * n)[rows$st]
  cbind(rows, answers(n, seq_len(n)))
}
data_sets <- list(
  multi = stages(c(3, 4, 2, 5)), alone = alone(), pairs = pairs2(), simple = simple(90), tiny = simple(18)
)
dir.create(file.path(folder, "data"), showWarnings = FALSE, recursive = TRUE)
for (name in names(data_sets)) {
  path <- file.path(folder, "data", paste0(name, ".csv"))
  write.csv(data_sets[[name]], path, row.names = FALSE, quote = FALSE)
  data_sets[[name]] <- read.csv(path)
}

# ---- designs; tests/oracles/reading.py names the same ones --------------------------------------------
with(data_sets, {
  designs <<- list(
    weights = svydesign(~1, weights = ~wt, data = simple),
    strata = svydesign(~1, strata = ~st, weights = ~wt, data = simple),
    strata_fpc = svydesign(~1, strata = ~st, weights = ~wt, fpc = ~N, data = simple),
    drawn_fpc = svydesign(~1, strata = ~st, fpc = ~N, data = simple),
    tiny = svydesign(~1, weights = ~wt, data = tiny),
    tiny_strata = svydesign(~1, strata = ~st, weights = ~wt, fpc = ~N, data = tiny),
    clusters = svydesign(~psu, strata = ~st, weights = ~wt, nest = TRUE, data = multi),
    clusters_fpc = svydesign(~psu, strata = ~st, weights = ~wt, fpc = ~N1, nest = TRUE, data = multi),
    two_stages = svydesign(~psu + ssu, strata = ~st, weights = ~wt, fpc = ~N1 + N2, nest = TRUE, data = multi),
    three_stages = svydesign(~psu + ssu + person, strata = ~st, fpc = ~N1 + N2 + N3, nest = TRUE, data = multi),
    pairs = svydesign(~psu, strata = ~st, weights = ~wt, nest = TRUE, data = pairs),
    lonely = svydesign(~psu, strata = ~st, weights = ~wt, nest = TRUE, data = alone),
    lonely_fpc = svydesign(~psu + ssu, strata = ~st, weights = ~wt, fpc = ~N1 + N2, nest = TRUE, data = alone)
  )
})
designs$made_jkn <- as.svrepdesign(designs$clusters, type = "JKn")
designs$made_jkn_fpc <- as.svrepdesign(designs$clusters_fpc, type = "JKn", mse = TRUE)
designs$made_jk1 <- as.svrepdesign(designs$tiny, type = "JK1")
designs$made_brr <- as.svrepdesign(designs$pairs, type = "BRR")
designs$made_fay <- as.svrepdesign(designs$pairs, type = "Fay", fay.rho = 0.4, mse = TRUE)
designs$made_bootstrap <- as.svrepdesign(designs$clusters, type = "subbootstrap", replicates = 40)
# replicate weights of these are written down, for random ones and Hadamard matrices cannot be guessed
written <- c("made_brr", "made_fay", "made_bootstrap")
for (name in written) {
  factors <- weights(designs[[name]], "analysis")
  write.csv(signif(factors, 12), file.path(folder, "data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}
for (calibration in c("linear", "raking", "logit")) {
  d <- designs$clusters
  totals <- c("(Intercept)" = 420, grpbee = 150, grpcat = 100, halfv = 215)
  bounds <- if (calibration == "logit") c(0.1, 6) else c(-Inf, Inf)
  designs[[paste0("calibrated_", calibration)]] <-
    calibrate(d, ~grp + half, totals, calfun = calibration, bounds = bounds, epsilon = 1e-11, maxit = 200)
}
designs$poststratified <- postStratify(
  designs$clusters_fpc, ~grp, data.frame(grp = c("ant", "bee", "cat"), Freq = c(170, 150, 100)))
designs$raked <- rake(
  designs$strata, list(~grp, ~half),
  list(data.frame(grp = c("ant", "bee", "cat"), Freq = c(40, 30, 30)), data.frame(half = c("u", "v"), Freq = c(45, 55))),
  control = list(maxit = 1000, epsilon = 1e-12, verbose = FALSE))

# ---- cases ------------------------------------------------------------------------------------------
cases <- list()
refused <- character()
ids <- character()
add <- function(kind, design, args, call) {
  warned <- character()
  assign("d", designs[[design]], globalenv())  # regTermTest and svyglm evaluate their calls again
  result <- withCallingHandlers(
    tryCatch(eval(call, globalenv()), error = function(e) list(error = conditionMessage(e))),
    warning = function(w) { warned <<- c(warned, conditionMessage(w)); invokeRestart("muffleWarning") },
    message = function(m) invokeRestart("muffleMessage"))
  if (is.list(result) && "error" %in% names(result)) {
    refused <<- c(refused, kind)
    return(invisible())
  }
  id <- paste(c(kind, design, unlist(args)), collapse = "-")
  if (id %in% ids) id <- paste0(id, "-again")
  ids <<- c(ids, id)
  cases[[length(cases) + 1]] <<- list(
    id = id, kind = kind, design = design, args = args, call = paste(deparse(call, 500L), collapse = " "),
    warnings = I(warned), result = result)
}
stat <- function(s) list(estimate = I(as.numeric(coef(s))), se = I(as.numeric(SE(s))), cov = as.matrix(vcov(s)))
by_stat <- function(s) list(groups = I(as.character(s[[1]])), estimate = I(as.numeric(coef(s))), se = I(as.numeric(unlist(SE(s)))))
test <- function(t) list(statistic = as.numeric(t$statistic), parameter = I(as.numeric(t$parameter)), p = as.numeric(t$p.value))
fit <- function(m) {
  s <- summary(m)
  df <- if (is.null(s$df.residual)) m$df.residual else s$df.residual
  list(names = names(coef(m)), estimate = as.numeric(coef(m)), se = as.numeric(SE(m)), df = df,
       p = as.numeric(coef(s)[, 4]), deviance = m$deviance, ci = confint(m, ddf = df))
}
# people with the same answer share the middle of their weight; R by default ranks them in the order of rows
midrank <- function(score) function(r, N) {
  e <- parent.frame()
  size <- tapply(e$w, e$y, sum)
  r <- as.numeric((cumsum(size) - size / 2)[as.character(e$y)])
  switch(score, vanderWaerden = qnorm(r / N), median = as.numeric(r > N / 2), r / N)
}
# svyglm of replicate designs cannot leave out rows itself
whole <- function(name) if (startsWith(name, "made")) quote(subset(d, !is.na(b))) else quote(d)
f <- function(text) as.formula(text)
linear <- c("weights", "strata", "strata_fpc", "drawn_fpc", "tiny", "tiny_strata", "clusters", "clusters_fpc",
            "two_stages", "three_stages", "pairs")
replicated <- c("made_jkn", "made_jkn_fpc", "made_jk1", "made_brr", "made_fay", "made_bootstrap")
calibrated <- c("calibrated_linear", "calibrated_raking", "calibrated_logit", "poststratified", "raked")
all_designs <- c(linear, replicated, calibrated)

for (name in all_designs) {
  for (item in c("y", "k", "b", "rare")) {
    add("mean", name, list(item = item), bquote(stat(svymean(f(.(paste0("~", item))), d, na.rm = TRUE))))
    add("total", name, list(item = item), bquote(stat(svytotal(f(.(paste0("~", item))), d, na.rm = TRUE))))
    add("by", name, list(item = item, by = "grp"),
        bquote(by_stat(svyby(f(.(paste0("~", item))), ~grp, d, svymean, na.rm = TRUE))))
  }
  add("ratio", name, list(top = "y", bottom = "z"), quote(stat(svyratio(~y, ~z, d))))
  add("ratio_by", name, list(top = "y", bottom = "z", by = "half"),
      quote(by_stat(svyby(~y, ~half, d, svyratio, denominator = ~z))))
  add("df", name, list(group = "bee"), quote(list(whole = degf(d), domain = degf(subset(d, grp == "bee")))))
  add("variance", name, list(item = "y"), quote(stat(svyvar(~y, d))))
  add("contrast", name, list(expression = "log(`ant` / `bee`)"),
      quote(stat(svycontrast(svyby(~y, ~grp, d, svymean, covmat = TRUE), quote(log(ant / bee))))))
  add("contrast", name, list(expression = "sqrt(`ant`) * exp(-`bee` / 10) + `cat` ** 2 / 3"),
      quote(stat(svycontrast(svyby(~y, ~grp, d, svymean, covmat = TRUE), quote(sqrt(ant) * exp(-bee / 10) + cat^2 / 3)))))
}
for (rule in c("remove", "certainty", "adjust", "average")) for (name in c("lonely", "lonely_fpc")) {
  for (item in c("y", "b"))  {
    call <- bquote({
      options(survey.lonely.psu = .(rule))
      r <- list(mean = stat(svymean(f(.(paste0("~", item))), d, na.rm = TRUE)),
                total = stat(svytotal(f(.(paste0("~", item))), d, na.rm = TRUE)),
                by = by_stat(svyby(f(.(paste0("~", item))), ~half, d, svymean, na.rm = TRUE)))
      options(survey.lonely.psu = "fail")
      r
    })
    add("lonely", name, list(item = item, rule = rule), call)
  }
}
rules <- c("math", "school", "shahvaish", paste0("hf", 1:9))
for (rule in rules) for (name in c("weights", "tiny", if (rule != "shahvaish") "clusters")) for (item in c("y", "k2")) {
  add("quantile", name, list(item = item, rule = rule, interval = "mean"), bquote(
    svyquantile(f(.(paste0("~", item))), d, c(.1, .25, .5, .75, .9), qrule = .(rule))[[1]]))
}
for (type in c("mean", "beta", "xlogit", "asin")) for (name in c("weights", "strata_fpc", "clusters", "two_stages")) {
  for (item in c("y", "k2"))
    add("quantile", name, list(item = item, rule = "math", interval = type), bquote(
      svyquantile(f(.(paste0("~", item))), d, c(.25, .5, .6), interval.type = .(type))[[1]]))
  add("quantile_by", name, list(item = "y", rule = "school", interval = type, group = "bee"), bquote(
    svyquantile(~y, subset(d, grp == "bee"), c(.3, .5), interval.type = .(type), qrule = "school")[[1]]))
}
# survey 4.1.1 gives the interval "mean" for every Woodruff interval of replicate designs
for (name in replicated) for (type in c("mean", "quantile"))
  add("quantile", name, list(item = "y", rule = "math", interval = type), bquote(
    svyquantile(~y, d, c(.25, .5, .75), interval.type = .(type))[[1]]))
for (method in c("logit", "likelihood", "asin", "beta", "mean", "xlogit"))
  for (name in c("weights", "strata_fpc", "tiny", "clusters_fpc", "three_stages", "made_jkn", "made_brr"))
    for (item in c("b", "rare", "most")) for (level in c(.9, .99))
      add("share", name, list(item = item, method = method, level = level), bquote({
        r <- svyciprop(f(.(paste0("~", item))), subset(d, !is.na(b)), method = .(method), level = .(level))
        list(estimate = as.numeric(r), se = as.numeric(SE(r)), ci = as.numeric(confint(r)))
      }))
tables <- list(c("grp", "half"), c("half", "b"), c("k2", "grp"), c("rare", "grp"), c("k2", "k3"))
for (name in c("weights", "strata_fpc", "clusters", "three_stages", "made_jkn", "made_brr", "poststratified", "raked"))
  for (pair in tables) for (statistic in c("F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"))
    add("table", name, list(rows = pair[1], columns = pair[2], statistic = statistic), bquote(
      test(svychisq(f(.(paste0("~", pair[1], "+", pair[2]))), d, statistic = .(statistic), na.rm = TRUE))))
for (name in c(linear, "made_jkn", "poststratified")) {
  for (score in c("wilcoxon", "vanderWaerden", "median", "KruskalWallis")) {
    add("rank", name, list(item = "y", by = "half", score = score), bquote(test(svyranktest(y ~ half, d, test = midrank(.(score))))))
    add("rank", name, list(item = "k2", by = "grp", score = score), bquote(test(svyranktest(k2 ~ grp, d, test = midrank(.(score))))))
  }
  add("t", name, list(item = "y", by = "half"), quote(test(svyttest(y ~ half, d))))
  add("t", name, list(item = "b", by = "half"), quote(test(svyttest(b ~ half, subset(d, !is.na(b))))))
}
models <- list(
  list("y ~ x", "gaussian"), list("y ~ grp * x", "gaussian"), list("y ~ grp + half + grp:half", "gaussian"),
  list("b ~ x + grp", "binomial"), list("b ~ x * half", "binomial"), list("rare ~ half", "binomial"),
  list("count ~ x + grp", "poisson"), list("b ~ x", "poisson"))
families <- list(gaussian = gaussian(), binomial = quasibinomial(), poisson = quasipoisson())
# fits stop where they stand still: by default the standard errors are those of the step before, up to 3e-5 off
exact <- glm.control(epsilon = 1e-14, maxit = 100)
for (name in c("weights", "strata_fpc", "drawn_fpc", "clusters", "three_stages", "pairs", "made_jkn", "made_brr", "calibrated_linear", "raked"))
  for (m in models)
    add("model", name, list(formula = m[[1]], family = m[[2]]),
        bquote(fit(svyglm(f(.(m[[1]])), .(whole(name)), family = families[[.(m[[2]])]], control = exact))))
for (name in c("weights", "clusters", "pairs"))
  for (m in list(list("count ~ x + grp + offset(log(z))", "count ~ x + grp", "poisson", "log(z)"),
                 list("y ~ x + offset(2 * z)", "y ~ x", "gaussian", "2 * z")))
    add("offset", name, list(formula = m[[2]], family = m[[3]], offset = m[[4]]),
        bquote(fit(svyglm(f(.(m[[1]])), d, family = families[[.(m[[3]])]], control = exact))))
for (name in c("weights", "strata_fpc", "clusters", "pairs", "made_jkn"))
  for (m in list(list("y ~ x + grp + half", "gaussian", "grp"), list("b ~ x + grp", "binomial", "grp"),
                 list("y ~ grp * half", "gaussian", "grp:half"), list("b ~ x + half", "binomial", "x"),
                 list("count ~ x + grp", "poisson", "grp")))
    for (method in c("Wald", "LRT"))
      add("term", name, list(formula = m[[1]], family = m[[2]], term = m[[3]], method = method), bquote({
        t <- regTermTest(svyglm(f(.(m[[1]])), .(whole(name)), family = families[[.(m[[2]])]], control = exact), f(.(paste0("~", m[[3]]))), method = .(method))
        list(statistic = if (is.null(t$Ftest)) as.numeric(t$chisq) else as.numeric(t$Ftest), df = t$df, ddf = t$ddf,
             p = as.numeric(t$p), effects = t$lambda)
      }))
for (name in c("weights", "strata_fpc", "clusters", "pairs", "made_jkn"))
  for (method in if (name == "made_jkn") "logistic" else c("logistic", "probit", "cloglog"))  # replicates are always logistic
    add("ordinal", name, list(formula = "k2 ~ x + grp", method = method), bquote({
      m <- svyolr(factor(k2) ~ x + grp, d, method = .(method))
      list(estimate = as.numeric(c(m$coefficients, m$zeta)), se = as.numeric(sqrt(diag(vcov(m)))))
    }))
for (name in all_designs) {
  for (pair in list(c("k2", "k3"), c("rare", "most")))
    add("kappa", name, list(first = pair[1], second = pair[2]), bquote(stat(svykappa(
      ~one + two, update(d, one = factor(.(as.name(pair[1]))), two = factor(.(as.name(pair[2]))))))))
  add("alpha", name, list(items = I(c("k2", "k3", "count"))),
      quote(list(estimate = as.numeric(svycralpha(~k2 + k3 + count, d)))))
}
# weights of tiny add up to its rows, as if everybody had been asked
for (name in setdiff(linear, c("tiny", "tiny_strata"))) add("deff", name, list(item = "y"), quote(list(deff = as.numeric(deff(svymean(~y, d, deff = TRUE))),
                                                                replace = as.numeric(deff(svymean(~y, d, deff = "replace"))))))

write_json(
  list(made_with = paste("R", getRversion(), "survey", packageVersion("survey")), seed = seed, cases = cases),
  file.path(folder, "cases.json"), auto_unbox = TRUE, digits = 15, na = "string", matrix = "rowmajor")
cat(length(cases), "cases;", length(refused), "that R itself could not do\n")
print(table(refused))
