"""One tile of another server: asked for, looked at, and handed on as its bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime

from tuilerie.catalogue.address import Dimensions
from tuilerie.errors import InvalidParameter, TileOutOfRange
from tuilerie.formats import ImageFormat
from tuilerie.grids import TileIndex
from tuilerie.sources.base import FetchedTile, TileOffer
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.error_pictures import ErrorPictures
from tuilerie.sources.remote.fetched import Fetched, Validators
from tuilerie.sources.remote.picture import PictureFacts, check_picture

__all__ = ["AddressOf", "RemoteTileSource", "usable_picture"]

AddressOf = Callable[[TileIndex, str, Mapping[str, str]], str]
"""From a tile, the remote's name of a style and the remote's spelling of dimensions to the
address. Raises: ValueError: it cannot be asked for."""


class RemoteTileSource:
    """Fetches the tiles of another server in one of its matrix sets: a `TileSource`.

    Args:
        offer: what it has.
        client: speaks to it; closed with this source.
        address_of: of a tile.
        media_type: that is asked for, "" = whatever comes.
        styles: its names of styles, by ours; one that is not there is its default.
        spellings: its spelling of values of dimensions, by dimension and our spelling.
        error_pictures: that are none.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        offer: TileOffer,
        client: RemoteClient,
        address_of: AddressOf,
        *,
        media_type: str,
        styles: Mapping[str, str],
        spellings: Mapping[tuple[str, str], str],
        error_pictures: ErrorPictures,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._offer = offer
        self._client = client
        self._address_of = address_of
        self._accept = media_type or "image/*"
        self._styles = styles
        self._spellings = spellings
        self._error_pictures = error_pictures
        self._clock = clock

    @property
    def offer(self) -> TileOffer:
        """Return what the remote has."""
        return self._offer

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile's bytes as the remote sends them, None if it has none.

        Raises: UpstreamError: whether there is one cannot be told, or it is no picture.
        """
        return await self.refetch(index, None, style=style, dimensions=dimensions)

    async def refetch(
        self, index: TileIndex, known: FetchedTile | None, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return as `fetch`; `known` with new times where the remote has nothing newer.

        Raises: UpstreamError.
        """
        source = self._offer.source
        values = {name: self._spellings.get((name, value), value) for name, value in dimensions}
        try:
            address = self._address_of(index, self._styles.get(style, ""), values)
        except (ValueError, InvalidParameter, TileOutOfRange) as error:
            raise upstream_fault(source, "address", str(error)) from error
        fetched = await self._client.get(
            address, accept=self._accept, conditional=_validators(known)
        )
        if fetched.missing:
            return None
        if known is not None and fetched.not_modified:
            return known._replace(expires=_expires(fetched, self._clock()))
        matrix = self._offer.matrix_set.matrix(index.matrix)
        facts = await usable_picture(
            fetched,
            source,
            self._client,
            self._error_pictures,
            size=(matrix.tile_width, matrix.tile_height),
        )
        if facts is None:
            return None
        return FetchedTile(
            fetched.data,
            _house_format(facts, source),
            fetched.validators.etag,
            _moment(fetched.validators.last_modified),
            _expires(fetched, self._clock()),
        )

    async def close(self) -> None:
        """End what is under way and close all connections; idempotent."""
        await self._client.close()


async def usable_picture(
    fetched: Fetched,
    source: str,
    client: RemoteClient,
    error_pictures: ErrorPictures,
    *,
    size: tuple[int, int],
) -> PictureFacts | None:
    """Return what a picture is; None for one by which the remote says that it has nothing.

    Raises: UpstreamError: it is none, or one by which the remote says that it failed.
    """
    facts = check_picture(fetched, source, client.redact, size=size)
    judged = (fetched.data, facts.width, facts.height)
    if error_pictures.decodes:
        meaning = await asyncio.to_thread(error_pictures.meaning, *judged)
    else:
        meaning = error_pictures.meaning(*judged)
    if meaning == "error":
        raise upstream_fault(source, "exception", "it sends its picture of an error")
    return None if meaning == "missing" else facts


def _house_format(facts: PictureFacts, source: str) -> ImageFormat:
    if facts.format is None:
        raise upstream_fault(
            source, "not_a_picture", f"it sends {facts.media_type}, which is not served here"
        )
    return facts.format


def _validators(known: FetchedTile | None) -> Validators | None:
    """Return what a conditional request says of what is known; None = it is not to be one."""
    if known is None:
        return None
    modified = "" if known.modified is None else formatdate(known.modified, usegmt=True)
    return Validators(known.etag, modified) or None


def _moment(date: str) -> float | None:
    """Return a date of HTTP as seconds since the epoch; None if it is none."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None


def _expires(fetched: Fetched, now: float) -> float | None:
    """Return until when the remote says that a picture is good; None if it says nothing."""
    life = fetched.freshness.fresh_for_s
    return None if life is None else now + life
