"""Statistics: what leaves the assignment as tensors becomes tables here."""
