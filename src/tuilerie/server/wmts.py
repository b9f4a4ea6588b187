"""WMTS over HTTP, the long way: what the fast lane does not answer, with every error told.

What a request gets is found here once, whatever carried it. The ways of asking (`answer_kvp` and
`answer_rest`; those with a body are in `wmts_post.py`) differ in how they read a request, and in
how tile, document and error go back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.resolve_slowly import rejected
from tuilerie.errors import NotFound, Rejection, RequestError, TuilerieError, UpstreamError
from tuilerie.formats import StoredTile, content_hash
from tuilerie.protocols.inspire import requested_language
from tuilerie.protocols.wmts import exceptions, kvp, rest
from tuilerie.protocols.wmts.exceptions import Encoding
from tuilerie.protocols.wmts.legends import FoundLegend, find_legend
from tuilerie.protocols.wmts.negotiate import MEDIA_TYPES, negotiate
from tuilerie.protocols.wmts.requests import FaultyTile, GetCapabilities, GetFeatureInfo, GetTile
from tuilerie.protocols.wmts.wsdl import WSDL_QUERY
from tuilerie.server.documents import Document
from tuilerie.server.feature_info import feature_info, info_reply, info_schema_reply
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
from tuilerie.server.schemas import wsdl_reply
from tuilerie.telemetry import get_logger

__all__ = [
    "answer_kvp",
    "answer_rest",
    "capabilities",
    "capabilities_reply",
    "error_headers",
    "every_fault",
    "fault_report",
    "report",
    "report_language",
    "tile",
]

_WSDL: Final = WSDL_QUERY.lower().encode("ascii")

_log = get_logger(__name__)


async def answer_kvp(request: Request, published: Published) -> Reply:
    """Answer a GET or HEAD with a query.

    Source: OGC 07-057r7, clause 8; F.2 for "?WSDL".
    """
    if request.query.lower().removesuffix(b"=") == _WSDL:
        return wsdl_reply(request)
    try:
        asked = kvp.parse(request.query, strict=published.catalogue.service.strict)
        if isinstance(asked, GetTile):
            return await _tile(asked.tile, request, published, Encoding.KVP)
        if isinstance(asked, GetFeatureInfo):
            return await _feature_info(asked, request, published, Encoding.KVP)
        return await _capabilities(asked, request, published)
    except RequestError as error:
        found = every_fault(error, published)
        return report(found, "wmts", Encoding.KVP, report_language(request))


async def answer_rest(request: Request, published: Published) -> Reply:
    """Answer a GET or HEAD of a resource.

    Source: OGC 07-057r7, clause 10; 10.1.1 wants 406 for a document that the client would not
    take as XML.
    """
    try:
        legend = find_legend(published.catalogue, request.raw_path)
        if legend is not None:
            return await _legend(legend, request, published)
        schema = info_schema_reply(request, published)
        if schema is not None:
            return schema
        asked = rest.parse(request.raw_path, published.catalogue.dimensions_of)
        if isinstance(asked, GetTile):
            return await _tile(asked.tile, request, published, Encoding.REST)
        if isinstance(asked, GetFeatureInfo):
            return await _feature_info(asked, request, published, Encoding.REST)
        taken = [kind for kind in MEDIA_TYPES if accepts(request.headers.get(b"accept"), kind)]
        if not taken:
            return _not_acceptable()
        return await _capabilities(replace(asked, accept_formats=(taken[0],)), request, published)
    except RequestError as error:
        return report(error, "wmts", Encoding.REST, report_language(request))


def fault_report() -> Reply:
    """Answer for a request that met a fault of our own; nothing of it gets out."""
    return report(Exception(), "other", Encoding.KVP)


async def tile(
    query: TileQuery,
    published: Published,
    deliver: Callable[[TileAddress, StoredTile, str], Reply],
    tell: Callable[[Exception, str], Reply],
) -> Reply:
    """Answer with a tile that may have to be waited for, or with what is wrong.

    Args:
        query: what was asked, nothing of it checked.
        published: the state that answers.
        deliver: makes the answer of a tile; its last argument is "hit" or "miss".
        tell: makes the answer of an error; its last argument is the route, for the metrics.
    """
    address: TileAddress | None = None
    published.users += 1
    try:
        address = published.lookup.resolve(query)
        outcome, found = "hit", published.service.cached(address)
        if found is None:
            outcome, found = "miss", await published.service.get_tile(address)
        if found is None:
            raise NotFound("The layer has no tile there.")
        return deliver(address, found, outcome)
    except TuilerieError as error:
        if not isinstance(error, RequestError):
            _log.warning("tile not served", error=str(error), **_place(address))
        return tell(error, "tile")._replace(outcome="error", address=address)
    finally:
        published.users -= 1


def every_fault(error: RequestError, published: Published) -> RequestError:
    """Return an error with what else is wrong with the same request.

    A parameter that is missing hides no other that is invalid: the client mends both at once.
    """
    if not isinstance(error, FaultyTile):
        return error
    try:
        published.lookup.resolve(error.tile)
    except RequestError as more:
        told = {fault.locator for fault in error.errors}
        others = more.errors if isinstance(more, Rejection) else (more,)
        return rejected([*error.errors, *(each for each in others if each.locator not in told)])
    return error


async def capabilities(
    asked: GetCapabilities, request: Request, published: Published
) -> tuple[Document, str]:
    """Return the ServiceMetadata document, or the part that was asked for, and its media type.

    Raises: RequestError: there is none that the client would take.
    """
    wanted = negotiate(asked, published.revision)
    languages = languages_of(request.headers.get(b"accept-language"))
    inspire = published.catalogue.service.inspire
    if asked.language and inspire is not None:
        languages = (requested_language(inspire, asked.language), *languages)
    document = await published.documents.capabilities(
        request.origin.base_url, wanted.sections, languages
    )
    return document, wanted.media_type


def capabilities_reply(request: Request, document: Document, media_type: str) -> Reply:
    """Answer with a ServiceMetadata document as it is."""
    return document_reply(
        request,
        document.data,
        document.gzip,
        document.etag,
        (
            (b"content-type", media_type.encode("ascii")),
            # Asked again each time, for the price of a 304: a new layer is seen at once.
            (b"cache-control", b"no-cache"),
            (b"vary", b"accept-encoding, accept-language"),
        ),
        route="capabilities",
    )


def report(error: Exception, route: str, encoding: Encoding, language: str = "en") -> Reply:
    """Answer with an exception report; only its sentences are in the language."""
    return Reply(
        exceptions.status(error, encoding),
        [*error_headers(error, b"application/xml"), (b"vary", b"accept-language")],
        exceptions.write_report(error, language),
        route,
    )


def report_language(request: Request) -> str:
    """The language of exception texts: the best that both sides know."""
    return exceptions.report_language(languages_of(request.headers.get(b"accept-language")))


def error_headers(error: Exception, media_type: bytes) -> list[Header]:
    """Return the headers of an answer that tells an error."""
    headers: list[Header] = [(b"content-type", media_type), NO_STORE]
    retry_after_s = exceptions.reporting(error).retry_after_s
    if retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    return headers


async def _tile(
    query: TileQuery, request: Request, published: Published, encoding: Encoding
) -> Reply:
    def deliver(address: TileAddress, found: StoredTile, outcome: str) -> Reply:
        answer = published.lookup.made(request.line, query, address, found, time.time())
        return tile_reply(answer, request.method, request.headers, outcome)

    return await tile(
        query,
        published,
        deliver,
        partial(report, encoding=encoding, language=report_language(request)),
    )


async def _feature_info(
    asked: GetFeatureInfo, request: Request, published: Published, encoding: Encoding
) -> Reply:
    return await feature_info(
        asked.info,
        request,
        published,
        partial(info_reply, request, published),
        partial(report, encoding=encoding, language=report_language(request)),
    )


async def _capabilities(asked: GetCapabilities, request: Request, published: Published) -> Reply:
    if not request.origin.valid:
        return text_reply(400, "The Host header is not a host.", route="wmts")
    document, media_type = await capabilities(asked, request, published)
    return capabilities_reply(request, document, media_type)


async def _legend(found: FoundLegend, request: Request, published: Published) -> Reply:
    """Answer with a legend: drawn, of the layer's source, or on the operator's disk now."""
    layer, style, number, legend = found
    published.users += 1
    try:
        if legend.drawn:
            language, kind = legend.language, legend.format
            data = await published.service.get_legend(layer, style, language, kind)
        elif legend.of_source:
            data = await published.service.fetch_legend(layer, style, number)
        else:
            data = await asyncio.to_thread(Path(legend.file).read_bytes)
    except OSError as error:
        raise NotFound("The legend cannot be read.") from error
    except UpstreamError as error:
        _log.warning("legend not served", error=str(error), layer=layer)
        return report(error, "legend", Encoding.REST, report_language(request))
    finally:
        published.users -= 1
    return document_reply(
        request,
        data,
        b"",
        content_hash(data).hex(),
        ((b"content-type", legend.format.encode("ascii")), (b"cache-control", b"max-age=3600")),
        route="legend",
    )


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


def _not_acceptable() -> Reply:
    error = NotFound("The document is only to be had as application/xml.")
    return report(error, "wmts", Encoding.REST)._replace(status=406)
