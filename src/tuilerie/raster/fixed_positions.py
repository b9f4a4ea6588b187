"""Positions as OpenCV's remap keeps them itself: whole pixels, and 1/32 of them.

Given so, remap need not convert them anew for every picture, and what is a function of the
fraction alone is a table of 32 × 32 entries.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["FixedPositions", "eased_positions", "fixed_positions"]

FixedPositions = tuple[NDArray[np.int16], NDArray[np.uint16]]
"""Whole pixels (rows, columns, 2), x first; fractions (rows, columns), 32 · y + x in 1/32."""

_PARTS = 32


def fixed_positions(at: tuple[NDArray[np.float32], NDArray[np.float32]]) -> FixedPositions:
    """Return positions to the nearest 1/32 pixel; x and y (rows, columns), within 32767."""
    whole, part = cv2.convertMaps(*at, cv2.CV_16SC2)
    return np.asarray(whole, np.int16), np.asarray(part, np.uint16)


def eased_positions(at: FixedPositions) -> FixedPositions:
    """Return the positions with every fraction t replaced by t²(3 - 2t), to the nearest 1/32."""
    whole, part = at
    carried = np.take(_CARRIED, part).view(np.int16).reshape(whole.shape)
    np.add(carried, whole, out=carried)
    return carried, np.take(_EASED, part)


def _tables() -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Return by fraction: the whole pixels to add (two int16 as one number), the new fraction."""
    t = np.arange(_PARTS) / _PARTS
    eased = np.rint(_PARTS * t * t * (3 - 2 * t)).astype(np.int64)
    carry, part = np.divmod(eased, _PARTS)
    carried = np.empty((_PARTS, _PARTS, 2), np.int16)
    carried[..., 0], carried[..., 1] = carry[None, :], carry[:, None]
    fractions = (part[:, None] * _PARTS + part[None, :]).astype(np.uint16)
    return carried.view(np.uint32).reshape(-1), fractions.reshape(-1)


_CARRIED, _EASED = _tables()
