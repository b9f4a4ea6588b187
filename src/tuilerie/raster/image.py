"""The raster in memory that every pixel function takes and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilerie.grids import BoundingBox

__all__ = ["Raster"]


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Pixels with their place on the Earth.

    Attributes:
        array: (bands, rows, columns), C-contiguous, row 0 at the top. uint8 with 1 (grey or
            palette index), 2 (grey, alpha), 3 (RGB) or 4 (RGBA, not premultiplied) bands
            where it is a picture; any real dtype where it holds values.
        mask: (rows, columns) uint8, 255 = valid, 0 = no data; None = all valid.
        bounds: outer edges, CRS units, x first.
        crs: as `grids.crs.Crs.parse` reads it.
        palette: (256, 4) uint8 RGBA where the single band holds indices; None otherwise.
        expires: seconds since the epoch until when what it is made of is good; None = not known.
        complete: False where a gap is a fault that will pass: to be shown, and not to be kept.
    """

    array: NDArray[Any]
    mask: NDArray[np.uint8] | None
    bounds: BoundingBox
    crs: str
    palette: NDArray[np.uint8] | None = None
    complete: bool = True
    expires: float | None = None
