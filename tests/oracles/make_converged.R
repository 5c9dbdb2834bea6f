# The generalised linear models of the reference results beside the project, fitted until they stand still.
#   Rscript tests/oracles/make_converged.R ../shared/oracles tests/oracles/converged_cases.json
# R's default (epsilon = 1e-8) takes standard errors from the weights of the step before the last, up to 3e-5 off.
arguments <- commandArgs(TRUE)
out <- file.path(normalizePath(dirname(arguments[2])), basename(arguments[2]))
setwd(file.path(arguments[1], "given"))
lines <- readLines("make_json.R")
family_only <- function(name) {
  from <- grep(sprintf('^family\\("%s"\\)', name), lines)
  lines[from:(from + grep("^finish", lines[from:length(lines)])[1] - 2)]
}
start <- grep('^family\\("W01', lines) - 1
source_lines <- function(text) eval(parse(text = text), globalenv())
source_lines(grep("library\\(psych\\)", lines[1:start], value = TRUE, invert = TRUE))
original <- case
case <- function(dataset, call, ...)
  original(dataset, gsub("family=(quasibinomial|quasipoisson)\\(\\)", "family=\\1(), control=glm.control(1e-14, 100)", call), ...)
source_lines(family_only("W08_glm"))
kept <- Filter(function(k) grepl("glm.control", k$call), .CASES)
for (i in seq_along(kept)) kept[[i]] <- kept[[i]][c("id", "call", "result")]
writeLines(toJSON(
  list(made_with = paste(R.version.string, "survey", packageVersion("survey")), cases = kept),
  auto_unbox = TRUE, digits = I(17), null = "null", na = "string", pretty = TRUE), out)
