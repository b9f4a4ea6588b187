"""WMTS over HTTP, the long way: what the fast lane does not answer, with every error told."""

from __future__ import annotations

import time
from typing import Final

from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.errors import NotFound, RequestError, TuilerieError
from tuilerie.protocols.wmts import exceptions, kvp, rest
from tuilerie.protocols.wmts.exceptions import Encoding
from tuilerie.protocols.wmts.negotiate import negotiate
from tuilerie.protocols.wmts.requests import GetCapabilities, GetTile
from tuilerie.server.live import Published
from tuilerie.server.message import (
    NO_STORE,
    Header,
    Reply,
    Request,
    accepts,
    document_reply,
    languages_of,
    text_reply,
)
from tuilerie.server.respond import tile_reply
from tuilerie.telemetry import get_logger

__all__ = ["answer_kvp", "answer_rest", "fault_report"]

_XML: Final = b"application/xml"

_log = get_logger(__name__)


async def answer_kvp(request: Request, published: Published) -> Reply:
    """Answer a GET or HEAD with a query.

    Source: OGC 07-057r7, clause 8.
    """
    try:
        asked = kvp.parse(request.query, strict=published.catalogue.service.strict)
        if isinstance(asked, GetTile):
            return await _tile(asked.tile, request, published, Encoding.KVP)
        return await _capabilities(asked, request, published)
    except RequestError as error:
        return _report(error, Encoding.KVP, "wmts")


async def answer_rest(request: Request, published: Published) -> Reply:
    """Answer a GET or HEAD of a resource.

    Source: OGC 07-057r7, clause 10; 10.1.1 wants 406 for a document that the client would not
    take as XML.
    """
    try:
        asked = rest.parse(request.raw_path)
        if isinstance(asked, GetTile):
            return await _tile(asked.tile, request, published, Encoding.REST)
        if not accepts(request.headers.get(b"accept"), "application/xml"):
            return _not_acceptable()
        return await _capabilities(asked, request, published)
    except RequestError as error:
        return _report(error, Encoding.REST, "wmts")


def fault_report() -> Reply:
    """Answer for a request that met a fault of our own; nothing of it gets out."""
    return _report(Exception(), Encoding.KVP, "other")


async def _tile(
    query: TileQuery, request: Request, published: Published, encoding: Encoding
) -> Reply:
    """Answer with a tile that must be waited for, or with what is wrong."""
    address: TileAddress | None = None
    published.users += 1
    try:
        address = published.lookup.resolve(query)
        tile = await published.service.get_tile(address)
        if tile is None:
            raise NotFound("The layer has no tile there.")
        answer = published.lookup.made(request.line, address, tile, time.time())
        return tile_reply(answer, request.method, request.headers, "miss")
    except TuilerieError as error:
        if not isinstance(error, RequestError):
            _log.warning("tile not served", error=str(error), **_place(address))
        return _report(error, encoding, "tile")._replace(outcome="error", address=address)
    finally:
        published.users -= 1


def _place(address: TileAddress | None) -> dict[str, object]:
    if address is None:
        return {}
    matrix, col, row = address.index
    return {
        "layer": address.layer,
        "matrix_set": address.matrix_set,
        "matrix": matrix,
        "row": row,
        "col": col,
    }


async def _capabilities(asked: GetCapabilities, request: Request, published: Published) -> Reply:
    """Answer with the ServiceMetadata document, or the part of it that was asked for."""
    wanted = negotiate(asked, published.revision)
    if not request.origin.valid:
        return text_reply(400, "The Host header is not a host.", route="wmts")
    document = await published.documents.capabilities(
        request.origin.base_url,
        wanted.sections,
        languages_of(request.headers.get(b"accept-language")),
    )
    return document_reply(
        request,
        document.data,
        document.gzip,
        document.etag,
        (
            (b"content-type", wanted.media_type.encode("ascii")),
            # Asked again each time, for the price of a 304: a new layer is seen at once.
            (b"cache-control", b"no-cache"),
            (b"vary", b"accept-encoding, accept-language"),
        ),
        route="capabilities",
    )


def _report(error: Exception, encoding: Encoding, route: str) -> Reply:
    """Answer with an exception report."""
    headers: list[Header] = [(b"content-type", _XML), NO_STORE]
    retry_after_s = exceptions.reporting(error).retry_after_s
    if retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    return Reply(
        exceptions.status(error, encoding), tuple(headers), exceptions.write_report(error), route
    )


def _not_acceptable() -> Reply:
    report = _report(
        NotFound("The document is only to be had as application/xml."), Encoding.REST, "wmts"
    )
    return report._replace(status=406)
