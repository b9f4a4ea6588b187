"""TileJSON 1 to 3: tiles of Web Mercator by a template."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import (
    WGS84,
    BoundingBox,
    TileMatrixSet,
    TileRange,
    named_matrix_set,
    tile_range,
    transform_bounds,
)
from tuilerie.protocols.reading.plain_words import plain_words
from tuilerie.protocols.reading.remarks import ReadingWarning
from tuilerie.protocols.xyz.json_reading import degrees, number_of, open_json, text_of, texts_of
from tuilerie.protocols.xyz.templates import RemoteTiles, read_template

__all__ = ["levels_between", "read_tilejson"]

_MOST_TEMPLATES: Final = 20
_VECTOR: Final = "application/vnd.mapbox-vector-tile"


def read_tilejson(data: bytes, *, address: str) -> RemoteTiles:
    """Return the tiles that a TileJSON describes.

    Raises: UnreadableDocument: "not-json", "not-capabilities", "no-layers", "too-large".
    """
    document = open_json(data, "a TileJSON")
    listed = texts_of(document, "tiles")[:_MOST_TEMPLATES]
    if not listed:
        raise UnreadableDocument("no-layers", "The TileJSON lists no addresses of tiles.")
    scheme = text_of(document, "scheme").lower()
    read: list[RemoteTiles] = []
    reasons: list[str] = []
    for template in listed:
        try:
            read.append(read_template(template, from_bottom=scheme == "tms", document=address))
        except ValueError as error:
            reasons.append(str(error))
    if not read:
        raise UnreadableDocument("no-layers", f"The TileJSON has no usable address: {reasons[0]}.")
    first = read[0]
    bounds = degrees(document.get("bounds"))
    limits = levels_between(
        first.matrix_set,
        number_of(document, "minzoom"),
        number_of(document, "maxzoom"),
        bounds,
    )
    warnings: dict[ReadingWarning, None] = {w: None for tiles in read for w in tiles.warnings}
    vector = first.format == _VECTOR or isinstance(document.get("vector_layers"), list)
    return replace(
        first,
        templates=tuple(dict.fromkeys(t for tiles in read for t in tiles.templates)),
        title=text_of(document, "name", "title"),
        abstract=text_of(document, "description"),
        attribution=plain_words(text_of(document, "attribution")),
        format=first.format or (_VECTOR if vector else ""),
        limits=limits,
        restricted=True,
        wgs84_bounds=bounds,
        vector=vector,
        warnings=tuple(warnings),
    )


def levels_between(
    tms: TileMatrixSet, low: float | None, high: float | None, bounds: BoundingBox | None
) -> dict[str, TileRange]:
    """Return the limits of the matrices between two numbers, within a box in degrees."""
    box = None
    if bounds is not None and bounds.left <= bounds.right:
        try:
            box = transform_bounds(bounds, WGS84, tms.crs)
        except ValueError:
            box = None
    found = {}
    for number, matrix in enumerate(tms.matrices):
        if (low is not None and number < low) or (high is not None and number > high):
            continue
        whole = TileRange(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
        covered = None if box is None else tile_range(tms, matrix.identifier, box)
        found[matrix.identifier] = covered or whole
    return found or {
        m.identifier: TileRange(0, m.matrix_width - 1, 0, m.matrix_height - 1)
        for m in named_matrix_set("WebMercatorQuad").matrices[:1]
    }
