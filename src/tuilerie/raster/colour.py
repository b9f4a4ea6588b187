"""From measured values to a picture: each style is a frozen value, `colour` obeys it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tuilerie.errors import RenderError
from tuilerie.grids import Crs
from tuilerie.raster.ground import ground_cell
from tuilerie.raster.hillshade import flat_shade, shade
from tuilerie.raster.image import Raster
from tuilerie.raster.ramp import Ramp, ramp_colours
from tuilerie.raster.ramps import Rgba, named_ramps

__all__ = [
    "Bands",
    "Default",
    "Grey",
    "Hillshade",
    "PaletteColours",
    "Ramp",
    "Rgba",
    "Style",
    "colour",
    "named_ramps",
]

_GREY_ALPHA, _RGB, _RGBA = 2, 3, 4
_PALETTE = 256
_SHORT_INTEGERS = {"int8", "uint16", "int16"}
_OPAQUE = 255
_VALID = 128


@dataclass(frozen=True, slots=True)
class Default:
    """A picture as it is: 8 bits, one to four bands, or a palette."""


@dataclass(frozen=True, slots=True)
class Grey:
    """One band from black (minimum and below) to white (maximum and above).

    Attributes:
        band: 1-based, of the raster that is coloured.
        minimum, maximum: in the band's unit; minimum > maximum is a negative.
    """

    minimum: float
    maximum: float
    band: int = 1


@dataclass(frozen=True, slots=True)
class Bands:
    """Three bands as red, green and blue.

    Attributes:
        bands: 1-based, of the raster that is coloured.
        ranges: (minimum, maximum) of each band, shown as 0 and 255; None = 8-bit bands as they
            are.
    """

    bands: tuple[int, int, int] = (1, 2, 3)
    ranges: tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class Hillshade:
    """Light and shadow of an elevation model.

    Attributes:
        azimuth: where the light comes from, degrees clockwise from the top of the picture.
        altitude: of the light, degrees above the horizon.
        z_factor: metres that one unit of the elevation is, or an exaggeration.
        cell_size: metres on the ground that a pixel spans in x and y; None = measured from the
            raster's CRS, row by row (right in degrees and in Mercator too).
        multidirectional: light from four sides; the azimuth is not used.
        ramp: colours of the elevation under the shade; level ground has them as they are.
    """

    azimuth: float = 315.0
    altitude: float = 45.0
    z_factor: float = 1.0
    cell_size: tuple[float, float] | None = None
    multidirectional: bool = False
    band: int = 1
    ramp: Ramp | None = None


@dataclass(frozen=True, slots=True)
class PaletteColours:
    """Classes with their colours; classes without one are transparent."""

    colours: tuple[tuple[int, Rgba], ...]
    band: int = 1


Style = Default | Grey | Bands | Ramp | Hillshade | PaletteColours


def colour(raster: Raster, how: Style) -> Raster:
    """Return the raster as a picture: uint8 grey, grey and alpha, RGB, RGBA, or with a palette.

    Pixels without data stay masked (and are transparent where the format can), unless a ramp
    has a colour for them. The alpha of an 8-bit picture with two or four bands hides what it
    hides in the picture, unless the style shows that band.

    Raises: RenderError: the raster has not the bands, or not the kind of values, that the style
        needs.
    """
    match how:
        case Default():
            return _picture(raster)
        case Grey():
            band = _band(raster, how.band)
            grey = _stretched(band, how.minimum, how.maximum)
            return _made(raster, grey[None], _mask(raster, (how.band,)))
        case Bands():
            return _composite(raster, how)
        case Ramp():
            return _ramp(raster, how)
        case Hillshade():
            return _hillshade(raster, how)
        case PaletteColours():
            return _classes(raster, how)


def _picture(raster: Raster) -> Raster:
    bands = len(raster.array)
    if raster.array.dtype != np.uint8:
        raise RenderError(
            f"values of type {raster.array.dtype} are no picture: a style must give them colours"
        )
    if raster.palette is not None or bands <= _RGBA:
        return raster
    return _made(raster, raster.array[:_RGB], raster.mask)


def _composite(raster: Raster, how: Bands) -> Raster:
    bands = [_band(raster, number) for number in how.bands]
    if how.ranges is not None:
        bands = [
            _stretched(band, low, high) for band, (low, high) in zip(bands, how.ranges, strict=True)
        ]
    elif raster.array.dtype != np.uint8:
        raise RenderError(f"values of type {raster.array.dtype} need a range to be shown as RGB")
    if (alpha := _alpha(raster, how.bands)) is not None:
        bands.append(alpha)
    return _made(raster, np.stack(bands), raster.mask)


def _ramp(raster: Raster, how: Ramp) -> Raster:
    values = _band(raster, how.band)
    colours = ramp_colours(values, how)
    mask = _mask(raster, (how.band,))
    if values.dtype.kind == "f" and not (known := ~np.isnan(values)).all():
        known_mask = known.astype(np.uint8) * _OPAQUE
        mask = known_mask if mask is None else mask & known_mask
    if mask is not None:
        colours[mask == 0] = how.nodata
    planes = np.asarray(np.stack(cv2.split(colours)), np.uint8)
    if planes[3].min() == _OPAQUE:
        return _made(raster, planes[:3], None)
    return _made(raster, planes, None)


def _hillshade(raster: Raster, how: Hillshade) -> Raster:
    elevation = _band(raster, how.band)
    rows, cols = elevation.shape
    mask = _mask(raster, (how.band,))
    if elevation.dtype.kind == "f" and not (known := np.isfinite(elevation)).all():
        known_mask = known.astype(np.uint8) * _OPAQUE
        mask = known_mask if mask is None else mask & known_mask
    if how.cell_size is None:
        cell = ground_cell(raster.bounds, Crs.parse(raster.crs), cols, rows)
    else:
        cell = (
            np.full(rows, how.cell_size[0], np.float32),
            np.full(rows, how.cell_size[1], np.float32),
        )
    shaded = shade(
        elevation,
        mask,
        cell,
        azimuth=how.azimuth,
        altitude=how.altitude,
        z_factor=how.z_factor,
        multidirectional=how.multidirectional,
    )
    if how.ramp is None:
        return _made(raster, shaded[None], mask)
    coloured = _ramp(raster, how.ramp)
    level = flat_shade(how.altitude)
    planes = coloured.array.copy()
    for plane in planes[:3]:
        cv2.multiply(plane, shaded, dst=plane, scale=1 / level)
    if mask is not None:
        for plane, nodata in zip(planes[:3], how.ramp.nodata, strict=False):
            plane[mask == 0] = nodata
    return _made(raster, planes, coloured.mask)


def _classes(raster: Raster, how: PaletteColours) -> Raster:
    values = _band(raster, how.band)
    mask = _mask(raster, (how.band,))
    if values.dtype == np.uint8:
        palette = np.zeros((_PALETTE, 4), np.uint8)
        for index, rgba in how.colours:
            if 0 <= index < _PALETTE:
                palette[index] = rgba
        return Raster(values[None], mask, raster.bounds, raster.crs, palette)
    stops = tuple(sorted((float(index), rgba) for index, rgba in how.colours))
    if not stops:
        raise RenderError("a palette style needs at least one colour")
    return _ramp(raster, Ramp(stops, how.band, "exact"))


def _band(raster: Raster, number: int) -> NDArray[Any]:
    if not 1 <= number <= len(raster.array):
        raise RenderError(f"the style shows band {number} of {len(raster.array)}")
    return np.asarray(raster.array[number - 1])


def _alpha(raster: Raster, shown: tuple[int, ...]) -> NDArray[np.uint8] | None:
    bands = len(raster.array)
    if raster.array.dtype != np.uint8 or bands not in (_GREY_ALPHA, _RGBA) or bands in shown:
        return None
    return np.asarray(raster.array[-1], np.uint8)


def _mask(raster: Raster, shown: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Return the mask, with what alpha hides masked too."""
    alpha = _alpha(raster, shown)
    if alpha is None or alpha.min() >= _VALID:
        return raster.mask
    visible = np.where(alpha >= _VALID, np.uint8(_OPAQUE), np.uint8(0))
    return visible if raster.mask is None else visible & raster.mask


def _stretched(band: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Return 0 at `low` and 255 at `high`, straight between, rounded."""
    if band.dtype == np.uint8:
        levels = np.arange(256, dtype=np.uint8)
        return np.asarray(cv2.LUT(band, _scaled(levels, low, high)))
    if band.dtype.name in _SHORT_INTEGERS:
        unsigned = f"u{band.dtype.itemsize}"
        bits = np.arange(2 ** (8 * band.dtype.itemsize), dtype=unsigned)
        return np.take(_scaled(bits.view(band.dtype), low, high), band.view(unsigned))
    return _scaled(band, low, high)


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    wide: NDArray[np.floating] = np.asarray(
        values, np.float32 if values.dtype == np.float32 else np.float64
    )
    with np.errstate(over="ignore", invalid="ignore"):
        if low == high:  # a step: all that is known of such a range
            levels = np.where(wide >= low, 255.0, 0.0)
        else:
            levels = (wide - low) * 255 / (high - low) + 0.5
        return np.asarray(np.clip(np.nan_to_num(levels, nan=0.0), 0, 255), np.uint8)


def _made(raster: Raster, array: NDArray[np.uint8], mask: NDArray[np.uint8] | None) -> Raster:
    return Raster(np.ascontiguousarray(array), mask, raster.bounds, raster.crs, None)
