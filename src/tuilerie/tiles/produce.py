"""Do what the plan says: pass the bytes on; or read, colour, split, encode."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from time import perf_counter, time

from tuilerie.caches.lifetimes import Life
from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.model import Layer
from tuilerie.errors import RenderError, UpstreamError
from tuilerie.formats import EncodedTile, ImageFormat, StoredTile
from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet
from tuilerie.raster.codec import EncodeOptions, blank_tile, decode, encode
from tuilerie.raster.colour import Style, colour
from tuilerie.raster.image import Raster
from tuilerie.raster.mosaic import split
from tuilerie.raster.ramps import parse_colour
from tuilerie.raster.uniform import uniform_colour
from tuilerie.sources.base import (
    FetchedTile,
    MapRequest,
    MapSource,
    RelaySource,
    RenewingSource,
)
from tuilerie.telemetry import Meters
from tuilerie.tiles.incomplete import IncompleteTiles
from tuilerie.tiles.lasting import lasting
from tuilerie.tiles.plan import Relay, Render, batch_key, plan
from tuilerie.tiles.styling import colouring

__all__ = ["LayerProducer"]


class LayerProducer:
    """Makes the tiles of one layer from its source, a metatile at a time.

    Args:
        matrix_sets: those that the layer links to, by identifier.
        executor: threads for pixels; shared by all layers so that cores are not oversubscribed.
        side_by_side: how many threads may encode one metatile at once.
        meters: told of every metatile made, or not.
    """

    def __init__(
        self,
        layer: Layer,
        source: MapSource,
        matrix_sets: Mapping[str, TileMatrixSet],
        *,
        executor: Executor,
        side_by_side: int,
        meters: Meters,
    ) -> None:
        self._layer = layer
        self._source = source
        self._relayed = source if isinstance(source, RelaySource) else None
        self._offers = () if self._relayed is None else self._relayed.offers
        self._matrix_sets = matrix_sets
        self._executor = executor
        self._side_by_side = side_by_side
        self._meters = meters
        self._options = _options(layer)
        self._styles = {style.identifier: colouring(style) for style in layer.styles}

    def batch_key(self, address: TileAddress) -> TileAddress:
        """Return the address of the metatile's first tile."""
        return batch_key(address, self._layer, self._matrix_sets[address.matrix_set], self._offers)

    async def produce(self, address: TileAddress) -> Mapping[TileAddress, EncodedTile]:
        """Make every tile of the metatile around `address`.

        Raises: RenderError (a damaged file), UpstreamError (a remote; IncompleteTiles where
            there is something to show that is not to be kept).
        """
        start = perf_counter()
        try:
            made = await self._produce(address)
        except (RenderError, UpstreamError):
            self._meters.render_failed()
            raise
        self._meters.rendered(len(made), perf_counter() - start)
        return made

    async def renew(
        self, address: TileAddress, stored: StoredTile, life: Life
    ) -> EncodedTile | None:
        """Return a tile that its remote was asked about again; None where it must be made.

        It has the stored tile's own data if the remote has nothing newer.
        Raises: RenderError, UpstreamError.
        """
        source = self._source
        if not isinstance(source, RenewingSource) or not (life.etag or life.modified):
            return None
        planned = plan(address, self._layer, self._matrix_sets[address.matrix_set], self._offers)
        if not isinstance(planned, Relay) or stored.format not in planned.formats:
            return None
        known = FetchedTile(stored.data, stored.format, life.etag, life.modified)
        tile = await source.renew(
            planned.offer,
            planned.tiles[address.index],
            known,
            style=address.style,
            dimensions=address.dimensions,
        )
        if tile is None or tile.format not in planned.formats:
            return None
        return lasting(tile.data, tile.format, _life(tile))

    async def _produce(self, address: TileAddress) -> dict[TileAddress, EncodedTile]:
        tms = self._matrix_sets[address.matrix_set]
        planned = plan(address, self._layer, tms, self._offers)
        if isinstance(planned, Relay) and self._relayed is not None:
            relayed = await self._relay(self._relayed, planned, address, tms)
            if relayed is not None:
                return relayed
            planned = plan(address, self._layer, tms, self._offers, untouched=False)
        if isinstance(planned, Relay):
            raise TypeError("only sources that have tiles can have them relayed")
        return await self._render(planned, address, tms)

    async def _relay(
        self, source: RelaySource, relay: Relay, address: TileAddress, tms: TileMatrixSet
    ) -> dict[TileAddress, EncodedTile] | None:
        """Pass tiles on; None where the source may have another way to show what is missing."""
        try:
            tiles = await asyncio.gather(
                *(
                    source.relay(
                        relay.offer, index, style=address.style, dimensions=address.dimensions
                    )
                    for index in relay.tiles.values()
                )
            )
        except (RenderError, UpstreamError):
            if source.has_alternative:
                return None
            raise
        if source.has_alternative and None in tiles:
            return None
        passed = await asyncio.gather(*(self._passed(tile, relay, address, tms) for tile in tiles))
        return {
            address._replace(index=index): tile
            for index, tile in zip(relay.tiles, passed, strict=True)
        }

    async def _passed(
        self, tile: FetchedTile | None, relay: Relay, address: TileAddress, tms: TileMatrixSet
    ) -> EncodedTile:
        """Return a tile's bytes; made anew only if they are of another format than was asked."""
        if tile is None:
            return self._blank_tile(address, tms)
        if tile.format in relay.formats:
            return lasting(tile.data, tile.format, _life(tile))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, _transcoded, tile, address.format, self._options
        )

    async def _render(
        self, render: Render, address: TileAddress, tms: TileMatrixSet
    ) -> dict[TileAddress, EncodedTile]:
        values = await self._source.read(
            MapRequest(
                bounds=render.bounds,
                crs=render.crs,
                width=render.width,
                height=render.height,
                resampling=self._layer.resampling,
                bands=render.bands,
                style=address.style,
                dimensions=address.dimensions,
            )
        )
        loop = asyncio.get_running_loop()
        if values is None:
            blank = self._blank_tile(address, tms)
            encoded = dict.fromkeys(render.metatile.indices(), blank)
        else:
            pictures = await loop.run_in_executor(
                self._executor, _pictures, values, self._styles[address.style], render, tms
            )
            parts = await asyncio.gather(
                *(
                    loop.run_in_executor(self._executor, self._encode, part, address)
                    for part in _shares(pictures, self._side_by_side)
                )
            )
            encoded = {index: tile for part in parts for index, tile in part.items()}
        expires = None if values is None else values.expires
        life = None if expires is None else Life(expires, time())
        made = {
            address._replace(index=index): lasting(*tile, life) for index, tile in encoded.items()
        }
        if values is not None and not values.complete:
            raise IncompleteTiles(self._layer.source, made)
        return made

    def _blank_tile(self, address: TileAddress, tms: TileMatrixSet) -> EncodedTile:
        """A tile where the source has nothing: 7.2.1 wants full tiles always."""
        matrix = tms.matrix(address.index.matrix)
        return blank_tile(
            matrix.tile_width, matrix.tile_height, (0, 0, 0, 0), address.format, self._options
        )

    def _encode(
        self, pictures: Mapping[TileIndex, Raster], address: TileAddress
    ) -> dict[TileIndex, EncodedTile]:
        return {
            index: _encode_one(picture, address, self._options)
            for index, picture in pictures.items()
        }


def _life(tile: FetchedTile) -> Life | None:
    """Return what the remote says of a tile's age; None if it says nothing."""
    if tile.expires is None:
        return None
    return Life(tile.expires, time(), tile.etag, tile.modified)


def _transcoded(tile: FetchedTile, fmt: ImageFormat, options: EncodeOptions) -> EncodedTile:
    return encode(decode(tile.data, BoundingBox(0.0, 0.0, 1.0, 1.0), ""), fmt, options)


def _pictures(
    values: Raster, how: Style, render: Render, tms: TileMatrixSet
) -> dict[TileIndex, Raster]:
    """Give values their colours while the buffer is still there, then cut it off."""
    return split(colour(values, how), render.metatile, tms)


def _encode_one(picture: Raster, address: TileAddress, options: EncodeOptions) -> EncodedTile:
    """Encode a tile, or take the one already encoded where all its pixels are the same."""
    same = uniform_colour(picture)
    if same is None:
        return encode(picture, address.format, options)
    _, height, width = picture.array.shape
    return blank_tile(width, height, same, address.format, options)


def _shares(pictures: Mapping[TileIndex, Raster], count: int) -> list[dict[TileIndex, Raster]]:
    """Deal the tiles of a metatile out to `count` threads, none of them empty-handed."""
    items = list(pictures.items())
    return [dict(items[start::count]) for start in range(min(count, len(items)))]


def _options(layer: Layer) -> EncodeOptions:
    encoding = layer.encoding
    return EncodeOptions(
        jpeg_quality=encoding.jpeg_quality,
        webp_quality=encoding.webp_quality,
        avif_quality=encoding.avif_quality,
        png_level=encoding.png_level,
        background=parse_colour(encoding.background)[:3],
    )
