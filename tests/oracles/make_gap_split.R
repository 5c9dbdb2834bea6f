# Reference numbers for decompose_gap: the same split from weighted totals of products, its errors by the delta
# method with R's design-based covariance of those totals (or, of replicate weights, by withReplicates).
#   Rscript tests/oracles/make_gap_split.R tests/oracles
# Nothing of the package's algebra is used here: no influence functions, and the Jacobian is numeric.
suppressPackageStartupMessages({ library(survey); library(jsonlite) })
folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(folder, "data", paste0(name, ".csv")))
level <- function(d) ifelse(d$grp == "ant" & d$x > 1.2, "top", ifelse(d$x > 0, "up", "low"))
sets <- lapply(c(multi = "multi", simple = "simple", pairs = "pairs"), function(name) {
  d <- read(name)
  d$lv <- level(d)  # nobody but "ant" is at the top
  d
})
designs <- with(sets, list(
  weights = svydesign(~1, weights = ~wt, data = simple),
  strata_fpc = svydesign(~1, strata = ~st, weights = ~wt, fpc = ~N, data = simple),
  clusters = svydesign(~psu, strata = ~st, weights = ~wt, nest = TRUE, data = multi),
  two_stages = svydesign(~psu + ssu, strata = ~st, weights = ~wt, fpc = ~N1 + N2, nest = TRUE, data = multi),
  pairs = svydesign(~psu, strata = ~st, weights = ~wt, nest = TRUE, data = pairs)
))
designs$made_jkn <- as.svrepdesign(designs$clusters, type = "JKn")
designs$calibrated_linear <- calibrate(designs$clusters, ~grp + half,
  c("(Intercept)" = 420, grpbee = 150, grpcat = 100, halfv = 215), calfun = "linear", epsilon = 1e-11, maxit = 200)

# the split as a function of totals: t[[1]] of group a and t[[2]] of group b, each a list of weighted sums
split_of <- function(t, columns, levels, kind, reference) {
  fit <- function(s) solve(s$xx, s$xy)
  normal <- function(beta) {  # constant, then each column's coefficients about their mean
    out <- list(constant = beta[1]); at <- 1
    for (name in columns) {
      if (is.null(levels[[name]])) { out[[name]] <- beta[at + 1]; at <- at + 1; next }
      k <- length(levels[[name]])
      own <- c(0, beta[at + seq_len(k - 1)]); at <- at + k - 1
      out$constant <- out$constant + mean(own)
      out[[name]] <- own - mean(own)
    }
    out
  }
  means <- function(s) {
    m <- s$xx[1, ] / s$xx[1, 1]; out <- list(constant = 1); at <- 1
    for (name in columns) {
      if (is.null(levels[[name]])) { out[[name]] <- m[at + 1]; at <- at + 1; next }
      k <- length(levels[[name]])
      own <- m[at + seq_len(k - 1)]; at <- at + k - 1
      out[[name]] <- c(1 - sum(own), own)
    }
    out
  }
  a <- normal(fit(t[[1]])); b <- normal(fit(t[[2]])); xa <- means(t[[1]]); xb <- means(t[[2]])
  share <- switch(reference, average = .5, a = 1, b = 0,
                  size = t[[1]]$xx[1, 1] / (t[[1]]$xx[1, 1] + t[[2]]$xx[1, 1]), pooled = NA)
  star <- if (reference != "pooled") Map(function(p, q) share * p + (1 - share) * q, a, b) else {
    both <- t[[1]]$xx + t[[2]]$xx
    wide <- rbind(cbind(both, t[[1]]$xx[, 1]), c(t[[1]]$xx[1, ], t[[1]]$xx[1, 1]))
    beta <- solve(wide, c(t[[1]]$xy + t[[2]]$xy, t[[1]]$xy[1]))
    normal(beta[-length(beta)])
  }
  every <- c(columns, "constant")
  take <- function(f) sapply(every, f)
  composition <- take(function(n) sum((xa[[n]] - xb[[n]]) * star[[n]]))
  perception <- take(function(n) sum(xa[[n]] * (a[[n]] - star[[n]]) + xb[[n]] * (star[[n]] - b[[n]])))
  interaction <- NULL
  if (kind == "threefold") {
    sign <- if (reference == "b") 1 else -1
    own <- if (reference == "b") xb else xa
    perception <- take(function(n) sum(own[[n]] * (a[[n]] - b[[n]])))
    interaction <- take(function(n) sign * sum((xa[[n]] - xb[[n]]) * (a[[n]] - b[[n]])))
  }
  all <- sapply(t, function(s) s$y_all / s$n_all); kept <- sapply(t, function(s) s$xy[1] / s$xx[1, 1])
  named <- function(x, what) setNames(x, paste(what, names(x), sep = "/"))
  c("gap/" = all[1] - all[2], "composition/" = sum(composition), "perception/" = sum(perception),
    if (kind == "threefold") c("interaction/" = sum(interaction)),
    "no_counterpart_a/" = all[1] - kept[1], "no_counterpart_b/" = kept[2] - all[2],
    named(composition[columns], "composition"), named(perception, "perception"),
    if (kind == "threefold") named(interaction[columns], "interaction"))
}

cases <- list()
case <- function(name, item, pair, columns, kind, reference) {
  design <- designs[[name]]
  d <- design$variables
  known <- !is.na(d[[item]])
  y <- ifelse(known, d[[item]], 0)
  here <- known
  levels <- list()
  for (column in columns) if (!is.numeric(d[[column]])) {
    in_both <- intersect(d[[column]][known & d$grp == pair[1]], d[[column]][known & d$grp == pair[2]])
    levels[[column]] <- sort(unique(in_both))
    here <- here & d[[column]] %in% in_both
  }
  x <- cbind(1, do.call(cbind, lapply(columns, function(column)
    if (is.null(levels[[column]])) d[[column]]
    else sapply(levels[[column]][-1], function(l) (d[[column]] == l) * 1))))
  k <- ncol(x)
  cells <- which(upper.tri(diag(k), diag = TRUE), arr.ind = TRUE)
  products <- do.call(cbind, lapply(pair, function(g) {
    inside <- here & d$grp == g
    cbind((d$grp == g & known), (d$grp == g) * y, inside * x[, cells[, 1]] * x[, cells[, 2]], inside * x * y) * 1
  }))
  width <- ncol(products) / 2
  theta <- function(totals) split_of(lapply(0:1, function(g) {
    t <- totals[g * width + seq_len(width)]
    xx <- matrix(0, k, k); xx[cells] <- t[2 + seq_len(nrow(cells))]
    xx <- xx + t(xx) - diag(diag(xx), k)
    list(n_all = t[1], y_all = t[2], xx = xx, xy = t[2 + nrow(cells) + seq_len(k)])
  }), columns, levels, kind, reference)
  if (inherits(design, "svyrep.design")) {
    found <- withReplicates(design, function(w, data) theta(colSums(products * w)))
    estimate <- theta(colSums(products * weights(design, "sampling"))); covariance <- vcov(found)
  } else {
    totals <- svytotal(products, design)
    at <- as.numeric(coef(totals)); estimate <- theta(at)
    jacobian <- sapply(seq_along(at), function(j) {
      h <- 1e-5 * max(abs(at[j]), 1)
      step <- function(by) { moved <- at; moved[j] <- moved[j] + by; theta(moved) }
      (8 * (step(h) - step(-h)) - (step(2 * h) - step(-2 * h))) / (12 * h)
    })
    covariance <- jacobian %*% as.matrix(vcov(totals)) %*% t(jacobian)
  }
  cases[[length(cases) + 1]] <<- list(
    id = paste(name, item, paste(pair, collapse = "-"), paste(columns, collapse = "-"), kind, reference, sep = "/"),
    design = name, item = item, pair = I(pair), columns = I(columns), split = kind, reference = reference,
    parts = names(estimate),
    result = list(estimate = as.numeric(estimate), se = sqrt(pmax(diag(covariance), 0))))
}
ways <- list(c("twofold", "average"), c("twofold", "a"), c("twofold", "size"), c("twofold", "pooled"), c("threefold", "b"))
for (name in names(designs)) for (way in ways) {
  case(name, "y", c("ant", "bee"), c("half", "x"), way[1], way[2])
  case(name, "b", c("bee", "cat"), "half", way[1], way[2])
  case(name, "k", c("ant", "bee"), c("half", "lv"), way[1], way[2])
}
writeLines(toJSON(list(made_with = paste(R.version.string, "survey", packageVersion("survey")), cases = cases),
                  auto_unbox = TRUE, digits = I(15), na = "string", pretty = FALSE), file.path(folder, "gap_split_cases.json"))
