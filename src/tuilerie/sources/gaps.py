"""Which pixels hold something: nodata values and not-a-number, as masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["holds_value"]

_RELATIVE_SLACK = 1e-6


def holds_value(array: NDArray[Any], nodata: Sequence[float | None]) -> NDArray[np.bool_] | None:
    """Return where a raster has data, True = valid; None where no pixel can be missing.

    A pixel of several bands is missing if all of them are: black water in a picture whose
    nodata is 0 has some blue in it. Not-a-number in any band is missing, declared or not.

    Args:
        array: (bands, rows, columns).
        nodata: per band of the array.
    """
    valid: NDArray[np.bool_] | None = None
    for band, value in zip(array, nodata, strict=True):
        if value is None or math.isnan(value):
            valid = None
            break
        holds = _differs(band, value)
        valid = holds if valid is None else valid | holds
    if np.issubdtype(array.dtype, np.floating):
        finite = np.isfinite(array).all(axis=0)
        valid = finite if valid is None else valid & finite
    return None if valid is None or valid.all() else valid


def _differs(band: NDArray[Any], nodata: float) -> NDArray[np.bool_]:
    if not np.issubdtype(band.dtype, np.floating):
        return np.asarray(band != nodata)
    # Metadata keep nodata as text, so that single precision comes back with rounded digits.
    slack = abs(nodata) * _RELATIVE_SLACK
    return np.asarray((band < nodata - slack) | (band > nodata + slack))
