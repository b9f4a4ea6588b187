"""What a source wants of a remote service, and what of it the service does not have."""

from __future__ import annotations

from tuilerie.catalogue.remote_sources import RemoteSourceSettings, WmsSource, WmtsSource
from tuilerie.protocols.read_service import RemoteService
from tuilerie.protocols.wms.reading import RemoteWms
from tuilerie.protocols.wmts.reading import RemoteWmts

__all__ = ["lacking"]


def lacking(settings: RemoteSourceSettings, service: RemoteService) -> tuple[str, ...]:
    """Return what a source names and the service has not, in words; () if it has everything."""
    if isinstance(settings, WmtsSource) and isinstance(service, RemoteWmts):
        return _of_wmts(settings, service)
    if isinstance(settings, WmsSource) and isinstance(service, RemoteWms):
        return tuple(f"layer {name}" for name in settings.layers if name not in service.layers)
    return ()


def _of_wmts(settings: WmtsSource, service: RemoteWmts) -> tuple[str, ...]:
    if settings.layer is None:
        return ()
    layer = service.layers.get(settings.layer)
    if layer is None:
        return (f"layer {settings.layer}",)
    found = []
    if settings.matrix_set and settings.matrix_set not in {x.matrix_set for x in layer.links}:
        found.append(f"matrix set {settings.matrix_set} of layer {layer.identifier}")
    if settings.style and settings.style not in {style.identifier for style in layer.styles}:
        found.append(f"style {settings.style} of layer {layer.identifier}")
    return tuple(found)
