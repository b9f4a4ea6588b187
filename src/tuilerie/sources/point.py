"""The pixel at a place: one read of one pixel at full size, never an overview or a mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from tuilerie.catalogue.info import Value
from tuilerie.grids import Crs
from tuilerie.raster.position import target_pixels
from tuilerie.sources.base import PointRequest
from tuilerie.sources.control_points import apply
from tuilerie.sources.datasets import Handle
from tuilerie.sources.facts import RasterFacts
from tuilerie.sources.gaps import holds_value

__all__ = ["source_position", "values_at"]

_EDGE_PX = 1e-6
"""How far beside the raster a place may lie that rounding has put there."""
_DIGITS = 12
"""Of scaled values: all that 32 bits can hold, and none of what 0.1 + 0.2 adds."""
_SEVERAL_BANDS = 2


def source_position(request: PointRequest, crs: Crs) -> tuple[float, float] | None:
    """Return the place in another CRS, x first, transformed exactly; None if it has none there."""
    pixel = target_pixels(request.bounds, Crs.parse(request.crs), 1, 1, crs)
    zero = np.zeros(1)
    x, y = pixel.source_positions(zero, zero)
    return (float(x[0]), float(y[0])) if np.isfinite(x[0]) and np.isfinite(y[0]) else None


def values_at(handle: Handle, request: PointRequest) -> Mapping[str, Value] | None:
    """Return the values of the pixel at a place by band number, None outside of the raster.

    A band without data there has None. In pictures of several bands a pixel is missing as a
    whole or not at all: water whose red is the nodata value has a red of that value.

    Raises: rasterio.errors.RasterioError, OSError: damaged; ValueError: a CRS that PROJ does not
        know, a band that the file does not have.
    """
    facts = handle.facts
    bands = request.bands or tuple(n for n in range(1, facts.count + 1) if n != facts.alpha)
    if not all(1 <= band <= facts.count for band in bands):
        raise ValueError(f"the file has {facts.count} bands, asked were {bands}")
    place = source_position(request, facts.crs)
    pixel = None if place is None else _pixel(facts, *place)
    if pixel is None:
        return None
    window = Window(pixel[0], pixel[1], 1, 1)
    if not _opaque(handle, window):
        return {str(band): None for band in bands}
    array = handle.dataset.read(list(bands), window=window)
    held = _held(array, facts, bands)
    return {
        str(band): _value(array[at, 0, 0], facts.scaling[band - 1]) if held[at] else None
        for at, band in enumerate(bands)
    }


def _pixel(facts: RasterFacts, x: float, y: float) -> tuple[int, int] | None:
    """Return column and row of the pixel that holds a place, None outside."""
    col, row = apply(~facts.affine, x, y)
    if facts.period_px:
        # The same place comes again each time around the Earth, e.g. in a file from 0° to 360°.
        col -= math.floor((col + _EDGE_PX) / facts.period_px) * facts.period_px
    for at, size in ((col, facts.width), (row, facts.height)):
        if not -_EDGE_PX <= at < size + _EDGE_PX:
            return None
    return _within(col, facts.width), _within(row, facts.height)


def _within(at: float, size: int) -> int:
    return min(max(math.floor(at), 0), size - 1)


def _opaque(handle: Handle, window: Window) -> bool:
    """Return whether neither mask nor transparency hides the pixel."""
    facts = handle.facts
    if facts.alpha and not handle.dataset.read(facts.alpha, window=window).any():
        return False
    return not facts.masked or bool(handle.dataset.read_masks(1, window=window).any())


def _held(array: NDArray[Any], facts: RasterFacts, bands: tuple[int, ...]) -> list[bool]:
    """Return for each band whether it has data in the pixel."""
    nodata = [facts.nodata[band - 1] for band in bands]
    if facts.dtype == np.uint8 and len(bands) >= _SEVERAL_BANDS:
        return [_any(holds_value(array, nodata))] * len(bands)
    return [_any(holds_value(array[at : at + 1], nodata[at : at + 1])) for at in range(len(bands))]


def _any(valid: NDArray[np.bool_] | None) -> bool:
    return valid is None or bool(valid.any())


def _value(raw: Any, scaling: tuple[float, float]) -> Value:
    """Return a pixel's value with the file's scale and offset, in as many digits as it has."""
    if scaling != (1.0, 0.0):
        return float(f"{float(raw) * scaling[0] + scaling[1]:.{_DIGITS}g}")
    if isinstance(raw, np.integer):
        return int(raw)
    # The shortest number that is the same in the data's own precision: 0.1, not 0.10000000149.
    return float(str(raw))
