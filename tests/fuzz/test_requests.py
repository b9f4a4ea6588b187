"""All parameters of all encodings in any mixture: never a 500, never an answer of a wrong form.

A parameter more is a line more in `PARAMETERS`; every encoding then uses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.protocols.envelopes import OWS, SOAP_11, SOAP_12, TYPES, WMTS, envelope
from tests.protocols.schemas import assert_valid
from tests.server.served import catalogue, layer, live_of
from tuilerie.catalogue.dimensions import Dimension
from tuilerie.catalogue.info import INFO_FORMATS, Attribute, LayerInfo
from tuilerie.catalogue.model import Text
from tuilerie.server.app import App
from tuilerie.server.operations import Operations

Answer = tuple[int, dict[str, str], bytes]
Pairs = list[tuple[str, str]]

# The first value of each is good.
PARAMETERS = {
    "Service": ("WMTS", "wmts", "WMS"),
    "Request": ("GetTile", "GetCapabilities", "GetFeatureInfo", "gettile", "DescribeTile"),
    "Version": ("1.0.0", "1.0", "2.0.0", "1.0.0.0"),
    "Layer": ("world", "varied", "strict", "World", "other", "wörld", "../world"),
    "Style": ("default", "Default", "other"),
    "Format": ("image/png", "image/jpeg", "image/gif", "image/png; mode=8bit", "text/xml"),
    "TileMatrixSet": ("WebMercatorQuad", "webmercatorquad", "WorldCRS84Quad"),
    "TileMatrix": ("8", "0", "23", "30", "08", "eight"),
    "TileRow": ("2", "0", "255", "256", "-1", "1e3", "٣", "9" * 60),
    "TileCol": ("3", "0", "255", "256", "+3", "3.0", "0x3"),
    "I": ("0", "255", "256", "-1", "i"),
    "J": ("0", "255", "256", "-1", "j"),
    "InfoFormat": ("text/html", "application/gml+xml; version=3.1", "text/plain", "image/png"),
    "Time": ("2024-01-01", "current", "2024-01-01/2024-12-31/P1D", "default", "yesterday"),
    "Elevation": ("0", "-100.5", "default", "deep"),
    "AcceptVersions": ("1.0.0", "2.0.0,1.0.0", "3.0.0", ","),
    "Sections": ("All", "Contents,Themes", "ServiceIdentification", "Nothing", ","),
    "UpdateSequence": ("0", "20", "999999", "later"),
    "AcceptFormats": ("application/xml", "text/xml", "text/html", "a/b;q=1"),
    "AcceptLanguages": ("en", "fr,en", "*", "xx-yy-zz"),
}  # fmt: skip
ODD = st.one_of(
    st.sampled_from(["", " ", "\0", "<&>\"'", "%", "%zz", "a" * 300, "*", "\u202e", "]]>"]),
    st.text(max_size=8),
)
TILE = ("Layer", "Style", "Format", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol")
GOOD = ("Service", "Request", "Version", *TILE)

# Code of an exception -> statuses by KVP (and SOAP), by REST; whether it has a locator.
CODES = {
    "MissingParameterValue": (400, 404, True),
    "InvalidParameterValue": (400, 404, True),
    "TileOutOfRange": (400, 404, True),
    "PointIJOutOfRange": (400, 404, True),
    "OperationNotSupported": (501, 404, True),
    "VersionNegotiationFailed": (400, 404, False),
    "InvalidUpdateSequence": (400, 404, False),
}
ANY = frozenset({400, 403, 404, 406})
"""Statuses that go with NoApplicableCode where the client is at fault."""


@st.composite
def parameters(draw: st.DrawFn) -> Pairs:
    """A good request with some parameters left out, added, changed, doubled or in disorder."""
    pairs = [(name, PARAMETERS[name][0]) for name in GOOD]
    if draw(st.booleans()):
        pairs[1] = ("Request", "GetFeatureInfo")
        pairs += [(name, PARAMETERS[name][0]) for name in ("J", "I")]
        pairs.append(("InfoFormat", draw(st.sampled_from(PARAMETERS["InfoFormat"]))))
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(sorted(PARAMETERS)))
        value = draw(st.one_of(st.sampled_from(PARAMETERS[name]), ODD))
        how = draw(st.sampled_from(["change", "change", "add", "leave out", "in front"]))
        if how in ("change", "leave out"):
            pairs = [pair for pair in pairs if pair[0] != name]
        if how == "in front":
            pairs.insert(0, (name, value))
        elif how != "leave out":
            pairs.append((name, value))
    return pairs


Asked = tuple[str, str, bytes, str]
"""Method, target, body, type of the body."""


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def by_get(pairs: Pairs) -> Asked:
    return "GET", "/wmts?" + _form(pairs), b"", ""


def by_form(pairs: Pairs) -> Asked:
    return "POST", "/wmts", _form(pairs).encode(), "application/x-www-form-urlencoded"


def by_lines(pairs: Pairs) -> Asked:
    body = "\n".join(f"{name}={_quoted(value)}" for name, value in pairs)
    return "POST", "/wmts", body.encode(), "text/plain"


def _form(pairs: Pairs) -> str:
    return "&".join(f"{name}={_quoted(value)}" for name, value in pairs)


def by_rest(pairs: Pairs) -> Asked:
    """A tile, with I and J a feature info; dimensions stand between style and matrix set."""
    values = dict(pairs)
    parts = [values.get(name, "") for name in ("Layer", "Style")]
    parts += [values[name] for name in ("Time", "Elevation") if name in values]
    parts += [values.get(name, "") for name in TILE[3:]]
    parts += [values[name] for name in ("J", "I") if name in values]
    pixel = "I" in values and "J" in values
    extension = {
        "image/png": ".png", "image/jpeg": ".jpg", "text/html": ".html", "text/plain": ".txt",
        "application/gml+xml; version=3.1": ".xml",
    }.get(values.get("InfoFormat" if pixel else "Format", ""), ".xyz")  # fmt: skip
    return "GET", "/wmts/1.0.0/" + "/".join(map(_quoted, parts)) + extension, b"", ""


def by_xml(pairs: Pairs) -> Asked:
    return "POST", "/wmts", _element(pairs).encode("utf-8", "replace"), "application/xml"


def by_soap_12(pairs: Pairs) -> Asked:
    return "POST", "/wmts", _enveloped(pairs, SOAP_12), TYPES[SOAP_12]


def by_soap_11(pairs: Pairs) -> Asked:
    return "POST", "/wmts", _enveloped(pairs, SOAP_11), TYPES[SOAP_11]


def _enveloped(pairs: Pairs, version: str) -> bytes:
    return envelope(_element(pairs).encode("utf-8", "replace").decode(), version)


def _element(pairs: Pairs) -> str:
    """The pairs as a request in XML, well-formed or not quite."""
    values = dict(pairs)
    said = {name.lower(): values[name] for name in ("Service", "Version") if name in values}
    attributes = "".join(f' {name}="{escape(text, _QUOTE)}"' for name, text in said.items())
    name = values.get("Request", "GetTile")
    name = name if name.isascii() and name.isalpha() else "GetTile"
    rest = [pair for pair in pairs if pair[0] not in ("Service", "Version", "Request")]
    if name == "GetFeatureInfo":  # the tile stands in an element of its own
        tile = [pair for pair in rest if pair[0] not in ("J", "I", "InfoFormat")]
        rest = [pair for pair in rest if pair not in tile]
        inside = f"<GetTile{attributes}>{_children(tile)}</GetTile>{_children(rest)}"
    else:
        inside = _children(rest)
    return f'<{name} xmlns="{WMTS}"{attributes}>{inside}</{name}>'


def _children(pairs: Pairs) -> str:
    """Elements; those of dimensions have their names in an attribute."""
    return "".join(
        f'<DimensionNameValue name="{name.lower()}">{escape(value)}</DimensionNameValue>'
        if name in ("Time", "Elevation")
        else f"<{name}>{escape(value)}</{name}>"
        for name, value in pairs
    )


_QUOTE = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
ENCODINGS = (by_get, by_form, by_lines, by_rest, by_xml, by_soap_12, by_soap_11)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Asked], Answer]]:
    """The application in this process."""
    height = Attribute("height", Text((("en", "Height"),)), "integer", "m", ("1",))
    info = LayerInfo(INFO_FORMATS, (height,), (1,))
    free, bound = (
        (
            Dimension("time", "time", ("2024-01-01", "2024-01-02"), default=time, current=True),
            Dimension("elevation", "elevation", ("0", "100"), default="0", unit_symbol="m"),
        )
        for time in ("2024-01-02", None)
    )
    published = catalogue(
        layer(info=info),
        layer("varied", dimensions=free, info=info),
        layer("strict", dimensions=bound),
    )
    live = live_of(tmp_path_factory.mktemp("cache"), published)
    app = App(live, Operations(live))
    with asyncio.Runner() as runner:
        yield lambda asked: runner.run(_call(app, asked))
        runner.run(live.close())


async def _call(app: App, asked: Asked) -> Answer:
    method, target, body, media_type = asked
    path, _, query = target.partition("?")
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [(b"host", b"maps.example.org"), (b"content-length", b"%d" % len(body))]
    if media_type:
        headers.append((b"content-type", media_type.encode()))
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "headers": headers, "scheme": "http",
        "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    start, *rest = sent
    fields = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], fields, b"".join(message["body"] for message in rest)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.__name__)
def test_every_answer_has_a_form_and_a_reason(
    ask: Callable[[Asked], Answer], encoding: Callable[[Pairs], Asked]
) -> None:
    """A client would be told of a fault of ours, in no XML, or by a code without sense."""

    @settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
    @given(parameters())
    def is_sound(pairs: Pairs) -> None:
        examine(*ask(encoding(pairs)), rest=encoding is by_rest)

    is_sound()


def examine(status: int, fields: dict[str, str], body: bytes, *, rest: bool) -> None:
    """Fail unless an answer is of its type, valid, and its status that of its first exception."""
    kind = fields["content-type"].partition(";")[0]
    assert int(fields["content-length"]) == len(body)
    if kind.startswith("image/"):
        assert status == 200
        assert body.startswith({"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}[kind])
        return
    if kind == "text/plain":  # feature info, or not a request of WMTS at all
        assert status in (200, 400, 404, 413, 414, 415)
        return
    if status == 200 and not kind.endswith("xml"):
        return  # feature info in another form
    root = etree.fromstring(body)
    if kind == "application/gml+xml":  # its schema is the layer's own: see the tests of A.3.6
        assert status == 200
        assert _is_told(root)
        return
    reports = list(root.iter(f"{{{OWS}}}ExceptionReport"))
    if etree.QName(root).localname == "Envelope":
        soaped = [found for found in root.iter() if etree.QName(found).namespace == WMTS]
        for part in reports or soaped[:1]:
            told = [child for child in part if _is_told(child)]
            if not told:  # else its schema is the layer's own, as below
                assert_valid(etree.tostring(part))
        if not reports:
            # A fault of the envelope itself has no report.
            assert status == 200 if soaped else status in (400, 500)
            return
    else:
        assert_valid(body)
    if not reports:
        assert status == 200
        return
    (report,) = reports
    exceptions = list(report)
    assert exceptions
    for exception in exceptions:
        code, locator = exception.get("exceptionCode"), exception.get("locator")
        if code == "NoApplicableCode":
            assert status in ANY
            continue
        assert (locator is not None) == CODES[code][2], (code, locator)
    first = exceptions[0].get("exceptionCode")
    if first in CODES:
        assert status == CODES[first][1 if rest else 0]


def _is_told(element: etree._Element) -> bool:
    """Whether an element is a collection of features about a place."""
    return etree.QName(element).namespace.startswith("urn:x-tuilerie:featureinfo:")
