"""Cell sizes out of scale denominators, with the pixel and the degree that were truly used.

The standard computes with pixels of 0.28 mm and degrees of 111,319.49 m (6.1). Other pixels (96
dpi) and other Earths (spheres of 6,371 km) leave traces: tiles that should fill the equator do
not, and cell sizes that should be round are all off by one and the same factor. Only such traces
count; without them the standard is believed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from tuilerie.grids import PIXEL_M, Crs, cell_size_of
from tuilerie.protocols.reading.remarks import Remarks

__all__ = ["DPI_96_M", "Measured", "true_cell_sizes", "turn_of"]

DPI_96_M: Final = 0.0254 / 96
_PIXELS = (("96 dpi", DPI_96_M), ("90 dpi", 0.0254 / 90), ("72 dpi", 0.0254 / 72))
_RADIUS_M: Final = 6_378_137.0
_SPHERES = (
    ("a sphere of 6,371,007 m", 6_371_007.181),
    ("a sphere of 6,370,997 m", 6_370_997.0),
    ("a sphere of 6,371,000 m", 6_371_000.0),
    ("degrees of 60 nautical miles", 111_120 * 180 / math.pi),
    ("degrees of 111,111 m", 1_000_000 / 9 * 180 / math.pi),
)
_MOST_PIXELS: Final = 20_000
"""Around the equator; beyond, any number is nearly whole."""
_ROUNDED: Final = 5e-6
"""Relative difference that printing with few digits explains."""
_LARGEST_RATIO: Final = 1e-5
_LEAST_RATIO: Final = 1e-7
_SAME_RATIO: Final = 2e-9


def turn_of(crs: Crs) -> float | None:
    """Return the CRS units around the equator, None where that has no meaning."""
    if crs.is_geographic:
        return crs.full_turn
    return 2 * math.pi * _RADIUS_M if crs.text in {"EPSG:3857", "EPSG:3395"} else None


class Measured(NamedTuple):
    """What of a matrix says how large its cells are; `corner` as written, sizes in pixels."""

    scale: float
    corner: tuple[float, float]
    width: int
    height: int


def true_cell_sizes(
    matrices: Sequence[Measured], crs: Crs, pixel_m: float | None, remarks: Remarks, where: str
) -> list[float]:
    """Return CRS units per pixel of matrices, in their order.

    Args:
        matrices: at least one, scales positive.
        crs: of the matrix set; of another one the numbers would mean something else.
        pixel_m: the pixel that is known to have been used, None = find out.
        remarks: told of "scale-pixel", "scale-degree", "scale-ratio", "scale-rounded".
        where: for the remarks.
    """
    scales = [matrix.scale for matrix in matrices]
    sizes = [cell_size_of(scale, crs) for scale in scales]
    if pixel_m is not None:
        return [size * pixel_m / PIXEL_M for size in sizes]
    turn = turn_of(crs)
    if turn is None:
        return _by_common_ratio(sizes, remarks, where)
    corner = Counter(matrix.corner for matrix in matrices).most_common(1)[0][0]
    if not _fills(sizes, turn) and _is_world(corner, crs, turn):
        factor = _factor(matrices, sizes, turn, crs, remarks, where)
        sizes = [size * factor for size in sizes]
    if all(scale == math.floor(scale) for scale in scales):
        sizes = _by_whole_numbers(scales, sizes, turn, crs, remarks, where)
    return _snapped(sizes, turn, remarks, where)


def _pixels_around(sizes: Sequence[float], turn: float) -> list[float]:
    return [turn / size for size in sizes if turn / size < _MOST_PIXELS]


def _fills(sizes: Sequence[float], turn: float) -> bool:
    """Return whether whole numbers of pixels go around the equator, as far as that can be told."""
    around = _pixels_around(sizes, turn)
    return len(around) < 2 or all(
        abs(pixels - round(pixels)) < max(1e-3, pixels * 1e-6) for pixels in around
    )


def _is_world(corner: tuple[float, float], crs: Crs, turn: float) -> bool:
    """Return whether a corner, in either axis order, is one of the world."""
    edges = {turn / 2, turn / 4} if crs.is_geographic else {turn / 2}
    found = [any(abs(abs(value) - edge) < turn * 1e-5 for edge in edges) for value in corner]
    return all(found) and max(map(abs, corner)) > turn * 0.49


def _factor(
    matrices: Sequence[Measured],
    sizes: Sequence[float],
    turn: float,
    crs: Crs,
    remarks: Remarks,
    where: str,
) -> float:
    """Return what cell sizes have to be multiplied with so that the matrices fill the Earth."""
    filling = _filling(matrices, sizes, turn, crs)
    if filling is not None:
        factor, names = filling, f"cells larger by a factor of {filling:.6f}"
        code = "scale-degree" if abs(factor - 1) < 0.01 else "scale-pixel"
        reason = "so computed, the matrices fill the Earth exactly, and by the standard they do not"
    else:
        factor, code, names = _known_factor(sizes, turn, crs)
        reason = (
            "by the standard's pixel and degree no whole number of pixels goes around the Earth"
        )
    if factor == 1 or not remarks.may(code):
        return 1.0
    remarks.add(code, f"scale denominators were read as computed with {names}", reason, where)
    return factor


def _filling(
    matrices: Sequence[Measured], sizes: Sequence[float], turn: float, crs: Crs
) -> float | None:
    """Return the one factor by which all matrices reach around the Earth, None if none does."""
    high = turn / 2 if crs.is_geographic else turn
    factors = []
    for matrix, size in zip(matrices, sizes, strict=True):
        factors += [turn / (matrix.width * size), high / (matrix.height * size)]
    first = factors[0]
    same = all(math.isclose(factor, first, rel_tol=1e-6) for factor in factors)
    return first if same and len(matrices) > 1 and 0.8 < first < 1.25 else None


def _known_factor(sizes: Sequence[float], turn: float, crs: Crs) -> tuple[float, str, str]:
    """Return the factor of a pixel and Earth that servers use, with a code and its name."""
    spheres: tuple[tuple[str, float], ...] = (("", _RADIUS_M),)
    if crs.is_geographic:
        spheres += _SPHERES
    found = []
    for pixel_name, pixel in (("", PIXEL_M), *_PIXELS):
        for sphere_name, radius in spheres:
            factor = pixel / PIXEL_M * _RADIUS_M / radius
            candidates = [size * factor for size in sizes]
            if factor != 1 and _fills(candidates, turn):
                error = sum(abs(p - round(p)) for p in _pixels_around(candidates, turn))
                found.append((error, factor, pixel_name, sphere_name))
    if not found:
        return 1.0, "", ""
    _, factor, pixel_name, sphere_name = min(found)
    names = " and ".join(name for name in (pixel_name, sphere_name) if name)
    return factor, "scale-pixel" if pixel_name else "scale-degree", names


def _by_whole_numbers(
    scales: Sequence[float],
    sizes: list[float],
    turn: float,
    crs: Crs,
    remarks: Remarks,
    where: str,
) -> list[float]:
    """Return the quadtree's cell sizes where denominators are those of it without decimals."""
    exact = []
    for size, scale in zip(sizes, scales, strict=True):
        quad = turn / 2.0 ** round(math.log2(turn / size))
        denominator = quad * crs.metres_per_unit / PIXEL_M
        if not abs(denominator - scale) < 1 or abs(denominator / scale - 1) > 2e-3:
            return sizes
        exact.append(quad)
    if exact != sizes and remarks.may("scale-rounded"):
        remarks.add(
            "scale-rounded",
            "the scales of the usual quadtree were taken",
            "all scale denominators are those of it, but for their decimals",
            where,
        )
        return exact
    return sizes


def _snapped(sizes: list[float], turn: float, remarks: Remarks, where: str) -> list[float]:
    """Return sizes, exactly those of a quadtree if all are nearly so."""
    exact = [turn / 2.0 ** round(math.log2(turn / size)) for size in sizes]
    off = max(abs(size / best - 1) for size, best in zip(sizes, exact, strict=True))
    if off > _ROUNDED or not remarks.may("scale-rounded"):
        return sizes
    if off > 1e-6:
        remarks.add(
            "scale-rounded",
            "the scales of the usual quadtree were taken",
            f"the scale denominators differ from it by a factor of {off:.1e}",
            where,
        )
    return exact


def _by_common_ratio(sizes: list[float], remarks: Remarks, where: str) -> list[float]:
    """Return round cell sizes if all are off round ones by the same small factor."""
    most_digits = {1: 1, 2: 2}.get(len(sizes), 4)
    for digits in range(1, most_digits + 1):
        exact = [float(f"{size:.{digits - 1}e}") for size in sizes]
        ratios = [size / best - 1 for size, best in zip(sizes, exact, strict=True)]
        same = max(ratios) - min(ratios) < _SAME_RATIO
        if same and _LEAST_RATIO < abs(ratios[0]) < _LARGEST_RATIO and remarks.may("scale-ratio"):
            remarks.add(
                "scale-ratio",
                f"cell sizes were rounded, {exact[0]!r} and so on",
                f"all of them are off round numbers by the same factor, {ratios[0]:.2e}",
                where,
            )
            return exact
    return sizes
