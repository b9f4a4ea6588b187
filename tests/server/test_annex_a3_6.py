"""The abstract tests of OGC 07-057r7, A.3.6, by their names, in every encoding, over HTTP."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.protocols.envelopes import (
    SOAP_11,
    SOAP_12,
    TILE,
    TYPES,
    WMTS,
    content_of,
    envelope,
    get_feature_info,
    get_tile,
    report_of,
    told,
)
from tests.protocols.schemas import (
    application_schema,
    assert_valid,
    schema_with_application,
)
from tests.server.served import REST, ask, catalogue, layer, live_of, serving
from tests.server.test_post import FORM, post
from tuilerie.catalogue.info import INFO_FORMATS, Attribute, LayerInfo
from tuilerie.catalogue.model import Text
from tuilerie.protocols.feature_info.template import MAX_HTML_BYTES

Port = int
INFO = LayerInfo(
    INFO_FORMATS, (Attribute("column", Text((("en", "Column"), ("fr", "Colonne"))), "integer",
                             "m", ("1",)),), (1,),
)  # fmt: skip
PIXEL = {"J": "86", "I": "132", "InfoFormat": "application/json"}
EXTENSIONS = {each.media_type: each.extension for each in INFO_FORMATS}
MISSING, INVALID = "MissingParameterValue", "InvalidParameterValue"


class Got(NamedTuple):
    """An answer: of a document its media type and bytes, of a report what it tells."""

    status: int
    media_type: str
    body: bytes
    codes: list[tuple[str, str | None]]


class Way(NamedTuple):
    """One way to ask."""

    name: str
    version: str = ""

    @property
    def is_rest(self) -> bool:
        return self.name == "rest"

    def ask(self, port: Port, *, without: str = "", **changes: str) -> Got:
        said = {**dict(TILE), **PIXEL, **changes}
        said.pop(without, None)
        if self.is_rest:
            steps = [said[name] for name, _ in TILE if name not in ("Format",)]
            kind = EXTENSIONS.get(said["InfoFormat"], said["InfoFormat"])
            steps += [said["J"], f"{said['I']}"]
            path = "/".join(quote(step, safe="") for step in steps)
            return self._plain(ask(port, f"/wmts/1.0.0/{path}.{kind}"))
        if self.name in ("xml", "soap"):
            return self._xml(port, said)
        pairs = {"service": "WMTS", "version": "1.0.0", "request": "GetFeatureInfo", **said}
        if self.name == "get":
            return self._plain(ask(port, f"/wmts?{urlencode(pairs)}"))
        if self.name == "form":
            return self._plain(post(port, urlencode(pairs), FORM))
        lines = "\r\n".join(f"{name}={quote(value)}" for name, value in pairs.items())
        return self._plain(post(port, lines, "text/plain"))

    def _xml(self, port: Port, said: Mapping[str, str]) -> Got:
        tile = get_tile([(name, said[name]) for name, _ in TILE if name in said])
        markup = get_feature_info([(n, said[n]) for n in PIXEL if n in said], tile)
        if not self.version:
            return self._plain(post(port, markup, "application/xml"))
        status, fields, body = post(port, envelope(markup, self.version), TYPES[self.version])
        assert fields["content-type"] == TYPES[self.version]
        if status != 200:
            return Got(status, "", body, told(assert_valid(
                etree.tostring(report_of(body, self.version)))))  # fmt: skip
        (inside,) = content_of(body, self.version)
        if inside.tag != f"{{{WMTS}}}TextPayload":
            return Got(status, "application/gml+xml; version=3.1", etree.tostring(inside), [])
        return Got(status, inside[0].text, inside[1].text.encode(), [])

    def _plain(self, answer: tuple[int, dict[str, str], bytes]) -> Got:
        status, fields, body = answer
        if status == 200:
            return Got(status, fields["content-type"], body, [])
        assert fields["content-type"] == "application/xml"
        assert fields["cache-control"] == "no-store"
        return Got(status, "", body, told(assert_valid(body)))


WAYS = [
    Way("get"), Way("form"), Way("lines"), Way("xml"), Way("soap", SOAP_12), Way("soap", SOAP_11),
    Way("rest"),
]  # fmt: skip
PROCEDURES = WAYS[:-1]
every = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name + way.version[-9:])
procedures = pytest.mark.parametrize("way", PROCEDURES, ids=lambda w: w.name + w.version[-9:])


@pytest.fixture(scope="module")
def port(filled: Path) -> Iterator[Port]:
    """A server of a layer that can be asked, and of one that cannot."""
    published = catalogue(layer(info=INFO), layer("mute"))
    with serving(live_of(filled, published)) as (_, found):
        yield found


@every
def test_a_3_6_1_getfeatureinfo_on_non_queryable_layer(port: Port, way: Way) -> None:
    got = way.ask(port, Layer="mute")
    assert (got.status, got.codes) == (
        404 if way.is_rest else 501,
        [("OperationNotSupported", "GetFeatureInfo")],
    )


def test_a_3_5_2_featureinfo_resourceurl_template(port: Port) -> None:
    """Every template of the document leads to a document of its format."""
    root = assert_valid(ask(port, "/wmts/1.0.0/WMTSCapabilities.xml")[2])
    found = [
        (each.get("format"), each.get("template"))
        for each in root.iter(f"{{{WMTS}}}ResourceURL")
        if each.get("resourceType") == "FeatureInfo"
    ]
    assert [media_type for media_type, _ in found] == list(EXTENSIONS)
    values = {**dict(TILE), **PIXEL}
    for media_type, template in found:
        address = template
        for name in ("Style", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol", "J", "I"):
            address = address.replace(f"{{{name}}}", values[name])
        assert "{" not in address
        status, fields, _ = ask(port, address.removeprefix("http://maps.example.org"))
        assert (status, fields["content-type"]) == (200, media_type)


@every
def test_a_3_6_2_getfeatureinfo_incorrect_infoformat(port: Port, way: Way) -> None:
    wrong = "bogus" if way.is_rest else "text/bogus"
    got = way.ask(port, InfoFormat=wrong)
    assert got.status == (404 if way.is_rest else 400)
    if not way.is_rest:  # a path with another extension is no path of feature info
        assert got.codes == [(INVALID, "InfoFormat")]


@every
@pytest.mark.parametrize("media_type", EXTENSIONS)
def test_a_3_6_3_featureinfo_correct_infoformat(port: Port, way: Way, media_type: str) -> None:
    got = way.ask(port, InfoFormat=media_type)
    assert (got.status, got.media_type) == (200, media_type)
    assert len(got.body) > 1
    if "json" in media_type:
        assert json.loads(got.body)["features"][0]["properties"]["column"] == 2


@every
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (name, value, code)
        for name in ("I", "J")
        for value, code in (
            ("256", "PointIJOutOfRange"), ("-1", "PointIJOutOfRange"),
            ("9" * 400, "PointIJOutOfRange"), ("x", INVALID), ("1.0", INVALID), ("+1", INVALID),
            ("\u0661", INVALID), ("1_0", INVALID), ("0x1", INVALID),
        )
    ],
)  # fmt: skip
def test_a_3_6_4_featureinfo_j_and_i(
    port: Port, way: Way, name: str, value: str, code: str
) -> None:
    got = way.ask(port, **{name: value})
    assert (got.status, got.codes) == (404 if way.is_rest else 400, [(code, name)])


@every
def test_the_last_pixel_is_one(port: Port, way: Way) -> None:
    """Table 25: between 0 and TileHeight - 1."""
    for pixel in ({"I": "0", "J": "0"}, {"I": "255", "J": "255"}):
        assert way.ask(port, **pixel).status == 200


@procedures
@pytest.mark.parametrize("name", [name for name, _ in TILE] + list(PIXEL))
def test_what_is_missing_is_named(port: Port, way: Way, name: str) -> None:
    """Table 26: MissingParameterValue."""
    got = way.ask(port, without=name)
    assert (got.status, got.codes) == (400, [(MISSING, name)])


@every
def test_everything_wrong_is_told_at_once(port: Port, way: Way) -> None:
    """A developer would need five tries."""
    wrong = {"TileMatrixSet": "other", "TileRow": "x", "J": "256", "I": "y"}
    got = way.ask(port, **wrong)
    expected = [("TileMatrixSet", INVALID), ("TileRow", INVALID), ("I", INVALID)]
    assert got.codes == [(code, name) for name, code in expected]
    got = way.ask(port, TileRow="256", J="256", I="-3")
    assert got.codes == [
        ("TileOutOfRange", "TileRow"), ("PointIJOutOfRange", "J"), ("PointIJOutOfRange", "I"),
    ]  # fmt: skip


@every
def test_tile_out_of_range(port: Port, way: Way) -> None:
    """Table 27."""
    for name in ("TileRow", "TileCol"):
        got = way.ask(port, **{name: "256"})
        assert (got.status, got.codes) == (
            404 if way.is_rest else 400,
            [("TileOutOfRange", name)],
        )


@every
def test_a_fault_of_ours_is_500_and_tells_nothing(port: Port, way: Way) -> None:
    """MapProxy answers in plain text (study 2.4)."""
    got = way.ask(port, TileCol="6")
    assert (got.status, got.codes) == (500, [("NoApplicableCode", None)])
    assert b"secret" not in got.body


def test_spellings_of_info_formats(port: Port) -> None:
    """The standard's own example (8.3.2) has a bare "+" and a blank."""
    query = "/wmts?" + urlencode(
        {"service": "WMTS", "request": "GetFeatureInfo", **dict(TILE), **PIXEL}
    )
    query = query.replace("application%2Fjson", "{}")
    for text in (
        "application/gml+xml;%20version=3.1", "application/gml%2Bxml;version=3.1",
        "application/gml%20xml;%20version=3.1", "Application/GML+XML;%20VERSION=3.1",
    ):  # fmt: skip
        status, fields, _ = ask(port, query.format(text))
        assert (status, fields["content-type"]) == (200, "application/gml+xml; version=3.1")
    for text in ("application/gml+xml", "image/png", "*/*", "html", "text/html;x=1"):
        assert ask(port, query.format(quote(text)))[0] == 400
    assert told(assert_valid(ask(port, query.format("text/html") + "&i=7")[2])) == [(INVALID, "I")]
    assert ask(port, query.format("text/html") + "&i=132")[0] == 200


def test_resources_are_cached_like_the_tile(port: Port) -> None:
    """11.5; every click would be asked again."""
    place = f"{REST}/8/1/2/86/132"
    status, fields, body = ask(port, f"{place}.json")
    assert status == 200
    assert fields["cache-control"] == "public, max-age=3600"
    assert fields["access-control-allow-origin"] == "*"
    assert fields["vary"] == "accept-encoding"
    again = ask(port, f"{place}.json", f"If-None-Match: {fields['etag']}")
    assert (again[0], again[2]) == (304, b"")
    head = ask(port, f"{place}.json", method="HEAD")
    assert (head[0], head[1]["content-length"], head[2]) == (200, str(len(body)), b"")
    for method in ("PUT", "DELETE", "POST"):
        assert ask(port, f"{place}.json", method=method)[0] == 405
    preflight = ask(port, f"{place}.json", method="OPTIONS")
    assert preflight[1]["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


def test_texts_follow_the_clients_language(port: Port) -> None:
    """Two readers behind one proxy would get the same one's page."""
    for extension in ("html", "txt"):
        place = f"{REST}/8/1/2/86/132.{extension}"
        _, fields, body = ask(port, place, "Accept-Language: fr")
        assert "accept-language" in fields["vary"]
        assert b"Colonne" in body
        assert b"Colonne" not in ask(port, place)[2]


def test_html_runs_nothing_on_our_origin(port: Port) -> None:
    """A template, or a value in it, could act as the reader."""
    _, fields, body = ask(port, f"{REST}/8/1/2/86/132.html", "Accept-Encoding: gzip")
    policy = fields["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert fields["x-content-type-options"] == "nosniff"
    page = gzip.decompress(body) if fields.get("content-encoding") == "gzip" else body
    assert len(page) < MAX_HTML_BYTES


def test_gml_is_valid_by_the_schema_that_it_names(port: Port) -> None:
    """A client follows schemaLocation, and from there to our copy of GML's schemas."""
    for extension in ("xml", "gml"):
        document = etree.fromstring(ask(port, f"{REST}/8/1/2/86/132.{extension}")[2])
    name = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    _, address = document.get(name).split(" ")
    path = address.removeprefix("http://maps.example.org")
    status, fields, schema = ask(port, path)
    assert (status, fields["content-type"]) == (200, "application/xml")
    assert ask(port, path, f"If-None-Match: {fields['etag']}")[0] == 304
    imported = "../../../schemas/gml/3.1.1/base/gml.xsd"
    assert ask(port, "/schemas/gml/3.1.1/base/gml.xsd")[0] == 200
    assert path.count("/") == 4, "three steps up is the root"
    valid = application_schema(schema, imported)
    assert valid.validate(document), valid.error_log

    # In an envelope it stands where the schema of WMTS wants a collection of GML's.
    pixel = PIXEL | {"InfoFormat": "application/gml+xml; version=3.1"}
    asked = envelope(get_feature_info(pixel.items(), get_tile()))
    response = content_of(post(port, asked, TYPES[SOAP_12])[2])
    assert etree.QName(response).localname == "FeatureInfoResponse"
    assert etree.QName(response[0]).namespace == etree.QName(document).namespace
    both = schema_with_application(schema, imported)
    assert both.validate(etree.fromstring(etree.tostring(response))), both.error_log


@pytest.mark.parametrize(
    "path",
    [
        "/wmts/1.0.0/mute/featureinfo.xsd",
        "/wmts/1.0.0/other/featureinfo.xsd",
        "/wmts/1.0.0/%ff/featureinfo.xsd",
        "/wmts/1.0.0/world/default/featureinfo.xsd",
        "/wmts/1.0.1/world/featureinfo.xsd",
        f"{REST}/8/1/2/86.json",
        f"{REST}/8/1/2/86/132",
        f"{REST}/8/1/2/86/132.",
        f"{REST}/8/1/2/86/132.png",
        f"{REST}/8/1/2/86/132/1.json",
        f"{REST}/8/1/2.png/86/132.json",
        f"{REST}/8/1/2/8%ff/132.json",
        f"{REST}/8/1/2/%2e%2e/132.json",
        f"{REST}/8/1/2//132.json",
        "/wmts/1.0.0/a/b/c/d/e/f.json",
        "//////////.json",
    ],
)
def test_other_paths_are_404_with_a_report(port: Port, path: str) -> None:
    """10.3.5."""
    status, fields, body = ask(port, path)
    assert status == 404
    if path.startswith("/wmts"):
        assert fields["content-type"] == "application/xml"
        assert_valid(body)


def test_a_host_that_is_none_is_refused(port: Port) -> None:
    """It would stand in schemaLocation."""
    assert ask(port, f"{REST}/8/1/2/86/132.xml", "Host: other")[0] in (400, 404)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(
    st.sampled_from([name for name, _ in TILE] + list(PIXEL)),
    st.one_of(st.text(max_size=12), st.integers().map(str), st.sampled_from(list(EXTENSIONS))),
    max_size=4,
))  # fmt: skip
def test_whatever_is_asked_is_answered(port: Port, changes: dict[str, str]) -> None:
    """A 500, or a report that is not valid."""
    pairs = {"service": "WMTS", "request": "GetFeatureInfo", **dict(TILE), **PIXEL, **changes}
    query = urlencode(pairs, errors="replace")
    status, _, body = ask(port, f"/wmts?{query}")
    assert status in (200, 400, 501) or pairs["TileCol"].strip() in ("6", "06")
    if status != 200:
        assert_valid(body)
