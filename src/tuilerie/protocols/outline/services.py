"""A service of any kind to its outline."""

from __future__ import annotations

from collections.abc import Collection

from tuilerie.protocols.outline.model import ServiceOutline
from tuilerie.protocols.outline.of_tiles import name_of_tiles, outline_tiles
from tuilerie.protocols.outline.of_wms import outline_wms_layer
from tuilerie.protocols.outline.of_wmts import outline_wmts_layer
from tuilerie.protocols.read_service import RemoteService
from tuilerie.protocols.wms.reading import RemoteWms
from tuilerie.protocols.wmts.reading import RemoteWmts

__all__ = ["layer_names", "outline_service"]


def layer_names(service: RemoteService) -> tuple[str, ...]:
    """Return the identifiers of the layers of a service."""
    if isinstance(service, RemoteWmts | RemoteWms):
        return tuple(service.layers)
    return (name_of_tiles(service),)


def outline_service(service: RemoteService, only: Collection[str] | None = None) -> ServiceOutline:
    """Return what a service offers.

    Args:
        only: identifiers of the layers that are wanted; None = all.
    """

    def wanted(identifier: str) -> bool:
        return only is None or identifier in only

    match service:
        case RemoteWmts():
            return ServiceOutline(
                "wmts",
                "1.0.0",
                service.title,
                service.abstract,
                service.provider,
                service.fees,
                service.access_constraints,
                tuple(
                    outline_wmts_layer(service, layer)
                    for layer in service.layers.values()
                    if wanted(layer.identifier)
                ),
            )
        case RemoteWms():
            return ServiceOutline(
                "wms",
                service.version,
                service.title,
                service.abstract,
                service.provider,
                service.fees,
                service.access_constraints,
                tuple(
                    outline_wms_layer(service, layer)
                    for layer in service.layers.values()
                    if wanted(layer.name)
                ),
            )
    layers = (outline_tiles(service),) if wanted(name_of_tiles(service)) else ()
    return ServiceOutline(
        "xyz", "", service.title, service.abstract, "", "", service.attribution, layers
    )
