"""Tile matrix sets as JSON documents: OGC 17-083r4 (2.0) written and read, 17-083r2 (1.0) read.

Positions in these documents have the axis order of their CRS, as PROJ knows it; `orderedAxes` is
written for readers and never believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, TypeGuard

from tuilerie.grids.build import cell_size_of, from_matrices
from tuilerie.grids.crs import Crs
from tuilerie.grids.matrix import TileMatrix, TileMatrixSet
from tuilerie.grids.wellknown import supported_crs_of

__all__ = ["from_json", "to_json"]

_EQUAL, _ROUNDED = 1e-12, 1e-6
"""Relative differences of scale denominator and cell size: up to the first they are the same
number, up to the second one of them was rounded, beyond they contradict each other."""


def to_json(tms: TileMatrixSet) -> dict[str, Any]:
    """Return the set as a document of OGC 17-083r4, clause 7, for `json.dumps`."""
    crs = tms.crs
    document: dict[str, Any] = {"id": tms.identifier, "title": tms.title, "uri": tms.uri}
    document["crs"] = {"wkt": crs.pyproj.to_json_dict()} if crs.authority_code is None else crs.uri
    document["orderedAxes"] = [axis.abbrev for axis in crs.horizontal.axis_info[:2]]
    document["wellKnownScaleSet"] = tms.well_known_scale_set
    document["tileMatrices"] = [_matrix_document(matrix, crs) for matrix in tms.matrices]
    return {key: value for key, value in document.items() if value != ""}


def _matrix_document(matrix: TileMatrix, crs: Crs) -> dict[str, Any]:
    document = {
        "id": matrix.identifier,
        "title": matrix.title,
        "scaleDenominator": matrix.scale_denominator,
        "cellSize": matrix.cell_size,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": list(crs.to_wire(matrix.left, matrix.top)),
        "tileWidth": matrix.tile_width,
        "tileHeight": matrix.tile_height,
        "matrixWidth": matrix.matrix_width,
        "matrixHeight": matrix.matrix_height,
    }
    return {key: value for key, value in document.items() if value != ""}


def from_json(document: Mapping[str, Any]) -> TileMatrixSet:
    """Return the set of a parsed document of OGC 17-083r4 or 17-083r2.

    Where scale denominator and cell size differ by rounding, the scale denominator is believed:
    it is what 07-057r7, 6.1 defines the geometry by, what WMTS clients compute with, and in
    the registry's documents the number with more digits. The rows of a matrix with the origin
    at its bottom left are counted from the top all the same, as WMTS has them.

    Raises: ValueError: not such a document, its numbers contradict each other, or it has what
        WMTS 1.0 has not (variable matrix widths).
    """
    whole = _object(document, "a tile matrix set")
    old = "tileMatrix" in whole
    identifier = _text(whole, "identifier" if old else "id", "a tile matrix set")
    crs = _crs(identifier, whole.get("supportedCRS" if old else "crs"))
    matrices = whole.get("tileMatrix" if old else "tileMatrices")
    if not isinstance(matrices, list):
        raise ValueError(f"{identifier}: a tile matrix set has a list of tileMatrices")
    made = from_matrices(
        identifier,
        crs,
        [_matrix(identifier, crs, matrix) for matrix in matrices],
        _optional_text(whole, "title"),
        uri=_optional_text(whole, "uri"),
    )
    claimed = _optional_text(whole, "wellKnownScaleSet")
    supported = supported_crs_of(made, claimed)
    if not supported:
        return made
    return replace(made, well_known_scale_set=claimed, supported_crs=supported)


def _crs(identifier: str, value: object) -> Crs:
    if isinstance(value, Mapping):
        value = value.get("uri") or value.get("wkt") or value.get("referenceSystem")
    text = json.dumps(value) if isinstance(value, Mapping) else value
    if not isinstance(text, str):
        raise ValueError(f"{identifier}: a tile matrix set has a crs")
    return Crs.parse(text)


def _matrix(set_identifier: str, crs: Crs, value: object) -> TileMatrix:
    document = _object(value, f"{set_identifier}: a tile matrix")
    old = "topLeftCorner" in document
    identifier = _text(document, "identifier" if old else "id", f"{set_identifier}: a tile matrix")
    where = f"{set_identifier}, matrix {identifier}"
    if document.get("variableMatrixWidths"):
        raise ValueError(f"{where}: WMTS has no variable matrix widths")
    position = document.get("topLeftCorner" if old else "pointOfOrigin")
    if not (isinstance(position, list) and len(position) == 2 and all(map(_is_number, position))):
        raise ValueError(f"{where}: a corner is a list of two numbers, not {position!r}")
    x, y = crs.from_wire(float(position[0]), float(position[1]))
    tile_height = _count(document, "tileHeight", where)
    matrix_height = _count(document, "matrixHeight", where)
    scale_denominator, cell_size = _scale(document, crs, where)
    if document.get("cornerOfOrigin", "topLeft") == "bottomLeft":
        y += matrix_height * tile_height * cell_size
    return TileMatrix(
        identifier=identifier,
        scale_denominator=scale_denominator,
        cell_size=cell_size,
        left=x,
        top=y,
        tile_width=_count(document, "tileWidth", where),
        tile_height=tile_height,
        matrix_width=_count(document, "matrixWidth", where),
        matrix_height=matrix_height,
        title=_optional_text(document, "title"),
    )


def _scale(document: Mapping[str, Any], crs: Crs, where: str) -> tuple[float, float]:
    """Return scale denominator and cell size, one computed from the other if it is not given."""
    scale, cell_size = document.get("scaleDenominator"), document.get("cellSize")
    if not _is_number(scale):
        raise ValueError(f"{where}: a scaleDenominator is a number, not {scale!r}")
    derived = cell_size_of(float(scale), crs)
    if cell_size is None:
        return float(scale), derived
    if not _is_number(cell_size):
        raise ValueError(f"{where}: a cellSize is a number, not {cell_size!r}")
    merely_rounded = _EQUAL < abs(derived / cell_size - 1) < _ROUNDED if cell_size else False
    return float(scale), derived if merely_rounded else float(cell_size)


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} is a JSON object, not {value!r:.80}")
    return value


def _text(document: Mapping[str, Any], key: str, what: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{what} has a text {key}, not {value!r:.80}")
    return value


def _optional_text(document: Mapping[str, Any], key: str) -> str:
    """Return a text, "" if it is absent or in a form (translations) that is not one text."""
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _count(document: Mapping[str, Any], key: str, where: str) -> int:
    value = document.get(key)
    if not _is_number(value) or value != int(value):
        raise ValueError(f"{where}: {key} is a whole number, not {value!r}")
    return int(value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
