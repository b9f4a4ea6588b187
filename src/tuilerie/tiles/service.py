"""The one door to tiles: an immutable service for one published state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tuilerie.caches.base import TilesetRead
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.catalogue.model import Catalogue
from tuilerie.catalogue.resolve import Resolver
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.flight import SingleFlight
from tuilerie.formats import StoredTile
from tuilerie.tiles.feature_info import LayerInformant
from tuilerie.tiles.manager import TileManager

__all__ = ["LegendDrawn", "LegendFetched", "TileService"]

LegendDrawn = Callable[[str, str, str, str], Awaitable[bytes]]
"""From layer, style, language and media type to a picture."""
LegendFetched = Callable[[str, str, int], Awaitable[bytes]]
"""From layer, style and the legend's number to a picture."""


class TileService:
    """Serves the tiles of one catalogue; made by `assembly`, replaced as a whole.

    Attributes:
        catalogue: the published state.
        resolver: turns what clients ask into addresses of this catalogue.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        managers: Mapping[str, TileManager],
        *,
        informants: Mapping[str, LayerInformant],
        flight: SingleFlight[Mapping[TileAddress, StoredTile]],
        on_close: Callable[[], Awaitable[None]],
        draw_legend: LegendDrawn,
        fetch_legend: LegendFetched,
    ) -> None:
        self.catalogue = catalogue
        self.resolver = Resolver(catalogue)
        self._managers = managers
        self._informants = informants
        self._flight = flight
        self._on_close = on_close
        self._draw_legend = draw_legend
        self._fetch_legend = fetch_legend

    def cached(self, address: TileAddress) -> StoredTile | None:
        """Return a fresh tile that can be had at once (microseconds), else None."""
        return self._managers[address.layer].cached(address)

    def cached_in(self, tileset: TilesetKey) -> TilesetRead:
        """Return what does as `cached` for the tiles of one tileset, with less to look up.

        It is good for as long as the service, and never raises.
        """
        return self._managers[tileset.layer].cached_in(tileset)

    async def get_tile(self, address: TileAddress) -> StoredTile | None:
        """Return the tile from its cache or make it; None where the layer has nothing there.

        Raises: RenderError (us, or a damaged file), UpstreamError (a remote). Cache faults
        never escape: the tile is served and the fault reported beside.
        """
        return await self._managers[address.layer].get_tile(address)

    async def get_legend(self, layer: str, style: str, language: str, media_type: str) -> bytes:
        """Return the picture of a legend that the catalogue announces as drawn.

        Raises: NotFound: it announces none.
        """
        return await self._draw_legend(layer, style, language, media_type)

    async def fetch_legend(self, layer: str, style: str, number: int) -> bytes:
        """Return the picture of a legend that the catalogue announces as the source's.

        Args:
            number: among the style's legends, from 0.

        Raises: NotFound: the source has no such legend; UpstreamError (a remote).
        """
        return await self._fetch_legend(layer, style, number)

    async def get_feature_info(
        self, address: InfoAddress, *, base_url: str, languages: tuple[str, ...]
    ) -> bytes:
        """Return the document about a place, in the format that the address names.

        Args:
            address: resolved by this catalogue.
            base_url: the public address of the service, without trailing slash.
            languages: what the client reads, the best first.

        Raises: FeatureInfoError (us, a damaged file, a template), UpstreamError (a remote).
        """
        informant = self._informants[address.tile.layer]
        return await informant.document(address, base_url=base_url, languages=languages)

    async def close(self) -> None:
        """Finish what is being made, then release caches and sources."""
        await self._flight.drain()
        await self._on_close()
