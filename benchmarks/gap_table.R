# Differences between three audiences: columns are the items, audience, weight and stratum.
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "reading.R"))
items <- paste0("t", seq_len(columns - 3))
frame <- as.data.frame(data)
names(frame) <- c(items, "audience", "weight", "stratum")
rounds <- if (rows > 20000) 1 else 5
pairs <- combn(3, 2)
gaps <- function(table, names) {
  means <- coef(table); covariance <- vcov(table)
  for (item in names) for (at in seq_len(ncol(pairs))) {
    places <- match(paste0(pairs[, at], ":", item), names(means))
    if (anyNA(places)) places <- match(as.character(pairs[, at]), names(means))
    d <- means[places[1]] - means[places[2]]
    part <- covariance[places, places]
    t <- d / sqrt(part[1, 1] + part[2, 2] - 2 * part[1, 2])
    2 * pt(-abs(t), 1000)
  }
}
design <- function() svydesign(~1, strata = ~stratum, weights = ~weight, data = frame)
timed("svyby of all items", function() {
  gaps(svyby(make.formula(items), ~audience, design(), svymean, covmat = TRUE), items)
}, rounds)
if (rows <= 20000) timed("svyby of an item at a time", function() {
  drawn <- design()
  for (item in items) gaps(svyby(make.formula(item), ~audience, drawn, svymean, covmat = TRUE), item)
}, rounds)
