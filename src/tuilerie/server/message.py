"""A request and an answer as plain values: what the handlers see of HTTP, without a web server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tuilerie.catalogue.address import TileAddress
from tuilerie.server.conditional import not_modified
from tuilerie.server.forwarded import Origin

__all__ = [
    "CROSS_ORIGIN",
    "NO_STORE",
    "Header",
    "Reply",
    "Request",
    "accepts",
    "best_encoding",
    "document_reply",
    "languages_of",
    "text_reply",
]

Header = tuple[bytes, bytes]

CROSS_ORIGIN: Final[tuple[Header, ...]] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag, last-modified, content-length"),
    (b"x-content-type-options", b"nosniff"),
)
"""On every answer: maps on other sites may read it, and no browser guesses what it is."""

NO_STORE: Final[Header] = (b"cache-control", b"no-store")
"""On every answer that is about this moment only: errors, health, metrics."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, its body left aside.

    Attributes:
        raw_path: as it came, below the route prefix, with its leading slash.
        query: the raw query string, without "?".
        line: "GET " and the whole target as it came: the key of ready answers.
        headers: by lower-case name; repeated fields joined by ", " (RFC 9110, 5.3).
        origin: who asked, and by which public address.
    """

    method: str
    raw_path: bytes
    query: bytes
    line: bytes
    headers: Mapping[bytes, bytes]
    origin: Origin


class Reply(NamedTuple):
    """One HTTP answer, and what is to be noted of it.

    Attributes:
        headers: names in lower case; Content-Length, Date and CROSS_ORIGIN left to the sender.
        route: a word out of few, for the metrics.
        outcome: of a tile: ready | hit | miss | not_modified | error; else "".
        tile: the headers are complete already, and the layer has counted it.
    """

    status: int
    headers: Sequence[Header]
    body: bytes
    route: str
    outcome: str = ""
    address: TileAddress | None = None
    tile: bool = False


def text_reply(status: int, text: str, *headers: Header, route: str) -> Reply:
    """Return a short answer in plain text that nobody keeps."""
    fields = ((b"content-type", b"text/plain; charset=utf-8"), NO_STORE, *headers)
    return Reply(status, fields, text.encode() + b"\n", route)


def document_reply(
    request: Request,
    data: bytes,
    packed: bytes,
    etag: str,
    headers: tuple[Header, ...],
    *,
    route: str,
) -> Reply:
    """Return a document, compressed where the client takes it so, or 304 where it has it.

    `packed` is `data` by gzip, b"" where that is not worth it; `etag` is that of `data`, without
    quotes: the compressed bytes get another one (RFC 9110, 8.8.3).
    """
    encoding = best_encoding(request.headers.get(b"accept-encoding")) if packed else ""
    tag = b'"%b%b"' % (etag.encode("ascii"), b"-gzip" if encoding else b"")
    fields = (*headers, (b"etag", tag))
    if not_modified(request.headers.get(b"if-none-match"), None, etag=tag, modified=None):
        return Reply(304, [field for field in fields if field[0] != b"content-type"], b"", route)
    if encoding:
        return Reply(200, (*fields, (b"content-encoding", b"gzip")), packed, route)
    return Reply(200, fields, data, route)


_QUALITY: Final = re.compile(
    rb"\s*;\s*q\s*=\s*(0(?:\.\d{0,3})?|\.\d{1,3}|1(?:\.0{0,3})?)\s*$", re.IGNORECASE
)
_HAS_QUALITY: Final = re.compile(rb";\s*q\s*=", re.IGNORECASE)
_MAX_LIST: Final = 32
"""Members of a preference list that are looked at; nobody honest sends more."""


def _weighted(value: bytes) -> list[tuple[str, float]]:
    """Read a list with q-values (RFC 9110, 12.4.2); a member with a malformed one is left out.

    "q=.2" is none by its grammar, and what Java's own client has sent for twenty years.
    """
    members = []
    for member in value.split(b",")[:_MAX_LIST]:
        name, semicolon, _ = member.partition(b";")
        quality = 1.0
        if semicolon and _HAS_QUALITY.search(member):
            found = _QUALITY.search(member)
            if found is None:
                continue
            quality = float(found[1])
        if name.strip():
            members.append((name.strip().decode("latin-1").lower(), quality))
    return members


def best_encoding(accept_encoding: bytes | None) -> str:
    """Return "gzip" if the client takes it at least as gladly as the bare bytes, else "".

    Source: RFC 9110, 12.5.3.
    """
    if accept_encoding is None:
        return ""
    weights = dict(_weighted(accept_encoding))
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    identity = weights.get("identity", 0.0)
    return "gzip" if gzip > 0.0 and gzip >= identity else ""


def languages_of(accept_language: bytes | None) -> tuple[str, ...]:
    """Return the languages that the client reads, the best first; "*" and q=0 are left out.

    Source: RFC 9110, 12.5.4.
    """
    members = [] if accept_language is None else _weighted(accept_language)
    wanted = [(name, weight) for name, weight in members if weight > 0 and _LANGUAGE.match(name)]
    wanted.sort(key=lambda member: -member[1])
    return tuple(name for name, _ in wanted[:_MAX_LANGUAGES])


_LANGUAGE: Final = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,4}\Z")
_MAX_LANGUAGES: Final = 8


def accepts(accept: bytes | None, media_type: str) -> bool:
    """Tell whether a client takes a media type: the most specific range decides.

    Source: RFC 9110, 12.5.1.
    """
    if accept is None or not accept.strip():
        return True
    weights = dict(_weighted(accept))
    # A bare "*" is no media range, and older Java clients mean "*/*" by it.
    for media_range in (media_type, media_type.partition("/")[0] + "/*", "*/*", "*"):
        if media_range in weights:
            return weights[media_range] > 0
    return False
