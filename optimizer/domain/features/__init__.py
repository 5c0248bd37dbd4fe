"""What all trials share: spans, runs, extremes, drawdowns and averages of one data set."""
