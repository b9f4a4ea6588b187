"""Tiles of a single colour: found before they are encoded, encoded once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuilerie.raster.image import Raster

__all__ = ["CLEAR", "uniform_colour"]

CLEAR = (0, 0, 0, 0)
_OPAQUE = 255


def uniform_colour(raster: Raster) -> tuple[int, int, int, int] | None:
    """Return the one colour (red, green, blue, alpha) of a picture; None if it has several.

    A picture in which nothing is visible is (0, 0, 0, 0), whatever colours it hides. None for
    what is no picture (other types than uint8). 5 µs for most tiles: the first row tells.
    """
    array, mask, palette = raster.array, raster.mask, raster.palette
    bands = len(array)
    if array.dtype != np.uint8 or array.size == 0:
        return None
    alphas = [
        plane for plane in (mask, array[-1] if bands in (2, 4) else None) if plane is not None
    ]
    if palette is not None:
        alphas = [] if mask is None else [mask]
    for plane in alphas:
        if not plane[0, 0] and _is_one(plane):
            return CLEAR
    if mask is not None and not (mask[0, 0] and _is_one(mask)):
        return CLEAR if _hidden(array, mask, palette) else None
    if any(not _is_one(plane) for plane in array):
        return CLEAR if _hidden(array, mask, palette) else None
    values = [int(value) for value in array[:, 0, 0]]
    if palette is not None:
        red, green, blue, alpha = (int(value) for value in palette[values[0]])
    else:
        alpha = values[-1] if bands in (2, 4) else _OPAQUE
        red, green, blue = values[:3] if bands > 2 else values[:1] * 3
    return (red, green, blue, alpha) if alpha else CLEAR


def _is_one(plane: NDArray[np.uint8]) -> bool:
    first = plane[0, 0]
    return bool((plane[0] == first).all()) and bool((plane == first).all())


def _hidden(
    array: NDArray[np.uint8],
    mask: NDArray[np.uint8] | None,
    palette: NDArray[np.uint8] | None,
) -> bool:
    """Return whether palette, mask and alpha together hide every pixel."""
    if palette is not None:
        if palette[array[0, 0], 3].any() and mask is None:
            return False
        alpha = palette[array[0], 3]
    elif len(array) in (2, 4):
        if mask is None:
            return False  # alpha alone was looked at before
        alpha = array[-1]
    else:
        return False
    return not (alpha if mask is None else np.minimum(alpha, mask)).any()
