# Raking margins: columns are the category of each respondent in every margin; then the tolerance, then all totals.
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "reading.R"))
frame <- as.data.frame(lapply(seq_len(columns), function(at) factor(data[, at])))
names(frame) <- paste0("m", seq_len(columns))
totals <- as.numeric(rest[-1])
used <- 0
margins <- lapply(names(frame), function(name) {
  table <- data.frame(levels(frame[[name]]), totals[used + seq_along(levels(frame[[name]]))])
  used <<- used + nrow(table)
  setNames(table, c(name, "Freq"))
})
design <- svydesign(~1, weights = rep(1, rows), data = frame)
timed("rake", function() {
  rake(design, lapply(names(frame), function(name) make.formula(name)), margins,
    control = list(maxit = 100, epsilon = as.numeric(rest[1]) * sum(margins[[1]]$Freq)))
}, if (rows > 200000) 1 else 3)
