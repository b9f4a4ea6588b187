"""From what a client asked about a pixel to what is meant: every parameter at fault is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.info import (
    InfoFormat,
    info_format_by_extension,
    info_format_by_media_type,
)
from tuilerie.catalogue.model import Catalogue, Layer
from tuilerie.catalogue.resolve_slowly import (
    canonical_matrix,
    check_range,
    judged,
    missing,
    not_offered,
    rejected,
    whole_number,
)
from tuilerie.errors import OperationNotSupported, PointIJOutOfRange, Rejection, RequestError
from tuilerie.grids import TileMatrix

__all__ = ["InfoAddress", "InfoQuery", "resolve_info"]


class InfoQuery(NamedTuple):
    """A pixel of a tile as the client named it: raw text, nothing checked.

    Attributes:
        tile: a resource names no image format: `format` is then "" and `format_is_extension`.
        info_format: a media type, or an extension where the tile's is one.
    """

    tile: TileQuery
    j: str
    i: str
    info_format: str


class InfoAddress(NamedTuple):
    """The whole identity of a feature info: a pixel of a tile, column i and row j from 0."""

    tile: TileAddress
    i: int
    j: int
    info_format: InfoFormat


def resolve_info(
    catalogue: Catalogue,
    query: InfoQuery,
    resolve_tile: Callable[[TileQuery], TileAddress],
    *,
    strict: bool = False,
) -> InfoAddress:
    """Return what a client asks about.

    Args:
        catalogue: the published state.
        query: what was asked.
        resolve_tile: as `Resolver.resolve_tile`, as strictly as `strict` says.
        strict: whether only the exact spelling of an info format is taken.

    Raises:
        OperationNotSupported: locator "GetFeatureInfo": the layer tells nothing of places.
        PointIJOutOfRange: locator "I" or "J".
        MissingParameter, InvalidParameter: locator "I", "J" or "InfoFormat", or those of a tile.
        TileOutOfRange: as the tile.
        Rejection: several of these.

    Source: OGC 07-057r7, 7.3.2.1 and Table 26.
    """
    layer = catalogue.layers.get(query.tile.layer)
    if layer is not None and not layer.info.formats:
        told = "layer {layer} has no feature info"
        raise OperationNotSupported(told, "GetFeatureInfo", layer=layer.identifier)
    tile, address, faults = query.tile, None, []
    if tile.format_is_extension and not tile.format:
        # Any will do: nothing that is told depends on it.
        tile = tile._replace(format=layer.formats[0].extension if layer is not None else "png")
    try:
        address = resolve_tile(tile)
    except RequestError as error:
        faults = list(error.errors) if isinstance(error, Rejection) else [error]
    matrix = _matrix(catalogue, tile, address)
    faults += missing(J=query.j, I=query.i, InfoFormat=query.info_format)
    j = judged(faults, query.j, _pixel, query.j, "J", matrix)
    i = judged(faults, query.i, _pixel, query.i, "I", matrix)
    found = None
    if layer is not None:
        found = judged(faults, query.info_format, _info_format, layer, query, strict)
    if faults or address is None or i is None or j is None or found is None:
        raise rejected(faults)
    return InfoAddress(address, i, j, found)


def _matrix(
    catalogue: Catalogue, tile: TileQuery, address: TileAddress | None
) -> TileMatrix | None:
    """Return the matrix whose tile is asked about, None if that cannot be told."""
    if address is not None:
        return catalogue.matrix_sets[address.matrix_set].matrix(address.index.matrix)
    matrix_set = catalogue.matrix_sets.get(tile.matrix_set)
    if matrix_set is None:
        return None
    name = judged([], tile.matrix, canonical_matrix, tile.matrix, matrix_set, lenient=True)
    return None if name is None else matrix_set.matrix(name)


def _pixel(text: str, locator: str, matrix: TileMatrix | None) -> int:
    number = whole_number(text, locator)
    if matrix is not None:
        side = matrix.tile_height if locator == "J" else matrix.tile_width
        check_range(number, 0, side - 1, locator, text, matrix.identifier, kind=PointIJOutOfRange)
    return number


def _info_format(layer: Layer, query: InfoQuery, strict: bool) -> InfoFormat:
    text, offered = query.info_format, layer.info.formats
    if query.tile.format_is_extension:
        found = info_format_by_extension(text)
        names = [each.extension for each in offered]
    else:
        found = info_format_by_media_type(text)
        names = [each.media_type for each in offered]
        if strict and text not in names:
            found = None
    if found is None or found not in offered:
        raise not_offered("InfoFormat", text, layer, names)
    return found
