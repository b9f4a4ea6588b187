"""The layers of a remote WMS in outline."""

from __future__ import annotations

from typing import Final

from tuilerie.grids import WGS84, BoundingBox, Crs, transform_bounds
from tuilerie.protocols.outline.model import (
    DimensionOutline,
    LayerOutline,
    LegendOutline,
    StyleOutline,
)
from tuilerie.protocols.wms.reading import MapQuery, RemoteMapLayer, RemoteWms, map_address

__all__ = ["outline_wms_layer"]

_SIDE: Final = 256
_ASKED: Final = ("EPSG:3857", "OGC:CRS84", "EPSG:4326")
"""In which CRS an example is, if the layer has it."""


def outline_wms_layer(service: RemoteWms, layer: RemoteMapLayer) -> LayerOutline:
    """Return the outline of a layer, with the address of a small map of all of it."""
    return LayerOutline(
        layer.name,
        layer.title,
        layer.abstract,
        layer.keywords,
        layer.attribution.title if layer.attribution else "",
        layer.wgs84_bounds,
        tuple(
            StyleOutline(
                style.name,
                style.title,
                number == 0,
                tuple(
                    LegendOutline(legend.address, legend.format, legend.width, legend.height)
                    for legend in style.legends
                ),
            )
            for number, style in enumerate(layer.styles)
        ),
        service.formats,
        service.info_formats if layer.queryable else (),
        layer.queryable,
        tuple(
            DimensionOutline(
                extent.name,
                "",
                extent.units or extent.unit_symbol,
                extent.default,
                extent.current,
                extent.values,
            )
            for extent in layer.dimensions
        ),
        tuple(layer.crs),
        (),
        _map(service, layer),
    )


def _map(service: RemoteWms, layer: RemoteMapLayer) -> str:
    names = [name for name in (*_ASKED, *list(layer.crs)[:3]) if name in layer.crs]
    for name in names:
        try:
            crs = Crs.parse(name)
            bounds = _bounds(layer, crs)
            if bounds is not None:
                query = MapQuery((layer.name,), crs, bounds, _SIDE, _SIDE, service.formats[0])
                return map_address(service, query)
        except ValueError:
            continue
    return ""


def _bounds(layer: RemoteMapLayer, crs: Crs) -> BoundingBox | None:
    """Return where the layer lies. Raises: ValueError: nowhere in this CRS."""
    if crs in layer.bounds:
        return layer.bounds[crs]
    if layer.wgs84_bounds is None or layer.wgs84_bounds.left > layer.wgs84_bounds.right:
        return None
    return transform_bounds(layer.wgs84_bounds, WGS84, crs)
