"""Slow twins of the assignment rules: plain loops, written from the rules' prose and not from the package."""
