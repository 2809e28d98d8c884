"""Fitted anchors as text: a file that ``anchors=file`` reads, and lines for a YOLOv5 model file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assignstudy.settings import AnchorLevel


def anchor_file(levels: Sequence[AnchorLevel], origin: Iterable[str]) -> str:
    """A YAML file with the entries ``strides`` and ``wh_px``, and the same as comment for a YOLOv5 model file.

    Args:
        levels: The anchors.
        origin: Lines that say where they come from; written as comments, whatever is in them.
    """
    lines = [f"# {_one_line(text)}" for text in origin]
    lines += [f"strides: [{', '.join(str(level.stride) for level in levels)}]", "wh_px:"]
    lines += [f"  - [{_sides(level)}]" for level in levels]
    lines += ["", "# The same for a YOLOv5 model file:"]
    return "\n".join([*lines, *(f"# {line}" for line in model_block(levels).splitlines()), ""])


def model_block(levels: Sequence[AnchorLevel]) -> str:
    """The entry ``anchors`` of a YOLOv5 model file, one level per line."""
    names = [f"P{level.stride.bit_length() - 1}/{level.stride}" for level in levels]
    lines = [f"  - [{_sides(level)}] # {name}" for level, name in zip(levels, names, strict=True)]
    return "\n".join(["anchors:", *lines])


def _one_line(text: str) -> str:
    """The text without what could end a comment or is no YAML at all."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _sides(level: AnchorLevel) -> str:
    return ", ".join(f"{width:.12g},{height:.12g}" for width, height in level.wh_px)
