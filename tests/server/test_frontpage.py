"""The front page's bytes: safe whatever the titles say, nothing from elsewhere."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuilerie.server
from tuilerie.catalogue.model import (
    Catalogue,
    Encoding,
    Layer,
    MatrixLimits,
    MatrixSetLink,
    ServiceInfo,
    StylePlan,
    Text,
)
from tuilerie.formats import JPEG, PNG8
from tuilerie.grids import BoundingBox, named_matrix_set
from tuilerie.server.frontpage import CONTENT_SECURITY_POLICY, PAGE_HEADERS, FrontPage

FOLDER = Path(tuilerie.server.__file__).parent
HOSTILE = "</script><script>alert(1)</script><!-- & \" ' \u2028"
MAPS = Text((("en", "Maps"), ("fr", "Cartes")))
BASE = "https://maps.example.org"


def layer(identifier: str, title: Text | None = None, **changes: Any) -> Layer:
    tms = named_matrix_set("WebMercatorQuad")
    limits = {
        matrix.identifier: MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
        for matrix in tms.matrices[:3]
    }
    made = Layer(
        identifier=identifier,
        title=title or Text((("en", f"Title of {identifier}"),)),
        abstract=Text(),
        keywords=(),
        attribution=Text((("", "somebody"),)),
        source="source",
        kind="picture",
        crs="EPSG:4326",
        bounds=BoundingBox(-180, -85, 180, 85),
        wgs84_bounds=BoundingBox(-180, -85, 180, 85),
        styles=(StylePlan("default", Text((("", "default"),)), is_default=True),),
        formats=(JPEG, PNG8),
        links={"WebMercatorQuad": MatrixSetLink("WebMercatorQuad", limits)},
        cache="default",
        resampling="bilinear",
        encoding=Encoding(),
    )
    return replace(made, **changes)


def catalogue(*layers: Layer, title: Text = MAPS) -> Catalogue:
    return Catalogue(
        revision=7,
        service=ServiceInfo(title=title, abstract=Text((("", HOSTILE),))),
        layers={one.identifier: one for one in layers},
        sources={},
        caches={},
        matrix_sets={"WebMercatorQuad": named_matrix_set("WebMercatorQuad")},
    )


class Elements(HTMLParser):
    """Every element with its attributes, and the text of script elements."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(document.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._in_script = False

    def handle_data(self, data: str) -> None:
        """Note the text of a script element."""
        if self._in_script:
            self.scripts.append(data)

    def addresses(self) -> Iterator[str]:
        """Yield what the page loads; links that only a click follows are left out."""
        for tag, attributes in self.elements:
            for name in ("src", "href"):
                if tag != "a" and attributes.get(name):
                    yield str(attributes[name])


def settings_of(document: bytes) -> dict[str, Any]:
    return json.loads(Elements(document).scripts[0])


@pytest.fixture
def front() -> FrontPage:
    return FrontPage()


def test_a_hostile_title_stays_text(front: FrontPage) -> None:
    """A title with </script> would run code in every visitor's browser."""
    document = front.page(
        catalogue(title=Text((("en", HOSTILE),))), base_url=f'{BASE}/"><b>', languages=("en",)
    )
    elements = Elements(document)
    assert [tag for tag, _ in elements.elements].count("script") == 4
    assert "b" not in {tag for tag, _ in elements.elements}
    assert len(elements.scripts) == 1
    assert settings_of(document)["service"]["title"]["en"] == HOSTILE
    assert settings_of(document)["base"] == f'{BASE}/"><b>'


@given(st.text(max_size=60))
def test_any_title_comes_through_the_settings(title: str) -> None:
    """A title that changes on its way through HTML would be shown wrong."""
    document = FrontPage().page(
        catalogue(title=Text((("en", title),))), base_url=BASE, languages=("en",)
    )
    assert settings_of(document)["service"]["title"]["en"] == title


def test_nothing_in_the_page_is_inline_or_from_elsewhere(front: FrontPage) -> None:
    """What is inline or foreign would be refused by the policy, and the page be dead."""
    elements = Elements(front.page(catalogue(), base_url=BASE, languages=()))
    for _, attributes in elements.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    addresses = list(elements.addresses())
    assert len(addresses) == 7
    for address in addresses:
        name = address.removeprefix("static/")
        assert name != address
        assert front.static(name) is not None, address


def test_the_policy_allows_this_host_alone() -> None:
    """A policy with a host, unsafe-inline or unsafe-eval in it would protect nobody."""
    assert dict(PAGE_HEADERS)["content-security-policy"] == CONTENT_SECURITY_POLICY
    directives = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"]
    assert directives["script-src"] == "'self'"
    assert set(CONTENT_SECURITY_POLICY.replace(";", "").split()) - set(directives) == {
        "'none'", "'self'", "data:", "blob:",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ((), "en"),
        (("fr-CA", "en"), "fr"),
        (("de", "FR"), "fr"),
        (("en-GB",), "en"),
        (("", "zz"), "en"),
    ],
)
def test_language_of_the_page(front: FrontPage, languages: tuple[str, ...], expected: str) -> None:
    """A French browser would get an English page."""
    document = front.page(catalogue(), base_url=BASE, languages=languages)
    assert dict(Elements(document).elements)["html"]["lang"] == expected
    assert ("Cartes" if expected == "fr" else "Maps") in document.decode()
    assert settings_of(document)["language"] == expected


def test_every_word_is_there_in_both_languages() -> None:
    """A text without its translation would break the language switch."""
    texts = json.loads((FOLDER / "templates" / "texts.json").read_text())
    for key, variants in texts.items():
        assert set(variants) == {"en", "fr"}, key
        assert all(variants.values()), key
        names = [set(re.findall(r"\{(\w+)\}", text)) for text in variants.values()]
        assert names[0] == names[1], key
    template = (FOLDER / "templates" / "front.html").read_text()
    scripts = "".join(path.read_text() for path in sorted((FOLDER / "static").glob("*.js")) if
                      path.name not in {"ol.js", "proj4.js"})  # fmt: skip
    used = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', template))
    used |= set(re.findall(r"text\.(\w+)", template))
    quoted = set(re.findall(r"'(\w+)'", scripts))
    assert used <= set(texts)
    assert set(texts) - used <= quoted, "a text that nobody shows"


def test_static_files_are_only_those(front: FrontPage) -> None:
    """A path that leaves the folder would give away the server's files."""
    hostile = [
        "", "/", ".", "..", "../frontpage.py", "../../errors.py", "/etc/passwd", "VENDORED.md",
        "x/../ol.js", "a/b/ol.js", "ol.js/", "OL.JS", "ol.js\x00", "..\\ol.js", "%2e%2e/ol.js",
    ]  # fmt: skip
    for path in hostile:
        assert front.static(path) is None, path


def test_static_file_under_its_version_is_for_ever(front: FrontPage) -> None:
    """Without a version in the address browsers would keep an old script after an update."""
    document = front.page(catalogue(), base_url=BASE, languages=())
    address = next(a for a in Elements(document).addresses() if a.endswith("/ol.js"))
    file = front.static(address.removeprefix("static/"))
    assert file is not None
    assert "immutable" in file.cache_control
    assert file.data == (FOLDER / "static" / "ol.js").read_bytes()
    assert gzip.decompress(file.gzip) == file.data
    assert file.media_type == "text/javascript; charset=utf-8"
    for other in ("000000000000/ol.js", "ol.js"):
        again = front.static(other)
        assert again is not None
        assert again.cache_control == "no-cache"
        assert again.etag == file.etag
    assert front.static(address.removeprefix("static/")) is file, "read again from the disk"


def test_scripts_import_only_their_neighbours() -> None:
    """A module that is not there would leave the page without a map."""
    for path in (FOLDER / "static").glob("*.js"):
        if path.name in {"ol.js", "proj4.js"}:
            continue
        for target in re.findall(r"from '([^']+)'", path.read_text()):
            assert target.startswith("./"), path.name
            assert (path.parent / target).is_file(), path.name


def test_styles_name_only_files_that_are_there(front: FrontPage) -> None:
    """A picture that a style names in vain would be a failed request on every visit."""
    for path in (FOLDER / "static").glob("*.css"):
        for target in re.findall(r'url\("?([^")]+)"?\)', path.read_text()):
            assert front.static(target) is not None, (path.name, target)


def answer(front: FrontPage, path: str, query: str, published: Catalogue) -> Any:
    return front.answer(path, query, published, base_url=BASE, languages=("en",))


def test_paths_of_the_front_page(front: FrontPage) -> None:
    """The page asks for these; a path that is not known must be left to others."""
    published = catalogue(layer("world"), layer("secret", listed=False))
    assert answer(front, "/", "", published).media_type == "text/html; charset=utf-8"
    assert json.loads(answer(front, "/front/layers.json", "", published).data)["revision"] == 7
    assert json.loads(answer(front, "/front/layer.json", "id=world", published).data)["id"]
    assert answer(front, "/static/ol.js", "", published) is not None
    for path, query in [
        ("/front/layer.json", ""),
        ("/front/layer.json", "id="),
        ("/front/layer.json", "id=other"),
        ("/front/layer.json", "id=secret"),
        ("/front/", ""),
        ("/static/", ""),
        ("/static/../frontpage.py", ""),
        ("/wmts", ""),
        ("", ""),
    ]:
        assert answer(front, path, query, published) is None, (path, query)


def test_ready_answers_follow_the_catalogue(front: FrontPage) -> None:
    """A front page that outlives its catalogue would show layers that are gone."""
    first = answer(front, "/front/layers.json", "", catalogue(layer("old")))
    published = catalogue(layer("new"))
    second = answer(front, "/front/layers.json", "", published)
    assert [one["id"] for one in json.loads(second.data)["layers"]] == ["new"]
    assert first.etag != second.etag
    assert answer(front, "/front/layers.json", "", published) is second


def test_ready_answers_are_bounded(front: FrontPage) -> None:
    """Host headers are the client's word: 10,000 of them must not fill the memory."""
    published = catalogue()
    for number in range(400):
        front.answer("/", "", published, base_url=f"https://h{number}", languages=("en",))
    assert len(front._ready) <= 128


def test_list_of_5000_layers_is_short(front: FrontPage) -> None:
    """A list that grows with everything known of a layer would take seconds to load."""
    texts = [Text((("en", f"Map {n}"), ("fr", f"Carte {n}"))) for n in range(5000)]
    published = catalogue(*(layer(f"layer_{n}", texts[n]) for n in range(5000)))
    page = front.page(published, base_url=BASE, languages=("en",))
    file = answer(front, "/front/layers.json", "", published)
    assert len(page) < 25_000
    assert len(file.data) < 5000 * 130
    assert len(file.gzip) < 100_000
    assert json.loads(file.data)["layers"][4999] == {
        "id": "layer_4999",
        "title": {"en": "Map 4999", "fr": "Carte 4999"},
        "bounds": [-180, -85, 180, 85],
    }


def test_unlisted_layers_are_not_told(front: FrontPage) -> None:
    """A layer that its owner keeps out of lists would be shown."""
    published = catalogue(layer("shown"), layer("hidden", listed=False))
    assert b"hidden" not in front.layers_json(published)


def test_one_layer_in_full(front: FrontPage) -> None:
    """The map draws by these numbers: origin, cell sizes, limits, projection."""
    odd = 'ü/?#&<"%'
    published = catalogue(layer(odd))
    file = front.answer(
        "/front/layer.json",
        "id=%C3%BC%2F%3F%23%26%3C%22%25",
        published,
        base_url=BASE,
        languages=(),
    )
    assert file is not None
    document = json.loads(file.data)
    assert document["id"] == odd
    assert document["formats"] == [
        {"type": "image/jpeg", "extension": "jpg"},
        {"type": "image/png; mode=8bit", "extension": "png8"},
    ]
    (matrix_set,) = document["sets"]
    assert matrix_set["crs"]["code"] == "EPSG:3857"
    assert matrix_set["crs"]["proj4"].startswith("+proj=merc")
    assert [matrix["id"] for matrix in matrix_set["matrices"]] == ["0", "1", "2"]
    finest = matrix_set["matrices"][2]
    assert finest["cell"] == pytest.approx(39135.75848201)
    assert finest["origin"] == pytest.approx([-20037508.3427892, 20037508.3427892])
    assert finest["limits"] == [0, 3, 0, 3]
    left, bottom, right, top = matrix_set["extent"]
    assert (left, right) == pytest.approx((-20037508.34, 20037508.34), abs=0.1)
    assert (bottom, top) == pytest.approx((-19971868.88, 19971868.88), abs=0.1)


def test_a_layer_without_tiles_is_told_as_such(front: FrontPage) -> None:
    """A set in which the layer has no tile would make the map ask for tiles that are not there."""
    empty = layer("empty", links={"WebMercatorQuad": MatrixSetLink("WebMercatorQuad", {})})
    document = json.loads(front.layer_json(catalogue(empty), "empty"))
    assert document["sets"][0]["matrices"] == []
    assert document["sets"][0]["extent"] is None


def test_vendored_files_are_named_with_their_licences() -> None:
    """A file of somebody else without its licence may not be shipped."""
    notes = (FOLDER / "static" / "VENDORED.md").read_text()
    for name in ("ol.js", "ol.css", "proj4.js", "land.svg"):
        assert f"`{name}`" in notes
    for name in ("ol-license.txt", "proj4-license.txt"):
        assert (FOLDER / "static" / name).stat().st_size > 300
