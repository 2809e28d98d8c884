"""Street scenes that the demo data set imagines and draws; nothing here knows of labels files or tensors."""
