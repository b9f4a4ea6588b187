"""Feature info over HTTP: the answer to "what is there?", however it was asked."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from tuilerie.catalogue.info import HTML, PLAIN
from tuilerie.catalogue.resolve_info import InfoAddress, InfoQuery, resolve_info
from tuilerie.errors import NotFound, RequestError, TuilerieError
from tuilerie.protocols import percent
from tuilerie.protocols.feature_info.gml import write_schema
from tuilerie.protocols.wmts.requests import VERSION
from tuilerie.protocols.wmts.rest import KVP_PATH, MAX_PATH
from tuilerie.server.documents import Document
from tuilerie.server.live import Published
from tuilerie.server.message import Header, Reply, Request, document_reply, languages_of
from tuilerie.server.respond import cache_control
from tuilerie.server.served import served_values
from tuilerie.telemetry import get_logger

__all__ = ["feature_info", "info_reply", "info_schema_reply"]

_GZIP_LEVEL: Final = 6
_GZIP_MIN: Final = 1024
_SCHEMA_NAME: Final = "featureinfo.xsd"
_GML_SCHEMA: Final = "../../../schemas/gml/3.1.1/base/gml.xsd"
"""From the place of a layer's schema; relative, so that it holds under every host and prefix."""
_HTML_POLICY: Final[Header] = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; "
    b"base-uri 'none'; form-action 'none'",
)
"""An operator's template may have styles, pictures and links; no script runs on our origin."""
_TRANSLATED: Final = (HTML, PLAIN)

_log = get_logger(__name__)


async def feature_info(
    query: InfoQuery,
    request: Request,
    published: Published,
    deliver: Callable[[InfoAddress, bytes], Reply],
    tell: Callable[[Exception, str], Reply],
) -> Reply:
    """Answer with what is at a pixel of a tile, or with what is wrong.

    Args:
        query: what was asked, nothing of it checked.
        request: by which the client's language and our address are known.
        published: the state that answers.
        deliver: makes the answer of a document.
        tell: makes the answer of an error; its last argument is the route, for the metrics.
    """
    address: InfoAddress | None = None
    published.users += 1
    try:
        if not request.origin.valid:
            raise RequestError("The Host header is not a host.")
        catalogue = published.catalogue
        strict = catalogue.service.strict
        address = resolve_info(catalogue, query, published.lookup.resolve, strict=strict)
        data = await published.service.get_feature_info(
            address,
            base_url=request.origin.base_url,
            languages=languages_of(request.headers.get(b"accept-language")),
        )
        return deliver(address, data)
    except TuilerieError as error:
        if not isinstance(error, RequestError):
            layer = address.tile.layer if address is not None else ""
            _log.warning("feature info not served", error=str(error), layer=layer)
        return tell(error, "feature_info")
    finally:
        published.users -= 1


def info_reply(request: Request, published: Published, address: InfoAddress, data: bytes) -> Reply:
    """Answer a GET or HEAD with a document about a place.

    It may be kept for as long as the tile on which the client pointed (11.5).
    """
    tile, info_format = address.tile, address.info_format
    layer = published.catalogue.layers[tile.layer]
    control = cache_control(layer.client_max_age(tile.matrix_set, tile.index.matrix))
    vary = b"accept-encoding"
    if info_format in _TRANSLATED:
        vary += b", accept-language"
    headers: list[Header] = [
        (b"content-type", info_format.media_type.encode("ascii")),
        (b"vary", vary),
    ]
    if tile.dimensions:
        # "current" may mean another value soon, and which one was meant is no longer known here.
        headers += [(b"cache-control", b"no-cache"), served_values(tile.dimensions)]
    elif control:
        headers.append((b"cache-control", control))
    if info_format == HTML:
        headers.append(_HTML_POLICY)
    document = _document(data)
    return document_reply(
        request,
        document.data,
        document.gzip,
        document.etag,
        tuple(headers),
        route="feature_info",
    )


def info_schema_reply(request: Request, published: Published) -> Reply | None:
    """Answer a GET or HEAD of the schema of a layer's GML; None if the path is none of one.

    Raises: NotFound: there is no such layer, or nothing is told of its places in GML.
    """
    parts = request.raw_path.split(b"/")
    start = f"{KVP_PATH}/{VERSION}".encode("ascii")
    if len(parts) != 5 or parts[4] != _SCHEMA_NAME.encode("ascii"):
        return None
    if b"/".join(parts[:3]) != start or len(request.raw_path) > MAX_PATH:
        return None
    try:
        identifier = percent.decode(parts[3].decode("utf-8"))
    except ValueError:
        identifier = ""
    layer = published.catalogue.layers.get(identifier)
    if layer is None or not layer.info.formats:
        raise NotFound("The layer has no feature info.")
    document = _document(write_schema(layer, _GML_SCHEMA))
    headers = (
        (b"content-type", b"application/xml"),
        (b"cache-control", b"no-cache"),
        (b"vary", b"accept-encoding"),
    )
    return document_reply(
        request, document.data, document.gzip, document.etag, headers, route="feature_info"
    )


def _document(data: bytes) -> Document:
    packed = gzip.compress(data, _GZIP_LEVEL, mtime=0) if len(data) >= _GZIP_MIN else b""
    return Document(data, packed, blake2b(data, digest_size=16).hexdigest())
