"""Keys of tiles in a quadtree (Bing Maps): one digit for each matrix below the coarsest."""

from __future__ import annotations

__all__ = ["quadkey"]


def quadkey(level: int, col: int, row: int) -> str:
    """Return the key of a tile, row 0 at the top; "" at level 0, which has a single tile."""
    bits = range(level - 1, -1, -1)
    return "".join(str((col >> bit & 1) | (row >> bit & 1) << 1) for bit in bits)
