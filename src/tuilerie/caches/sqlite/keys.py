"""A tile's place in a matrix as one 64-bit integer, the fastest key that SQLite has.

From the top: 8 bits of matrix ordinal (less 128, because SQLite's integers are signed), 28 bits
of column, 28 bits of row. The last ordinal is no matrix: there lie the blobs that tiles share,
at 56 bits of their hash, so that they come and go with the table.
"""

from __future__ import annotations

from tuilerie.errors import CacheError

__all__ = ["INDEX_BITS", "MAX_MATRICES", "matrix_base", "shared_key", "tile_key"]

INDEX_BITS = 28
"""Columns and rows below 2**28: WebMercatorQuad to matrix 28, tiles of 15 cm."""

MAX_MATRICES = 255
_SHARED = (MAX_MATRICES - 128) << (2 * INDEX_BITS)


def matrix_base(ordinal: int) -> int:
    """Return the key of column 0, row 0 of the matrix with this ordinal (0 to 254)."""
    return (ordinal - 128) << (2 * INDEX_BITS)


def tile_key(base: int, col: int, row: int) -> int:
    """Return a tile's key; CacheError if it lies beyond what a key can say."""
    if (col | row) >> INDEX_BITS:
        raise CacheError(f"column {col}, row {row}: beyond the {2**INDEX_BITS} that a cache holds")
    return base + (col << INDEX_BITS | row)


def shared_key(digest: bytes) -> int:
    """Return the key of a shared blob."""
    return _SHARED | int.from_bytes(digest[:7], "big")
