"""Interpolation itself: OpenCV's remap, for any number of bands and any size, as GDAL does it.

OpenCV's cubic kernel has a = -0.75 and turns a slope into steps; GDAL's (Catmull-Rom, a = -0.5)
keeps it. Kernels of this family are linear in a: K(a) = K(0) + a·D, and K(0) is linear
interpolation with the fraction t replaced by t²(3 - 2t). So two thirds of OpenCV's cubic and one
third of that are Catmull-Rom along each axis, and across them but for a mixed term of fourth
order: straight and curved surfaces come out exactly, noise to 1 % of its range.

Measured for 1056 × 1056 pixels, one core: four interleaved bands of 8 bits take 2.4 ms where
three take 7.5, hence the spare band of linear interpolation. OpenCV's cubic knows positions to
1/32 pixel; of 8 bits the linear third then is made at the same ones, which turns t²(3 - 2t) into
a table: 3.5 ms where computing it for each pixel took 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tuilerie.raster.coordinates import PixelMaps
from tuilerie.raster.fixed_positions import eased_positions, fixed_positions
from tuilerie.raster.planes import interleaved, split_planes

__all__ = ["REACH", "Kernel", "interpolate", "nearest"]

Kernel = Literal["bilinear", "cubic", "lanczos"]

REACH: dict[str, int] = {"nearest": 1, "bilinear": 1, "cubic": 2, "lanczos": 4}
"""Source pixels on each side of a position that a kernel looks at."""

_Positions = tuple[NDArray[Any], NDArray[Any]]

_LARGEST_SIDE = 32_000  # OpenCV counts pixels in 16 bits: below 32767 on each side
_TIE = 1e-4
_GROUP = 4
_LINEAR_ONLY_SPARE = 3
_STRIP_ROWS = 64


def nearest(array: NDArray[Any], maps: PixelMaps) -> NDArray[Any]:
    """Return the pixel that contains each position; array (bands, rows, columns), any dtype.

    On the line between two pixels the right or lower one counts, as in GDAL (of separable maps;
    otherwise positions are not so exact). Positions outside get a pixel of the edge.
    """
    bands, rows, cols = array.shape
    if not maps.separable and max(rows, cols, *maps.shape) <= _LARGEST_SIDE:
        return _nearest_by_opencv(array, maps)
    col = _index(maps.x, cols)
    row = _index(maps.y, rows)
    if maps.separable:
        return np.take(np.take(array, row, axis=1), col, axis=2)
    flat = row * cols + col
    planes = np.ascontiguousarray(array).reshape(bands, rows * cols)
    return np.stack([np.take(plane, flat) for plane in planes])


def _nearest_by_opencv(array: NDArray[Any], maps: PixelMaps) -> NDArray[Any]:
    """Copy pixels whatever they mean: OpenCV knows not every dtype, but one of every size."""
    stand_in = {1: np.uint8, 2: np.uint16, 4: np.float32, 8: np.float64}[array.dtype.itemsize]
    out = np.empty((len(array), *maps.shape), stand_in)
    at = maps.full()
    planes = list(np.ascontiguousarray(array).view(stand_in))
    for first in range(0, len(planes), _GROUP):
        pixels = interleaved(planes[first : first + _GROUP])
        found = cv2.remap(pixels, *at, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        split_planes(np.asarray(found), out[first : first + _GROUP])
    return out.view(array.dtype)


def _index(positions: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    shifted = np.floor(positions + (0.5 + _TIE))
    np.clip(shifted, 0, count - 1, out=shifted)
    return np.asarray(shifted, np.intp)


def interpolate(planes: list[NDArray[Any]], maps: PixelMaps, kernel: Kernel) -> NDArray[Any]:
    """Return (bands, rows, columns) of interpolated values in the dtype of the planes.

    Beyond the edge the pixels of the edge go on. Integers are rounded and kept in the range of
    their dtype; floats may overshoot with cubic and lanczos.

    Args:
        planes: (rows, columns) each; uint8, uint16, int16, float32 or float64.
        maps: positions, all finite.
        kernel: bilinear, cubic or lanczos.
    """
    rows, cols = planes[0].shape
    if max(rows, cols, *maps.shape) > _LARGEST_SIDE:
        return _in_parts(planes, maps, kernel)
    out = np.empty((len(planes), *maps.shape), planes[0].dtype)
    groups = {
        first: interleaved(_filled(planes[first : first + _GROUP], kernel))
        for first in range(0, len(planes), _GROUP)
    }
    for strip in _strips(maps, few=kernel == "cubic"):
        part = _cut(maps, by_rows=True, part=strip)
        at, eased = _positions(part, kernel, planes[0].dtype)
        for first, pixels in groups.items():
            found = _remap(pixels, at, eased, kernel)
            split_planes(found, out[first : first + _GROUP, strip])
    return out


def _positions(
    maps: PixelMaps, kernel: Kernel, dtype: np.dtype[Any]
) -> tuple[_Positions, _Positions]:
    """Return where the kernel looks, and where the linear third of the cubic one does."""
    at = maps.full()
    if kernel != "cubic":
        return at, at
    if dtype != np.uint8:
        return at, _eased(maps)
    fixed = fixed_positions(at)
    return fixed, eased_positions(fixed)


def _filled(group: list[NDArray[Any]], kernel: Kernel) -> list[NDArray[Any]]:
    """Return the group with the spare band that makes OpenCV's linear interpolation faster."""
    if kernel == "bilinear" and len(group) in (2, _LINEAR_ONLY_SPARE):
        return group + [group[0]] * (_GROUP - len(group))
    return group


def _strips(maps: PixelMaps, *, few: bool) -> Iterator[slice]:
    """Yield rows to interpolate at once: few where full maps must be made, to stay in cache."""
    rows = maps.shape[0]
    step = _STRIP_ROWS if few or maps.separable else rows
    for top in range(0, rows, max(step, 1)):
        yield slice(top, min(top + step, rows))


def _remap(pixels: NDArray[Any], at: _Positions, eased: _Positions, kernel: Kernel) -> NDArray[Any]:
    edge = cv2.BORDER_REPLICATE
    if kernel == "bilinear":
        return np.asarray(cv2.remap(pixels, *at, cv2.INTER_LINEAR, borderMode=edge))
    if kernel == "lanczos":
        return np.asarray(cv2.remap(pixels, *at, cv2.INTER_LANCZOS4, borderMode=edge))
    sharp = (
        _sharp(pixels, at)
        if pixels.dtype == np.float64
        else cv2.remap(pixels, *at, cv2.INTER_CUBIC, borderMode=edge)
    )
    soft = cv2.remap(pixels, *eased, cv2.INTER_LINEAR, borderMode=edge)
    return np.asarray(cv2.addWeighted(sharp, 2 / 3, soft, 1 / 3, 0.0))


def _sharp(pixels: NDArray[Any], at: _Positions) -> NDArray[Any]:
    """Return OpenCV's cubic of float64, which it rounds to integers where it meets the edge."""
    rows, cols = pixels.shape[:2]
    pad = REACH["cubic"] + 1
    wide = cv2.copyMakeBorder(pixels, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    x, y = (np.clip(m, -1, n) + np.float32(pad) for m, n in zip(at, (cols, rows), strict=True))
    return np.asarray(cv2.remap(wide, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _eased(maps: PixelMaps) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the positions whose linear interpolation is the cubic kernel with a = 0."""

    def ease(positions: NDArray[np.floating]) -> NDArray[np.floating]:
        base = np.floor(positions)
        part = positions - base
        return np.asarray(base + part * part * (3 - 2 * part), positions.dtype)

    return PixelMaps(ease(maps.x), ease(maps.y)).full()


def _in_parts(planes: list[NDArray[Any]], maps: PixelMaps, kernel: Kernel) -> NDArray[Any]:
    """Interpolate from the part of the source that is needed, the target halved until it fits."""
    rows, cols = planes[0].shape
    left, right = _window(maps.x, cols, kernel)
    top, bottom = _window(maps.y, rows, kernel)
    height, width = maps.shape
    if max(right - left, bottom - top, height, width) <= _LARGEST_SIDE:
        window = [plane[top:bottom, left:right] for plane in planes]
        return interpolate(window, PixelMaps(maps.x - left, maps.y - top), kernel)
    by_rows = height >= width
    half = (height if by_rows else width) // 2
    parts = [_cut(maps, by_rows, part) for part in (slice(None, half), slice(half, None))]
    done = [_in_parts(planes, part, kernel) for part in parts]
    return np.concatenate(done, axis=1 if by_rows else 2)


def _cut(maps: PixelMaps, by_rows: bool, part: slice) -> PixelMaps:
    if maps.separable:
        return PixelMaps(maps.x, maps.y[part]) if by_rows else PixelMaps(maps.x[part], maps.y)
    index = (part, slice(None)) if by_rows else (slice(None), part)
    return PixelMaps(maps.x[index], maps.y[index])


def _window(positions: NDArray[np.floating], count: int, kernel: Kernel) -> tuple[int, int]:
    reach = REACH[kernel] + 1
    low = int(np.clip(np.floor(positions.min()) - reach, 0, count - 1))
    high = int(np.clip(np.ceil(positions.max()) + reach + 1, low + 1, count))
    return low, high
