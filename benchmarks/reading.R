# What the R scripts share: the columns they are given, and medians of several runs.
suppressPackageStartupMessages(library(survey))
given <- commandArgs(trailingOnly = TRUE)
rows <- as.integer(given[2]); columns <- as.integer(given[3])
file <- file(given[1], "rb")
data <- matrix(readBin(file, "double", rows * columns), rows, columns)
close(file)
rest <- given[-(1:3)]
timed <- function(name, work, rounds = 5) {
  work()
  spent <- replicate(rounds, { start <- proc.time(); work(); 1000 * (proc.time() - start)[c(3, 1, 2)] })
  clock <- median(spent[1, ]); work <- median(spent[2, ] + spent[3, ])
  cat(sprintf("R survey %s, %s\t%.3f\t%.3f\n", packageVersion("survey"), name, clock, work))
}
