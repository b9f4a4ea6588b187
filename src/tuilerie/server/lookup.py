"""From the bytes of a request line to a tile at hand: the one resolver of both lanes.

The fast lane and the ASGI application ask here, with the same bytes, and so cannot disagree.
What is not a plain request for a tile that can be had at once is None here and goes the long
way, which says precisely what is wrong.

Clients ask for the tiles of one tileset again and again, with request lines that differ only in
the last three parts: matrix, row and column. What stands before is read and validated in full
once, and remembered; a property test holds the short way against the long one.
"""

from __future__ import annotations

import string
from itertools import permutations
from typing import TYPE_CHECKING, Final, TypeVar

from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.resolve import Tileset
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

_WITHOUT_PLAIN: Final = dict.fromkeys(
    map(ord, string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@/?%")
)
"""Takes away what RFC 3986 lets stand in a path or a query."""

_TAIL: Final = ("tilematrix", "tilerow", "tilecol")
_SPELT: Final = (_TAIL, tuple(map(str.upper, _TAIL)), ("TileMatrix", "TileRow", "TileCol"))
_MATRIX_ROW_COL: Final = (0, 1, 2)
_ORDERS: Final = {
    tuple(names[place] for place in order): _MATRIX_ROW_COL
    if order == _MATRIX_ROW_COL
    else tuple(order.index(place) for place in _MATRIX_ROW_COL)
    for order in permutations(range(3))
    for names in _SPELT
}
"""From the names at the end of a query to where matrix, row and column stand among them."""

_MAX_PREFIXES: Final = 4096
_MAX_PREFIX: Final = 1024

Kept = TypeVar("Kept")


class TileLookup:
    """Looks tiles up for one published state; `prefix` stands before every route."""

    def __init__(
        self, service: Service, answers: ReadyAnswers, metrics: Metrics, prefix: str
    ) -> None:
        self._read = service.cached
        self._resolver = service.resolver
        self._strict = service.catalogue.service.strict
        self._answers = answers
        self._answer = TileResponder(service.catalogue, metrics).answer
        start = METHOD.decode("ascii") + prefix
        self._kvp_line = f"{start}{rest.KVP_PATH}?"
        self._kvp_at = len(self._kvp_line)
        self._rest_line = f"{start}{rest.KVP_PATH}/"
        self._rest_at = len(start)
        self._kvp_prefixes: dict[str, Tileset] = {}
        self._rest_prefixes: dict[str, dict[str, Tileset]] = {}
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
            text = line.decode("ascii")
            address = self._kvp_address(text) if "?" in text else self._rest_address(text)
        except (RequestError, ValueError):
            return None
        if address is None:
            return None
        tile = self._read(address)
        if tile is None:
            return None
        answer = self._answer(address, tile, now)
        if self._answers.max_bytes and answer.until > now:
            self._answers.put(line, answer)
        return answer

    def made(self, line: bytes, address: TileAddress, tile: StoredTile, now: float) -> Answer:
        """Return the answer for a tile that had to be waited for, and keep it ready."""
        answer = self.answer(address, tile, now)
        self.keep(line, answer, now)
        return answer

    def answer(self, address: TileAddress, tile: StoredTile, now: float) -> Answer:
        """Return the answer for a tile."""
        return self._answer(address, tile, now)

    def keep(self, line: bytes, answer: Answer, now: float) -> None:
        """Keep an answer ready for whoever sends the same, unless its layer wants nothing kept."""
        if answer.until > now and answer.address.layer not in self._unkept:
            self._answers.put(line, answer)

    def resolve(self, query: TileQuery) -> TileAddress:
        """Return the address that a query means. Raises: RequestError."""
        return self._resolver.resolve_tile(query, strict=self._strict)

    def _kvp_address(self, text: str) -> TileAddress | None:
        """Read "…&TileMatrix=8&TileRow=3&TileCol=4", the last three in any order.

        Escapes are not resolved in them: no number and no matrix of ours has any, so that such
        a request is refused here and read the long way.
        """
        parts = text.rsplit("&", 3)
        tileset = self._kvp_prefixes.get(parts[0])
        if tileset is not None:
            # Written out: this is a tenth of what a hit costs.
            _, first, second, third = parts
            first_name, _, first_value = first.partition("=")
            second_name, _, second_value = second.partition("=")
            third_name, _, third_value = third.partition("=")
            order = _ORDERS.get((first_name, second_name, third_name))
            if order is _MATRIX_ROW_COL:
                return tileset.address(first_value, second_value, third_value)
            if order is not None:
                values = (first_value, second_value, third_value)
                return tileset.address(*[values[place] for place in order])
        if not text.startswith(self._kvp_line) or _odd(text):
            return self._rest_address(text)
        query = kvp.parse_get_tile(text[self._kvp_at :].encode("ascii"), strict=self._strict)
        if query is None:
            return None
        address = self.resolve(query)
        if len(parts) == 4 and _is_prefix(parts[0][self._kvp_at :]):
            tileset = self._tileset(query)
            if tileset is not None:
                _keep(self._kvp_prefixes, parts[0], tileset)
        return address

    def _rest_address(self, text: str) -> TileAddress | None:
        """Read "…/{TileMatrix}/{TileRow}/{TileCol}.{ext}"."""
        prefix, matrix, row, last = text.rsplit("/", 3)
        col, _, extension = last.partition(".")
        by_extension = self._rest_prefixes.get(prefix)
        if by_extension is not None:
            tileset = by_extension.get(extension)
            if tileset is not None:
                return tileset.address(matrix, row, col)
        if not text.startswith(self._rest_line) or _odd(text):
            return None
        path, question, _ = text.partition("?")
        query = rest.parse_tile_path(path[self._rest_at :].encode("ascii"))
        address = self.resolve(query)
        tileset = None if question else self._tileset(query)
        if tileset is not None:
            known = self._rest_prefixes.get(prefix, {})
            _keep(self._rest_prefixes, prefix, {**known, extension: tileset})
        return address

    def _tileset(self, query: TileQuery) -> Tileset | None:
        layer, style, format_text, matrix_set, *_ = query
        return self._resolver.resolve_prefix(
            layer, style, format_text, matrix_set, query.format_is_extension, strict=self._strict
        )


def _odd(text: str) -> bool:
    """Tell whether a request line has bytes that only the complete parser may judge."""
    return text.translate(_WITHOUT_PLAIN) != " "


def _keep(prefixes: dict[str, Kept], prefix: str, value: Kept) -> None:
    """Remember what a prefix means; a client that makes up ever new ones gains nothing."""
    if len(prefix) <= _MAX_PREFIX:
        if len(prefixes) >= _MAX_PREFIXES:
            prefixes.clear()
        prefixes[prefix] = value


def _is_prefix(query: str) -> bool:
    """Tell whether the beginning of a query says nothing of matrix, row and column.

    Names with escapes could say it in disguise.
    """
    names = [pair.partition("=")[0].lower() for pair in query.split("&")]
    return not any(name in _TAIL or "%" in name or "+" in name for name in names)
