"""From a measured value to a colour, by a list of stops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tuilerie.raster.ramps import Rgba

__all__ = ["Ramp", "ramp_colours"]

_STEPS = 16384
_LEVELS = 2
"""Levels of 255 by which neighbouring entries of the table may differ to be near enough."""
_SHORT_INTEGERS = {"uint8", "int8", "uint16", "int16"}
_CLEAR: Rgba = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours of the values of one band.

    Attributes:
        stops: (value, colour), values not falling; two stops of one value are a hard edge.
        band: 1-based, of the raster that is coloured.
        interpolation: "linear" = mixed between stops; "discrete" = a stop's colour holds from
            its value up to the next stop's; "exact" = only values that are a stop's have a
            colour (to 1e-6 of the value, for decimals that floats cannot hold).
        below, above: colours of values outside the stops; None = the first stop's, and the
            last stop's. With "exact" they do not count.
        nodata: the colour where there are no data.

    Raises: ValueError: no stops, or values that fall or are not finite.
    """

    stops: tuple[tuple[float, Rgba], ...]
    band: int = 1
    interpolation: Literal["linear", "discrete", "exact"] = "linear"
    below: Rgba | None = None
    above: Rgba | None = None
    nodata: Rgba = _CLEAR

    def __post_init__(self) -> None:
        values = [value for value, _ in self.stops]
        if not values or not all(math.isfinite(value) for value in values):
            raise ValueError("a colour ramp needs at least one stop, and values that are numbers")
        if values != sorted(values):
            raise ValueError("the values of a colour ramp must rise from stop to stop")


def ramp_colours(values: NDArray[Any], ramp: Ramp) -> NDArray[np.uint8]:
    """Return (rows, columns, 4) RGBA of values (rows, columns) of any real dtype.

    8 and 16-bit integers go through a table of all their values. Others through a table of equal
    steps; only values where the ramp is too steep for it, or has an edge, are searched for among
    the stops (eight times as slow).
    """
    if values.dtype.name in _SHORT_INTEGERS:
        table = _integer_table(ramp, values.dtype.name)
        return _taken(table, values.view(f"u{values.dtype.itemsize}"))
    numbers: NDArray[np.floating] = np.asarray(
        values,
        np.float32 if values.dtype.itemsize <= 4 and values.dtype.kind in "fb" else np.float64,
    )
    table, steep, low, step = _step_table(ramp)
    with np.errstate(invalid="ignore", over="ignore"):
        at = (numbers - low) * (1 / step) + 1
        places = np.clip(np.nan_to_num(at, nan=0.0), 0, _STEPS + 1).astype(np.uint16)
    colours = _taken(table, places)
    unsure = np.flatnonzero(np.take(steep, places))
    if unsure.size:
        colours.reshape(-1, 4)[unsure] = _exactly(numbers.reshape(-1)[unsure], ramp)
    return colours


def _taken(table: NDArray[np.uint32], places: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the RGBA of places in a table of colours packed into 32 bits: one gather, not four."""
    return np.take(table, places).view(np.uint8).reshape(*places.shape, 4)


@lru_cache(maxsize=64)
def _integer_table(ramp: Ramp, dtype: str) -> NDArray[np.uint32]:
    """Return the colours of all values of an integer dtype, in the order of their bits."""
    kind = np.dtype(dtype)
    bits = np.arange(2 ** (8 * kind.itemsize), dtype=f"u{kind.itemsize}")
    values = bits.view(kind).astype(np.float64)
    return _packed(_exactly(values, ramp))


@lru_cache(maxsize=64)
def _step_table(ramp: Ramp) -> tuple[NDArray[np.uint32], NDArray[np.bool_], float, float]:
    """Return colours by equal steps of the value, where they may be wrong, and the steps' place.

    Entry 0 is below all stops, the last one above; entry n from `low + (n - 1) * step` on.
    """
    stops = np.array([value for value, _ in ramp.stops], np.float64)
    width = float(stops[-1] - stops[0])
    margin = max(width / _STEPS, float(np.abs(stops).max()) * 1e-3) if width else 1.0
    low = float(stops[0]) - margin
    step = (width + 2 * margin) / _STEPS
    values = low + (np.arange(-1, _STEPS + 1) + 0.5) * step
    colours = _exactly(values, ramp)
    steep = np.zeros(_STEPS + 2, np.bool_)
    levels = np.abs(np.diff(colours.astype(np.int16), axis=0)).max(axis=1) > _LEVELS
    steep[:-1] |= levels
    steep[1:] |= levels
    # An edge between colours that differ less, a narrow peak, or a value of its own.
    edges = np.clip((stops - low) / step + 1, 1, _STEPS).astype(np.intp)
    if ramp.interpolation == "linear":
        narrow = np.diff(stops) < 2 * step
        edges = np.concatenate([edges[:-1][narrow], edges[1:][narrow]])
    for near in (-1, 0, 1):
        steep[np.clip(edges + near, 0, _STEPS + 1)] = True
    steep.setflags(write=False)
    return _packed(colours), steep, low, step


def _packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    packed = np.ascontiguousarray(colours).view(np.uint32).reshape(-1)
    packed.setflags(write=False)
    return packed


def _exactly(numbers: NDArray[np.floating], ramp: Ramp) -> NDArray[np.uint8]:
    stops = np.array([value for value, _ in ramp.stops], np.float64)
    colours = np.array([colour for _, colour in ramp.stops], np.uint8)
    if ramp.interpolation == "exact":
        return _matching(numbers, stops, colours)
    at = np.searchsorted(stops, numbers, side="right") - 1
    at = np.where(np.isnan(numbers), 0, at)
    if ramp.interpolation == "discrete" or len(stops) == 1:
        found = colours[np.maximum(at, 0)]
    else:
        low = np.clip(at, 0, len(stops) - 2)
        gaps = np.diff(stops)
        with np.errstate(invalid="ignore", over="ignore"):
            share = (numbers - stops[low]) / np.where(gaps > 0, gaps, 1)[low]
        part = np.clip(np.nan_to_num(share, nan=0.0), 0, 1).astype(np.float32)[..., None]
        start = colours[:-1].astype(np.float32)
        rise = colours[1:].astype(np.float32) - start
        found = (start[low] + rise[low] * part + np.float32(0.5)).astype(np.uint8)
    for colour, outside in ((ramp.below, numbers < stops[0]), (ramp.above, numbers > stops[-1])):
        if colour is not None:
            found[outside] = colour
    return found


def _matching(
    numbers: NDArray[np.floating], stops: NDArray[np.float64], colours: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    at = np.clip(np.searchsorted(stops, numbers), 0, len(stops) - 1)
    found = np.zeros((*numbers.shape, 4), np.uint8)
    for candidate in (at, np.maximum(at - 1, 0)):
        near = stops[candidate]
        with np.errstate(invalid="ignore"):
            same = np.abs(numbers - near) <= np.maximum(np.abs(near), 1) * 1e-6
        found[same] = colours[candidate][same]
    return found
