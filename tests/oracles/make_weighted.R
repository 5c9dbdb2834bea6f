# Reference numbers of the weighted sample study, from its raw export and margins, organisation by organisation.
#   Rscript tests/oracles/make_weighted.R data_samples/weighted tests/oracles/weighted.json
# Shares, gaps between leaders and staff, and changes from 2025 to 2026 by survey::rake; nothing of the package is used.
suppressPackageStartupMessages({ library(survey); library(jsonlite) })
folder <- commandArgs(trailingOnly = TRUE)[1]; out <- commandArgs(trailingOnly = TRUE)[2]
items <- c("goals", "load", "tools", "growth", "speak", "fair", "stay")
margins <- read.csv(file.path(folder, "margins.csv"))
raw <- do.call(rbind, lapply(c("2025", "2026"), function(wave) {
  d <- read.csv2(file.path(folder, "answers", paste0(wave, "_limesurvey.csv")), colClasses = "character",
                 fileEncoding = "UTF-8-BOM")
  d$audience[d$audience == "lead"] <- "leader"
  cbind(d, wave = wave)
}))
asked <- function(d, row) if (d$audience[row] == "staff") c("dept", "tenure", items, "advise") else items
answered <- sapply(seq_len(nrow(raw)), function(row) mean(unlist(raw[row, asked(raw, row)]) != ""))
kept <- raw[raw$submitdate != "" | answered >= 0.5, ]  # the others broke off
kept[items] <- lapply(kept[items], function(x) ifelse(x %in% c("", "98"), NA, as.numeric(x >= "4" & x <= "5")))

cases <- list()
for (organisation in unique(margins$organisation)) {
  d <- kept[kept$organisation == organisation, ]
  d$group <- paste(d$wave, d$audience)
  if (nrow(d) < 5) next  # the policy withholds it whole
  own <- margins[margins$organisation == organisation, ]
  totals <- list()
  for (column in c("dept", "tenure")) {
    said <- own[own$column == column, ]
    d[[column]][d[[column]] == ""] <- "(missing)"
    d[[paste0("m_", column)]] <- ifelse(d$audience == "staff", paste(d$wave, d[[column]]), d$group)
    target <- c()
    for (g in unique(d$group)) {
      rows <- d[d$group == g, ]
      if (rows$audience[1] == "staff") {
        missing <- mean(rows[[column]] == "(missing)")
        one <- setNames(said$target / sum(said$target) * (1 - missing) * nrow(rows), paste(rows$wave[1], said$category))
        if (missing > 0) one <- c(one, setNames(missing * nrow(rows), paste(rows$wave[1], "(missing)")))
      } else one <- setNames(nrow(rows), g)
      target <- c(target, one)
    }
    totals[[column]] <- data.frame(names(target), Freq = as.numeric(target))
    names(totals[[column]])[1] <- paste0("m_", column)
  }
  fit <- function(d) {
    here <- function(column) { t <- totals[[column]]; t[t[[1]] %in% d[[paste0("m_", column)]], ] }
    base <- svydesign(~1, strata = ~group, weights = ~rep(1, nrow(d)), data = d)
    rake(base, list(~m_dept, ~m_tenure), list(here("dept"), here("tenure")), control = list(maxit = 2000, epsilon = 1e-11))
  }
  one <- function(design, item, group) {
    x <- design$variables[[item]]; inside <- design$variables$group == group & !is.na(x)
    w <- weights(design); x[is.na(x)] <- 0
    p <- sum(w * x * inside) / sum(w * inside)
    list(p = p, z = inside * (x - p) / sum(w * inside), n = sum(inside), rows = sum(design$variables$group == group),
         kish = sum(w[inside])^2 / sum(w[inside]^2))
  }
  both <- function(design, item, a, b) {
    s <- one(design, item, a); r <- one(design, item, b)
    z <- s$z - r$z
    se <- sqrt(as.numeric(vcov(svytotal(z, design))))
    list(item = item, a = a, b = b, gap = s$p - r$p, std_error = se, df = s$rows + r$rows - 2)
  }
  found <- list(organisation = organisation, shares = list(), gaps = list(), trend = list())
  now <- fit(d[d$wave == "2026", ])
  for (item in items) {
    for (audience in c("leader", "staff")) {
      s <- one(now, item, paste("2026", audience))
      if (s$n == 0) next
      se <- sqrt(as.numeric(vcov(svytotal(s$z, now))))
      q <- qt(0.975, s$rows - 1)
      limits <- if (s$p > 0 && s$p < 1) plogis(qlogis(s$p) + c(-1, 1) * q * se / (s$p * (1 - s$p))) else c(NA, NA)
      found$shares[[length(found$shares) + 1]] <- list(item = item, audience = audience, n = s$n, estimate = s$p,
        std_error = se, conf_low = limits[1], conf_high = limits[2], kish = s$kish)
    }
    found$gaps[[length(found$gaps) + 1]] <- both(now, item, "2026 leader", "2026 staff")
  }
  if (any(d$wave == "2025")) {
    all <- fit(d)
    for (item in items) for (audience in c("leader", "staff"))
      found$trend[[length(found$trend) + 1]] <- both(all, item, paste("2026", audience), paste("2025", audience))
  }
  cases[[length(cases) + 1]] <- found
}
made <- list(versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))), cases = cases)
write_json(made, out, digits = 14, auto_unbox = TRUE, na = "string", pretty = FALSE)
