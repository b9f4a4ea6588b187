"""The average of many source pixels, for pictures much smaller than their source."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["reduced_size", "shrink", "shrink_weighted"]


def reduced_size(size: int, cell: float, wanted_cell: float) -> int:
    """Return how many pixels to keep of `size`, so that each is at most as large as wanted."""
    factor = int(wanted_cell / cell) if cell > 0 else 1
    return max(1, -(-size // factor)) if factor > 1 else size


def shrink(array: NDArray[Any], rows: int, cols: int) -> NDArray[Any]:
    """Return the area average of bands in fewer pixels, over the same outer edges.

    Takes (bands, rows, columns) of uint8, uint16, int16, float32 or float64.
    """
    return np.stack([_area(plane, rows, cols) for plane in array])


def shrink_weighted(
    array: NDArray[Any], weight: NDArray[np.uint8], rows: int, cols: int
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return averages by weights (rows, columns; 0 = does not count), and the average weight.

    The average weight is 0 only where no pixel counted.
    """
    part = _area(weight.astype(np.float32) / 255, rows, cols)
    divisor = np.maximum(part, np.float32(1e-6))
    planes = []
    for plane in array:
        wide = np.result_type(plane.dtype, np.float32)
        weighted = np.where(weight > 0, plane, 0).astype(wide) * (weight.astype(wide) / 255)
        mean = _area(weighted, rows, cols) / divisor
        planes.append(mean.astype(plane.dtype) if plane.dtype.kind == "f" else _whole(mean, plane))
    return np.stack(planes), np.ceil(part * 255 - 1e-3).astype(np.uint8)


def _area(plane: NDArray[Any], rows: int, cols: int) -> NDArray[Any]:
    return np.asarray(cv2.resize(plane, (cols, rows), interpolation=cv2.INTER_AREA))


def _whole(mean: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    info = np.iinfo(like.dtype)
    return np.asarray(np.clip(np.rint(mean), info.min, info.max), like.dtype)
