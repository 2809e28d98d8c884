"""Street scenes that the demo data set imagines and draws; nothing here knows of label files or tensors."""
