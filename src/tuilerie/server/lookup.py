"""From the bytes of a request line to a tile at hand: the one resolver of both lanes.

The fast lane and the ASGI application ask here, with the same bytes, and so cannot disagree.
What is not a plain request for a tile that can be had at once is None here and goes the long
way, which says precisely what is wrong.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.errors import RequestError
from tuilerie.formats import StoredTile
from tuilerie.protocols.wmts import kvp, rest
from tuilerie.server.answers import Answer, ReadyAnswers
from tuilerie.server.metrics import Metrics
from tuilerie.server.respond import TileResponder

if TYPE_CHECKING:
    from tuilerie.server.live import Service

__all__ = ["METHOD", "TileLookup"]

METHOD: Final = b"GET "
"""With which a request line begins; HEAD is looked up as GET."""

_PLAIN: Final = (string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@/?%").encode("ascii")
"""What RFC 3986 lets stand in a path or a query. Other bytes are for the complete parser."""


class TileLookup:
    """Looks tiles up for one published state.

    Args:
        prefix: path before every route, "" or "/maps".
    """

    def __init__(
        self, service: Service, answers: ReadyAnswers, metrics: Metrics, prefix: str
    ) -> None:
        self._cached = service.cached
        self._resolve = service.resolver.resolve_tile
        self._strict = service.catalogue.service.strict
        self._answers = answers
        self._responder = TileResponder(service.catalogue, metrics)
        kvp_path = (prefix + rest.KVP_PATH).encode("ascii")
        self._kvp_line = METHOD + kvp_path + b"?"
        self._kvp_at = len(self._kvp_line)
        self._rest_line = METHOD + kvp_path + b"/"
        self._rest_at = len(METHOD + prefix.encode("ascii"))
        self._unkept = frozenset(
            identifier
            for identifier, layer in service.catalogue.layers.items()
            if getattr(service.catalogue.caches.get(layer.cache), "kind", "") == "none"
        )

    def ready(self, line: bytes, now: float) -> Answer | None:
        """Return the ready answer to a request line, if there is one that is still good."""
        answer = self._answers.by_line.get(line)
        if answer is None or answer.until <= now:
            return None
        answer.used = True
        return answer

    def cached(self, line: bytes, now: float) -> Answer | None:
        """Return the answer to a request line out of a cache that is at hand, and keep it ready."""
        try:
            query = self._query(line)
            if query is None:
                return None
            address = self._resolve(query, strict=self._strict)
        except RequestError:
            return None
        tile = self._cached(address)
        if tile is None:
            return None
        answer = self._responder.answer(address, tile, now)
        if answer.until > now:
            self._answers.put(line, answer)
        return answer

    def _query(self, line: bytes) -> TileQuery | None:
        if line.translate(None, _PLAIN) != b" ":
            return None
        if line.startswith(self._kvp_line):
            return kvp.parse_get_tile(line[self._kvp_at :], strict=self._strict)
        if line.startswith(self._rest_line):
            return rest.parse_tile_path(line[self._rest_at :].partition(b"?")[0])
        return None

    def resolve(self, query: TileQuery) -> TileAddress:
        """Return the address that a query means. Raises: RequestError."""
        return self._resolve(query, strict=self._strict)

    def made(self, line: bytes, address: TileAddress, tile: StoredTile, now: float) -> Answer:
        """Return the answer for a tile that had to be waited for, and keep it ready."""
        answer = self._responder.answer(address, tile, now)
        if answer.until > now and address.layer not in self._unkept:
            self._answers.put(line, answer)
        return answer
