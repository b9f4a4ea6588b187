"""Tiles by the values of dimensions, in every encoding, as a client gets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from lxml import etree
from owslib.wmts import WebMapTileService

from tests.dimensions.publishing import KVP, TAIL, Client, asking, days, grey_of, published, put
from tests.protocols.envelopes import envelope, get_tile
from tests.protocols.schemas import assert_valid
from tuilerie.protocols.wmts.capabilities import write_capabilities

REST = "/wmts/1.0.0/rain/default/{}/WebMercatorQuad/6/22/32.png"
XML = (
    ("Layer", "rain"), ("Style", "default"), ("Format", "image/png"),
    ("TileMatrixSet", "WebMercatorQuad"), ("TileMatrix", "6"), ("TileRow", "22"),
    ("TileCol", "32"),
)  # fmt: skip
TEXT = """\
tuilerie: 1
sources:
  rain: {kind: series, path: rain, files: "rain_{time:%Y%m%d}.tif"}
  fields: {kind: series, path: fields, files: "{Height}m/{time:%Y%m%d}_{kind}.tif"}
layers:
  rain:
    source: rain
    formats: [image/png]
    client_max_age_s: 3600
    dimensions:
      time:
        kind: time
        title: {en: Day, fr: Jour}
        abstract: The day of the <rain> & snow.
        keywords: [weather]
        current: true
        nearest: {direction: before, within: P2D}
  required: {source: rain, formats: [image/png], dimensions: {time: {kind: time, default: null}}}
  exact:
    source: rain
    formats: [image/png]
    dimensions: {time: {kind: time, default: 2026-03-01}}
  fields:
    source: fields
    formats: [image/png]
    dimensions:
      Height: {kind: elevation, uom: EPSG:5030, unit_symbol: m}
      time: {kind: time, current: true}
      kind: {kind: list, ignore_case: true}
"""


def files(folder: Path) -> None:
    days(folder, {"20260301": 10, "20260302": 20, "20260305": 50})
    for grey, name in enumerate(
        ("0m/20260301_Gusts.tif", "0m/20260302_Gusts.tif", "010m/20260301_Gusts.tif",
         "10m/20260302_Gusts.tif", "0m/20260301_ü&n.tif"), 100
    ):  # fmt: skip
        put(folder / "fields" / name, grey)


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    files(tmp_path)
    async with asking(tmp_path, TEXT) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "grey", "said", "kept_s"),
    [
        ("", 50, "2026-03-05", 60),
        ("&time=default", 50, "2026-03-05", 60),
        ("&time=current", 50, "2026-03-05", 60),
        ("&time=", 50, "2026-03-05", 60),
        ("&time=2026-03-01", 10, "2026-03-01", 3600),
        ("&TiMe=2026-03-01T00:00:00.000Z", 10, "2026-03-01", 3600),
        ("&time=2026-03-01T02:00:00+02:00", 10, "2026-03-01", 3600),
        ("&time=2026-03-01T02%3A00%3A00%2B02%3A00", 10, "2026-03-01", 3600),
        ("&time=20260302&time=20260302&elevation=7", 20, "2026-03-02", 3600),
        ("&time=2026-03-04", 20, "2026-03-02", 60),
    ],
)
async def test_tile_by_kvp(client: Client, asked: str, grey: int, said: str, kept_s: int) -> None:
    """Before the tail, after it and in between; the second time the fast way, by memory."""
    for target in (f"{KVP}{asked}{TAIL}", f"{KVP}{TAIL}{asked}"):
        for _ in range(3):
            answer = await client.get(target)
            assert grey_of(answer) == grey
            assert answer.headers["tuilerie-dimensions"] == f"time={said}"
            assert answer.headers["cache-control"] == f"public, max-age={kept_s}"
            assert "tuilerie-dimensions" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("asked", "grey"),
    [
        ("2026-03-01", 10),
        ("default", 50),
        ("current", 50),
        ("2026-03-03", 20),
        ("%32026-03-02", 20),
        ("2026-04-01", 0),
    ],
)
async def test_tile_by_path(client: Client, asked: str, grey: int) -> None:
    for _ in range(3):
        answer = await client.get(REST.format(asked))
        assert answer.status_code == (200 if grey else 404)
        assert not grey or grey_of(answer) == grey


async def test_paths_have_as_many_segments_as_the_layer_has_dimensions(client: Client) -> None:
    """A path with one value too few would name a matrix set after a day."""
    for path in (
        "/wmts/1.0.0/rain/default/WebMercatorQuad/6/22/32.png",
        "/wmts/1.0.0/rain/default/2026-03-01/2026-03-01/WebMercatorQuad/6/22/32.png",
        "/wmts/1.0.0/rain/default//WebMercatorQuad/6/22/32.png",
        "/wmts/1.0.0/nothing/default/2026-03-01/WebMercatorQuad/6/22/32.png",
    ):
        assert (await client.get(path)).status_code == (200 if "//" in path else 404), path


async def test_tile_by_xml_and_soap(client: Client) -> None:
    for value, grey in (("2026-03-01T00:00Z", 10), ("current", 50), (None, 50)):
        said = (
            "" if value is None else f'<DimensionNameValue name="TIME">{value}</DimensionNameValue>'
        )
        request = get_tile(XML).replace("<TileMatrixSet>", f"{said}<TileMatrixSet>")
        for _ in range(2):
            plain = await client.post(
                "/wmts", content=request.encode(), headers={"content-type": "application/xml"}
            )
            assert grey_of(plain) == grey
            soap = await client.post(
                "/wmts", content=envelope(request), headers={"content-type": "application/soap+xml"}
            )
            assert soap.status_code == 200
            assert soap.headers["tuilerie-dimensions"] == plain.headers["tuilerie-dimensions"]
    wrong = get_tile(XML).replace(
        "<TileMatrixSet>",
        '<DimensionNameValue name="time">1999</DimensionNameValue><TileMatrixSet>',
    )
    fault = await client.post(
        "/wmts", content=envelope(wrong), headers={"content-type": "application/soap+xml"}
    )
    assert fault.status_code == 400
    assert b'locator="time"' in fault.content


async def test_two_spellings_are_one_tile(client: Client) -> None:
    """Each spelling would be rendered, stored and kept ready anew."""
    spelled = ["2026-03-01", "20260301", "2026-03-01T00:00Z", "2026-03-01T01:00:00%2B01:00"]
    answers = [await client.get(f"{KVP}&time={each}{TAIL}") for each in spelled]
    assert len({answer.headers["etag"] for answer in answers}) == 1
    address = {kept.address for kept in client.live.current.answers.by_line.values()}
    assert {each.dimensions for each in address} == {(("time", "2026-03-01"),)}


async def test_missing_and_unknown_values_are_told(client: Client) -> None:
    """Table 23: the locator is the dimension's own name, whatever the client's spelling."""

    async def told(target: str) -> list[tuple[str, str]]:
        answer = await client.get(target)
        assert answer.status_code == 400
        found = assert_valid(answer.content).iterfind("{*}Exception")
        return [(each.get("exceptionCode"), each.get("locator")) for each in found]

    required = KVP.replace("layer=rain", "layer=required")
    missing, invalid = "MissingParameterValue", "InvalidParameterValue"
    assert await told(required + TAIL) == [(missing, "time")]
    assert await told(f"{required}&time=default{TAIL}") == [(invalid, "time")]
    assert await told(f"{required}&time=2026-03-03{TAIL}") == [(invalid, "time")]
    assert await told(f"{required}&time=current{TAIL}") == [(invalid, "time")]
    assert await told(f"{KVP}&TIME=1999{TAIL}") == [(invalid, "time")]
    assert await told(f"{KVP}&time=2026-03-01&Time=2026-03-02{TAIL}") == [(invalid, "time")]
    fields = KVP.replace("layer=rain", "layer=fields").replace("image/png", "image/gif")
    assert await told(f"{fields}&height=5&KIND=x&time=1999&tilematrix=99&tilerow=a&tilecol=0") == [
        (invalid, locator)
        for locator in ("Format", "Height", "time", "kind", "TileMatrix", "TileRow")
    ]


async def test_several_dimensions_of_one_pattern(client: Client) -> None:
    fields = KVP.replace("layer=rain", "layer=fields")
    for asked, grey in (
        ("&height=10&time=2026-03-01&kind=gusts", 102),
        ("&height=1e1&time=20260302&KIND=GUSTS", 103),
        ("&height=0&time=2026-03-01&kind=%C3%BC%26n", 104),
    ):
        assert await client.grey(f"{fields}{asked}{TAIL}") == grey
        assert await client.grey(f"{fields}{TAIL}{asked}") == grey
        assert await client.grey(f"{fields}{TAIL}{asked}") == grey
    path = f"/wmts/1.0.0/fields/default/0/2026-03-01/{quote('ü&n')}/WebMercatorQuad/6/22/32.png"
    assert await client.grey(path) == 104
    said = (await client.get(path)).headers["tuilerie-dimensions"]
    assert said == "Height=0&time=2026-03-01&kind=%C3%BC%26n"


async def test_a_combination_without_a_map_is_empty_not_wrong(client: Client) -> None:
    """Each value is advertised by itself; 7.2.1 wants a full tile all the same."""
    fields = KVP.replace("layer=rain", "layer=fields")
    answer = await client.get(f"{fields}&height=10&time=2026-03-01&kind=%C3%BC%26n{TAIL}")
    assert grey_of(answer) == 0


@pytest.mark.parametrize(
    "hostile",
    ["../../../../etc/passwd", "%2e%2e%2f", "%00", "%0d%0aX-Evil: 1", "☃", "a" * 6000, "%ff", "*",
     "2026-03-01;DROP TABLE tiles", "<script>", "2026-03-01/2026-03-05/P1D", "{time}", "%"],
)  # fmt: skip
async def test_hostile_values_are_refused_briefly(client: Client, hostile: str) -> None:
    for target in (
        f"{KVP}&time={quote(hostile, safe='%')}{TAIL}",
        REST.format(quote(hostile, safe="%")),
    ):
        answer = await client.get(target)
        assert answer.status_code in (400, 404)
        assert "x-evil" not in answer.headers
        assert b"<script>" not in answer.content
        assert len(answer.content) < 2000
        assert_valid(answer.content)


async def test_requests_at_once_do_not_share_their_values(client: Client) -> None:
    """MapProxy keeps the values of REST requests in a class: two at once get one another's."""
    wanted = {"2026-03-01": 10, "2026-03-02": 20, "2026-03-05": 50, "default": 50}
    targets = [(REST.format(name), grey) for name, grey in wanted.items()] * 20
    answers = await asyncio.gather(*(client.get(target) for target, _ in targets))
    assert [grey_of(answer) for answer in answers] == [grey for _, grey in targets]


async def test_default_is_not_what_was_asked_before(client: Client) -> None:
    """MapProxy gives a request without a value that of the request before."""
    assert await client.grey(REST.format("2026-03-01")) == 10
    assert await client.grey(KVP + TAIL) == 50


async def test_other_layers_ignore_values(client: Client) -> None:
    """7.2.2.2: a parameter that is no dimension of this layer is unknown, so ignored."""
    exact = KVP.replace("layer=rain", "layer=exact")
    assert await client.grey(f"{exact}&Height=7{TAIL}") == 10
    assert (await client.get(exact + TAIL)).headers["cache-control"] == "public, max-age=3600"


async def test_the_capabilities_say_all_of_it(client: Client) -> None:
    """MapProxy's KVP capabilities fail as soon as a layer has dimensions, and lack half of them."""
    answer = await client.get("/wmts?service=WMTS&request=GetCapabilities")
    root = assert_valid(answer.content)
    by_path = await client.get("/wmts/1.0.0/WMTSCapabilities.xml")
    assert by_path.content == answer.content
    ns = {"w": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
    layers = {
        layer.findtext("ows:Identifier", namespaces=ns): layer
        for layer in root.iterfind("w:Contents/w:Layer", ns)
    }
    dimension = layers["rain"].find("w:Dimension", ns)
    written = [(etree.QName(child).localname, child.text) for child in dimension]
    assert written == [
        ("Title", "Day"), ("Title", "Jour"), ("Abstract", "The day of the <rain> & snow."),
        ("Keywords", "\n"), ("Identifier", "time"), ("UOM", "ISO8601"), ("Default", "2026-03-05"),
        ("Current", "true"), ("Value", "2026-03-01"), ("Value", "2026-03-02"),
        ("Value", "2026-03-05"),
    ]  # fmt: skip
    assert layers["required"].find("w:Dimension/w:Default", ns) is None
    template = layers["fields"].find("w:ResourceURL", ns).get("template")
    assert "/{Style}/{Height}/{time}/{kind}/{TileMatrixSet}/" in template
    symbols = [each.text for each in layers["fields"].iterfind("w:Dimension/w:UnitSymbol", ns)]
    assert symbols == ["m"]


@pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning")
def test_an_independent_client_reads_them(tmp_path: Path) -> None:
    """OWSLib refuses a whole document of which one dimension has no default, as Table 9 has it."""
    files(tmp_path)
    text = TEXT.replace("default: null", "default: last")
    document = write_capabilities(published(tmp_path, text), base_url="http://maps.test")
    service = WebMapTileService("http://maps.test", xml=document)
    dimensions = service["rain"].dimensions
    assert dimensions["time"]["default"] == "2026-03-05"
    assert dimensions["time"]["values"] == ["2026-03-01", "2026-03-02", "2026-03-05"]


async def test_every_value_that_is_advertised_can_be_asked(client: Client) -> None:
    """A.3.5.7 and T9 of the official suite: word for word, ranges included."""
    for layer in ("rain", "required", "exact"):
        for dimension in client.live.current.catalogue.layers[layer].dimensions:
            for each in dimension.values:
                target = f"{KVP}&{dimension.identifier}={quote(each)}{TAIL}".replace("rain", layer)
                assert await client.time(target) == f"time={each}"


async def test_a_tile_is_answered_only_once_it_is_asked_by_304(client: Client) -> None:
    target = REST.format("2026-03-01")
    first = await client.get(target)
    again = await client.get(target, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["tuilerie-dimensions"] == "time=2026-03-01"
