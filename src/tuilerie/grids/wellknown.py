"""The four well-known scale sets of OGC 07-057r7, Annex E, number by number.

A set may claim one of them only if clients that compare literally find what they expect
(research of the official test suite, which does): its SupportedCRS is the annex's text, and its
scale denominators begin with the annex's largest and leave none out. So the sets of the OGC
registry that resemble these claim none: WebMercatorQuad prints urn:ogc:def:crs:EPSG::3857 where
E.4 has urn:ogc:def:crs:EPSG:6.18:3:3857 (a URN that many clients cannot read, which is why the
registry's set is the default one and this one is for those who ask for it), and WorldCRS84Quad
begins with the second denominator of E.3. The annex gives no origins or matrix sizes: they are
those that cover the Earth, and in E.3 the square of which it says that its first tile has blank
lines above and below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tuilerie.grids.crs import EARTH_RADIUS_M, WGS84, Crs
from tuilerie.grids.matrix import PIXEL_M, TileMatrix, TileMatrixSet

__all__ = ["WELL_KNOWN", "supported_crs_of", "well_known_set"]

_URN = "urn:ogc:def:wkss:OGC:1.0:"
_CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"
_PSEUDO_MERCATOR = "urn:ogc:def:crs:EPSG:6.18:3:3857"
_TILE_PX = 256
_SAME = 1e-6
"""Absolute tolerance with which the official suite compares scale denominators."""

# fmt: off
_SCALE_DENOMINATORS = (  # Table E.1
    500e6, 250e6, 100e6, 50e6, 25e6, 10e6, 5e6, 2.5e6, 1e6, 500e3, 250e3, 100e3, 50e3, 25e3, 10e3,
    5e3, 2.5e3, 1e3, 500.0, 250.0, 100.0,
)
_PIXEL_DENOMINATORS = (  # Table E.2
    795139219.9519541, 397569609.9759771, 198784804.9879885, 132523203.3253257, 66261601.66266284,
    33130800.83133142, 13252320.33253257, 6626160.166266284, 3313080.083133142, 1656540.041566571,
    552180.0138555236, 331308.0083133142, 110436.0027711047, 55218.00138555237, 33130.80083133142,
    11043.60027711047, 3313.080083133142, 1104.360027711047,
)
_PIXELS_PER_DEGREE = (  # the pixel sizes of Table E.2, which prints thirds with 15 digits
    0.5, 1, 2, 3, 6, 12, 30, 60, 120, 240, 720, 1200, 3600, 7200, 12000, 36000, 120000, 360000,
)
_QUAD_DENOMINATORS = (  # Tables E.3 and E.4
    559082264.0287178, 279541132.0143589, 139770566.0071794, 69885283.00358972, 34942641.50179486,
    17471320.75089743, 8735660.375448715, 4367830.187724357, 2183915.093862179, 1091957.546931089,
    545978.7734655447, 272989.3867327723, 136494.6933663862, 68247.34668319309, 34123.67334159654,
    17061.83667079827, 8530.918335399136, 4265.459167699568, 2132.729583849784,
)
# fmt: on


class _ScaleSet(NamedTuple):
    title: str
    crs: Crs
    supported_crs: str
    denominators: Sequence[float]
    cell_sizes: Sequence[float]
    extent: tuple[float, float, float, float]
    """Left, bottom, right, top."""


_HALF_EQUATOR = math.pi * EARTH_RADIUS_M
_METRES_PER_DEGREE = _HALF_EQUATOR / 180

_SETS = {
    "GlobalCRS84Scale": _ScaleSet(
        "CRS84, rounded scales (Annex E.1)",
        WGS84,
        _CRS84,
        _SCALE_DENOMINATORS,
        [scale * PIXEL_M / _METRES_PER_DEGREE for scale in _SCALE_DENOMINATORS],
        (-180.0, -90.0, 180.0, 90.0),
    ),
    "GlobalCRS84Pixel": _ScaleSet(
        "CRS84, rounded pixel sizes (Annex E.2)",
        WGS84,
        _CRS84,
        _PIXEL_DENOMINATORS,
        [1 / pixels for pixels in _PIXELS_PER_DEGREE],
        (-180.0, -90.0, 180.0, 90.0),
    ),
    "GoogleCRS84Quad": _ScaleSet(
        "CRS84, quadtree of a square world (Annex E.3)",
        WGS84,
        _CRS84,
        _QUAD_DENOMINATORS,
        [360 / _TILE_PX / 2**n for n in range(len(_QUAD_DENOMINATORS))],
        (-180.0, -180.0, 180.0, 180.0),
    ),
    "GoogleMapsCompatible": _ScaleSet(
        "Pseudo-Mercator, quadtree (Annex E.4)",
        Crs("EPSG:3857"),
        _PSEUDO_MERCATOR,
        _QUAD_DENOMINATORS,
        [2 * _HALF_EQUATOR / _TILE_PX / 2**n for n in range(len(_QUAD_DENOMINATORS))],
        (-_HALF_EQUATOR, -_HALF_EQUATOR, _HALF_EQUATOR, _HALF_EQUATOR),
    ),
}

WELL_KNOWN = tuple(_SETS)
"""The identifiers of the four sets."""


def well_known_set(identifier: str) -> TileMatrixSet:
    """Return one of the four sets, its matrices called "0", "1"… from the coarsest.

    Raises: KeyError.
    Source: OGC 07-057r7, Annex E.
    """
    known = _SETS[identifier]
    left, bottom, right, top = known.extent
    matrices = []
    for n, cell_size in enumerate(known.cell_sizes):
        span = _TILE_PX * cell_size
        matrices.append(
            TileMatrix(
                identifier=str(n),
                scale_denominator=known.denominators[n],
                cell_size=cell_size,
                left=left,
                top=top,
                tile_width=_TILE_PX,
                tile_height=_TILE_PX,
                matrix_width=math.ceil((right - left) / span - 1e-6),
                matrix_height=math.ceil((top - bottom) / span - 1e-6),
            )
        )
    return TileMatrixSet(
        identifier, known.title, known.crs, tuple(matrices), _URN + identifier, known.supported_crs
    )


def supported_crs_of(tms: TileMatrixSet, well_known_scale_set: str) -> str:
    """Return the SupportedCRS that a set must print to hold to a URN of Annex E, "" if it does not.

    It holds if it has the CRS and, from the largest on, all the scale denominators of the annex
    that are not smaller than its own smallest one, and no others.

    Source: OGC 07-057r7, 6.2 and Annex E.
    """
    known = _SETS.get(well_known_scale_set.removeprefix(_URN))
    if known is None or not well_known_scale_set.startswith(_URN) or tms.crs != known.crs:
        return ""
    scales = [matrix.scale_denominator for matrix in tms.matrices]
    if len(scales) > len(known.denominators):
        return ""
    same = all(
        abs(scale - wanted) <= _SAME
        for scale, wanted in zip(scales, known.denominators, strict=False)
    )
    return known.supported_crs if same else ""
