"""The layers of a remote WMTS in outline."""

from __future__ import annotations

from dataclasses import replace

from tuilerie.grids import TileIndex
from tuilerie.protocols.outline.grids import outline_matrix_set
from tuilerie.protocols.outline.model import (
    DimensionOutline,
    LayerOutline,
    LegendOutline,
    MatrixSetOutline,
    StyleOutline,
)
from tuilerie.protocols.wmts.reading import RemoteLayer, RemoteLink, RemoteWmts, tile_address

__all__ = ["outline_wmts_layer"]


def outline_wmts_layer(service: RemoteWmts, layer: RemoteLayer) -> LayerOutline:
    """Return the outline of a layer; its tiles are those of default style and first format."""
    sets = tuple(_matrix_set(service, layer, link) for link in layer.links)
    return LayerOutline(
        layer.identifier,
        layer.title,
        layer.abstract,
        layer.keywords,
        "",
        layer.wgs84_bounds,
        tuple(
            StyleOutline(
                style.identifier,
                style.title,
                style.identifier == layer.default_style,
                tuple(
                    LegendOutline(legend.address, legend.format, legend.width, legend.height)
                    for legend in style.legends
                ),
            )
            for style in layer.styles
        ),
        layer.formats,
        layer.info_formats,
        bool(layer.info_formats),
        tuple(
            DimensionOutline(
                dimension.identifier,
                dimension.title,
                dimension.unit or dimension.unit_symbol,
                dimension.value,
                dimension.current,
                dimension.values,
            )
            for dimension in layer.dimensions
        ),
        tuple(dict.fromkeys(found.crs for found in sets)),
        sets,
    )


def _matrix_set(service: RemoteWmts, layer: RemoteLayer, link: RemoteLink) -> MatrixSetOutline:
    format_ = layer.formats[0] if layer.formats else ""
    tms = service.matrix_sets[link.matrix_set]
    by_rest = replace(service, kvp_addresses=())

    def address(way: RemoteWmts, index: TileIndex) -> str:
        try:
            return tile_address(way, layer, "", format_, link, index)
        except ValueError:
            return ""

    first = TileIndex(tms.matrices[0].identifier, 0, 0)
    rest = service.encoding != "kvp" and bool(address(by_rest, first))
    encoding = "rest" if rest else "kvp" if address(service, first) else ""
    return outline_matrix_set(
        tms,
        link.matrix_set,
        encoding,
        link.limits,
        link.restricted,
        layer.wgs84_bounds,
        lambda index: address(service, index),
    )
