"""Short hashes of what decides pixels: a stored tile with another one is not to be served."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tuilerie.grids import TileMatrixSet

__all__ = ["fingerprint", "matrix_set_fingerprint"]

_MAKING = 2
"""Version of how we make pixels: raised when the same settings give other tiles."""


def fingerprint(*parts: Any) -> str:
    """Return 16 hexadecimal digits that change when one of the JSON-like parts does."""
    text = json.dumps([_MAKING, *parts], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def matrix_set_fingerprint(tms: TileMatrixSet) -> str:
    """Return the fingerprint of where the tiles of a matrix set lie; names of sets are no part."""
    return fingerprint(
        tms.crs.text,
        [
            (
                each.identifier,
                each.cell_size,
                each.left,
                each.top,
                each.tile_width,
                each.tile_height,
                each.matrix_width,
                each.matrix_height,
            )
            for each in tms.matrices
        ],
    )
