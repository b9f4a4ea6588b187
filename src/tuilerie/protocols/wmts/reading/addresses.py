"""The addresses of a remote service's tiles and of its answers about features (clauses 8 and 10).

Asked by REST where a template is declared for what is wanted, else by KVP; the operator may
choose. Where several hosts offer the same template, tiles are shared among them by their place,
so that each tile always has the same address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from tuilerie.grids import TileIndex
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.wmts.reading.model import (
    RemoteDimension,
    RemoteLayer,
    RemoteLink,
    RemoteTemplate,
    RemoteWmts,
)

__all__ = ["feature_info_address", "tile_address"]

_VERSION = "1.0.0"
_USUAL_SUFFIX = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def tile_address(
    service: RemoteWmts,
    layer: RemoteLayer,
    style: str,
    format_: str,
    link: RemoteLink,
    index: TileIndex,
    dimensions: Mapping[str, str] | None = None,
) -> str:
    """Return the address of one tile; whether the tile exists is not asked.

    Args:
        service, layer: as read.
        style: identifier of a style; "" = the default one.
        format_: media type, one of the layer's.
        link: to the matrix set that the index is of.
        index: of the tile.
        dimensions: values by identifier, in any case; those not given have their `value`.

    Raises: ValueError: the layer declares no way to ask for this.
    Source: OGC 07-057r7, 8.2 and 10.2.
    """
    style = style or layer.default_style
    values = _dimension_values(layer, dimensions or {})
    templates = _fitting(layer, "tile", format_, link)
    if service.encoding != "kvp" and templates:
        chosen = templates[(index.col + index.row) % len(templates)]
        return addresses.fill(
            chosen.template, _variables(layer, style, format_, link, index, values)
        )
    if service.encoding == "rest" or not service.kvp_addresses:
        raise ValueError(f"{layer.identifier} has no tiles of {format_} by {_ways(service)}")
    query = [("SERVICE", "WMTS"), ("REQUEST", "GetTile"), ("VERSION", _VERSION)]
    query += _tile_query(layer, style, format_, link, index, values)
    hosts = service.kvp_addresses
    return addresses.with_query(hosts[(index.col + index.row) % len(hosts)], query)


def feature_info_address(
    service: RemoteWmts,
    layer: RemoteLayer,
    style: str,
    format_: str,
    link: RemoteLink,
    index: TileIndex,
    position: tuple[int, int],
    info_format: str,
    dimensions: Mapping[str, str] | None = None,
) -> str:
    """Return the address of what is known about a pixel of a tile.

    `position` is I and J: column and row of the pixel, from the tile's top left. The rest is as
    for `tile_address`; `info_format` is one of the layer's.

    Raises: ValueError: the layer declares no way to ask for this.
    Source: OGC 07-057r7, 8.3 and 10.3.
    """
    style = style or layer.default_style
    values = _dimension_values(layer, dimensions or {})
    column, row = position
    templates = _fitting(layer, "FeatureInfo", info_format, link)
    if service.encoding != "kvp" and templates:
        filled = _variables(layer, style, info_format, link, index, values)
        return addresses.fill(templates[0].template, {**filled, "i": str(column), "j": str(row)})
    if service.encoding == "rest" or not service.info_addresses:
        raise ValueError(f"{layer.identifier} has no {info_format} by {_ways(service)}")
    query = [("SERVICE", "WMTS"), ("REQUEST", "GetFeatureInfo"), ("VERSION", _VERSION)]
    query += _tile_query(layer, style, format_, link, index, values)
    query += [("J", str(row)), ("I", str(column)), ("INFOFORMAT", info_format)]
    return addresses.with_query(service.info_addresses[0], query)


def _ways(service: RemoteWmts) -> str:
    return service.encoding.upper() or "REST or KVP"


def _tile_query(
    layer: RemoteLayer,
    style: str,
    format_: str,
    link: RemoteLink,
    index: TileIndex,
    values: Sequence[tuple[RemoteDimension, str]],
) -> list[tuple[str, str]]:
    return [
        ("LAYER", layer.identifier),
        ("STYLE", style),
        ("FORMAT", format_),
        *((dimension.identifier, value) for dimension, value in values),
        ("TILEMATRIXSET", link.matrix_set),
        ("TILEMATRIX", index.matrix),
        ("TILEROW", str(index.row)),
        ("TILECOL", str(index.col)),
    ]


def _dimension_values(
    layer: RemoteLayer, given: Mapping[str, str]
) -> list[tuple[RemoteDimension, str]]:
    wanted = {name.lower(): value for name, value in given.items()}
    return [
        (dimension, wanted.get(dimension.identifier.lower(), dimension.value))
        for dimension in layer.dimensions
    ]


def _variables(
    layer: RemoteLayer,
    style: str,
    format_: str,
    link: RemoteLink,
    index: TileIndex,
    values: Sequence[tuple[RemoteDimension, str]],
) -> dict[str, str]:
    return {
        "layer": layer.identifier,
        "format": _USUAL_SUFFIX.get(format_, format_.rpartition("/")[2]),
        **{dimension.identifier.lower(): value for dimension, value in values},
        "style": style,
        "tilematrixset": link.matrix_set,
        "tilematrix": index.matrix,
        "tilerow": str(index.row),
        "tilecol": str(index.col),
    }


def _fitting(layer: RemoteLayer, kind: str, format_: str, link: RemoteLink) -> list[RemoteTemplate]:
    """Return the templates of a format and matrix set that differ by nothing but their host."""
    of_kind = [template for template in layer.templates if template.kind == kind]
    fitting = [template for template in of_kind if _same_format(template.format, format_)]
    if len(layer.links) > 1:
        # A template without the variable is one set's, which it then names.
        free = [t for t in fitting if "tilematrixset" in t.variables]
        named = [t for t in fitting if link.matrix_set in t.template.split("/")]
        others = {other.matrix_set for other in layer.links}
        silent = [t for t in fitting if not others & set(t.template.split("/"))]
        fitting = free or named or silent
    if not fitting:
        return []
    first = _without_host(fitting[0].template)
    return [template for template in fitting if _without_host(template.template) == first]


def _same_format(offered: str, wanted: str) -> bool:
    def plain(text: str) -> str:
        return text.lower().replace(" ", "").replace("image/jpg", "image/jpeg")

    return not offered or plain(offered) == plain(wanted)


def _without_host(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(scheme="", netloc="").geturl()
