"""What takes bytes from outside, each as a function that may raise nothing.

`python -m tests.fuzz` drives them by coverage for as long as it is told, `test_targets.py` by
chance for a moment. An error that the house foresees (by its type) is an answer; any other is a
finding.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tuilerie.catalogue.load import parse_document
from tuilerie.errors import CatalogueError, RenderError, RequestError
from tuilerie.grids import BoundingBox
from tuilerie.protocols.wmts import kvp, rest, soap, xml_requests
from tuilerie.protocols.xml_reading import read_xml
from tuilerie.raster.decode import decode
from tuilerie.server.conditional import not_modified
from tuilerie.server.fastlane import Heads
from tuilerie.server.forwarded import TrustedProxies
from tuilerie.server.message import accepts, best_encoding, languages_of
from tuilerie.sources.admission import admit

_SCRATCH = Path(tempfile.gettempdir()) / "tuilerie-fuzz"
_TRUSTED = TrustedProxies.parse(["10.0.0.0/8", "::1"])


class Target(NamedTuple):
    """A reader, and inputs from which to start."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _kvp(data: bytes) -> None:
    for strict in (False, True):
        for read in (kvp.parse, kvp.parse_body, kvp.parse_get_tile):
            try:
                read(data, strict=strict)
            except RequestError as error:
                str(error)


def _rest(data: bytes) -> None:
    try:
        rest.parse(b"/" + data)
    except RequestError as error:
        str(error)


def _xml(data: bytes) -> None:
    try:
        root = read_xml(data)
    except ValueError as error:  # with a sentence for the client
        str(error)
        return
    for strict in (False, True):
        try:
            version = soap.envelope_version(root)
            content = root if version is None else soap.open_envelope(root, version)
            xml_requests.read_request(content, strict=strict)
        except (RequestError, soap.EnvelopeFault) as error:
            str(error)


def _headers(data: bytes) -> None:
    """The first byte chooses the header."""
    names = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-prefix", b"host")
    value = data[1:]
    headers = {names[data[0] % len(names)] if data else b"host": value, b"x-forwarded-proto": value}
    origin = _TRUSTED.origin(
        headers, peer="10.0.0.1", scheme="http", server="h:1", prefix="/p", base_url=""
    )
    assert not set(origin.base_url) & set("<>\"' \r\n"), origin
    accepts(value, "image/png")
    best_encoding(value)
    languages_of(value)
    not_modified(value, None, etag=b'"a"', modified=1)
    not_modified(None, value, etag=b'"a"', modified=1)


def _head(data: bytes) -> None:
    Heads().judge(b" HTTP/1.1\r\n" + data + b"\r\n\r\n")


def _catalogue(data: bytes) -> None:
    try:
        parse_document(data.decode("utf-8", "replace"), base=Path("/nowhere"))
    except CatalogueError as error:
        str(error)


def _vrt(data: bytes) -> None:
    _SCRATCH.mkdir(exist_ok=True)
    path = _SCRATCH / "some.vrt"
    path.write_bytes(b"<VRTDataset" + data)
    try:
        admit(path)
    except CatalogueError as error:
        str(error)


def _image(data: bytes) -> None:
    try:
        decode(data, BoundingBox(0, 0, 1, 1), "EPSG:3857", max_pixels=1 << 16)
    except RenderError as error:
        str(error)


_WMTS = b'xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"'
_GET_TILE = (
    b"<GetTile service='WMTS' version='1.0.0' %b><Layer>a</Layer><Style>b</Style><Format>image/png"
    b"</Format><TileMatrixSet>c</TileMatrixSet><TileMatrix>1</TileMatrix><TileRow>2</TileRow>"
    b"<TileCol>3</TileCol></GetTile>" % _WMTS
)

TARGETS = {
    "kvp": Target(
        _kvp,
        (
            b"service=WMTS&request=GetTile&version=1.0.0&layer=a&style=b&format=image/png"
            b"&tilematrixset=c&tilematrix=1&tilerow=2&tilecol=3&time=%32",
            b"Service=WMTS\nRequest=GetCapabilities\nAcceptVersions=1.0.0,2.0.0\nSections=All",
        ),
    ),
    "rest": Target(_rest, (b"wmts/1.0.0/a/b/c/1/2/3.png", b"wmts/1.0.0/WMTSCapabilities.xml")),
    "xml": Target(
        _xml,
        (
            _GET_TILE,
            b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
            + _GET_TILE
            + b"</e:Body></e:Envelope>",
        ),
    ),
    "headers": Target(
        _headers,
        (
            b'\0for="[2001:db8::1]:80";proto=https;host=a.example, for=10.1.1.1',
            b"\1192.0.2.1, 10.0.0.2",
            b'\2W/"a", "b", *',
            b"\4image/png;q=0.5, */*",
            b"\4Sun, 06 Nov 1994 08:49:37 GMT",
        ),
    ),
    "head": Target(_head, (b"Host: a\r\nAccept: */*", b'Host: a\r\nIf-None-Match: W/"a"')),
    "catalogue": Target(
        _catalogue,
        (
            b"tuilerie: 1\nservice: {title: a}\nsources: {a: {kind: raster, path: a.tif}}\n"
            b"layers:\n  a: &x {source: a, title: {en: b}}\n  b: {<<: *x}\n",
        ),
    ),
    "vrt": Target(
        _vrt,
        (
            b'><VRTRasterBand band="1"><SimpleSource><SourceFilename relativeToVRT="1">a.tif'
            b"</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
        ),
    ),
    "image": Target(_image, (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8 ")),
}
