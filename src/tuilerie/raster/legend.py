"""What a legend shows, and where on the picture everything stands: decided without drawing.

The size of a legend is announced long before anybody asks for its picture (OGC 07-057r7,
Table 8), so laying out is cheap, and PNG and SVG are drawn from the same layout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from tuilerie.raster.lettering import cleaned, text_width, wrapped
from tuilerie.raster.ramps import Rgba

__all__ = [
    "INK",
    "MAX_BAR_PX",
    "MAX_ENTRIES",
    "TICK_GAP_PX",
    "Bar",
    "Classes",
    "ColourBar",
    "Drawing",
    "Entry",
    "Frame",
    "Label",
    "Rect",
    "lay_out",
]

MAX_ENTRIES: Final = 256
"""Classes in one legend; whoever has more is told how many are left out."""
MAX_BAR_PX: Final = 320
TICK_GAP_PX: Final = 15
"""Pixels between two labels of a bar, so that they can be read."""

INK: Final[Rgba] = (38, 38, 38, 255)
"""Of all letters."""
_FRAME: Final[Rgba] = (118, 118, 118, 255)
_CHECK: Final[Rgba] = (206, 206, 206, 255)
_CHECK_PX: Final = 4

_PAD: Final = 10
_LINE: Final = 16
_ASCENT: Final = 12
_TITLE_LINE: Final = 18
_TITLE_ASCENT: Final = 13
_AFTER_TITLE: Final = 6
_TEXT_PX: Final = 260
_TITLE_LINES: Final = 3

_SWATCH: Final = (26, 14)
_SWATCH_GAP: Final = 8
_ENTRY_GAP: Final = 3
_ENTRIES_A_COLUMN: Final = 20
_MAX_COLUMNS: Final = 6
_COLUMN_GAP: Final = 20
_WIDEST: Final = 1000

_BAR_PX: Final = 22
_TICK: Final = 5
_TICK_TEXT: Final = 5
_MIN_BAR_PX: Final = 140


class Entry(NamedTuple):
    """One colour and what it means."""

    colour: Rgba
    text: str


@dataclass(frozen=True, slots=True)
class Classes:
    """Colours one by one, from the top; at most MAX_ENTRIES.

    Attributes:
        more: a line below them, "" for none.
    """

    title: str
    entries: tuple[Entry, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class ColourBar:
    """Colours of a range of values, the highest at the top.

    Attributes:
        stops: (position, colour), from 0 at the bottom to 1 at the top, mixed between; two of
            one position are an edge.
        ticks: (position, text), rising, at least TICK_GAP_PX / MAX_BAR_PX apart.
    """

    title: str
    stops: tuple[tuple[float, Rgba], ...]
    ticks: tuple[tuple[float, str], ...]


class Rect(NamedTuple):
    """A filled rectangle, pixels from the top left."""

    x: int
    y: int
    width: int
    height: int
    fill: Rgba


class Frame(NamedTuple):
    """The outline of a rectangle, one pixel wide, inside it."""

    x: int
    y: int
    width: int
    height: int
    ink: Rgba


class Bar(NamedTuple):
    """A rectangle whose colours change from top to bottom.

    Attributes:
        stops: (offset from the top, 0 to 1, colour), rising.
    """

    x: int
    y: int
    width: int
    height: int
    stops: tuple[tuple[float, Rgba], ...]


class Label(NamedTuple):
    """A line of text that begins at x, on the baseline y; `width` in pixels."""

    x: int
    y: int
    text: str
    width: int
    bold: bool = False


Mark = Rect | Frame | Bar | Label


@dataclass(frozen=True, slots=True)
class Drawing:
    """A laid out legend: its size in pixels, and its marks from the back to the front."""

    width: int
    height: int
    marks: tuple[Mark, ...]


def lay_out(content: Classes | ColourBar) -> Drawing:
    """Return where everything of a legend stands."""
    marks: list[Mark] = []
    right, top = _title(content.title, marks)
    if isinstance(content, Classes):
        right, bottom = _classes(content, top, right, marks)
    else:
        right, bottom = _bar(content, top, right, marks)
    return Drawing(right + _PAD, bottom + _PAD, tuple(marks))


def _title(title: str, marks: list[Mark]) -> tuple[int, int]:
    """Return where the title ends to the right, and where what follows begins."""
    right, y = _PAD, _PAD
    for line in wrapped(cleaned(title), _TEXT_PX, _TITLE_LINES, bold=True):
        label = _label(_PAD, y + _TITLE_ASCENT, line, bold=True)
        marks.append(label)
        right = max(right, label.x + label.width)
        y += _TITLE_LINE
    return right, y + _AFTER_TITLE if y > _PAD else y


def _classes(content: Classes, top: int, right: int, marks: list[Mark]) -> tuple[int, int]:
    entries = content.entries[:MAX_ENTRIES]
    columns = min(_MAX_COLUMNS, math.ceil(len(entries) / _ENTRIES_A_COLUMN)) or 1
    text_px, lines = _TEXT_PX, 3
    if columns > 1:
        text_px = min(_TEXT_PX, (_WIDEST - 2 * _PAD) // columns - _COLUMN_GAP - _swatch_px())
        lines = 2
    texts = [wrapped(cleaned(entry.text), text_px, lines) for entry in entries]
    heights = [_LINE * max(1, len(text)) + _ENTRY_GAP for text in texts]
    # As high as needed for so many columns, the last one a little shorter perhaps.
    limit = sum(heights) / columns + max(heights, default=0) - 1
    x, y, bottom, edge = _PAD, top, top, _PAD
    for entry, text, height in zip(entries, texts, heights, strict=True):
        if y > top and y + height - top > limit:
            x, y = edge + _COLUMN_GAP, top
        _swatch(x, y + (_LINE - _SWATCH[1]) // 2, entry.colour, marks)
        edge = max(edge, x + _SWATCH[0])
        for number, line in enumerate(text):
            label = _label(x + _swatch_px(), y + number * _LINE + _ASCENT, line)
            marks.append(label)
            edge = max(edge, label.x + label.width)
        y += height
        bottom = max(bottom, y - _ENTRY_GAP)
    if content.more:
        more = _label(_PAD, bottom + _ENTRY_GAP + _ASCENT, content.more)
        marks.append(more)
        bottom += _ENTRY_GAP + _LINE
        edge = max(edge, more.x + more.width)
    return max(right, edge), bottom


def _bar(content: ColourBar, top: int, right: int, marks: list[Mark]) -> tuple[int, int]:
    places = [position for position, _ in content.ticks]
    gap = min((after - before for before, after in pairwise(places)), default=1.0)
    height = min(MAX_BAR_PX, max(_MIN_BAR_PX, math.ceil(TICK_GAP_PX / gap)))
    top += _LINE // 2  # the label of the highest tick stands half above it
    if any(colour[3] < 255 for _, colour in content.stops):
        _checker(_PAD, top, _BAR_PX, height, marks)
    stops = tuple((1 - position, colour) for position, colour in reversed(content.stops))
    marks.append(Bar(_PAD, top, _BAR_PX, height, stops))
    marks.append(Frame(_PAD, top, _BAR_PX, height, _FRAME))
    beside = _PAD + _BAR_PX
    right = max(right, beside + _TICK)
    for position, text in content.ticks:
        y = top + round((1 - position) * (height - 1))
        marks.append(Rect(beside, y, _TICK, 1, _FRAME))
        line = "".join(wrapped(cleaned(text), _TEXT_PX, 1))
        label = _label(beside + _TICK + _TICK_TEXT, y + _ASCENT - _LINE // 2, line)
        marks.append(label)
        right = max(right, label.x + label.width)
    return right, top + height + _LINE // 2


def _swatch_px() -> int:
    return _SWATCH[0] + _SWATCH_GAP


def _swatch(x: int, y: int, colour: Rgba, marks: list[Mark]) -> None:
    width, height = _SWATCH
    if colour[3] < 255:
        _checker(x, y, width, height, marks)
    marks.append(Rect(x, y, width, height, colour))
    marks.append(Frame(x, y, width, height, _FRAME))


def _checker(x: int, y: int, width: int, height: int, marks: list[Mark]) -> None:
    """Put squares behind what can be seen through."""
    for row, below in enumerate(range(y, y + height, _CHECK_PX)):
        for beside in range(x + row % 2 * _CHECK_PX, x + width, 2 * _CHECK_PX):
            size = (min(_CHECK_PX, x + width - beside), min(_CHECK_PX, y + height - below))
            marks.append(Rect(beside, below, *size, _CHECK))


def _label(x: int, y: int, text: str, *, bold: bool = False) -> Label:
    return Label(x, y, text, text_width(text, bold=bold), bold)
