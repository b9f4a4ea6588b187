"""The whole identity of a tile: asked (TileQuery) and resolved (TileAddress)."""

from __future__ import annotations

from typing import NamedTuple

from tuilerie.formats import ImageFormat
from tuilerie.grids import TileIndex

__all__ = ["Dimensions", "TileAddress", "TileQuery", "TilesetKey"]

Dimensions = tuple[tuple[str, str], ...]
"""Dimension identifiers with their resolved values, in the order of the layer's dimensions."""


class TileQuery(NamedTuple):
    """A tile as the client named it: raw text, nothing checked.

    `format` is a media type (KVP, SOAP) or, where `format_is_extension`, a file extension
    (REST and the other path forms).
    `dimensions` has only names that the encoding carried; keys as the client wrote them.
    """

    layer: str
    style: str
    format: str
    matrix_set: str
    matrix: str
    row: str
    col: str
    dimensions: Dimensions = ()
    format_is_extension: bool = False


class TileAddress(NamedTuple):
    """The whole identity of a tile, everywhere: in caches, locks, logs and plans.

    Everything is canonical: identifiers as the catalogue spells them, dimensions resolved
    to explicit values in the layer's order.
    """

    layer: str
    style: str
    format: ImageFormat
    matrix_set: str
    index: TileIndex  # type: ignore[assignment]  # hides tuple.index, which nobody asks
    dimensions: Dimensions = ()


class TilesetKey(NamedTuple):
    """A TileAddress without its index: what one table of a cache holds."""

    layer: str
    style: str
    format: ImageFormat
    matrix_set: str
    dimensions: Dimensions = ()
