"""Anchors that fit the boxes of a data set: from widths and heights on the network input to one set per level."""
