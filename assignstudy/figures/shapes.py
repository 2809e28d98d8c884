"""Widths and heights of all boxes, the anchors, and what the rule accepts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, NullLocator

from assignstudy.figures import style

_SIDE_PX = 520


@style.drawing()
def draw(
    boxes: pd.DataFrame, unmatched: pd.DataFrame, anchors: pd.DataFrame, accepted: pd.DataFrame, per_octave: int
) -> Figure:
    """A log-log map of shapes: boxes as heat, anchors as squares, the accepted region outlined, unmatched boxes on top.

    Args:
        boxes: From ``statistics.shapes.histogram``.
        unmatched: From ``statistics.shapes.unmatched``.
        anchors: The run's ``levels``.
        accepted: From ``statistics.shapes.accepted``.
        per_octave: Bins of ``boxes`` per doubling.
    """
    figure = style.new_figure(_SIDE_PX, _SIDE_PX)
    axes = style.add_axes(figure, style.Margins(left=54, right=24, top=12, bottom=46))
    axes.set_aspect("equal", adjustable="box")
    low, high = _limits(boxes, anchors)
    axes.set(xlim=(low, high), ylim=(low, high))
    _draw_accepted(axes, accepted)
    _draw_boxes(axes, boxes, per_octave)
    _draw_unmatched(axes, unmatched)
    _draw_anchors(axes, anchors)
    _label_axes(axes, low, high)
    return figure


def _limits(boxes: pd.DataFrame, anchors: pd.DataFrame) -> tuple[float, float]:
    """Whole octaves around everything, in log2 of pixels; never less than 4 to 512 px."""
    sides = [boxes[["w_from_px", "h_from_px"]].to_numpy(float), anchors[["anchor_w_px", "anchor_h_px"]].to_numpy(float)]
    logs = np.log2(np.concatenate([part[np.isfinite(part)].ravel() for part in sides] + [np.asarray((4.0, 512.0))]))
    return float(np.floor(logs.min())), float(np.ceil(logs.max() + 0.25))


def _draw_accepted(axes: Axes, accepted: pd.DataFrame) -> None:
    if not len(accepted):
        return
    corners = [
        _rectangle(*np.log2(row))
        for row in accepted[["w_from_px", "w_below_px", "h_from_px", "h_below_px"]].to_numpy(float)
    ]
    union = Path.make_compound_path(*corners)
    # Filling over the strokes leaves only the outline of the union.
    axes.add_patch(PathPatch(union, facecolor="none", edgecolor=style.colour("soft"), linewidth=2.4, zorder=0.2))
    axes.add_patch(PathPatch(union, facecolor=style.colour("panel"), zorder=0.3))


def _rectangle(left: float, right: float, bottom: float, top: float) -> Path:
    return Path([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)], closed=True)


def _draw_boxes(axes: Axes, boxes: pd.DataFrame, per_octave: int) -> None:
    if not len(boxes):
        return
    column, row = (
        np.rint(np.log2(boxes[side].to_numpy(float)) * per_octave).astype(int) for side in ("w_from_px", "h_from_px")
    )
    cells = np.zeros((row.max() - row.min() + 1, column.max() - column.min() + 1))
    counts = boxes["ground_truths"].to_numpy(float)
    # Logarithmic: one box is to be seen beside a thousand.
    cells[row - row.min(), column - column.min()] = (1 + np.log(counts)) / (1 + np.log(counts.max())) * 0.999
    extent = (column.min(), column.max() + 1, row.min(), row.max() + 1)
    style.draw_heat(axes, cells, tuple(edge / per_octave for edge in extent))
    axes.set_aspect("equal", adjustable="box")


def _draw_unmatched(axes: Axes, unmatched: pd.DataFrame) -> None:
    if len(unmatched):
        half = 0.5 / 8
        x, y = (np.log2(unmatched[side].to_numpy(float)) + half for side in ("w_from_px", "h_from_px"))
        axes.scatter(x, y, s=22, marker="x", color=style.colour("act"), linewidths=1.4)


def _draw_anchors(axes: Axes, anchors: pd.DataFrame) -> None:
    for level, rows in anchors.groupby(anchors["level"].astype(str), sort=False):
        x, y = (np.log2(rows[side].to_numpy(float)) for side in ("anchor_w_px", "anchor_h_px"))
        axes.plot(
            x,
            y,
            "s",
            color=style.level_colour(str(level)),
            markersize=9,
            markeredgecolor=style.colour("paper"),
            markeredgewidth=1.6,
        )
        _name_level(axes, str(level), (float(x[-1]), float(y[-1])))


def _name_level(axes: Axes, level: str, anchor: tuple[float, float]) -> None:
    """The level's name beside its last anchor, on paper of its own: the heat below may be as dark as the ink."""
    axes.annotate(
        level,
        anchor,
        xytext=(12, 0),
        textcoords="offset points",
        va="center_baseline",
        fontweight="bold",
        fontsize=style.SMALL_FONT_PX,
        bbox={"facecolor": style.colour("paper"), "pad": 2},
        zorder=4,
    )


def _label_axes(axes: Axes, low: float, high: float) -> None:
    octaves = np.arange(low, high + 1).tolist()
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(octaves))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda octave, _: style.thousands(2.0**octave))
    axes.set(xlabel="width on the network input, px", ylabel="height on the network input, px")
