"""The table of ground truths: where a size ends and the next one begins."""

import numpy as np

from assignstudy.statistics.ground_truths import SIZE_BINS, size_bin


def test_a_box_on_an_edge_belongs_to_the_larger_size():
    areas = np.array([32**2 - 1, 32**2, 96**2 - 1, 96**2], dtype=np.float32)
    assert [SIZE_BINS[k] for k in size_bin(areas)] == ["small", "medium", "medium", "large"]
