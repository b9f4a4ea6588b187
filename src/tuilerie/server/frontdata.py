"""What the front page's script is told of the layers: plain JSON documents, no HTML.

The list is short per layer (thousands may be listed); what it costs to tell of one layer in
full (limits, projections) is paid only for the one that is looked at.
"""

from __future__ import annotations

from typing import Any

from tuilerie.catalogue.coverage import Coverage
from tuilerie.catalogue.dimensions import Dimension
from tuilerie.catalogue.info import GEOJSON, JSON
from tuilerie.catalogue.model import Catalogue, Layer, MatrixSetLink, StylePlan, Text
from tuilerie.grids import BoundingBox, Crs, TileIndex, TileMatrix, TileMatrixSet, transform_bounds
from tuilerie.protocols.wmts.legends import legend_path
from tuilerie.server.browser_crs import browser_definition

__all__ = ["layer_document", "layers_document"]

_SHARP = "image/svg+xml"


def layers_document(catalogue: Catalogue) -> dict[str, Any]:
    """Return the listed layers: identifier, title, extent in degrees (left > right across 180°)."""
    return {
        "revision": catalogue.revision,
        "layers": [
            {
                "id": layer.identifier,
                "title": _text(layer.title),
                "bounds": [round(value, 4) for value in layer.wgs84_bounds],
            }
            for layer in catalogue.layers.values()
            if layer.listed
        ],
    }


def layer_document(catalogue: Catalogue, identifier: str) -> dict[str, Any]:
    """Return one layer in full, its matrix sets included; KeyError if there is none."""
    layer = catalogue.layers[identifier]
    return {
        "id": layer.identifier,
        "title": _text(layer.title),
        "abstract": _text(layer.abstract),
        "attribution": _text(layer.attribution),
        "kind": layer.kind,
        "crs": layer.crs,
        "bounds": [round(value, 6) for value in layer.wgs84_bounds],
        "styles": [
            {
                "id": style.identifier,
                "title": _text(style.title) or style.identifier,
                "legends": _legends(layer, style),
            }
            for style in layer.styles
        ],
        "formats": [{"type": fmt.media_type, "extension": fmt.extension} for fmt in layer.formats],
        "dimensions": [_dimension(dimension) for dimension in layer.dimensions],
        "info": _info(layer),
        "sets": [
            _matrix_set(catalogue.matrix_sets[link.matrix_set], link, layer)
            for link in layer.links.values()
        ],
    }


def _legends(layer: Layer, style: StylePlan) -> list[dict[str, Any]]:
    """Return the style's legends, one for each language where they are drawn: the sharp one.

    Addresses are relative to the page's own, but for pictures elsewhere.
    """
    drawn = [legend for legend in style.legends if legend.drawn]
    sharpest = next((each.format for each in drawn if each.format == _SHARP), None)
    return [
        {
            "href": legend.href or legend_path(layer.identifier, style, number)[1:],
            "language": legend.language,
            "size": [legend.width, legend.height] if legend.width and legend.height else None,
        }
        for number, legend in enumerate(style.legends)
        if not legend.drawn or sharpest in (None, legend.format)
    ]


def _dimension(dimension: Dimension) -> dict[str, Any]:
    return {
        "id": dimension.identifier,
        "title": _text(dimension.title),
        "kind": dimension.kind,
        "unit": dimension.unit_symbol,
        "default": dimension.default,
        "values": dimension.values,
    }


def _info(layer: Layer) -> dict[str, Any] | None:
    """Return what a place can be asked for, None if nothing, or not in GeoJSON."""
    offered = [each.extension for each in (GEOJSON, JSON) if each in layer.info.formats]
    if not offered:
        return None
    return {
        "extension": offered[0],
        "attributes": [
            {"name": one.name, "title": _text(one.title), "unit": one.unit}
            for one in layer.info.attributes
        ],
    }


def _matrix_set(tms: TileMatrixSet, link: MatrixSetLink, layer: Layer) -> dict[str, Any]:
    crs = tms.crs
    served = _shown(tms, link)
    return {
        "id": tms.identifier,
        "title": tms.title,
        "crs": {
            "code": crs.text if crs.authority_code else "",
            "name": crs.name,
            "proj4": browser_definition(crs),
            "geographic": crs.is_geographic,
            "unit": crs.unit,
            "metres_per_unit": crs.metres_per_unit,
        },
        "extent": list(_extent(tms, link, layer)) if served else None,
        "matrices": [
            {
                "id": matrix.identifier,
                "cell": matrix.cell_size,
                "scale": matrix.scale_denominator,
                "origin": [matrix.left, matrix.top],
                "tile": [matrix.tile_width, matrix.tile_height],
                "size": [matrix.matrix_width, matrix.matrix_height],
                "limits": list(link.limits[matrix.identifier]),
            }
            for matrix in served
        ],
    }


def _shown(tms: TileMatrixSet, link: MatrixSetLink) -> list[TileMatrix]:
    """Return the matrices of the map: beyond the data's own cells the browser enlarges."""
    limits = link.limits
    served = [matrix for matrix in tms.matrices if matrix.identifier in limits]
    if isinstance(limits, Coverage):
        finest = tms.ordinal(limits.native)
        return [matrix for matrix in served if tms.ordinal(matrix.identifier) <= finest]
    return served


def _extent(tms: TileMatrixSet, link: MatrixSetLink, layer: Layer) -> BoundingBox:
    """Return the layer's extent in the set's CRS, cut to the tiles of its finest matrix."""
    finest = next(m for m in reversed(tms.matrices) if m.identifier in link.limits)
    limits = link.limits[finest.identifier]
    corner = tms.bounds(TileIndex(finest.identifier, limits.min_col, limits.min_row))
    other = tms.bounds(TileIndex(finest.identifier, limits.max_col, limits.max_row))
    tiles = corner.union(other)
    try:
        true = transform_bounds(layer.bounds, Crs.parse(layer.crs), tms.crs)
    except ValueError:  # nothing of the edge can be transformed: the tiles are what we know
        return tiles
    return true.intersection(tiles) or tiles


def _text(text: Text) -> str | dict[str, str]:
    """Return a text as a string if it has one variant, else by language."""
    if len(text.variants) <= 1:
        return text.variants[0][1] if text.variants else ""
    return dict(text.variants)
