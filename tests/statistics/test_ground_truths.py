"""The table of ground truths: where a size ends and the next one begins, and whose its names are."""

import gc
import weakref

import numpy as np

from assignstudy.statistics.ground_truths import SIZE_BINS, _category, size_bin


def test_a_box_on_an_edge_belongs_to_the_larger_size():
    areas = np.array([32**2 - 1, 32**2, 96**2 - 1, 96**2], dtype=np.float32)
    assert [SIZE_BINS[k] for k in size_bin(areas)] == ["small", "medium", "medium", "large"]


def test_names_of_two_classes_that_are_equal_are_one():
    column = _category(np.array([0, 1, 2]), ("cat", "dog", "cat"))
    assert column.categories.tolist() == ["cat", "dog"]
    assert column.codes.tolist() == [0, 1, 0]


def test_a_name_given_to_the_categories_of_one_table_is_not_another_tables():
    one, other = (_category(np.array([0]), ("cat", "dog")) for _ in range(2))
    one.categories.name = "pets"
    assert other.categories.name is None
    assert _category(np.array([0]), ("cat", "dog")).categories.name is None


def test_the_names_of_a_data_set_that_is_gone_are_not_kept_for_long():
    values = weakref.ref(_category(np.array([0]), ("first.png",)).categories.array)
    for name in "ab":
        _category(np.array([0]), (f"{name}.png",))
    gc.collect()
    assert values() is None
