"""A raster as another picture shows it: one interpolation, in which invalid pixels take no part."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tuilerie.errors import RenderError
from tuilerie.raster.coordinates import CoordinateGrid, PixelMaps, Transform, north_up
from tuilerie.raster.image import Raster
from tuilerie.raster.kernels import REACH, Kernel, interpolate, nearest
from tuilerie.raster.reduce import reduced_size, shrink, shrink_weighted
from tuilerie.raster.weights import FULL, interpolate_weighted

__all__ = ["Resampling", "margin_px", "warp"]

Resampling = Literal["nearest", "bilinear", "cubic", "lanczos", "average"]

_VALID = 128
"""A pixel is valid where at least half of its weight is."""

_EDGE_PX = 1e-3
_ALIGNED_PX = 1 / 512
_FULL_TURN_PX = 0.5

_NATIVE = {"uint8", "uint16", "int16", "float32", "float64"}
_SHORT = {"bool", "int8", "float16"}


class _Pixels(NamedTuple):
    array: NDArray[Any]
    weight: NDArray[np.uint8] | None
    transform: Transform


def margin_px(resampling: Resampling) -> int:
    """Return the source pixels to read beyond the positions on each side, for this kernel."""
    return 1 + REACH.get(resampling, 1)


def warp(
    raster: Raster,
    grid: CoordinateGrid,
    *,
    resampling: Resampling = "bilinear",
    transform: Transform | None = None,
    alpha: bool | None = None,
) -> Raster:
    """Return what the target of `grid` shows of a raster, in the raster's dtype.

    Where x repeats (`grid.period`), the raster is found wherever it lies, and one that goes
    around the whole Earth has no seam.

    Args:
        raster: pixels of the source, any real dtype. NaN and infinity are no data. A raster with
            a palette is always taken by the nearest pixel. 64-bit integers are interpolated as
            float64, exact to 2^53 (nearest is always exact).
        grid: where the target's pixels lie in the source, from `plan_warp`.
        resampling: average takes the mean of all the pixels that a target pixel covers (and is
            bilinear where it covers less than two); lanczos has four lobes on each side and
            knows positions to 1/32 pixel, cubic is Catmull-Rom. Both overshoot: integers are cut
            to the range of their dtype, floats are not cut.
        transform: where the raster's pixels lie in `grid.source_crs`, for rotated ones; from
            `raster.bounds` otherwise.
        alpha: whether the last band is alpha; None = where uint8 with two or four bands and no
            palette. Alpha is interpolated softly, and is the weight of the colours; a mask is
            as sharp as it was: valid where at least half of the weight is.

    Returns: a raster of `grid.bounds`; its mask is None where every pixel has data. Pixels
        without data are 0.

    Raises: RenderError: complex numbers.
    """
    array = raster.array
    if array.dtype.kind not in "buif":
        raise RenderError(f"pixels of type {array.dtype} cannot be shown")
    bands, rows, cols = array.shape
    if transform is None:
        transform = north_up(raster.bounds, cols, rows)
    has_alpha = _has_alpha(raster) if alpha is None else alpha
    if raster.palette is not None:
        resampling, has_alpha = "nearest", False
    source = _Pixels(array, _validity(array, raster.mask), transform)
    if resampling == "average":
        source = _averaged(source, grid, has_alpha)
    source, maps = _turned(source, grid)
    inside = _inside(maps, source.array.shape[1:])
    maps = _numbers(maps)
    if inside is not None and not inside.any():
        return _result(np.zeros((bands, *maps.shape), array.dtype), inside, grid, raster)
    if (window := _aligned(maps, source.array.shape[1:])) is not None:
        values = np.ascontiguousarray(source.array[:, window[0], window[1]])
        mask = None if source.weight is None else source.weight[window]
        mask = None if mask is None else _binary(mask)
    elif resampling == "nearest":
        values = nearest(source.array, maps)
        mask = None if source.weight is None else nearest(source.weight[None], maps)[0]
    else:
        kernel: Kernel = "bilinear" if resampling == "average" else resampling
        values, mask = _interpolated(source, maps, kernel, has_alpha)
    if has_alpha:
        mask = _binary(values[-1], 1) if mask is None else mask & _binary(values[-1], 1)
    mask = _both(mask, inside)
    return _result(values.astype(array.dtype, copy=False), mask, grid, raster)


def _has_alpha(raster: Raster) -> bool:
    return raster.array.dtype == np.uint8 and len(raster.array) in (2, 4)


def _validity(array: NDArray[Any], mask: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """Return the mask with NaN and infinity left out; None if all is valid."""
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        if not finite.all():
            sound = finite.all(axis=0).astype(np.uint8) * FULL
            mask = sound if mask is None else mask & sound
    return None if mask is None or mask.all() else mask


def _averaged(source: _Pixels, grid: CoordinateGrid, has_alpha: bool) -> _Pixels:
    """Return the source with its pixels averaged until they are about as large as the target's."""
    a, b, c, d, e, f = source.transform
    array, weight, _ = source
    _, rows, cols = array.shape
    wanted_x, wanted_y = grid.source_cell()
    new_cols = reduced_size(cols, float(np.hypot(a, d)), wanted_x)
    new_rows = reduced_size(rows, float(np.hypot(b, e)), wanted_y)
    if (new_rows, new_cols) == (rows, cols):
        return source
    work = array.astype(_work_dtype(array.dtype), copy=False)
    if has_alpha:
        opacity = array[-1] if weight is None else np.minimum(array[-1], weight)
        values, soft = shrink_weighted(work[:-1], opacity, new_rows, new_cols)
        values, reduced = np.concatenate([values, soft[None].astype(values.dtype)]), None
    elif weight is None:
        values, reduced = shrink(work, new_rows, new_cols), None
    else:
        values, reduced = shrink_weighted(work, weight, new_rows, new_cols)
    x, y = cols / new_cols, rows / new_rows
    return _Pixels(values, reduced, (a * x, b * y, c, d * x, e * y, f))


def _turned(source: _Pixels, grid: CoordinateGrid) -> tuple[_Pixels, PixelMaps]:
    """Return the maps with x moved by whole turns into the raster, and the raster closed there."""
    maps = grid.pixel_maps(source.transform)
    a, b, _, d, _, _ = source.transform
    if grid.period is None or b != 0 or d != 0:
        return source, maps
    cols = source.array.shape[2]
    turn = grid.period / abs(a)
    x = maps.x
    if np.nanmin(x, initial=0.0) < -0.5 or np.nanmax(x, initial=0.0) > cols - 0.5:
        # The part of the circle without data is shared between both sides.
        low = (cols - turn) / 2 - 0.5
        x = (low + np.mod(x - low, turn)).astype(x.dtype, copy=False)
    if cols < turn - _FULL_TURN_PX:
        return source, PixelMaps(x, maps.y)
    pad = min(REACH["lanczos"] + 1, cols)
    array = np.concatenate([source.array[..., -pad:], source.array, source.array[..., :pad]], 2)
    weight = source.weight
    if weight is not None:
        weight = np.concatenate([weight[:, -pad:], weight, weight[:, :pad]], axis=1)
    return _Pixels(array, weight, source.transform), PixelMaps(x + x.dtype.type(pad), maps.y)


def _inside(maps: PixelMaps, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Return 255 where the positions lie in the raster, edges included; None if all do."""
    good: list[NDArray[np.bool_] | None] = []
    for positions, count in ((maps.x, shape[1]), (maps.y, shape[0])):
        low, high = -0.5 - _EDGE_PX, count - 0.5 + _EDGE_PX
        if positions.min() >= low and positions.max() <= high:  # False where NaN
            good.append(None)
        else:
            good.append((positions >= low) & (positions <= high))
    in_x, in_y = good
    if in_x is None and in_y is None:
        return None
    rows, cols = maps.shape
    found = np.full((rows, cols), FULL, np.uint8)
    if in_x is not None:
        found[np.broadcast_to(~in_x, (rows, cols))] = 0
    if in_y is not None:
        found[np.broadcast_to(~in_y[:, None] if maps.separable else ~in_y, (rows, cols))] = 0
    return found


def _aligned(maps: PixelMaps, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Return the window of the raster that the target is, pixel by pixel; None if it is none."""
    if not maps.separable:
        return None
    window = []
    for positions, count in ((maps.y, shape[0]), (maps.x, shape[1])):
        first = round(float(positions[0])) if np.isfinite(positions[0]) else -1
        last = first + len(positions)
        if first < 0 or last > count:
            return None
        if not (np.abs(positions - np.arange(first, last)) <= _ALIGNED_PX).all():
            return None
        window.append(slice(first, last))
    return window[0], window[1]


def _work_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.name in _NATIVE:
        return dtype
    return np.dtype(np.float32 if dtype.name in _SHORT else np.float64)


def _interpolated(
    source: _Pixels, maps: PixelMaps, kernel: Kernel, has_alpha: bool
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Return values and mask; with alpha the last band is the interpolated alpha, the mask None."""
    array, weight, _ = source
    if has_alpha and not (array[-1].min() == FULL and weight is None):
        opacity = array[-1] if weight is None else np.minimum(array[-1], weight)
        values, opacity = interpolate_weighted(array[:-1], opacity, maps, kernel)
        return np.concatenate([values, opacity[None]]), None
    if weight is None:
        work = array.astype(_work_dtype(array.dtype), copy=False)
        return _restored(interpolate(list(work), maps, kernel), array.dtype), None
    if not weight.any():
        return np.zeros((len(array), *maps.shape), array.dtype), np.zeros(maps.shape, np.uint8)
    work_dtype = _work_dtype(array.dtype)
    if work_dtype.kind != "f" and work_dtype != np.uint8:
        work_dtype = np.dtype(np.float32)
    values, soft = interpolate_weighted(array.astype(work_dtype, copy=False), weight, maps, kernel)
    return _restored(values, array.dtype), _binary(soft)


def _numbers(maps: PixelMaps) -> PixelMaps:
    """Return the maps with NaN replaced, which no library promises to survive."""
    if np.isfinite(maps.x.sum()) and np.isfinite(maps.y.sum()):
        return maps
    return PixelMaps(*(np.nan_to_num(m, nan=0.0, posinf=0.0, neginf=0.0) for m in maps))


def _restored(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return values in their own dtype, integers rounded and cut to its range."""
    if values.dtype == dtype or dtype.kind == "f":
        return values.astype(dtype, copy=False)
    if dtype.kind == "b":
        return values >= 0.5
    info = np.iinfo(dtype)
    rounded = np.rint(values)
    # The largest 64-bit integers have no float64 of their own: 2^63 itself would wrap around.
    highest = np.nextafter(values.dtype.type(info.max) + 1, values.dtype.type(0))
    return np.asarray(np.clip(rounded, info.min, min(highest, info.max)), dtype)


def _binary(soft: NDArray[np.uint8], least: int = _VALID) -> NDArray[np.uint8]:
    return np.asarray(cv2.threshold(soft, least - 1, FULL, cv2.THRESH_BINARY)[1], np.uint8)


def _both(
    one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None
) -> NDArray[np.uint8] | None:
    both = other if one is None else one if other is None else one & other
    return None if both is None or both.all() else both


def _result(
    values: NDArray[Any], mask: NDArray[np.uint8] | None, grid: CoordinateGrid, raster: Raster
) -> Raster:
    if mask is not None:
        hidden = mask == 0
        for plane in values:
            plane[hidden] = 0
    return Raster(values, mask, grid.bounds, grid.crs.text, raster.palette)
