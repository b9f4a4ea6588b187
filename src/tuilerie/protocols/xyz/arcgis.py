"""The JSON of an ArcGIS map or image service that has a cache of tiles ("?f=json")."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrix,
    TileRange,
    from_matrices,
    scale_denominator_of,
    wgs84_bounds,
)
from tuilerie.protocols.reading.crs_names import read_crs
from tuilerie.protocols.reading.plain_words import plain_words
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.wmts.reading.origins import snap
from tuilerie.protocols.wmts.reading.scales import turn_of
from tuilerie.protocols.xyz.json_reading import number_of, open_json, text_of
from tuilerie.protocols.xyz.templates import RemoteTiles, read_template

__all__ = ["read_arcgis"]

_MOST_LEVELS: Final = 100
_EPSILON: Final = 1e-6
_SIZES: Final = (1e-9, 1e9)
"""CRS units per pixel, between which a resolution is one."""
_FORMATS = {"JPEG": "image/jpeg", "JPG": "image/jpeg", "MIXED": "", "PNG": "image/png",
            "PNG8": "image/png", "PNG24": "image/png", "PNG32": "image/png"}  # fmt: skip


def read_arcgis(data: bytes, *, address: str) -> RemoteTiles:
    """Return the tiles of a service; its own numbers of cells count, not its scales of 96 dpi.

    `address` is that of the service, with or without "?f=json".

    Raises: UnreadableDocument: "not-json", "service-exception", "no-layers" (no cache of tiles),
        "not-capabilities".
    """
    document = open_json(data, "an ArcGIS service")
    info = document.get("tileInfo")
    if not isinstance(info, dict):
        raise UnreadableDocument(
            "no-layers",
            "The ArcGIS service has no cache of tiles; ask it by its WMS, if it has one.",
        )
    crs = _crs(info.get("spatialReference") or document.get("spatialReference"))
    if crs is None:
        raise UnreadableDocument("no-layers", "Nobody knows the CRS of the ArcGIS service.")
    extent = _extent(document.get("fullExtent")) or _extent(document.get("initialExtent"))
    remarks = Remarks()
    try:
        tms = from_matrices(
            f"ArcGIS {crs.text}", crs, _matrices(info, crs, extent, remarks), "tile cache"
        )
    except ValueError as error:
        raise UnreadableDocument(
            "no-layers", f"The cache of tiles makes no sense: {error}."
        ) from None
    base = address.partition("?")[0].rstrip("/")
    try:
        template = read_template(f"{base}/tile/{{z}}/{{y}}/{{x}}", matrix_set=tms)
    except ValueError as error:
        raise UnreadableDocument("no-layers", str(error)) from None
    limits = {} if extent is None else _limits(tms.matrices, extent)
    return RemoteTiles(
        template.templates,
        tms,
        title=text_of(document, "mapName", "name") or base.rstrip("/").split("/")[-2],
        abstract=text_of(document, "serviceDescription", "description"),
        attribution=plain_words(text_of(document, "copyrightText")),
        format=_FORMATS.get(text_of(info, "format").upper(), ""),
        limits=limits,
        restricted=bool(limits),
        wgs84_bounds=None if extent is None else _degrees(extent, crs),
        warnings=remarks.warnings,
    )


def _degrees(extent: BoundingBox, crs: Crs) -> BoundingBox | None:
    try:
        return wgs84_bounds(extent, crs)
    except ValueError:
        return None


def _crs(reference: object) -> Crs | None:
    if not isinstance(reference, dict):
        return None
    for name in ("latestWkid", "wkid"):
        code = number_of(reference, name)
        crs = read_crs(f"EPSG:{int(code)}") if code is not None and 0 < code < 1e7 else None
        if crs is not None:
            return crs
    return read_crs(text_of(reference, "wkt", "wkt2"))


def _extent(value: object) -> BoundingBox | None:
    if not isinstance(value, dict):
        return None
    edges = [number_of(value, name) for name in ("xmin", "ymin", "xmax", "ymax")]
    left, bottom, right, top = edges
    if left is None or bottom is None or right is None or top is None:
        return None
    return BoundingBox(left, bottom, right, top) if left < right and bottom < top else None


def _matrices(
    info: Mapping[str, Any], crs: Crs, extent: BoundingBox | None, remarks: Remarks
) -> list[TileMatrix]:
    """Return the matrices, as large as the extent needs.

    Raises: ValueError: no levels or no origin.
    """
    origin = info.get("origin")
    levels = info.get("lods")
    left = number_of(origin, "x") if isinstance(origin, dict) else None
    top = number_of(origin, "y") if isinstance(origin, dict) else None
    if left is None or top is None or not isinstance(levels, list):
        raise ValueError("it has no origin or no levels")
    width, height = int(number_of(info, "cols") or 256), int(number_of(info, "rows") or 256)
    turn = turn_of(crs)
    found = []
    for level in levels[:_MOST_LEVELS]:
        size = number_of(level, "resolution") if isinstance(level, dict) else None
        number = number_of(level, "level") if isinstance(level, dict) else None
        if size is None or number is None or not _SIZES[0] < size < _SIZES[1]:
            continue
        x, y = left, top
        if turn is not None:
            best = turn / 2.0 ** round(math.log2(turn / size))
            if abs(size / best - 1) < _EPSILON:
                size = best
                x, y = snap(left, top, crs, remarks, "tileInfo")
        area = extent or crs.area_of_use or BoundingBox(x, y - 1, x + 1, y)
        cols = max(1, math.ceil(min((area.right - x) / (width * size), 2.0**31 - 1) - _EPSILON))
        rows = max(1, math.ceil(min((y - area.bottom) / (height * size), 2.0**31 - 1) - _EPSILON))
        found.append(
            TileMatrix(
                str(int(number)),
                scale_denominator_of(size, crs),
                size,
                x,
                y,
                width,
                height,
                cols,
                rows,
            )
        )
    return found


def _limits(matrices: tuple[TileMatrix, ...], extent: BoundingBox) -> dict[str, TileRange]:
    found = {}
    for matrix in matrices:
        first_col = math.floor((extent.left - matrix.left) / matrix.span_x + _EPSILON)
        first_row = math.floor((matrix.top - extent.top) / matrix.span_y + _EPSILON)
        found[matrix.identifier] = TileRange(
            min(max(first_col, 0), matrix.matrix_width - 1),
            matrix.matrix_width - 1,
            min(max(first_row, 0), matrix.matrix_height - 1),
            matrix.matrix_height - 1,
        )
    return found
