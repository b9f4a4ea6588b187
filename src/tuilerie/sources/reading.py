"""Read a rectangle of one level of a raster, find its gaps, and scale its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.windows import Window

from tuilerie.sources.datasets import Handle
from tuilerie.sources.facts import Level, RasterFacts
from tuilerie.sources.gaps import holds_value

__all__ = ["Pixels", "Rectangle", "read_rectangle"]

_CHUNK_PX = 4_000_000
_OPAQUE = np.uint8(255)
_HALF = np.uint8(128)
_WIDER: dict[str, type[np.generic]] = {
    # What the warp has no kernels for, in the narrowest type that it has and that holds it.
    "int8": np.int16,
    "bool": np.uint8,
    "float16": np.float32,
    "int32": np.float64,
    "uint32": np.float64,
    "int64": np.float64,
    "uint64": np.float64,
}


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels of one level: columns and rows of that level, the last ones exclusive.

    Where the raster goes once around the Earth, columns may lie before 0 or beyond its width.
    """

    level: Level
    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Return the columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return the rows."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What a rectangle holds.

    Attributes:
        array: (bands, rows, columns), in the file's order of rows and columns.
        mask: (rows, columns) uint8, 255 = valid; None = all valid.
    """

    array: NDArray[Any]
    mask: NDArray[np.uint8] | None


def read_rectangle(
    handle: Handle, rectangle: Rectangle, bands: Sequence[int], *, how: Resampling, alpha: bool
) -> Pixels:
    """Read bands (1-based) of a rectangle that lies in the raster.

    Args:
        how: where the level is not stored, how finer pixels become one: average, nearest, mode.
        alpha: whether a band of transparency comes last in the array.

    Raises: rasterio.errors.RasterioIOError: damaged.
    """
    parts = [
        _read_inside(handle, part, bands, how, alpha)
        for part in _unwrapped(rectangle, handle.facts)
    ]
    if len(parts) == 1:
        return parts[0]
    return Pixels(
        np.concatenate([part.array for part in parts], axis=2),
        _join_masks(parts),
    )


def _unwrapped(rectangle: Rectangle, facts: RasterFacts) -> list[Rectangle]:
    """Cut a rectangle where it leaves the raster, and put the parts where the pixels are."""
    level = rectangle.level
    if not facts.turn_px or (rectangle.left >= 0 and rectangle.right <= level.width):
        return [rectangle]
    turn = max(1, round(facts.turn_px * level.width / facts.width))
    parts = []
    left = rectangle.left
    while left < rectangle.right:
        start = left % turn
        length = min(rectangle.right - left, turn - start)
        parts.append(Rectangle(level, start, rectangle.top, start + length, rectangle.bottom))
        left += length
    return parts


def _join_masks(parts: Sequence[Pixels]) -> NDArray[np.uint8] | None:
    if all(part.mask is None for part in parts):
        return None
    masks = [
        np.full(part.array.shape[1:], _OPAQUE) if part.mask is None else part.mask for part in parts
    ]
    return np.concatenate(masks, axis=1)


def _read_inside(
    handle: Handle, rectangle: Rectangle, bands: Sequence[int], how: Resampling, alpha: bool
) -> Pixels:
    facts = handle.facts
    careful = how is Resampling.average and not rectangle.level.stored and not facts.nodata_known
    read = _read_carefully if careful else _read_by_gdal
    indexes = [*bands, facts.alpha] if facts.alpha else list(bands)
    array, mask = read(handle, rectangle, indexes, how)
    if facts.alpha:
        mask = _as_mask(array[-1] > 0)
        if not alpha:
            array = array[:-1]
    return Pixels(_presentable(array, mask, facts, bands, alpha), mask)


def _read_by_gdal(
    handle: Handle, rectangle: Rectangle, indexes: list[int], how: Resampling
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Read from the best overview; GDAL leaves missing pixels out of its averages."""
    facts = handle.facts
    shape = (rectangle.height, rectangle.width)
    place = {"window": _window(rectangle, facts), "out_shape": shape, "resampling": how}
    array = handle.dataset.read(indexes, **place)
    if facts.masked:
        return array, _as_mask(handle.dataset.read_masks(indexes[0], **place) >= _HALF)
    colours = array[:-1] if facts.alpha else array
    valid = holds_value(colours, [facts.nodata[i - 1] for i in indexes[: len(colours)]])
    return array, None if valid is None else _as_mask(valid)


def _read_carefully(
    handle: Handle, rectangle: Rectangle, indexes: list[int], how: Resampling
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Average ourselves where GDAL does not know which pixels are missing, piece by piece."""
    facts = handle.facts
    finer = _finer_stored(rectangle.level, facts)
    shape = (len(indexes), rectangle.height, rectangle.width)
    array = np.zeros(shape, facts.dtype)
    mask = np.zeros(shape[1:], np.uint8)
    factor_x = finer.width / rectangle.level.width
    factor_y = finer.height / rectangle.level.height
    side = max(1, math.isqrt(int(_CHUNK_PX / (factor_x * factor_y))))
    for top in range(0, rectangle.height, side):
        for left in range(0, rectangle.width, side):
            bottom, right = min(top + side, rectangle.height), min(left + side, rectangle.width)
            source = Rectangle(
                finer,
                left=round((rectangle.left + left) * factor_x),
                top=round((rectangle.top + top) * factor_y),
                right=min(finer.width, round((rectangle.left + right) * factor_x)),
                bottom=min(finer.height, round((rectangle.top + bottom) * factor_y)),
            )
            values, valid = _read_by_gdal(handle, source, indexes, how)
            size = (right - left, bottom - top)
            array[:, top:bottom, left:right], mask[top:bottom, left:right] = _averaged(
                values, valid, size
            )
    return array, None if mask.all() else mask


def _averaged(
    values: NDArray[Any], valid: NDArray[np.uint8] | None, size: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return the means of the valid pixels, and where there are any."""
    weights = np.ones(values.shape[1:]) if valid is None else (valid > 0).astype(np.float64)
    share = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    held = share > 0
    means = np.zeros((len(values), *share.shape), values.dtype)
    for band, mean in zip(values, means, strict=True):
        known = np.where(weights > 0, band, 0).astype(np.float64)
        total = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        result = np.divide(total, share, out=np.zeros_like(total), where=held)
        mean[...] = result if np.issubdtype(values.dtype, np.floating) else np.rint(result)
    return means, _as_mask(held)


def _finer_stored(level: Level, facts: RasterFacts) -> Level:
    """Return the next finer level that is in the file."""
    return [other for other in facts.levels if other.stored and other.width >= level.width][-1]


def _window(rectangle: Rectangle, facts: RasterFacts) -> Window:
    """Return a rectangle in columns and rows of the full size, which need not be whole."""
    scale_x = facts.width / rectangle.level.width
    scale_y = facts.height / rectangle.level.height
    return Window(
        rectangle.left * scale_x,
        rectangle.top * scale_y,
        rectangle.width * scale_x,
        rectangle.height * scale_y,
    )


def _as_mask(valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.multiply(valid, _OPAQUE, dtype=np.uint8)


def _presentable(
    array: NDArray[Any],
    mask: NDArray[np.uint8] | None,
    facts: RasterFacts,
    bands: Sequence[int],
    alpha: bool,
) -> NDArray[Any]:
    """Apply scale and offset, and bring the values into a type that can be warped."""
    scaling = [facts.scaling[band - 1] for band in bands]
    if any(pair != (1.0, 0.0) for pair in scaling):
        scaling += [(1.0, 0.0)] * (len(array) - len(scaling))
        scales, offsets = np.array(scaling, np.float64).T[:, :, None, None]
        array = (array * scales + offsets).astype(np.float32)
    wider = _WIDER.get(array.dtype.name)
    if wider is not None:
        array = array.astype(wider)
    if mask is not None and np.issubdtype(array.dtype, np.floating):
        # A weight of zero does not silence not-a-number.
        array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    return np.ascontiguousarray(array)
