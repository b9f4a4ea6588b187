"""Light and shadow of an elevation model, by Horn's method as gdaldem does it."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["flat_shade", "shade"]

_HORN = 8.0
_SMOOTH = np.array([1, 2, 1], np.float32)
_DIFFERENCE = np.array([1, 0, -1], np.float32)


def flat_shade(altitude: float) -> float:
    """Return what level ground is shaded with, 1…255, under a light `altitude` degrees high."""
    return 1 + 254 * max(math.sin(math.radians(altitude)), 0.0)


def shade(
    elevation: NDArray[Any],
    mask: NDArray[np.uint8] | None,
    cell: tuple[NDArray[np.float32], NDArray[np.float32]],
    *,
    azimuth: float,
    altitude: float,
    z_factor: float,
    multidirectional: bool,
) -> NDArray[np.uint8]:
    """Return the shade of every pixel, 1 (dark) to 255 (lit).

    The edges are continued in a straight line, and neighbours without data count as level with
    the pixel itself, as with `gdaldem hillshade -compute_edges`.

    Args:
        elevation: (rows, columns).
        mask: (rows, columns), 0 = no data; None = all valid.
        cell: metres that a pixel of each row spans in x and y.
        azimuth: where the light comes from, degrees clockwise from the top of the picture.
        altitude: of the light, degrees above the horizon.
        z_factor: metres that one unit of the elevation is, or an exaggeration.
        multidirectional: light from 225°, 270°, 315° and 360°, weighted by the aspect
            (USGS OF-92-422); the azimuth is not used.
    """
    x, y = _gradient(_continued(elevation.astype(np.float32), mask), mask)
    x *= (z_factor / (_HORN * cell[0]))[:, None]
    y *= (z_factor / (_HORN * cell[1]))[:, None]
    steep = x * x
    steep += y * y
    high = math.radians(altitude)
    if multidirectional:
        lit = _from_four_sides(x, y, steep, high)
    else:
        turned = math.radians(azimuth)
        lean = np.float32(math.cos(turned)) * y - np.float32(math.sin(turned)) * x
        lit = np.float32(math.sin(high)) - np.float32(math.cos(high)) * lean
    steep += 1
    lit /= np.sqrt(steep, out=steep)
    np.clip(lit, 0, 1, out=lit)
    lit *= 254
    lit += 1.5
    return lit.astype(np.uint8)


def _gradient(
    padded: NDArray[np.float32], mask: NDArray[np.uint8] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return eight times the fall to the right and to the bottom, per pixel (Horn's weights)."""
    if mask is None or mask.all():
        right = cv2.sepFilter2D(padded, cv2.CV_32F, _DIFFERENCE, _SMOOTH)[1:-1, 1:-1]
        bottom = cv2.sepFilter2D(padded, cv2.CV_32F, _SMOOTH, _DIFFERENCE)[1:-1, 1:-1]
        return np.array(right, np.float32), np.array(bottom, np.float32)
    valid = np.pad(mask, 1, mode="edge") != 0
    rows, cols = mask.shape
    centre = np.asarray(padded[1:-1, 1:-1], np.float32)
    x, y = np.zeros((rows, cols), np.float32), np.zeros((rows, cols), np.float32)
    for down in range(3):
        for across in range(3):
            fall_x, fall_y = _DIFFERENCE[across], _DIFFERENCE[down]
            if fall_x == 0 and fall_y == 0:
                continue
            window = (slice(down, down + rows), slice(across, across + cols))
            value = np.where(valid[window], padded[window], centre)
            np.add(x, fall_x * _SMOOTH[down] * value, out=x)
            np.add(y, fall_y * _SMOOTH[across] * value, out=y)
    return x, y


def _continued(elevation: NDArray[np.float32], mask: NDArray[np.uint8] | None) -> Any:
    """Return the elevation with one more pixel around it, in a straight line where data are."""
    if min(elevation.shape) < 2:  # a single line of pixels has no direction to go on in
        return np.pad(elevation, 1, mode="edge")
    if mask is None:
        return np.pad(elevation, 1, mode="reflect", reflect_type="odd")
    clean = np.where(mask != 0, elevation, np.float32(0))
    padded = np.pad(clean, 1, mode="reflect", reflect_type="odd")
    known = np.pad(mask != 0, 1, mode="reflect")  # whether the second pixel from the edge is there
    return np.where(known, padded, np.pad(clean, 1, mode="edge"))


def _from_four_sides(
    x: NDArray[np.float32], y: NDArray[np.float32], steep: NDArray[np.float32], high: float
) -> NDArray[np.float32]:
    sin_high, cos_high = math.sin(high), math.cos(high)
    diagonal = math.cos(math.radians(225)) * cos_high
    lights = (
        sin_high + (x - y) * diagonal,
        sin_high - x * cos_high,
        sin_high + (x + y) * diagonal,
        sin_high - y * cos_high,
    )
    x_squared = x * x
    south_west = 0.5 * steep - x * y
    weights = (south_west, x_squared, steep - south_west, steep - x_squared)
    total = sum(w * np.maximum(light, 0) for w, light in zip(weights, lights, strict=True))
    level = steep == 0
    divided = total / np.where(level, 1, 2 * steep)  # the four weights are 2 together
    return np.where(level, np.float32(sin_high), divided).astype(np.float32)
