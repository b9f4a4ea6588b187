"""What kind of document an address has answered with, and in words why it is of no use.

Codes of `UnreadableDocument`, each with a sentence of its own: "empty", "not-xml", "html-page",
"login-page", "service-exception", "not-capabilities", "wrong-service", "wrong-version",
"no-layers", "too-large", "entities".
"""

from __future__ import annotations

import json
import re
from typing import Final

from lxml import etree

from tuilerie.errors import UnreadableDocument
from tuilerie.formats import sniff
from tuilerie.protocols.reading.elements import attribute, descendant, local_name, text_of
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.reading.xml_document import (
    decode_text,
    open_document,
    without_comments,
)
from tuilerie.protocols.redaction import redact_text

__all__ = ["KINDS", "explain", "recognise", "require_kind"]

KINDS = (
    "wmts", "wms", "tms-service", "tms-map", "tilejson", "arcgis", "ogc-tiles", "image",
    "service-exception", "wfs", "wcs", "csw", "html-page", "login-page", "xml", "json", "empty",
    "other",
)  # fmt: skip
"""What a document can be; the first seven can be read."""

_QUOTED: Final = 300
_HEAD: Final = 65_536
_HTML = re.compile(r"(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.I)
_LOGIN = re.compile(
    r"type\s*=\s*[\"']?password|log\s?in|sign\s?in|anmeld|connexion|SAMLRequest", re.I
)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,300}?)</title", re.I | re.S)
_EXCEPTIONS = frozenset(
    {"ServiceExceptionReport", "ExceptionReport", "ServiceException", "WMTException", "Fault"}
)
_NAMES = {
    "WMS_Capabilities": "wms",
    "WMT_MS_Capabilities": "wms",
    "WMS_MS_Capabilities": "wms",
    "WFS_Capabilities": "wfs",
    "WCS_Capabilities": "wcs",
    "CSW_Capabilities": "csw",
    "TileMapService": "tms-service",
    "TileMap": "tms-map",
}
_SERVICES = {"wmts": "WMTS", "wms": "WMS", "wfs": "WFS", "wcs": "WCS", "csw": "CSW"}
_WORDS = {
    "tms-service": "a TMS",
    "tms-map": "a map of a TMS",
    "tilejson": "a TileJSON",
    "arcgis": "an ArcGIS map service",
    "ogc-tiles": "an OGC API tileset",
}


def recognise(data: bytes, content_type: str = "") -> str:
    """Return which of `KINDS` a document is; what it says of itself counts more than its type.

    `content_type` is the header that came with it, "" if none. Never fails.
    """
    if not data.strip():
        return "empty"
    if sniff(data) is not None or content_type.lower().startswith("image/"):
        return "image"
    head = decode_text(data[:_HEAD], "", Remarks())
    if head.lstrip()[:1] in {"{", "["}:
        return _kind_of_json(data)
    if _HTML.match(without_comments(head).lstrip()):
        return "login-page" if _LOGIN.search(head) else "html-page"
    try:
        return _kind_of_root(open_document(data, charset="", remarks=Remarks()))
    except UnreadableDocument:
        return "other"


def _kind_of_json(data: bytes) -> str:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return "other"
    if not isinstance(document, dict):
        return "json"
    if "tilejson" in document or isinstance(document.get("tiles"), list):
        return "tilejson"
    if "tileInfo" in document or "singleFusedMapCache" in document or "currentVersion" in document:
        return "service-exception" if "error" in document else "arcgis"
    if "tileMatrixSet" in document or "tileMatrixSetURI" in document or "tileMatrices" in document:
        return "ogc-tiles"
    return "service-exception" if "error" in document else "json"


def _kind_of_root(root: etree._Element) -> str:
    name = local_name(root)
    if name == "Envelope":
        inner = descendant(root, "Capabilities", *_EXCEPTIONS)
        if inner is None:
            return "xml"
        name = local_name(inner)
        root = inner
    if name in _EXCEPTIONS:
        return "service-exception"
    if name == "Capabilities":
        return _kind_of_capabilities(root)
    if name.lower() == "html":
        return "html-page"
    return _NAMES.get(name, "xml")


def _kind_of_capabilities(root: etree._Element) -> str:
    """Return which service "Capabilities" are of: CSW, WCS and WMTS call theirs so."""
    space = etree.QName(root).namespace or ""
    for word, kind in (("/wmts", "wmts"), ("/wcs", "wcs"), ("/csw", "csw"), ("/cat/", "csw")):
        if word in space:
            return kind
    said = text_of(descendant(root, "ServiceType")).upper()
    for kind, word in _SERVICES.items():
        if word in said:
            return kind
    tiles = descendant(root, "TileMatrixSet", "TileMatrixSetLink")
    return "wmts" if tiles is not None or not said else "xml"


def require_kind(root: etree._Element, kind: str) -> None:
    """Return if a document is of the kind that a reader reads.

    Raises: UnreadableDocument: with a code and a sentence for each other kind.
    """
    found = _kind_of_root(root)
    if found == kind:
        _require_version(root, kind)
        return
    if found == "service-exception":
        said = " ".join(" ".join(str(piece) for piece in root.itertext()).split())[:_QUOTED]
        raise UnreadableDocument(
            "service-exception", f"The server answers with an error: {redact_text(said)!r}."
        )
    if found in _SERVICES or found in _WORDS:
        wanted, other = _SERVICES.get(kind, kind), _WORDS.get(found, f"a {_SERVICES.get(found)}")
        raise UnreadableDocument(
            "wrong-service", f"This is the document of {other}, not of a {wanted}."
        )
    if found == "html-page":
        raise UnreadableDocument("html-page", "This is a web page, not a capabilities document.")
    raise UnreadableDocument(
        "not-capabilities",
        f"This is XML, but no capabilities document: its root is {local_name(root)[:80]!r}.",
    )


def _require_version(root: etree._Element, kind: str) -> None:
    element = descendant(root, "Capabilities") if kind == "wmts" else root
    version = "" if element is None else attribute(element, "version")
    major = version.partition(".")[0]
    if kind == "wmts" and major.isdigit() and major != "1":
        raise UnreadableDocument(
            "wrong-version", f"The service speaks WMTS {version[:20]}; 1.0.0 is what is read here."
        )
    if kind == "wms" and major.isdigit() and int(major) > 1:
        raise UnreadableDocument(
            "wrong-version", f"The service speaks WMS {version[:20]}; 1.0 to 1.3 are read here."
        )


def explain(data: bytes, content_type: str = "") -> UnreadableDocument | None:
    """Return why a document can be read by nobody, None if some reader reads its kind."""
    kind = recognise(data, content_type)
    if kind in KINDS[:7]:
        return None
    head = decode_text(data[:_HEAD], "", Remarks())
    title = _TITLE.search(head)
    quoted = redact_text(" ".join((title[1] if title else "").split()))[:_QUOTED]
    called = f" called {quoted!r}" if quoted else ""
    if kind == "empty":
        return UnreadableDocument("empty", "The answer is empty.")
    if kind == "login-page":
        return UnreadableDocument("login-page", f"The answer is a page to log in{called}.")
    if kind == "html-page":
        return UnreadableDocument("html-page", f"The answer is a web page{called}.")
    if kind in {"wfs", "wcs", "csw"}:
        words = f"This is the document of a {kind.upper()}, which has no tiles or maps."
        return UnreadableDocument("wrong-service", words)
    if kind == "image":
        return UnreadableDocument("not-capabilities", "The answer is a picture, not a document.")
    if kind == "service-exception":
        said = redact_text(" ".join(re.sub(r"<[^<>]*>", " ", head).split()))[:_QUOTED]
        return UnreadableDocument(
            "service-exception", f"The server answers with an error: {said!r}."
        )
    if kind == "json":
        return UnreadableDocument(
            "not-capabilities", "This is JSON, but neither TileJSON, ArcGIS nor OGC API Tiles."
        )
    try:
        root = open_document(data, charset="", remarks=Remarks())
    except UnreadableDocument as error:
        return error
    return UnreadableDocument(
        "not-capabilities",
        f"This is XML, but no capabilities document: its root is {local_name(root)[:80]!r}.",
    )
