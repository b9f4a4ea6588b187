"""Requests to a remote WMS: maps, information about features, legends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuilerie.grids import BoundingBox, Crs
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.wms.reading.model import RemoteWms

__all__ = ["MapQuery", "feature_info_address", "legend_address", "map_address"]


@dataclass(frozen=True, slots=True)
class MapQuery:
    """A map to be asked for.

    Attributes:
        layers, styles: as many styles as layers, "" = the default one; or no styles at all.
        crs, bounds: CRS units, x first.
        width, height: pixels.
        format: media type.
        transparent: whether what is empty is to be so.
        dimensions: values by name, as `RemoteExtent.name` has it.
        parameters: of the vendor, last in the request; they replace others of the same name.
    """

    layers: tuple[str, ...]
    crs: Crs
    bounds: BoundingBox
    width: int
    height: int
    format: str
    styles: tuple[str, ...] = ()
    transparent: bool = False
    dimensions: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def map_address(service: RemoteWms, query: MapQuery) -> str:
    """Return the address of a map.

    The axis order of BBOX in 1.3.0 is that of the CRS, as PROJ knows it, or the operator's; CRS84
    has longitude first, and so has everything before 1.3.0.

    Raises: ValueError: none of the layers is offered in this CRS.
    Source: OGC 06-042, 7.3; OGC 01-068r3, 7.2.
    """
    request = "map" if service.version == "1.0.0" else "GetMap"
    pairs = [*_head(service, request), *_map_pairs(service, query)]
    return addresses.with_query(service.map_address, _with_parameters(pairs, query))


def feature_info_address(
    service: RemoteWms,
    query: MapQuery,
    position: tuple[int, int],
    info_format: str,
    feature_count: int = 1,
) -> str:
    """Return the address of what is known about a pixel of a map, all its layers asked.

    `position` is the column and row of the pixel, from the map's top left.

    Raises: ValueError: the service declares no GetFeatureInfo, or as for `map_address`.
    Source: OGC 06-042, 7.4; OGC 01-068r3, 7.3.
    """
    if not service.info_address:
        raise ValueError("the service declares no address for GetFeatureInfo")
    column, row = position
    modern = service.version == "1.3.0"
    request = "feature_info" if service.version == "1.0.0" else "GetFeatureInfo"
    pairs = [
        *_head(service, request),
        *_map_pairs(service, query),
        ("QUERY_LAYERS", ",".join(query.layers)),
        ("INFO_FORMAT", info_format),
        ("FEATURE_COUNT", str(feature_count)),
        ("I" if modern else "X", str(column)),
        ("J" if modern else "Y", str(row)),
    ]
    return addresses.with_query(service.info_address, _with_parameters(pairs, query))


def legend_address(
    service: RemoteWms, layer: str, style: str = "", format_: str = "image/png"
) -> str:
    """Return the address of a style's legend: the one that the style declares, else asked for.

    "" if there is none.
    Source: OGC 05-078r4 (SLD profile), 8.
    """
    found = service.layers.get(layer)
    for candidate in found.styles if found else ():
        if candidate.legends and style in {"", candidate.name}:
            return candidate.legends[0].address
    if not service.legend_address:
        return ""
    pairs = [*_head(service, "GetLegendGraphic"), ("LAYER", layer), ("STYLE", style)]
    pairs += [("FORMAT", format_), ("SLD_VERSION", "1.1.0")]
    return addresses.with_query(service.legend_address, pairs)


def _head(service: RemoteWms, request: str) -> list[tuple[str, str]]:
    if service.version == "1.0.0":
        return [("WMTVER", "1.0.0"), ("REQUEST", request)]
    return [("SERVICE", "WMS"), ("VERSION", service.version), ("REQUEST", request)]


def _map_pairs(service: RemoteWms, query: MapQuery) -> list[tuple[str, str]]:
    name = _crs_name(service, query)
    bounds = query.bounds
    modern = service.version == "1.3.0"
    by_rule = modern and query.crs.axes_swapped and name.upper() not in {"CRS:84", "OGC:CRS84"}
    swapped = by_rule if service.axis_order == "crs" else modern and service.axis_order == "yx"
    corners = (bounds.bottom, bounds.left, bounds.top, bounds.right) if swapped else tuple(bounds)
    styles = query.styles or ("",) * len(query.layers)
    format_ = (
        query.format.rpartition("/")[2].upper() if service.version == "1.0.0" else query.format
    )
    pairs = [
        ("LAYERS", ",".join(query.layers)),
        ("STYLES", ",".join(styles)),
        ("CRS" if modern else "SRS", name),
        ("BBOX", ",".join(repr(float(edge)) for edge in corners)),
        ("WIDTH", str(query.width)),
        ("HEIGHT", str(query.height)),
        ("FORMAT", format_),
        ("TRANSPARENT", "TRUE" if query.transparent else "FALSE"),
    ]
    for dimension, value in query.dimensions.items():
        lower = dimension.lower()
        prefix = "" if lower in {"time", "elevation"} else "DIM_"
        pairs.append((f"{prefix}{lower.upper()}", value))
    return pairs


def _crs_name(service: RemoteWms, query: MapQuery) -> str:
    """Return how this server calls a CRS; one that it does not list is asked by our own name.

    Raises: ValueError: a layer lists CRSs, and this one is not among them.
    """
    for layer in query.layers:
        found = service.layers.get(layer)
        if found is None or not found.crs or query.crs == service.origin_crs:
            continue
        if query.crs.text not in found.crs:
            raise ValueError(f"the layer {layer!r} is not offered in {query.crs.text}")
        return found.crs[query.crs.text]
    return "CRS:84" if query.crs.text == "OGC:CRS84" else query.crs.text


def _with_parameters(pairs: list[tuple[str, str]], query: MapQuery) -> list[tuple[str, str]]:
    given = {name.lower() for name in query.parameters}
    return [pair for pair in pairs if pair[0].lower() not in given] + list(query.parameters.items())
