"""Tiles that are asked for in a body of XML, answered without reading the XML again.

A client writes the same envelope around every request: what differs from one tile to the next
are the texts of TileMatrix, TileRow and TileCol. What stands around them, the frame, is read in
full when it comes the second time, together with a probe that shows that these three texts and
nothing else decide which tile is meant. From then on a request in that frame costs a look-up.

Bodies that were answered just now are found by their bytes, as request lines are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from tuilerie.catalogue.address import Dimensions, TileQuery
from tuilerie.formats import StoredTile
from tuilerie.protocols.wmts import soap
from tuilerie.protocols.wmts.soap import Version
from tuilerie.server.answers import Answer, ReadyAnswers
from tuilerie.server.lookup import Route, TileLookup
from tuilerie.server.served import telling

__all__ = ["SHORT", "Asked", "PostedTiles", "enveloped", "line_of"]

SHORT: Final = 2048
"""Bytes of a body whose answer is kept ready; that for a tile has some 700."""

_MAX_FRAMES: Final = 512

_PLACES: Final = re.compile(
    rb"(.*<(?:[\w.-]+:)?TileMatrix>)([\w.:-]{1,64})"
    rb"(</(?:[\w.-]+:)?TileMatrix>\s*<(?:[\w.-]+:)?TileRow>)([0-9]{1,9})"
    rb"(</(?:[\w.-]+:)?TileRow>\s*<(?:[\w.-]+:)?TileCol>)([0-9]{1,9})(</.*)",
    re.S,
)
"""Where the three texts stand. That XML is well formed, and means this, only a parser can say."""

_PROBE: Final = (b"probe:matrix", b"987654321", b"876543219")
_MARKUP: Final = frozenset({"application/soap+xml", "text/xml", "application/xml"})

Asked = tuple[TileQuery | None, Version | None]
"""What a body asks for, None if not for a tile; and in which envelope, None = in none."""


def line_of(media_type: bytes, body: bytes) -> bytes:
    """Return what stands for a request among the ready answers, b"" if none is kept for it."""
    return b"POST %b\n%b" % (media_type, body) if len(body) <= SHORT else b""


class PostedTiles:
    """Answers bodies for one published state.

    Args:
        lookup, answers: those of the state.
    """

    __slots__ = ("_answers", "_frames", "_lookup")

    def __init__(self, lookup: TileLookup, answers: ReadyAnswers) -> None:
        self._lookup = lookup
        self._answers = answers
        self._frames: dict[bytes, tuple[Route, Version | None] | None] = {}

    def cached(self, media_type: bytes, body: bytes, now: float) -> Answer | None:
        """Return the answer out of a cache that is at hand, and keep it ready.

        Raises: RequestError: there is no such tile; the long way says why.
        """
        found = _PLACES.fullmatch(body)
        if found is None:
            return None
        before, matrix, second, row, third, col, after = found.groups()
        known = self._frames.get(_frame(media_type, before, second, third, after))
        if known is None:
            return None
        route, version = known
        address = route.address(matrix.decode("ascii"), row.decode("ascii"), col.decode("ascii"))
        tile = route.read(address[4])
        if tile is None:
            return None
        answer = route.answer(address, tile, now)
        if version is not None:
            answer = enveloped(answer, tile, version)
        if self._answers.max_bytes and answer.until > now:
            self._answers.put(line_of(media_type, body), answer)
        return answer

    def learn(
        self,
        media_type: bytes,
        body: bytes,
        asked: tuple[TileQuery, Version | None],
        read: Callable[[bytes], Asked],
    ) -> None:
        """Remember the frame of a body that was answered with a tile.

        Args:
            asked: what the body was found to ask for.
            read: does so, by a parser. Raises: RequestError.
        """
        found = _PLACES.fullmatch(body) if len(body) <= SHORT else None
        if found is None:
            return
        before, _, second, _, third, _, after = found.groups()
        frame = _frame(media_type, before, second, third, after)
        if self._frames.get(frame) is not None:
            return
        if len(self._frames) >= _MAX_FRAMES:
            self._frames.clear()
        if frame not in self._frames:  # headers with a number of their own make frames that never
            self._frames[frame] = None  # come again: not worth a second reading
            return
        query, version = asked
        matrix, row, col = (text.decode("ascii") for text in _PROBE)
        probe = (before, _PROBE[0], second, _PROBE[1], third, _PROBE[2], after)
        route = self._lookup.route(query)
        meant = query._replace(matrix=matrix, row=row, col=col), version
        if route.kept and read(b"".join(probe)) == meant:
            self._frames[frame] = route, version


def _frame(media_type: bytes, *parts: bytes) -> bytes:
    """Return one key of all parts; no header and no XML document has a NUL."""
    return b"\0".join((media_type, *parts))


def enveloped(answer: Answer, tile: StoredTile, version: Version) -> Answer:
    """Return the same answer with its tile in an envelope, and the headers of that."""
    body = soap.binary_payload(tile.data, tile.format.media_type, version)
    return Answer(
        answer.address,
        _head(version, answer.address.dimensions) % len(body),
        body,
        answer.etag,
        answer.modified,
        answer.until,
        answer.count,
    )


@lru_cache(maxsize=256)
def _head(version: Version, dimensions: Dimensions) -> bytes:
    """Return the header lines of an envelope, with a place for its length."""
    fields = ((b"content-type", version.media_type.encode("ascii")), *telling(dimensions))
    lines = b"".join([b"%b: %b\r\n" % field for field in fields]).replace(b"%", b"%%")
    return b"content-length: %d\r\n" + lines + b"\r\n"
