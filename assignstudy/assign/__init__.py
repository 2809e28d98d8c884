"""The published assignment rules, one file each, and the loop that runs them over a whole data set."""
