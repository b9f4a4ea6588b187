"""Interpolation that invalid and see-through pixels do not take part in.

Each value counts with its weight: 255 or 0 by the mask, or its alpha. Values times weights and
the weights themselves are interpolated, and divided; so no colour of an invalid pixel bleeds into
a valid one, and transparent edges have no dark halo. Where a pixel without full weight lies
within reach of the cubic or lanczos kernel, whose negative lobes make nonsense of weights, the
linear kernel is used, as GDAL does.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tuilerie.raster.coordinates import PixelMaps
from tuilerie.raster.kernels import REACH, Kernel, interpolate, nearest

__all__ = ["FULL", "interpolate_weighted"]

FULL = 255


def interpolate_weighted(
    array: NDArray[Any], weight: NDArray[np.uint8], maps: PixelMaps, kernel: Kernel
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return interpolated values (bands, rows, columns) and weights (rows, columns) 0…255.

    The array is (bands, rows, columns) of uint8, float32 or float64, finite where weight > 0;
    the weight (rows, columns), 0…255.
    """
    values, weights = _linear(array, weight, maps)
    if kernel != "bilinear":
        side = 2 * REACH[kernel] + 1
        whole = cv2.erode(
            np.where(weight == FULL, np.uint8(FULL), np.uint8(0)),
            np.ones((side, side), np.uint8),
            borderType=cv2.BORDER_CONSTANT,
            borderValue=(FULL,),
        )
        sharp = nearest(np.asarray(whole, np.uint8)[None], maps)[0] == FULL
        if sharp.any():
            clean = np.where(weight > 0, array, array.dtype.type(0))
            np.copyto(values, interpolate(list(clean), maps, kernel), where=sharp)
    return values, weights


def _linear(
    array: NDArray[Any], weight: NDArray[np.uint8], maps: PixelMaps
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    if array.dtype != np.uint8:
        return _linear_floats(array, weight, maps)
    if cv2.countNonZero(cv2.inRange(weight, (1,), (FULL - 1,))) == 0:
        planes = [np.asarray(cv2.bitwise_and(plane, weight)) for plane in array]
        done = interpolate([*planes, weight], maps, "bilinear")
        values, weights = done[:-1], done[-1]
        _divide(values, weights, FULL)
        return values, weights
    # In 16 bits, so that a colour of little alpha keeps its tone.
    wide = weight.astype(np.uint16)
    planes = [plane * wide for plane in array]
    done = interpolate([*planes, wide * FULL], maps, "bilinear")
    values, weights = done[:-1], done[-1]
    _divide(values, weights, FULL * FULL, FULL)
    return values.astype(np.uint8), ((weights + FULL // 2) // FULL).astype(np.uint8)


def _linear_floats(
    array: NDArray[Any], weight: NDArray[np.uint8], maps: PixelMaps
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    part = weight.astype(array.dtype) / FULL
    planes = [np.where(weight > 0, plane, 0) * part for plane in array]
    done = interpolate([*planes, part], maps, "bilinear")
    values, weights = done[:-1], done[-1]
    some = np.flatnonzero((weights > 0) & (weights < 1))
    if some.size:
        divisor = weights.reshape(-1)[some]
        for plane in values:
            plane.reshape(-1)[some] /= divisor
    return values, np.rint(weights * FULL).astype(np.uint8)


def _divide(
    values: NDArray[Any], weights: NDArray[Any], whole: int, scale: int | None = None
) -> None:
    """Divide integer values by weights / whole in place, where the weight is not whole.

    With a scale the values are products with it, and all are divided.
    """
    chosen = weights > 0 if scale is not None else (weights > 0) & (weights < whole)
    some = np.flatnonzero(chosen)
    if not some.size:
        return
    divisor = weights.reshape(-1)[some].astype(np.float32)
    factor = np.float32(scale if scale is not None else whole) / divisor
    for plane in values:
        flat = plane.reshape(-1)
        flat[some] = np.minimum(np.rint(flat[some] * factor), FULL).astype(plane.dtype)
