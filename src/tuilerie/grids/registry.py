"""Tile matrix sets that have a name: Annex E's, the OGC registry's, those of national agencies.

Nothing is read or computed before it is asked for, and each set is made once, so that a set is
itself wherever its name is.

All zones of UTM are there by the rule of the registry's UTM31WGS84Quad, whose numbers hold in
every zone: UTM01WGS84Quad to UTM60WGS84Quad. The registry has none for the southern hemisphere;
ours are UTM01WGS84QuadSouth to UTM60WGS84QuadSouth in EPSG:327zz, their origin moved north by the
false northing of 10,000 km, so that their tiles cover the same ground as the northern ones.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from importlib.resources import files

from tuilerie.grids.build import from_matrices
from tuilerie.grids.crs import Crs
from tuilerie.grids.interchange import from_json
from tuilerie.grids.matrix import TileMatrixSet
from tuilerie.grids.national import NATIONAL
from tuilerie.grids.wellknown import WELL_KNOWN, well_known_set

__all__ = ["named_matrix_set", "named_matrix_sets"]

_REGISTRY = (
    "WebMercatorQuad",
    "WorldCRS84Quad",
    "WGS1984Quad",
    "WorldMercatorWGS84Quad",
    "EuropeanETRS89_LAEAQuad",
    "CanadianNAD83_LCC",
    "NZTM2000Quad",
    "LINZAntarticaMapTilegrid",
    "UPSArcticWGS84Quad",
    "UPSAntarcticWGS84Quad",
)
_UTM_PATTERN = "UTM31WGS84Quad"
_FALSE_NORTHING_M = 10_000_000.0

# identifier -> zone, 1 to 60; negative in the south.
_UTM_ZONES = {
    **{f"UTM{zone:02d}WGS84Quad": zone for zone in range(1, 61)},
    **{f"UTM{zone:02d}WGS84QuadSouth": -zone for zone in range(1, 61)},
}
_NAMES = (*_REGISTRY[:2], *WELL_KNOWN, *_REGISTRY[2:], *NATIONAL, *_UTM_ZONES)

_made: dict[str, TileMatrixSet] = {}
_making = threading.Lock()


def named_matrix_sets() -> tuple[str, ...]:
    """Return the identifiers of all named sets; those asked for most often come first."""
    return _NAMES


def named_matrix_set(identifier: str) -> TileMatrixSet:
    """Return a named set, the same object each time.

    Raises: KeyError: no set has this name.
    """
    found = _made.get(identifier)
    if found is None:
        with _making:
            found = _made.get(identifier)
            if found is None:
                found = _made[identifier] = _make(identifier)
    return found


def _make(identifier: str) -> TileMatrixSet:
    if identifier in WELL_KNOWN:
        return well_known_set(identifier)
    if identifier in NATIONAL:
        return NATIONAL[identifier]()
    if identifier in _UTM_ZONES:
        return _utm(identifier, _UTM_ZONES[identifier])
    if identifier in _REGISTRY:
        return _read(identifier)
    raise KeyError(identifier)


def _read(identifier: str) -> TileMatrixSet:
    text = (files("tuilerie.grids") / "data" / f"{identifier}.json").read_text("utf-8")
    return from_json(json.loads(text))


def _utm(identifier: str, zone: int) -> TileMatrixSet:
    pattern = _read(_UTM_PATTERN)
    number, south = abs(zone), zone < 0
    moved = _FALSE_NORTHING_M if south else 0.0
    return from_matrices(
        identifier,
        Crs(f"EPSG:{327 if south else 326}{number:02d}"),
        [replace(matrix, top=matrix.top + moved) for matrix in pattern.matrices],
        f"Universal Transverse Mercator Zone {number}{' South' if south else ''} WGS84 Quad",
        uri="" if south else pattern.uri.replace(_UTM_PATTERN, identifier),
    )
