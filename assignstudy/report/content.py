"""What stands on a page, as plain values: a template prints them and computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup


class State(StrEnum):
    """How worried to be. On a page a state is a word and a shape, then a colour."""

    FINE = "fine"
    WATCH = "watch"
    ACT = "act"

    @property
    def severity(self) -> int:
        """0 for fine, 1 for watch, 2 for act."""
        return list(State).index(self)


class Kind(StrEnum):
    """How the values of a table column are printed."""

    TEXT = "text"
    """As it is; names from data sets included."""
    CODE = "code"
    """As it is, in a monospaced face: paths, keys."""
    INT = "int"
    """A count, with thousands separators."""
    NUMBER = "number"
    """A size in pixels, a mean: at most two decimals."""
    QUANTITY = "quantity"
    """A number of any size and sign: three significant digits."""
    RATIO = "ratio"
    """Four decimals."""
    LOSS = "loss"
    """Three significant digits."""
    PERCENT = "percent"
    """A share from 0 to 1, as percent."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        key: Column of the DataFrame that it shows.
        label: Its heading.
        kind: How its values are printed.
        bar: Whether a bar behind each value compares the rows.
        full: Value of a full bar; None for the column's largest.
    """

    key: str
    label: str
    kind: Kind = Kind.TEXT
    bar: bool = False
    full: float | None = None


@dataclass(frozen=True)
class Segment:
    """One part of a stacked bar.

    Attributes:
        colour: Name of a colour, as in ``figures.style.COLOURS``.
        percent: Its width, 0 to 100.
        label: What it stands for, for people who do not see it.
    """

    colour: str
    percent: float
    label: str


@dataclass(frozen=True)
class Cell:
    """One cell of a table, ready to print.

    Attributes:
        text: What it says; a dash where the value is undefined.
        bar: Length of the bar behind it in percent, or None.
        mark: A word that sets it apart (``best``, ``worst``, ``chosen``), or empty.
        href: Relative path of the page it leads to, or empty.
        segments: A stacked bar in place of the text, which then says it in words.
    """

    text: str
    bar: float | None = None
    mark: str = ""
    href: str = ""
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class TableView:
    """A table, ready to print.

    Attributes:
        caption: What it lists; the line to unfold it.
        columns: Its columns.
        rows: Cells, one per column.
        note: What it leaves out and where that is, or empty.
        folded: Whether it is folded until asked for (on paper it never is).
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = True

    def __post_init__(self) -> None:
        """Check that every row has one cell per column."""
        widths = {len(row) for row in self.rows} - {len(self.columns)}
        if widths:
            raise ValueError(
                f"table “{self.caption}”: expected {len(self.columns)} cells per row, got {sorted(widths)}"
            )


@dataclass(frozen=True)
class Picture:
    """A figure as inline SVG.

    Attributes:
        svg: From ``embed.to_svg``.
        caption: What it shows, one short line.
        wide: Whether it needs the whole column, so that none stands beside it.
    """

    svg: Markup
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Line:
    """What is said of one ground truth.

    Attributes:
        text: One sentence.
        full: Its names in full where the sentence shortens them, or empty.
    """

    text: str
    full: str = ""


@dataclass(frozen=True)
class Plate:
    """One image of the gallery.

    Attributes:
        title: The image's path.
        summary: Why it is shown.
        thumbnail: A small picture for the line that unfolds it, or None.
        rows: Its pictures, those beside each other that belong together.
        lines: One sentence per ground truth.
        clipped: What is cut off at the border, one sentence, or empty.
        notice: What is wrong with its picture, or empty.
        folded: Whether it is folded until asked for (on paper it never is).
    """

    title: str
    summary: str
    thumbnail: Markup | None
    rows: tuple[tuple[Picture, ...], ...]
    lines: tuple[Line, ...]
    clipped: str = ""
    notice: str = ""
    folded: bool = True


@dataclass(frozen=True)
class Crop:
    """One ground truth on a contact sheet.

    Attributes:
        svg: The crop with its marks.
        title: Its class.
        where: Its image and number.
        lines: Its size and the rule's numbers, one short line each.
        why: Why it fails, one sentence.
        full: Its names in full where the title or ``where`` shorten them, or empty.
    """

    svg: Markup
    title: str
    where: str
    lines: tuple[str, ...]
    why: str
    full: str = ""


@dataclass(frozen=True)
class Thumbnail:
    """A small picture.

    Attributes:
        source: A ``data:`` address, from ``embed.to_data_address``.
        title: What it shows, a few words.
        detail: One short line more.
    """

    source: str
    title: str
    detail: str = ""


@dataclass(frozen=True)
class Card:
    """One number of the verdict.

    Attributes:
        label: What it is.
        value: The number.
        detail: What it means, one short line.
        state: How worried to be, or None where the number is neither good nor bad.
    """

    label: str
    value: str
    detail: str
    state: State | None = None


@dataclass(frozen=True)
class Alert:
    """Something that should worry the reader.

    Attributes:
        state: ``watch`` or ``act``.
        finding: What is the case, with its number.
        advice: What to try.
        weight: Share of the ground truths or positives concerned, to put alerts of one state in order.
    """

    state: State
    finding: str
    advice: str
    weight: float = 0.0


@dataclass(frozen=True)
class Finding:
    """What a section found: a sentence with numbers, and how worried to be (None: nothing to judge)."""

    sentence: str
    state: State | None = None


@dataclass(frozen=True)
class Fact:
    """A label and its value, as on the list of the provenance."""

    label: str
    value: str


@dataclass(frozen=True)
class SectionContent:
    """One section of a page, ready to print.

    Attributes:
        key: Its anchor on the page.
        title: Its heading.
        finding: What it found.
        cards: The verdict's numbers.
        alerts: What should worry, worst first.
        pictures: Its figures.
        panels: Pictures of one kind, side by side.
        symbols: What several pictures share, as an ``<svg>`` that shows nothing itself, or None.
        plates: The images of the gallery.
        crops: The ground truths of a contact sheet.
        thumbnails: Small pictures below them.
        tables: The tables behind them.
        facts: A list of labels and values.
        how_to_read: One line, or empty.
        error: Why it could not be built, or empty.
    """

    key: str
    title: str
    finding: Finding
    cards: tuple[Card, ...] = ()
    alerts: tuple[Alert, ...] = ()
    pictures: tuple[Picture, ...] = ()
    panels: tuple[Picture, ...] = ()
    symbols: Markup | None = None
    plates: tuple[Plate, ...] = ()
    crops: tuple[Crop, ...] = ()
    thumbnails: tuple[Thumbnail, ...] = ()
    tables: tuple[TableView, ...] = ()
    facts: tuple[Fact, ...] = ()
    how_to_read: str = ""
    error: str = ""
