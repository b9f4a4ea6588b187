"""The OGC's schemas and the service's description over HTTP, for clients made out of a WSDL."""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from hashlib import blake2b
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from tuilerie.protocols.wmts.wsdl import SCHEMAS_PATH, served_schema, write_wsdl
from tuilerie.server.documents import Document
from tuilerie.server.message import Reply, Request, document_reply, text_reply

__all__ = ["schema_reply", "wsdl_reply"]

_SCHEMAS_PATH: Final = SCHEMAS_PATH.encode("ascii")
_GZIP_LEVEL: Final = 6
_XML: Final = (b"content-type", b"application/xml")
_VARY: Final = (b"vary", b"accept-encoding")


def schema_reply(request: Request) -> Reply | None:
    """Answer a GET or HEAD of a schema; None if the path is not one."""
    if not request.raw_path.startswith(_SCHEMAS_PATH):
        return None
    path = request.raw_path.removeprefix(_SCHEMAS_PATH).decode("latin-1")
    if path not in _files():
        return None
    document = _schema(path)
    return _reply(request, document, b"public, max-age=86400")


def wsdl_reply(request: Request) -> Reply:
    """Answer with the service's description, in which the address that the client used stands."""
    if not request.origin.valid:
        return text_reply(400, "The Host header is not a host.", route="wmts")
    return _reply(request, _wsdl(request.origin.base_url), b"no-cache")


def _reply(request: Request, document: Document, cache_control: bytes) -> Reply:
    headers = (_XML, (b"cache-control", cache_control), _VARY)
    return document_reply(
        request, document.data, document.gzip, document.etag, headers, route="wmts"
    )


@lru_cache(maxsize=64)
def _wsdl(base_url: str) -> Document:
    """Kept for a few addresses: without a configured one they are the client's word."""
    return _document(write_wsdl(base_url))


@cache
def _schema(path: str) -> Document:
    return _document(served_schema(path, _files()[path].read_bytes()))


def _document(data: bytes) -> Document:
    packed = gzip.compress(data, _GZIP_LEVEL, mtime=0)
    return Document(data, packed, blake2b(data, digest_size=16).hexdigest())


@cache
def _files() -> dict[str, Traversable]:
    """Return all that is served, by path: no other path leads anywhere."""
    found: dict[str, Traversable] = {}
    folders = [("", resources.files("tuilerie.protocols") / "schemas")]
    while folders:
        above, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{above}{entry.name}/", entry))
            elif above:  # beside the folders lies only the notice
                found[above + entry.name] = entry
    return found
