"""Paths into requests, and addresses back (OGC 07-057r7, clause 10).

Paths are read raw: split at "/" first, each segment decoded after, so that an identifier with an
escaped slash ("a%2Fb") stays one segment and ".." is nothing but a wrong identifier. All paths
begin at the service: a prefix that a deployment sets is taken off before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tuilerie.catalogue.address import Dimensions, TileAddress, TileQuery
from tuilerie.catalogue.info import InfoFormat, info_format_by_extension
from tuilerie.catalogue.resolve_info import InfoQuery
from tuilerie.errors import NotFound
from tuilerie.protocols import percent
from tuilerie.protocols.wmts.requests import (
    VERSION,
    GetCapabilities,
    GetFeatureInfo,
    GetTile,
)

__all__ = [
    "CAPABILITIES_PATH",
    "KVP_PATH",
    "MAX_PATH",
    "info_schema_path",
    "info_template",
    "parse",
    "parse_info_path",
    "parse_tile_path",
    "tile_path",
    "tile_template",
]

KVP_PATH = "/wmts"
CAPABILITIES_PATH = f"{KVP_PATH}/{VERSION}/WMTSCapabilities.xml"
"""The form that 10.1.1 recommends."""
MAX_PATH = 4096
"""Bytes."""

_INFO_SLASHES = 10
"""At least: a tile has eight, J and I add two."""

_CAPABILITIES_PATH = CAPABILITIES_PATH.encode("ascii")
_TILE = (
    f"{KVP_PATH}/{VERSION}/{{Layer}}/{{Style}}[/{{Dimension}}…]/{{TileMatrixSet}}/{{TileMatrix}}"
    "/{TileRow}/{TileCol}.{extension}"
)
_LAYER_AT, _STYLE_AT = 3, 4
"""Places of segments in a path that is split at its slashes."""

DimensionsOf = Callable[[str], Sequence[str]]
"""From a layer's identifier to those of its dimensions; none for a layer that there is not."""


def _none(_: str) -> tuple[str, ...]:
    return ()


def parse(
    path: bytes, dimensions_of: DimensionsOf = _none
) -> GetCapabilities | GetTile | GetFeatureInfo:
    """Return the request that a raw path makes; see `parse_tile_path`.

    Raises: NotFound: no resource of this service has such a path (10.1.5, 10.2.5, 10.3.5).
    """
    if path == _CAPABILITIES_PATH:
        return GetCapabilities()
    info = parse_info_path(path, dimensions_of)
    if info is not None:
        return GetFeatureInfo(info)
    return GetTile(parse_tile_path(path, dimensions_of))


def parse_tile_path(path: bytes, dimensions_of: DimensionsOf = _none) -> TileQuery:
    """Return the tile that a raw path names; identifiers, row and column are not yet checked.

    The extension is what follows the last dot. Measured: 1.0 µs.

    `dimensions_of` gives the identifiers of the dimensions that a layer has, in the order in
    which their values stand between the style and the matrix set.

    Raises: NotFound: another number of segments, another version, or escapes that are not UTF-8.
    Source: OGC 07-057r7, 10.2.1 and Table 32, in the order that it recommends.
    """
    try:
        parts = path.decode("utf-8").split("/")
        dimensions: Dimensions = ()
        names = dimensions_of(percent.decode(parts[3])) if len(parts) > _LAYER_AT else ()
        if names:
            values = parts[_STYLE_AT + 1 : _STYLE_AT + 1 + len(names)]
            del parts[_STYLE_AT + 1 : _STYLE_AT + 1 + len(names)]
            dimensions = tuple(zip(names, map(percent.decode, values), strict=True))
        root, service, version, layer, style, matrix_set, matrix, row, last = parts
        if b"%" in path:
            layer, style, matrix_set, matrix, row, last = map(percent.decode, parts[3:])
    except ValueError:  # not UTF-8, not nine parts, or a broken escape
        raise _not_found() from None
    if root or service != "wmts" or version != VERSION or len(path) > MAX_PATH:
        raise _not_found()
    col, dot, extension = last.rpartition(".")
    if not dot:
        col, extension = last, ""
    return TileQuery._make(
        (layer, style, extension, matrix_set, matrix, row, col, dimensions, True)
    )


def parse_info_path(path: bytes, dimensions_of: DimensionsOf = _none) -> InfoQuery | None:
    """Return the pixel that a raw path names; None if it names none.

    Its extension tells feature info from a tile, however many segments dimensions add to either;
    what stands before J and I is read as the path of a tile is.

    Raises: NotFound: as `parse_tile_path`.
    Source: OGC 07-057r7, 10.3.1 and Table 34, in the order that it recommends.
    """
    head, dot, extension = path.rpartition(b".")
    kind = extension.decode("latin-1")
    if not dot or info_format_by_extension(kind) is None or head.count(b"/") < _INFO_SLASHES:
        return None
    tile, j, i = head.rsplit(b"/", 2)
    query = parse_tile_path(tile + b".", dimensions_of)
    try:
        row, col = (percent.decode(number.decode("utf-8")) for number in (j, i))
    except ValueError:
        raise _not_found() from None
    return InfoQuery(query, row, col, kind)


def tile_path(address: TileAddress) -> str:
    """Return the path of a tile, escaped: what `parse_tile_path` reads back."""
    index = address.index
    values = [value for _, value in address.dimensions]
    steps = (address.layer, address.style, *values, address.matrix_set, index.matrix)
    escaped = "/".join(map(percent.encode_segment, steps))
    return f"{KVP_PATH}/{VERSION}/{escaped}/{index.row}/{index.col}.{address.format.extension}"


def tile_template(base_url: str, layer: str, extension: str, dimensions: Sequence[str] = ()) -> str:
    """Return the URL template of a layer's tiles for a ResourceURL (Tables 31 and 32).

    `base_url` is the service's public address, escaped and without a trailing slash: the schema
    allows no other characters in a template than those of a URI and the braces.
    """
    return (
        f"{base_url}{KVP_PATH}/{VERSION}/{percent.encode_segment(layer)}"
        f"/{{Style}}{_variables(dimensions)}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}.{extension}"
    )


def info_template(
    base_url: str, layer: str, info_format: InfoFormat, dimensions: Sequence[str] = ()
) -> str:
    """Return the URL template of a layer's feature info for a ResourceURL (Table 33).

    `base_url` is as that of `tile_template`.
    """
    return (
        f"{base_url}{KVP_PATH}/{VERSION}/{percent.encode_segment(layer)}"
        f"/{{Style}}{_variables(dimensions)}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}"
        f"/{{J}}/{{I}}.{info_format.extension}"
    )


def _variables(dimensions: Sequence[str]) -> str:
    return "".join(f"/{{{name}}}" for name in dimensions)


def info_schema_path(layer: str) -> str:
    """Return the path of the schema of a layer's feature info in GML, escaped."""
    return f"{KVP_PATH}/{VERSION}/{percent.encode_segment(layer)}/featureinfo.xsd"


def _not_found() -> NotFound:
    return NotFound(
        "A tile is at {tile}; the metadata at {metadata}.", tile=_TILE, metadata=CAPABILITIES_PATH
    )
