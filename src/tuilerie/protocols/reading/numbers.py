"""Numbers as servers write them: "2.0" tiles, "1,5", "2.0037508E7", lists with commas."""

from __future__ import annotations

import math
import re
from typing import Final

__all__ = ["number", "pair", "whole"]

_LONGEST: Final = 100
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)


def number(text: str) -> float | None:
    """Return a finite number, None if the text is none; a decimal comma is a point."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if "," in text and "." not in text:
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def whole(text: str) -> int | None:
    """Return a whole number, also of "2.0" or "1.024E3"; None if the text is none."""
    value = number(text)
    if value is None or value != math.floor(value) or abs(value) > 2**53:
        return None
    return int(value)


def pair(text: str) -> tuple[float, float] | None:
    """Return the two numbers of a position, None if there are not two.

    Separated by blanks, a comma or both; a third number, a height, is left out.
    """
    if len(text) > 4 * _LONGEST:
        return None
    parts = [number(part) for part in re.split(r"[\s,;]+", text.strip())]
    if len(parts) not in (2, 3) or parts[0] is None or parts[1] is None:
        return None
    return parts[0], parts[1]
