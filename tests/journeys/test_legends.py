"""Legends as clients meet them: announced by the demo's capabilities, fetched, and measured."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from lxml import etree
from owslib.wmts import WebMapTileService
from PIL import Image

from tests.journeys.running import Server
from tests.protocols.schemas import assert_valid

CAPABILITIES = "/wmts?service=WMTS&request=GetCapabilities"
WMTS = "{http://www.opengis.net/wmts/1.0}"
OWS = "{http://www.opengis.net/ows/1.1}"
HREF = "{http://www.w3.org/1999/xlink}href"
LANGUAGES = ("en", "fr", "de")
KINDS = {"PNG": "image/png"}


class Told(NamedTuple):
    """A legend as the capabilities announce it."""

    layer: str
    style: str
    path: str
    attributes: Mapping[str, str]


def announced(server: Server, language: str) -> list[Told]:
    body = server.get(CAPABILITIES, {"Accept-Language": language}).body
    return [
        Told(
            layer.findtext(f"{OWS}Identifier"),
            style.findtext(f"{OWS}Identifier"),
            urlsplit(legend.get(HREF)).path,
            legend.attrib,
        )
        for layer in assert_valid(body).iter(f"{WMTS}Layer")
        for style in layer.iter(f"{WMTS}Style")
        for legend in style.iter(f"{WMTS}LegendURL")
    ]


def test_styles_of_measurements_and_classes_have_legends(demo_server: Server) -> None:
    """Pictures and hillshades explain themselves; everything else has PNG first, then SVG."""
    found = announced(demo_server, "en")
    styles = list(dict.fromkeys((one.layer, one.style) for one in found))
    assert styles == [
        ("surface", "default"),
        ("surface", "land_and_water"),
        ("cumberland", "heights"),
        ("cumberland", "terrain"),
        ("cumberland", "grey"),
    ]
    for layer, style in styles:
        formats = [one.attributes["format"] for one in found if one[:2] == (layer, style)]
        assert formats == ["image/png", "image/svg+xml"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_3_4_10_layer_legendurl_correct_format(demo_server: Server, language: str) -> None:
    """The picture is of the announced format, by its header and by itself."""
    for one in announced(demo_server, language):
        answer = demo_server.get(one.path)
        assert (answer.status, answer.type) == (200, one.attributes["format"])
        if answer.type == "image/svg+xml":
            assert etree.fromstring(answer.body).tag == "{http://www.w3.org/2000/svg}svg"
        else:
            assert KINDS[Image.open(BytesIO(answer.body)).format] == answer.type


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_3_4_11_layer_legendurl_correct_sizes(demo_server: Server, language: str) -> None:
    """Width and height are those of the picture, to the pixel, for every style of the demo."""
    seen = announced(demo_server, language)
    assert len(seen) == 10
    for one in seen:
        size = (int(one.attributes["width"]), int(one.attributes["height"]))
        body = demo_server.get(one.path).body
        if one.attributes["format"] == "image/svg+xml":
            root = etree.fromstring(body)
            assert (int(root.get("width")), int(root.get("height"))) == size
        else:
            assert Image.open(BytesIO(body)).size == size


def test_owslib_finds_the_legends(demo_server: Server) -> None:
    """The common Python client follows what it read to a picture of that size."""
    service = WebMapTileService(f"{demo_server.url}/wmts")
    styles = service["cumberland"].styles
    assert set(styles) == {"heights", "shading", "terrain", "grey"}
    assert "legend" not in styles["shading"]
    for style in ("heights", "terrain", "grey"):
        address = styles[style]["legend"]
        answer = demo_server.get(address.removeprefix(demo_server.url))
        assert (answer.status, answer.type) == (200, styles[style]["format"])


def test_clients_get_the_legend_of_their_language(demo_server: Server) -> None:
    """French titles and names; who reads neither language gets the first one of the catalogue."""
    english, french, german = (announced(demo_server, language) for language in LANGUAGES)
    assert english == german
    differing = {
        (one.path.rpartition("/")[2], other.path.rpartition("/")[2])
        for one, other in zip(english, french, strict=True)
        if one.path != other.path
    }
    assert differing == {("legend.png", "legend.fr.png"), ("legend.svg", "legend.fr.svg")}
    for path, words in (
        ("surface/land_and_water/legend.svg", ["Land and water only", "shallow water"]),
        ("surface/land_and_water/legend.fr.svg", ["Terre et eau seulement", "eau peu profonde"]),
        ("cumberland/heights/legend.svg", ["Heights (m)", "230", "1080"]),
        ("cumberland/heights/legend.fr.svg", ["Altitudes (m)", "230", "1080"]),
    ):
        body = demo_server.get(f"/wmts/1.0.0/{path}").body
        texts = [text.text for text in etree.fromstring(body).iter("{*}text")]
        assert set(words) <= set(texts)


def test_a_legend_is_the_same_each_time(demo_server: Server) -> None:
    """A browser would fetch it anew, and proxies would hold several."""
    path = "/wmts/1.0.0/cumberland/terrain/legend.png"
    first, again = demo_server.get(path), demo_server.get(path)
    assert first.body == again.body
    assert first.headers["etag"] == again.headers["etag"]
    answer = demo_server.get(path, {"If-None-Match": first.headers["etag"]})
    assert (answer.status, answer.body) == (304, b"")


def test_the_front_page_is_told_of_the_sharp_ones(demo_server: Server) -> None:
    """One address for each language, relative to the page."""
    layer = json.loads(demo_server.get("/front/layer.json?id=cumberland").body)
    heights, shading, *_ = layer["styles"]
    assert shading["legends"] == []
    assert [one["language"] for one in heights["legends"]] == ["en", "fr"]
    for one in heights["legends"]:
        assert re.fullmatch(r"wmts/1\.0\.0/cumberland/heights/legend(\.fr)?\.svg", one["href"])
        root = etree.fromstring(demo_server.get(f"/{one['href']}").body)
        assert [int(root.get("width")), int(root.get("height"))] == one["size"]
