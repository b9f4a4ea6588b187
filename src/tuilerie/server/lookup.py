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
from typing import Final, TypeVar

from tuilerie.caches.base import TilesetRead
from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.resolve import Tileset
from tuilerie.errors import RequestError
from tuilerie.formats import PassingTile, StoredTile
from tuilerie.protocols.wmts import kvp, rest
from tuilerie.server.answers import Answer, ReadyAnswers
from tuilerie.server.metrics import Metrics
from tuilerie.server.respond import LayerPart, TileResponder, unkept
from tuilerie.server.served import Served
from tuilerie.server.service import Service

__all__ = ["METHOD", "Route", "TileLookup"]

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


class Route:
    """What requests with one prefix have in common.

    Attributes:
        address: from matrix, row and column as text to an address.
        read: from an index to a fresh tile that is at hand.
        answer: from both, and the time, to the response.
        kept: whether requests with this prefix mean the same as long as the state is published.
    """

    __slots__ = ("address", "answer", "kept", "read")

    def __init__(self, tileset: Tileset, read: TilesetRead, part: LayerPart) -> None:
        self.kept = tileset.kept
        self.address = tileset.address
        self.read = read
        self.answer = part.answer


class _KvpRoute:
    """A route whose last three parameters have these names, in this order.

    Attributes:
        second, third: the names after the first, which belongs to the prefix.
        order: where matrix, row and column stand; None = in this order.
        other: the same prefix with the names in the other order.
    """

    __slots__ = ("order", "other", "route", "second", "third")

    def __init__(self, route: Route, names: tuple[str, str, str], other: _KvpRoute | None) -> None:
        self.route = route
        _, self.second, self.third = names
        order = _ORDERS[names]
        self.order = None if order == _MATRIX_ROW_COL else order
        self.other = other


class TileLookup:
    """Looks tiles up for one published state; `prefix` stands before every route."""

    def __init__(
        self, service: Service, answers: ReadyAnswers, metrics: Metrics, prefix: str
    ) -> None:
        self._service = service
        self._strict = service.catalogue.service.strict
        self._answers = answers
        self._responder = TileResponder(service.catalogue, metrics)
        start = METHOD.decode("ascii") + prefix
        self._kvp_line = f"{start}{rest.KVP_PATH}?"
        self._kvp_at = len(self._kvp_line)
        self._rest_line = f"{start}{rest.KVP_PATH}/"
        self._rest_at = len(start)
        self._kvp_routes: dict[str, _KvpRoute] = {}
        self._rest_routes: dict[str, dict[str, Route]] = {}
        self._trailing: tuple[int, ...] = ()
        self._unkept = frozenset(
            identifier
            for identifier, layer in service.catalogue.layers.items()
            if getattr(service.catalogue.caches.get(layer.cache), "kind", "") == "none"
        )

    def ready(self, line: bytes, now: float) -> Answer | None:
        """Return the ready answer to a request line, if there is one that is still good."""
        answer = self._answers.by_line.get(line)
        if answer is None or not answer.modified <= now < answer.until:
            return None
        answer.used = True
        return answer

    def cached(self, line: bytes, now: float) -> Answer | None:
        """Return the answer to a request line out of a cache that is at hand, and keep it ready."""
        try:
            text = line.decode("ascii")
            found = self._by_kvp(text) if "?" in text else self._by_rest(text)
        except (RequestError, ValueError):
            return None
        if found is None:
            return None
        route, address = found
        tile = route.read(address[4])
        if tile is None:
            return None
        answer = route.answer(address, tile, now)
        if self._answers.max_bytes and answer.until > now:
            self._answers.put(line, answer)
        return answer

    def made(
        self,
        line: bytes,
        query: TileQuery,
        address: TileAddress,
        tile: StoredTile,
        now: float,
    ) -> Answer:
        """Return the answer for a tile that had to be waited for, and keep it ready."""
        answer = self.answer(query, address, tile, now)
        if isinstance(tile, PassingTile):
            return unkept(answer)
        self.keep(line, answer, now)
        return answer

    def answer(
        self, query: TileQuery, address: TileAddress, tile: StoredTile, now: float
    ) -> Answer:
        """Return the answer for a tile and the query that asked for it."""
        served = None
        if address.dimensions:
            tileset = self._tileset(query)
            # What "current" means may have moved on while the tile was made.
            same = tileset.key.dimensions == address.dimensions
            served = Served(address.dimensions, tileset.max_age_s if same else 0)
        return self._responder.answer(address, tile, now, served)

    def keep(self, line: bytes, answer: Answer, now: float) -> None:
        """Keep an answer ready for whoever sends the same, unless its layer wants nothing kept."""
        if answer.until > now and answer.address.layer not in self._unkept:
            self._answers.put(line, answer)

    def resolve(self, query: TileQuery) -> TileAddress:
        """Return the address that a query means. Raises: RequestError."""
        return self._service.resolver.resolve_tile(query, strict=self._strict)

    def _by_kvp(self, text: str) -> tuple[Route, TileAddress] | None:
        """Read "…&TileMatrix=8&TileRow=3&TileCol=4", the last three in any order.

        Escapes are not resolved in them: no number and no matrix of a kept route has any, so
        that such a request is refused here and read the long way.
        """
        parts = text.rsplit("=", 3)
        known = self._kvp_routes.get(parts[0])
        while known is not None:
            # Written out: this is a tenth of what a hit costs.
            _, first, second, third = parts
            first, _, second_name = first.partition("&")
            second, _, third_name = second.partition("&")
            if third_name == known.third and second_name == known.second:
                route = known.route
                if known.order is None:
                    return route, route.address(first, second, third)
                values = (first, second, third)
                return route, route.address(*[values[place] for place in known.order])
            known = known.other
        if self._trailing:
            found = self._by_trailing(text)
            if found is not None:
                return found
        if not text.startswith(self._kvp_line) or _odd(text):
            return self._by_rest(text)
        query = kvp.parse_get_tile(text[self._kvp_at :].encode("ascii"), strict=self._strict)
        if query is None:
            return None
        address = self.resolve(query)
        route = self.route(query)
        if len(parts) == 4 and route.kept and self._is_plain(address):
            self._keep_kvp(parts[0], parts, route)
            if address.dimensions:
                self._keep_trailing(text, route, len(address.dimensions))
        return route, address

    def _by_trailing(self, text: str) -> tuple[Route, TileAddress] | None:
        """Read "…&TileMatrix=8&TileRow=3&TileCol=4&Time=2026-03-01", as some clients write it."""
        for count in self._trailing:
            parts, suffix = _without_trailing(text, count)
            known = self._kvp_routes.get(f"{parts[0]} {suffix}")
            while known is not None:
                _, first, second, third = parts
                first, _, second_name = first.partition("&")
                second, _, third_name = second.partition("&")
                if (second_name, third_name) == (known.second, known.third):
                    values = (first, second, third)
                    order = known.order or _MATRIX_ROW_COL
                    return known.route, known.route.address(*[values[place] for place in order])
                known = known.other
        return None

    def _keep_trailing(self, text: str, route: Route, most: int) -> None:
        """Remember a prefix together with the dimensions that come after the tail."""
        for count in range(1, most + 1):
            parts, suffix = _without_trailing(text, count)
            if (
                suffix
                and _is_prefix(suffix)
                and self._keep_kvp(f"{parts[0]} {suffix}", parts, route)
            ):
                self._trailing = tuple({*self._trailing, count})

    def _by_rest(self, text: str) -> tuple[Route, TileAddress] | None:
        """Read "…/{TileMatrix}/{TileRow}/{TileCol}.{ext}"."""
        prefix, matrix, row, last = text.rsplit("/", 3)
        col, _, extension = last.partition(".")
        by_extension = self._rest_routes.get(prefix)
        if by_extension is not None:
            route = by_extension.get(extension)
            if route is not None:
                return route, route.address(matrix, row, col)
        if not text.startswith(self._rest_line) or _odd(text):
            return None
        path, question, _ = text.partition("?")
        query = rest.parse_tile_path(path[self._rest_at :].encode("ascii"), self._dimensions_of)
        address = self.resolve(query)
        route = self.route(query)
        if not question and route.kept and self._is_plain(address):
            known = self._rest_routes.get(prefix, {})
            _keep(self._rest_routes, prefix, {**known, extension: route})
        return route, address

    def route(self, query: TileQuery) -> Route:
        """Return what a query that was resolved has in common with others of its tileset."""
        tileset = self._tileset(query)
        key = tileset.key
        served = Served(key.dimensions, tileset.max_age_s) if key.dimensions else None
        part = self._responder.part(key.layer, served)
        return Route(tileset, self._service.cached_in(key), part)

    def _tileset(self, query: TileQuery) -> Tileset:
        layer, style, format_text, matrix_set, *_ = query
        tileset = self._service.resolver.resolve_prefix(
            layer,
            style,
            format_text,
            matrix_set,
            query.format_is_extension,
            query.dimensions,
            strict=self._strict,
        )
        if tileset is None:
            raise ValueError("only for queries that were resolved")
        return tileset

    def _dimensions_of(self, layer: str) -> tuple[str, ...]:
        return self._service.catalogue.dimensions_of(layer)

    def _keep_kvp(self, key: str, parts: list[str], route: Route) -> bool:
        """Remember a prefix, and the name with which it ends; tell whether it can be."""
        prefix, _, first_name = parts[0].rpartition("&")
        names = (first_name, parts[1].partition("&")[2], parts[2].partition("&")[2])
        if names not in _ORDERS or not _is_prefix(prefix[self._kvp_at :]):
            return False
        # No more than two in a row: the other name's spelling goes with the first one's.
        known = _KvpRoute(route, names, self._kvp_routes.get(key))
        _keep(self._kvp_routes, key, known)
        return True

    def _is_plain(self, address: TileAddress) -> bool:
        """Tell whether all matrices can be read as they stand in a request line."""
        matrix_set = self._service.catalogue.matrix_sets[address.matrix_set]
        texts = (matrix_set.identifier, *[matrix.identifier for matrix in matrix_set.matrices])
        return _SPECIAL.isdisjoint("".join(texts))


_SPECIAL: Final = frozenset("%+&=/?#;")
"""What means something else in a path or a query than itself."""


def _without_trailing(text: str, count: int) -> tuple[list[str], str]:
    """Return a query split as `_by_kvp` does, as if its last pairs were not there, and these."""
    parts = text.rsplit("=", 3 + count)
    if len(parts) < 4 + count:
        return ["", "", "", ""], ""
    third, _, suffix = "=".join(parts[3:]).partition("&")
    return [*parts[:3], third], suffix


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
