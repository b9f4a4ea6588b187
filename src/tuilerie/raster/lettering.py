"""The letters of legends: how wide texts are, and where their lines break.

A text is as wide as its letters together: the bundled fonts have no kerning (data/fonts/NOTICE).
So a layout needs no rendering, and is the same on every machine.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from PIL import ImageFont

__all__ = [
    "BOLD_PX",
    "MAX_TEXT",
    "PLAIN_PX",
    "cleaned",
    "font",
    "is_shaped",
    "text_width",
    "wrapped",
]

PLAIN_PX: Final = 12
BOLD_PX: Final = 13
"""Sizes of the letters: of labels, and of titles, which are bold."""

MAX_TEXT: Final = 400
"""Characters of a text that are looked at; three lines hold a third of it."""
_REMEMBERED: Final = 4096
"""Texts whose measures are remembered: thousands of layers have the same few classes."""
_BLANKS: Final = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
_JOINERS: Final = frozenset("\u200c\u200d")
_ELLIPSIS: Final = "…"
_SHAPED: Final = frozenset({"R", "AL", "NSM"})
"""Classes of characters: of Hebrew, of Arabic, and marks that combine with what is before them."""


@lru_cache(maxsize=_REMEMBERED)
def cleaned(text: str) -> str:
    """Return a text without line breaks, control characters, and whatever turns its direction.

    Joiners stay, since Persian and Indian scripts need them.
    """
    short = _BLANKS.sub(" ", text[:MAX_TEXT]).strip()
    if short.isascii() and short.isprintable():
        return short
    return "".join(
        char for char in short if char in _JOINERS or unicodedata.category(char)[0] != "C"
    )


def is_shaped(text: str) -> bool:
    """Tell whether letters of a text depend on their neighbours; it may be narrower than we say."""
    return not text.isascii() and any(unicodedata.bidirectional(char) in _SHAPED for char in text)


def font(text: str, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return the font that a text is drawn with.

    Letters stand on whole pixels, each as its hints want it; only scripts whose letters depend on
    their neighbours are shaped, where the machine can (it needs FriBiDi).
    """
    return _font(bold, ImageFont.Layout.RAQM if is_shaped(text) else ImageFont.Layout.BASIC)


@lru_cache(maxsize=4)
def _font(bold: bool, layout: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    data = files("tuilerie.raster").joinpath("data", "fonts", name).read_bytes()
    size = BOLD_PX if bold else PLAIN_PX
    return ImageFont.truetype(BytesIO(data), size, layout_engine=layout)


@lru_cache(maxsize=_REMEMBERED)
def text_width(text: str, *, bold: bool = False) -> int:
    """Return how many pixels wide a line of text is, rounded up."""
    return math.ceil(sum([_advance(char, bold) for char in text]))


@lru_cache(maxsize=8192)
def _advance(char: str, bold: bool) -> float:
    # A letter alone: in Arabic it is at its widest so.
    return _font(bold, ImageFont.Layout.BASIC).getlength(char)


@lru_cache(maxsize=_REMEMBERED)
def wrapped(text: str, width: int, lines: int, *, bold: bool = False) -> tuple[str, ...]:
    """Return a cleaned text in at most so many lines of at most so many pixels.

    Lines break at blanks, in words that are wider than a line anywhere; what does not fit in
    the last one is cut off with an ellipsis.
    """
    found: list[str] = []
    rest = text
    while rest and len(found) < lines - 1 and text_width(rest, bold=bold) > width:
        fitting = _fitting(rest, width, bold)
        blank = rest.rfind(" ", 0, fitting + 1)
        end = blank if blank > 0 else fitting
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    if rest and text_width(rest, bold=bold) > width:
        room = width - text_width(_ELLIPSIS, bold=bold)
        rest = rest[: _fitting(rest, room, bold)].rstrip() + _ELLIPSIS
    return (*found, rest) if rest else tuple(found)


def _fitting(text: str, width: int, bold: bool) -> int:
    """Return how many characters fit, at least one."""
    used = 0.0
    for count, char in enumerate(text):
        used += _advance(char, bold)
        if used > width:
            return max(count, 1)
    return len(text)
