"""What every rule, every reader and every section must keep, found by looking into their folders."""
