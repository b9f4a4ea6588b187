"""What the server needs of whoever makes tiles; it knows no more of the floor below."""

from __future__ import annotations

from typing import Protocol

from tuilerie.caches.base import TilesetRead
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.catalogue.model import Catalogue
from tuilerie.catalogue.resolve import Resolver
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.formats import StoredTile

__all__ = ["Service"]


class Service(Protocol):
    """What the server needs of `tiles.service.TileService`."""

    @property
    def catalogue(self) -> Catalogue:
        """The published state."""
        ...

    @property
    def resolver(self) -> Resolver:
        """Turns what clients ask into addresses of this catalogue."""
        ...

    def cached(self, address: TileAddress) -> StoredTile | None:
        """Return a fresh tile that can be had at once (microseconds), else None."""
        ...

    def cached_in(self, tileset: TilesetKey) -> TilesetRead:
        """Return what does as `cached` for the tiles of one tileset, with less to look up."""
        ...

    async def get_tile(self, address: TileAddress) -> StoredTile | None:
        """Return the tile from its cache or make it. Raises: RenderError, UpstreamError."""
        ...

    async def get_legend(self, layer: str, style: str, language: str, media_type: str) -> bytes:
        """Return the picture of a legend that the catalogue announces as drawn.

        Raises: NotFound: it announces none.
        """
        ...

    async def fetch_legend(self, layer: str, style: str, number: int) -> bytes:
        """Return the picture of a legend that the catalogue announces as the source's.

        Raises: NotFound, UpstreamError.
        """
        ...

    async def get_feature_info(
        self, address: InfoAddress, *, base_url: str, languages: tuple[str, ...]
    ) -> bytes:
        """Return the document about a place, in the format that the address names.

        Args:
            address: resolved by this catalogue.
            base_url: the public address of the service, without trailing slash.
            languages: what the client reads, the best first.

        Raises: FeatureInfoError, UpstreamError.
        """
        ...

    async def close(self) -> None:
        """Finish what is being made, then release everything."""
        ...
