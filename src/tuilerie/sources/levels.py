"""The sizes at which a raster can be read: its own, its overviews', and those in between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Level", "levels_of"]

_SMALLEST_LEVEL_PX = 64


@dataclass(frozen=True, slots=True)
class Level:
    """The raster at one size: full, a stored overview, or a size that is averaged on reading.

    Attributes:
        stored: whether reading it takes no averaging.
    """

    width: int
    height: int
    stored: bool


def levels_of(dataset: Any) -> tuple[Level, ...]:
    """Return full size, the stored overviews, and sizes between and below them."""
    stored = [(dataset.width, dataset.height)]
    for factor in sorted(dataset.overviews(1)):
        size = (math.ceil(dataset.width / factor), math.ceil(dataset.height / factor))
        if factor > 1 and size[0] < stored[-1][0]:
            stored.append(size)
    levels: list[Level] = []
    for position, (width, height) in enumerate(stored):
        levels.append(Level(width, height, stored=True))
        below = stored[position + 1][0] if position + 1 < len(stored) else 0
        while True:
            width, height = max(1, math.ceil(width / 2)), max(1, math.ceil(height / 2))
            if width <= below * 1.1 or max(width, height) < _SMALLEST_LEVEL_PX:
                break
            levels.append(Level(width, height, stored=False))
    return tuple(levels)
