"""WMTS by POST: pairs, XML and SOAP in a request's body (OGC 07-057r7, clauses 8 and 9; 7.1.1.1.1).

The media type says what the body may be, its root element what it is: clients label envelopes
`text/xml` and, where they think nothing of it, `application/x-www-form-urlencoded`. A list of
pairs cannot begin with "<", so XML is told from pairs without doubt.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final, NamedTuple

from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.errors import RequestError
from tuilerie.formats import StoredTile
from tuilerie.protocols.wmts import exceptions, kvp, soap, xml_requests
from tuilerie.protocols.wmts.exceptions import Encoding
from tuilerie.protocols.wmts.requests import GetCapabilities, GetFeatureInfo, GetTile
from tuilerie.protocols.wmts.soap import EnvelopeFault, Version
from tuilerie.protocols.xml_reading import Element, read_xml
from tuilerie.server.feature_info import feature_info, info_reply
from tuilerie.server.live import Published
from tuilerie.server.message import NO_STORE, Reply, Request, text_reply
from tuilerie.server.posted_tiles import Asked, enveloped, line_of
from tuilerie.server.respond import tile_reply
from tuilerie.server.wmts import (
    capabilities,
    capabilities_reply,
    error_headers,
    every_fault,
    report,
    report_language,
    tile,
)

__all__ = ["answer_post", "fault_reply"]

_PAIRS: Final = frozenset({"application/x-www-form-urlencoded", "text/plain", ""})
_XML: Final = frozenset({"application/soap+xml", "text/xml", "application/xml"})
_BLANKS: Final = b" \t\r\n\xef\xbb\xbf"
"""What may stand before the first "<": white space, or the mark of UTF-8."""
_NO_CONDITIONS: Final[dict[bytes, bytes]] = {}
"""If-None-Match and its kin make a 304 of GET and HEAD alone (RFC 9110, 13.1)."""


class _Way(NamedTuple):
    """How a request came, and so how its answer goes.

    Attributes:
        envelope: the one that it was in; None = bare.
        language: of the texts of errors.
    """

    envelope: Version | None
    language: str

    def tell(self, error: Exception, route: str) -> Reply:
        """Answer with what is wrong."""
        version = self.envelope
        if version is None:
            return report(error, route, Encoding.KVP, self.language)
        if isinstance(error, EnvelopeFault):
            body = soap.envelope_fault(error, self.language)
        else:
            text = exceptions.write_report(error, self.language)
            body = soap.fault(text, version, self.language)
        headers = [
            *error_headers(error, version.media_type.encode("ascii")),
            (b"vary", b"accept-language"),
        ]
        return Reply(exceptions.status(error, Encoding.SOAP), headers, body, route)


async def answer_post(request: Request, published: Published, body: bytes) -> Reply:
    """Answer a POST to the service itself."""
    said = request.headers.get(b"content-type", b"")
    media_type, charset = _media_type(said)
    if media_type not in _PAIRS and media_type not in _XML:
        return _unsupported(f"A body of type {media_type[:80]!r} is not read here.")
    if request.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return _unsupported("A compressed body is not read here.")
    # What the same bytes were answered once they are answered again, as by GET.
    line = line_of(said, body)
    ready = published.lookup.ready(line, time.time())
    if ready is not None:
        return tile_reply(ready, "POST", _NO_CONDITIONS, "ready")
    language = report_language(request)
    way = _Way(_expected(request, media_type), language)
    try:
        strict = published.catalogue.service.strict
        if media_type in _PAIRS and not body.lstrip(_BLANKS).startswith(b"<"):
            way = _Way(None, language)
            asked = kvp.parse_body(body, strict=strict)
        else:
            root = _read(body, charset if media_type in _XML else "")
            way = _Way(soap.envelope_version(root), language)
            asked = _understood(root, way.envelope, strict)
        if isinstance(asked, GetTile):
            reply = await _tile(asked, published, way, line)
            if reply.tile and media_type in _XML:
                read = partial(_asked, charset=charset, strict=strict)
                published.posted.learn(said, body, (asked.tile, way.envelope), read)
            return reply
        if isinstance(asked, GetFeatureInfo):
            return await _feature_info(asked, request, published, way)
        return await _capabilities(asked, request, published, way)
    except EnvelopeFault as error:
        return _Way(error.version, language).tell(error, "wmts")
    except RequestError as error:
        return way.tell(every_fault(error, published), "wmts")


def fault_reply(request: Request) -> Reply:
    """Answer a POST that met a fault of our own, as far as its headers tell in its own way."""
    media_type, _ = _media_type(request.headers.get(b"content-type", b""))
    way = _Way(_expected(request, media_type), report_language(request))
    return way.tell(Exception(), "other")


async def _tile(asked: GetTile, published: Published, way: _Way, line: bytes) -> Reply:
    """Answer with a tile; `line` stands for the request among the ready answers, b"" = not."""
    lookup = published.lookup

    def deliver(address: TileAddress, found: StoredTile, outcome: str) -> Reply:
        now = time.time()
        answer = lookup.answer(asked.tile, address, found, now)
        if way.envelope is not None:
            answer = enveloped(answer, found, way.envelope)
        if line:
            lookup.keep(line, answer, now)
        return tile_reply(answer, "POST", _NO_CONDITIONS, outcome)

    return await tile(asked.tile, published, deliver, way.tell)


async def _feature_info(
    asked: GetFeatureInfo, request: Request, published: Published, way: _Way
) -> Reply:
    request = _unconditional(request)

    def deliver(address: InfoAddress, data: bytes) -> Reply:
        version = way.envelope
        if version is None:
            return info_reply(request, published, address, data)
        body = soap.feature_info_response(data, address.info_format.media_type, version)
        headers = ((b"content-type", version.media_type.encode("ascii")),)
        return Reply(200, headers, body, "feature_info")

    return await feature_info(asked.info, request, published, deliver, way.tell)


async def _capabilities(
    asked: GetCapabilities, request: Request, published: Published, way: _Way
) -> Reply:
    if not request.origin.valid:
        raise RequestError("The Host header is not a host.")
    request = _unconditional(request)
    document, media_type = await capabilities(asked, request, published)
    if way.envelope is None:
        return capabilities_reply(request, document, media_type)
    body = soap.in_envelope(document.data, way.envelope)
    headers = ((b"content-type", way.envelope.media_type.encode("ascii")), NO_STORE)
    return Reply(200, headers, body, "capabilities")


def _unconditional(request: Request) -> Request:
    """Return a request without the conditions that are for GET and HEAD alone."""
    headers = {name: value for name, value in request.headers.items() if name != b"if-none-match"}
    return replace(request, headers=headers)


def _understood(
    root: Element, envelope: Version | None, strict: bool
) -> GetCapabilities | GetTile | GetFeatureInfo:
    if envelope is not None:
        root = soap.open_envelope(root, envelope)
    return xml_requests.read_request(root, strict=strict)


def _asked(body: bytes, charset: str, strict: bool) -> Asked:
    root = _read(body, charset)
    envelope = soap.envelope_version(root)
    asked = _understood(root, envelope, strict)
    return asked.tile if isinstance(asked, GetTile) else None, envelope


def _read(body: bytes, charset: str) -> Element:
    try:
        return read_xml(body, charset)
    except ValueError as error:
        raise RequestError(str(error)) from None


@lru_cache(maxsize=64)
def _media_type(said: bytes) -> tuple[str, str]:
    """Return the media type of a body and its charset, lower case, "" = not said."""
    media_type, _, parameters = said.decode("latin-1").partition(";")
    charset = ""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return media_type.strip().lower(), charset


def _expected(request: Request, media_type: str) -> Version | None:
    """Return the envelope in which to answer a body that cannot be read."""
    if media_type == "application/soap+xml":
        return soap.SOAP_12
    return soap.SOAP_11 if b"soapaction" in request.headers else None


def _unsupported(text: str) -> Reply:
    accepted = ", ".join(sorted((_PAIRS | _XML) - {""}))
    return text_reply(415, text, (b"accept", accepted.encode("ascii")), route="wmts")
