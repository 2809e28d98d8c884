"""Which run stands in which cell."""

import pandas as pd

from assignstudy.statistics.sweep_grid import Layout, compute, in_order, layout


def sweep(**columns):
    return pd.DataFrame(columns)


def test_numbers_go_along_the_axis_and_more_values_before_fewer():
    axes = sweep(anchors=["a", "b", "c"], imgsz=[320, 640, 640], anchor_t=[3.0, 4.0, 5.0])
    assert layout(axes) == Layout("anchor_t", "imgsz", ("anchors",))
    assert layout(axes[["anchors"]]) == Layout("anchors")
    assert layout(axes[[]]) is None


def test_a_map_has_a_cell_for_every_pair_also_where_no_run_finished():
    runs = sweep(anchor_t=[4.0, 3.0, 4.0], imgsz=[640, 640, 320])
    (panel,) = compute(runs, Layout("anchor_t", "imgsz"))
    assert panel.title == ""
    assert panel.rows.columns.tolist() == [3.0, 4.0]
    assert panel.rows.index.tolist() == [320, 640]
    assert panel.rows.astype(object).where(panel.rows.notna(), None).to_numpy().tolist() == [[None, 2], [1, 0]]


def test_one_parameter_makes_one_row():
    (panel,) = compute(sweep(anchor_t=[5.0, 4.0]), Layout("anchor_t"))
    assert panel.rows.to_numpy().tolist() == [[1, 0]]


def test_further_parameters_make_panels_of_equal_shape():
    runs = sweep(anchor_t=[3.0, 4.0, 3.0], imgsz=[320, 640, 640], anchors=["b", "b", "a"], transform=["x", "x", "x"])
    panels = compute(runs, Layout("anchor_t", "imgsz", ("anchors",)))
    assert [panel.title for panel in panels] == ["b", "a"]
    assert {panel.rows.shape for panel in panels} == {(2, 2)}
    assert panels[1].rows.loc[640, 3.0] == 2


def test_names_keep_the_order_of_the_runs():
    assert in_order(pd.Series(["z", "a", None, "z"])) == ["z", "a"]
    assert in_order(pd.Series([5.0, 3.0, float("nan")])) == [3.0, 5.0]
