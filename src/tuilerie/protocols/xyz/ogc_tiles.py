"""The metadata of a tileset of OGC API Tiles (OGC 20-057): its links and its matrix set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import BoundingBox, TileMatrixSet, TileRange, from_json, named_matrix_set
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.plain_words import plain_words
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.xyz.json_reading import degrees, number_of, open_json, text_of
from tuilerie.protocols.xyz.templates import RemoteTiles

__all__ = ["read_ogc_tileset"]


def read_ogc_tileset(data: bytes, *, address: str) -> RemoteTiles:
    """Return the tiles of a tileset; pictures are preferred where several formats are linked.

    Raises: UnreadableDocument: "not-json", "no-layers": no template, or a matrix set that is
        neither in the document nor among the registry's.
    """
    document = open_json(data, "a tileset")
    remarks = Remarks()
    listed = document.get("links")
    links = [link for link in listed if isinstance(link, dict)] if isinstance(listed, list) else []
    items = [link for link in links if text_of(link, "rel") in {"item", "tile"}]
    items.sort(key=lambda link: not text_of(link, "type").startswith("image/"))
    for link in items:
        template = addresses.mended(text_of(link, "href"), address, remarks, "link")
        if {"tilematrix", "tilerow", "tilecol"} <= addresses.fill_names(template):
            break
    else:
        raise UnreadableDocument("no-layers", "The tileset links to no template of tiles.")
    tms = _matrix_set(document)
    format_ = text_of(link, "type")
    limits = _limits(document.get("tileMatrixSetLimits"), tms)
    return RemoteTiles(
        (addresses.fill(template, {"tilematrixsetid": tms.identifier}),),
        tms,
        title=text_of(document, "title"),
        abstract=text_of(document, "description", "abstract"),
        attribution=plain_words(text_of(document, "attribution")),
        format=format_,
        limits=limits,
        restricted=bool(limits),
        wgs84_bounds=_bounds(document),
        vector=bool(format_) and not format_.startswith("image/"),
        warnings=remarks.warnings,
    )


def _matrix_set(document: Mapping[str, Any]) -> TileMatrixSet:
    inline = document.get("tileMatrixSet")
    try:
        if isinstance(inline, dict):
            return from_json(inline)
        uri = text_of(document, "tileMatrixSetURI", "tileMatrixSetId", "tileMatrixSet")
        return named_matrix_set(uri.rstrip("/").rpartition("/")[2])
    except (KeyError, ValueError) as error:
        raise UnreadableDocument(
            "no-layers", f"The tileset has no usable matrix set: {error}."
        ) from None


def _limits(value: object, tms: TileMatrixSet) -> dict[str, TileRange]:
    known = {matrix.identifier: matrix for matrix in tms.matrices}
    found = {}
    for entry in value if isinstance(value, list) else ():
        matrix = known.get(text_of(entry, "tileMatrix")) if isinstance(entry, dict) else None
        if matrix is None:
            continue
        names = ("minTileCol", "maxTileCol", "minTileRow", "maxTileRow")
        numbers = [number_of(entry, name) for name in names]
        low_col, high_col, low_row, high_row = numbers
        if low_col is None or high_col is None or low_row is None or high_row is None:
            continue
        limits = TileRange(
            max(int(low_col), 0),
            min(int(high_col), matrix.matrix_width - 1),
            max(int(low_row), 0),
            min(int(high_row), matrix.matrix_height - 1),
        )
        if limits.min_col <= limits.max_col and limits.min_row <= limits.max_row:
            found[matrix.identifier] = limits
    return found


def _bounds(document: Mapping[str, Any]) -> BoundingBox | None:
    box = document.get("boundingBox")
    if not isinstance(box, dict) or "CRS84" not in text_of(box, "crs"):
        return None
    corners = [box.get("lowerLeft"), box.get("upperRight")]
    flat = [edge for corner in corners if isinstance(corner, list) for edge in corner[:2]]
    return degrees(flat)
