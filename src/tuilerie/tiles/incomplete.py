"""Tiles that may be shown once and never kept: something of them could not be had."""

from __future__ import annotations

from collections.abc import Mapping

from tuilerie.catalogue.address import TileAddress
from tuilerie.errors import UpstreamError
from tuilerie.formats import EncodedTile

__all__ = ["IncompleteTiles"]


class IncompleteTiles(UpstreamError):
    """A source failed in part, and its layer would rather show gaps than nothing.

    An error, so that a stored tile, however old, is preferred to half of a new one, and so that
    no cache takes it.

    Attributes:
        tiles: what can be shown.
    """

    def __init__(self, source: str, tiles: Mapping[TileAddress, EncodedTile]) -> None:
        super().__init__(f"source {source!r}: some of its tiles cannot be had", source)
        self.tiles = tiles
