"""The front page over HTTP: what `frontpage` made, with the headers that it asks for."""

from __future__ import annotations

from urllib.parse import unquote

from tuilerie.server.frontpage import PAGE_HEADERS, FrontPage
from tuilerie.server.live import Published
from tuilerie.server.message import Reply, Request, document_reply, languages_of, text_reply

__all__ = ["front_reply"]

_PAGE_HEADERS = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in PAGE_HEADERS)


def front_reply(front: FrontPage, request: Request, published: Published) -> Reply | None:
    """Answer a GET or HEAD of the front page or one of its files; None if it is none of them."""
    try:
        path = unquote(request.raw_path.decode("ascii"), errors="strict")
    except ValueError:
        return None
    if path == "/" and not request.origin.valid:
        return text_reply(400, "The Host header is not a host.", route="front")
    file = front.answer(
        path,
        request.query.decode("latin-1"),
        published.catalogue,
        base_url=request.origin.base_url,
        languages=languages_of(request.headers.get(b"accept-language")),
    )
    if file is None:
        return None
    headers = (
        (b"content-type", file.media_type.encode("ascii")),
        (b"cache-control", file.cache_control.encode("ascii")),
        *(_PAGE_HEADERS if path == "/" else ((b"vary", b"accept-encoding"),)),
    )
    return document_reply(request, file.data, file.gzip, file.etag, headers, route="front")
