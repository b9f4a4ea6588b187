"""A raster as an encoder wants it: planes of 8 bits, with alpha only where something shows."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tuilerie.errors import RenderError
from tuilerie.raster.image import Raster
from tuilerie.raster.planes import interleaved

__all__ = ["OPAQUE", "Picture", "flattened", "picture_of"]

OPAQUE = 255
_LARGEST = 4


class Picture(NamedTuple):
    """What is left to encode when all that says nothing is left out.

    Attributes:
        colours: one plane (grey) or three (red, green, blue), uint8 (rows, columns).
        alpha: None = opaque. Where alpha is 0 the colours are 0.
    """

    colours: list[NDArray[np.uint8]]
    alpha: NDArray[np.uint8] | None

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns)."""
        rows, cols = self.colours[0].shape
        return rows, cols

    def pixels(self) -> NDArray[np.uint8]:
        """Return (rows, columns, 1…4) interleaved; grey without alpha as (rows, columns)."""
        planes = self.colours if self.alpha is None else [*self.colours, self.alpha]
        if len(planes) == 2:
            return np.asarray(cv2.merge(planes), np.uint8)
        return np.asarray(interleaved(planes), np.uint8)


def picture_of(raster: Raster) -> Picture:
    """Return a picture's planes: RGB that is all grey as grey, alpha that hides nothing left out.

    Raises: RenderError: the raster holds values, not a picture.
    """
    array, palette = raster.array, raster.palette
    if array.dtype != np.uint8 or not 1 <= len(array) <= _LARGEST:
        raise RenderError(f"{len(array)} bands of {array.dtype} are no picture")
    if palette is not None:
        array = np.stack(cv2.split(np.take(palette, array[0], axis=0)))
    alpha = array[-1] if len(array) in (2, 4) else None
    if raster.mask is not None:
        alpha = raster.mask if alpha is None else np.minimum(alpha, raster.mask)
    colours = list(array[:3]) if len(array) > 2 else [array[0]]
    if len(colours) > 1 and _same(colours[0], colours[1]) and _same(colours[0], colours[2]):
        colours = colours[:1]
    if alpha is None or cv2.minMaxLoc(alpha)[0] == OPAQUE:
        return Picture(colours, None)
    seen = np.asarray(cv2.threshold(alpha, 0, OPAQUE, cv2.THRESH_BINARY)[1], np.uint8)
    if cv2.countNonZero(seen) < seen.size:
        colours = [np.asarray(cv2.bitwise_and(plane, seen), np.uint8) for plane in colours]
    return Picture(colours, alpha)


def flattened(picture: Picture, background: tuple[int, int, int]) -> Picture:
    """Return the picture without alpha, laid on a background colour."""
    if picture.alpha is None:
        return picture
    colours = picture.colours
    if len(colours) == 1 and len(set(background)) > 1:
        colours = colours * 3
    alpha = picture.alpha.astype(np.uint16)
    rest = OPAQUE - alpha
    laid = [
        ((plane * alpha + np.uint16(level) * rest + OPAQUE // 2) // OPAQUE).astype(np.uint8)
        for plane, level in zip(colours, background, strict=False)
    ]
    return Picture(laid, None)


def _same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    return bool((one[0] == other[0]).all()) and bool((one == other).all())
