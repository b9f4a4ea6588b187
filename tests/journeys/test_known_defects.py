"""What other servers get wrong in answers, shown on the running demo; each test says the defect.

MapProxy 2.1 to 2.14 and MapCache 1.4 of the studies. What they get wrong in capabilities is in
tests/protocols/test_known_defects.py. Elsewhere, because they need another server than the demo's:
2.4 failing sources (tests/server/test_annex_a3_6.py), 2.11 the race of dimensions
(tests/dimensions/test_serving.py), 2.12 rows of any matrix (tests/tiles/test_feature_info.py).
"""

from __future__ import annotations

import http.client
import json
from io import BytesIO

import numpy as np
import pytest
from lxml import etree
from PIL import Image

from tests.journeys.published import Capabilities
from tests.journeys.running import Answer, Server
from tests.protocols.envelopes import SOAP_12, TYPES, content_of, envelope, get_capabilities, told
from tests.protocols.schemas import assert_valid

MISSING, INVALID = "MissingParameterValue", "InvalidParameterValue"
WMTS = "{http://www.opengis.net/wmts/1.0}"
OWS = "{http://www.opengis.net/ows/1.1}"
HEAD = "service=WMTS&version=1.0.0"
PARTS = "layer=world&style=default&format=image/png&tilematrixset=WebMercatorQuad"
TAIL = "tilematrix=2&tilerow=1&tilecol=2"
TILE = f"{HEAD}&request=GetTile&{PARTS}&{TAIL}"
REST = "/wmts/1.0.0/world/default/WebMercatorQuad/2/1/2.png"
INFO = f"{TILE}&i=1&j=1&infoformat=application/json".replace("GetTile", "GetFeatureInfo")


def refusal(answer: Answer) -> tuple[int, list[tuple[str, str | None]]]:
    """Status, codes and locators of a report, which it must be."""
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, told(assert_valid(answer.body))


def post(server: Server, body: bytes | str, media_type: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", "/wmts", body, {"Content-Type": media_type})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


class TestMapProxy:
    """research/mapproxy.md, part 2."""

    def test_2_1_soap_is_understood(self, demo_server: Server) -> None:
        """There the word does not occur: "The service parameter is missing"."""
        answer = post(demo_server, envelope(get_capabilities()), TYPES[SOAP_12])
        assert (answer.status, answer.headers["content-type"]) == (200, TYPES[SOAP_12])
        assert content_of(answer.body).tag == f"{WMTS}Capabilities"

    def test_2_2_forms_are_read(self, demo_server: Server) -> None:
        """There only the query is."""
        answer = post(demo_server, TILE, "application/x-www-form-urlencoded")
        assert answer.body == demo_server.get(REST).body

    @pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "POST"])
    def test_2_2_methods_count(self, demo_server: Server, method: str) -> None:
        """There DELETE of a tile answers with the tile."""
        answer = demo_server.get(REST, method=method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")

    def test_2_3_a_tile_of_another_version_is_refused(self, demo_server: Server) -> None:
        """There version=9.9 is as good as any."""
        answer = demo_server.get(f"/wmts?{TILE}".replace("1.0.0", "9.9"))
        assert refusal(answer) == (400, [(INVALID, "version")])

    @pytest.mark.parametrize(
        ("query", "code", "locator"),
        [
            (TILE.replace("&tilecol=2", ""), MISSING, "TileCol"),
            (TILE.replace("&layer=world", ""), MISSING, "Layer"),
            (TILE.replace("&request=GetTile", ""), MISSING, "request"),
            (TILE.replace("GetTile", "GetBogus"), INVALID, "request"),
            (TILE.replace("tilecol=2", "tilecol=abc"), INVALID, "TileCol"),
            (TILE.replace("tilematrix=2", "tilematrix=EPSG:3857:0"), INVALID, "TileMatrix"),
            (TILE.replace("tilematrix=2", "tilematrix=99"), INVALID, "TileMatrix"),
            (INFO.replace("&i=1", ""), MISSING, "I"),
        ],
    )
    def test_2_4_faults_of_the_client_are_400_with_a_locator(
        self, demo_server: Server, query: str, code: str, locator: str
    ) -> None:
        """There they are NoApplicableCode, or a traceback, and 500, and no locator at all."""
        assert refusal(demo_server.get(f"/wmts?{query}")) == (400, [(code, locator)])

    @pytest.mark.parametrize("path", ["/wmts/garbage", "/wmts/1.0.0/world/g/0/0/x.png"])
    def test_2_4_paths_that_are_none_are_404_with_a_report(
        self, demo_server: Server, path: str
    ) -> None:
        """There they are "internal error: invalid request" in plain text, and 500."""
        status, codes = refusal(demo_server.get(path))
        assert status == 404
        assert codes

    @pytest.mark.parametrize("operation", ["GetTile", "GetFeatureInfo"])
    def test_2_5_the_style_is_looked_at(self, demo_server: Server, operation: str) -> None:
        """There style=nosuchstyle is served."""
        query = INFO.replace("GetFeatureInfo", operation)
        answer = demo_server.get(f"/wmts?{query.replace('style=default', 'style=nosuchstyle')}")
        assert refusal(answer) == (400, [(INVALID, "Style")])

    def test_2_6_a_layer_has_several_formats(self, demo_server: Server) -> None:
        """There a layer has one, and all others are refused."""
        for kind in ("PNG", "JPEG", "WEBP"):
            query = TILE.replace("image/png", f"image/{kind.lower()}")
            assert Image.open(BytesIO(demo_server.get(f"/wmts?{query}").body)).format == kind

    def test_2_9_a_legend_is_had_where_it_is_announced(self, demo_server: Server) -> None:
        """There the format is image/png whatever it is, and no size is told."""
        layer = _layer(demo_server, "cumberland")
        legends = list(layer.iter(f"{WMTS}LegendURL"))
        assert {legend.get("format") for legend in legends} == {"image/png", "image/svg+xml"}
        for legend in legends:
            path = legend.get("{http://www.w3.org/1999/xlink}href").removeprefix(demo_server.url)
            answer = demo_server.get(path)
            assert (answer.status, answer.type) == (200, legend.get("format"))
            assert int(legend.get("width")) > 1
            assert int(legend.get("height")) > 1

    def test_2_10_a_layer_with_dimensions_breaks_no_capabilities(self, demo_server: Server) -> None:
        """There GetCapabilities by KVP and by REST fails for the whole server."""
        documents = [
            demo_server.get(address)
            for address in ("/wmts?service=WMTS&request=GetCapabilities",
                            "/wmts/1.0.0/WMTSCapabilities.xml")
        ]  # fmt: skip
        assert [answer.status for answer in documents] == [200, 200]
        (dimension,) = _layer(demo_server, "daylight").iter(f"{WMTS}Dimension")
        assert dimension.findtext(f"{OWS}UOM") == "ISO8601"
        assert dimension.findtext(f"{WMTS}Default")

    def test_2_10_a_wrong_value_is_told_and_an_unknown_parameter_is_none(
        self, demo_server: Server
    ) -> None:
        """There every unknown parameter counts as a dimension."""
        query = f"/wmts?{TILE.replace('layer=world', 'layer=daylight')}"
        assert refusal(demo_server.get(f"{query}&time=1999")) == (400, [(INVALID, "time")])
        assert demo_server.get(f"{query}&cachebuster=1&elevation=x").status == 200
        assert demo_server.get(f"/wmts?{TILE}&time=1999").body == demo_server.get(REST).body

    def test_2_10_feature_info_is_of_the_value_that_is_asked(self, demo_server: Server) -> None:
        """There GetFeatureInfo never passes dimensions on."""
        query = INFO.replace("layer=world", "layer=daylight")
        times = [f"2026-06-21T{hour:02}:00Z" for hour in (0, 12)]
        by_kvp = [demo_server.get(f"/wmts?{query}&time={time}") for time in times]
        path = REST.replace("world/default", "daylight/default/{}").removesuffix(".png")
        by_rest = [demo_server.get(f"{path.format(time)}/1/1.json") for time in times]
        features = [_properties(answer) for answer in by_kvp]
        assert features[0] != features[1]
        assert features == [_properties(answer) for answer in by_rest]

    def test_2_12_feature_info_is_of_the_pixel_that_is_seen(
        self, demo_server: Server, demo_capabilities: Capabilities
    ) -> None:
        """There the rows of grids with their origin at the bottom are mirrored, but at level 0."""
        matrix = demo_capabilities.matrix_sets["bering"].matrices["district"]
        # What is seen is resampled, so a single pixel may be another's neighbour.
        differences = []
        for row in range(matrix.height):
            place = f"/wmts/1.0.0/bering/default/bering/district/{row}/{matrix.width // 2}"
            seen = np.asarray(
                Image.open(BytesIO(demo_server.get(f"{place}.png").body)).convert("RGBA")
            ).astype(int)
            for j, i in ((j, i) for j in range(8, 256, 48) for i in range(8, 320, 64)):
                found = _properties(demo_server.get(f"{place}/{j}/{i}.json"))
                if found is not None and seen[j, i, 3] == 255:
                    values = [value for value in found.values() if isinstance(value, int)][:3]
                    differences.append(np.abs(seen[j, i, :3] - values).max())
        assert len(differences) > 20
        assert np.median(differences) <= 8

    @pytest.mark.parametrize(
        ("changed", "code", "locator"),
        [
            ("tilerow=999", "TileOutOfRange", "TileRow"),
            ("i=99999", "PointIJOutOfRange", "I"),
            ("j=-4", "PointIJOutOfRange", "J"),
        ],
    )
    def test_2_12_feature_info_has_bounds(
        self, demo_server: Server, changed: str, code: str, locator: str
    ) -> None:
        """There row 999, i=99999 and j=-4 are asked of the source."""
        name = changed.partition("=")[0]
        pairs = [pair for pair in INFO.split("&") if pair.partition("=")[0] != name]
        answer = demo_server.get(f"/wmts?{'&'.join([*pairs, changed])}")
        assert refusal(answer) == (400, [(code, locator)])

    @pytest.mark.parametrize(
        "path",
        [
            "/wmts/1.0.0/world/default/WebMercatorQuad/02/1/2.png",
            f"{REST}/anything/else",
            f"/wmts/zzz{REST}",
            f"/wmts/1.0.0/zzz{REST}",
        ],
    )
    def test_2_13_a_tile_has_one_path(self, demo_server: Server, path: str) -> None:
        """There "00" and "0" are one matrix, and whatever stands around a path is ignored."""
        assert demo_server.get(path).status == 404

    def test_2_14_tags_are_of_what_is_sent(self, demo_server: Server) -> None:
        """There they are not quoted, and different tiles of one size have one tag."""
        tiles = [demo_server.get(REST.replace("/2.png", f"/{col}.png")) for col in range(4)]
        tags = [tile.headers["etag"] for tile in tiles]
        assert len(set(tags)) == len({tile.body for tile in tiles}) == 4
        assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
        for sent in (tags[0], f'"other", {tags[0]}', f"W/{tags[0]}", "*"):
            again = demo_server.get(REST.replace("/2.png", "/0.png"), {"If-None-Match": sent})
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tags[0])

    def test_2_14_capabilities_are_asked_for_once(self, demo_server: Server) -> None:
        """There they have neither tag nor Cache-Control, and are never compressed."""
        address = "/wmts/1.0.0/WMTSCapabilities.xml"
        answer = demo_server.get(address, {"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["cache-control"] == "no-cache"
        again = demo_server.get(
            address, {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]}
        )
        assert again.status == 304


class TestMapCache:
    """research/caches.md, 1.4."""

    @pytest.mark.parametrize("kind", ["image/gif", "image/bogus", "text/html"])
    def test_1_4_2_the_format_is_looked_at(self, demo_server: Server, kind: str) -> None:
        """There FORMAT is ignored unless the server was compiled to be pedantic."""
        answer = demo_server.get(f"/wmts?{TILE.replace('image/png', kind)}")
        assert refusal(answer) == (400, [(INVALID, "Format")])

    def test_1_4_2_the_version_of_feature_info_is_looked_at(self, demo_server: Server) -> None:
        """There VERSION is ignored."""
        answer = demo_server.get(f"/wmts?{INFO.replace('1.0.0', '2.0.0')}")
        assert refusal(answer) == (400, [(INVALID, "version")])

    def test_1_4_6_dimensions_stand_where_the_schema_has_them(self, demo_server: Server) -> None:
        """There Dimension comes before InfoFormat, and the document is not valid."""
        names = [etree.QName(child).localname for child in _layer(demo_server, "daylight")]
        order = [name for name in dict.fromkeys(names) if name in _ORDER]
        assert order == list(_ORDER)

    def test_1_4_6_values_of_dimensions_are_values(self, demo_server: Server) -> None:
        """There the regular expression of a dimension is told as its value."""
        (dimension,) = _layer(demo_server, "daylight").iter(f"{WMTS}Dimension")
        values = [value.text for value in dimension.iter(f"{WMTS}Value")]
        assert len(values) == 8
        path = REST.replace("world/default", "daylight/default/{}")
        for value in values:
            answer = demo_server.get(path.format(value.replace(":", "%3A")))
            assert answer.status == 200
            assert answer.headers["tuilerie-dimensions"] == f"time={value}"

    def test_5_21_path_and_query_choose_the_same_value(self, demo_server: Server) -> None:
        """The merged matrix, row 21: a dimension is announced and can be used, in each encoding."""
        path = REST.replace("world/default", "daylight/default/2026-06-21T03:00Z")
        query = f"{TILE.replace('layer=world', 'layer=daylight')}&TIME=2026-06-21T03:00Z"
        assert demo_server.get(path).body == demo_server.get(f"/wmts?{query}").body


_ORDER = ("Style", "Format", "InfoFormat", "Dimension", "TileMatrixSetLink", "ResourceURL")


def _layer(server: Server, identifier: str) -> etree._Element:
    root = assert_valid(server.get("/wmts?service=WMTS&request=GetCapabilities").body)
    return next(
        layer
        for layer in root.iter(f"{WMTS}Layer")
        if layer.findtext(f"{OWS}Identifier") == identifier
    )


def _properties(answer: Answer) -> dict[str, object] | None:
    """What is told of a place; None = nothing is there."""
    assert answer.status == 200
    features = json.loads(answer.body)["features"]
    return features[0]["properties"] if features else None
