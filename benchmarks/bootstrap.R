# Replicated shares: columns are the items, audience, weight, then the replicate weights; items is given.
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "reading.R"))
count <- as.integer(rest[1])
items <- paste0("t", seq_len(count))
frame <- as.data.frame(data[, seq_len(count + 2)])
names(frame) <- c(items, "audience", "weight")
design <- svrepdesign(data = frame, weights = ~weight, repweights = data[, -seq_len(count + 2)], type = "bootstrap",
  combined.weights = TRUE)
timed("svyby on replicates", function() svyby(make.formula(items), ~audience, design, svymean, covmat = TRUE), 1)
