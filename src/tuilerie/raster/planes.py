"""Bands as planes, and the same bands interleaved as the image libraries want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["interleaved", "split_planes"]


def interleaved(planes: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return (rows, columns, bands), or (rows, columns) of one band, C-contiguous.

    Merging by OpenCV takes a twentieth of NumPy's time.
    """
    if len(planes) == 1:
        return np.ascontiguousarray(planes[0])
    return np.asarray(cv2.merge(list(planes)))


def split_planes(pixels: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the first bands of interleaved pixels into `out` (bands, rows, columns)."""
    if pixels.ndim == 2:
        out[0] = pixels
        return
    bands = len(out)
    cv2.mixChannels([pixels], list(out), [n for band in range(bands) for n in (band, band)])
