"""Read a rectangle of pixels at any size, find its gaps, and scale its values."""

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
from tuilerie.sources.facts import RasterFacts
from tuilerie.sources.gaps import holds_value
from tuilerie.sources.levels import Level
from tuilerie.sources.window import Rectangle

__all__ = ["Choice", "Pixels", "join_across", "join_down", "read_rectangle", "read_window"]

_CHUNK_PX = 4_000_000
_OPAQUE = np.uint8(255)
_HALF = np.uint8(128)

Shape = tuple[int, int]
"""Rows, columns."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is read of a raster.

    Attributes:
        bands: 1-based, without the alpha.
        alpha: whether the alpha band comes last in the array; it makes the mask in any case.
        reduction: how finer pixels become one where no overview holds it: average, nearest, mode.
    """

    bands: tuple[int, ...]
    alpha: bool
    reduction: Resampling


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What was read.

    Attributes:
        array: (bands, rows, columns), in the file's order of rows and columns.
        mask: (rows, columns) uint8, 255 = valid; None = all valid.
    """

    array: NDArray[Any]
    mask: NDArray[np.uint8] | None


def read_rectangle(handle: Handle, rectangle: Rectangle, choice: Choice) -> Pixels:
    """Read a rectangle, around the Earth if need be.

    Raises: rasterio.errors.RasterioIOError: damaged.
    """
    scale_x = handle.facts.width / rectangle.level.width
    scale_y = handle.facts.height / rectangle.level.height
    return join_across(
        [
            read_window(
                handle,
                Window(
                    part.left * scale_x,
                    part.top * scale_y,
                    part.width * scale_x,
                    part.height * scale_y,
                ),
                (part.height, part.width),
                choice,
            )
            for part in _unwrapped(rectangle, handle.facts)
        ]
    )


def join_across(parts: Sequence[Pixels]) -> Pixels:
    """Put parts of the same height side by side."""
    return _joined(parts, axis=1)


def join_down(parts: Sequence[Pixels]) -> Pixels:
    """Put parts of the same width below each other."""
    return _joined(parts, axis=0)


def _joined(parts: Sequence[Pixels], axis: int) -> Pixels:
    if len(parts) == 1:
        return parts[0]
    array = np.concatenate([part.array for part in parts], axis=axis + 1)
    if all(part.mask is None for part in parts):
        return Pixels(array, None)
    masks = [
        np.full(part.array.shape[1:], _OPAQUE) if part.mask is None else part.mask for part in parts
    ]
    return Pixels(array, np.concatenate(masks, axis=axis))


def _unwrapped(rectangle: Rectangle, facts: RasterFacts) -> list[Rectangle]:
    """Cut a rectangle where it leaves the raster, and put the parts where the pixels are."""
    level = rectangle.level
    if not facts.turn_px or (rectangle.left >= 0 and rectangle.right <= level.width):
        return [rectangle]
    turn = facts.turn_at(level)
    parts = []
    left = rectangle.left
    while left < rectangle.right:
        start = left % turn
        length = min(rectangle.right - left, turn - start)
        parts.append(Rectangle(level, start, rectangle.top, start + length, rectangle.bottom))
        left += length
    return parts


def read_window(handle: Handle, window: Window, shape: Shape, choice: Choice) -> Pixels:
    """Read a window, given in full-size columns and rows that need not be whole, at another size.

    Raises: rasterio.errors.RasterioIOError: damaged.
    """
    facts = handle.facts
    indexes = [*choice.bands, facts.alpha] if facts.alpha else list(choice.bands)
    finer, finer_shape = _stored_for(facts, window, shape)
    if choice.reduction is Resampling.average and finer_shape != shape and not facts.nodata_known:
        array, mask = _read_carefully(handle, window, shape, indexes, finer)
    else:
        array, mask = _read_by_gdal(handle, window, shape, indexes, choice.reduction)
    if facts.alpha:
        mask = _as_mask(array[-1] > 0)
        if not choice.alpha:
            array = array[:-1]
    return Pixels(_scaled(array, facts, choice.bands), mask)


def _read_by_gdal(
    handle: Handle, window: Window, shape: Shape, indexes: list[int], how: Resampling
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Read from the best overview; GDAL leaves missing pixels out of its averages."""
    facts = handle.facts
    if how is Resampling.average and (shape[1] > window.width or shape[0] > window.height):
        how = Resampling.bilinear
    place = {"window": window, "out_shape": shape, "resampling": how}
    array = handle.dataset.read(indexes, **place)
    if facts.masked:
        return array, _as_mask(handle.dataset.read_masks(indexes[0], **place) >= _HALF)
    colours = array[:-1] if facts.alpha else array
    valid = holds_value(colours, [facts.nodata[i - 1] for i in indexes[: len(colours)]])
    return array, None if valid is None else _as_mask(valid)


def _read_carefully(
    handle: Handle, window: Window, shape: Shape, indexes: list[int], finer: Level
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Average ourselves where GDAL does not know which pixels are missing, piece by piece."""
    rows, cols = shape
    cell_x, cell_y = window.width / cols, window.height / rows
    factor_x = handle.facts.width / finer.width
    factor_y = handle.facts.height / finer.height
    array = np.zeros((len(indexes), rows, cols), handle.facts.dtype)
    mask = np.zeros(shape, np.uint8)
    side = max(1, math.isqrt(int(_CHUNK_PX / max(1.0, cell_x * cell_y / factor_x / factor_y))))
    for top in range(0, rows, side):
        for left in range(0, cols, side):
            height, width = min(side, rows - top), min(side, cols - left)
            piece = Window(
                window.col_off + left * cell_x,
                window.row_off + top * cell_y,
                width * cell_x,
                height * cell_y,
            )
            finer_shape = (
                max(1, round(piece.height / factor_y)),
                max(1, round(piece.width / factor_x)),
            )
            values, valid = _read_by_gdal(handle, piece, finer_shape, indexes, Resampling.nearest)
            place = slice(top, top + height), slice(left, left + width)
            array[:, place[0], place[1]], mask[place] = _averaged(values, valid, (width, height))
    return array, None if mask.all() else mask


def _averaged(
    values: NDArray[Any], valid: NDArray[np.uint8] | None, size: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return the means of the valid pixels, and where there are any; size is columns, rows."""
    weights = np.ones(values.shape[1:]) if valid is None else (valid > 0).astype(np.float64)
    share = np.asarray(cv2.resize(weights, size, interpolation=cv2.INTER_AREA))
    held = share > 0
    means = np.zeros((len(values), *share.shape), values.dtype)
    for band, mean in zip(values, means, strict=True):
        known = np.where(weights > 0, band, 0).astype(np.float64)
        total = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA))
        result = np.divide(total, share, out=np.zeros_like(total), where=held)
        mean[...] = result if np.issubdtype(values.dtype, np.floating) else np.rint(result)
    return means, _as_mask(held)


def _stored_for(facts: RasterFacts, window: Window, shape: Shape) -> tuple[Level, Shape]:
    """Return the smallest size in the file that is fine enough, and the window's shape in it."""
    best = facts.levels[0]
    for level in facts.levels:
        fine = (
            facts.height / level.height <= window.height / shape[0] * 1.001
            and facts.width / level.width <= window.width / shape[1] * 1.001
        )
        if level.stored and fine:
            best = level
    return best, (
        round(window.height * best.height / facts.height),
        round(window.width * best.width / facts.width),
    )


def _as_mask(valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.multiply(valid, _OPAQUE, dtype=np.uint8)


def _scaled(array: NDArray[Any], facts: RasterFacts, bands: Sequence[int]) -> NDArray[Any]:
    """Return value * scale + offset where the file has them; they may differ between bands."""
    scaling = [facts.scaling[band - 1] for band in bands]
    if all(pair == (1.0, 0.0) for pair in scaling):
        return array
    scaling += [(1.0, 0.0)] * (len(array) - len(scaling))
    scales, offsets = np.array(scaling, np.float64).T[:, :, None, None]
    return np.asarray((array * scales + offsets).astype(np.float32))
