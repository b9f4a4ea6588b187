"""What a visitor sees and does on the front page, from the first map to the last copied address."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.browser

ARCTIC = "#layer=world&set=arctic"


def rows(page: Page) -> Any:
    return page.get_by_role("radio")


def link(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).fragment).items()}


def fulfil(visit: Visit, path: str, document: Any, *, status: int = 200) -> None:
    """Let the network answer a path with a document of the test's own."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="application/json", body=json.dumps(document))

    visit.page.route(f"**/{path}", answer)


def test_first_visit_shows_the_first_layer(visit: Visit) -> None:
    """The page would open on an empty map."""
    page = visit.open()
    visit.drawn("world/default/WebMercatorQuad/jpg")
    assert visit.colours() > 1000
    assert visit.tiles()
    assert page.evaluate("document.body.dataset.tileErrors ?? ''") == ""
    expect(rows(page).nth(0)).to_have_attribute("aria-checked", "true")
    expect(page.locator("#layer-title")).to_have_text("The world in true colours")
    expect(page.locator("#credit")).to_contain_text("NASA")
    expect(page.locator("#message")).to_be_hidden()
    assert page.title() == "The world in true colours – Tuilerie demo"


@pytest.mark.parametrize(
    ("layer", "matrix_set", "extension", "colours"),
    [
        ("relief", "EuropeanETRS89_LAEAQuad", "jpg", 1000),
        ("daylight", "WebMercatorQuad", "jpg", 1000),
        ("sheets", "WebMercatorQuad", "mixed", 1000),
        ("france", "LAMB93", "png", 1000),
        ("madagascar", "madagascar", "png", 1000),
        ("arctic", "WorldCRS84Quad", "png", 1000),
        ("bering", "bering", "png", 1000),
        ("levant", "WebMercatorQuad", "png", 1000),
        ("surface", "WorldCRS84Quad", "png8", 6),
        ("cumberland", "WebMercatorQuad", "webp", 500),
    ],
)
def test_every_layer_of_the_demo_is_drawn(
    visit: Visit, layer: str, matrix_set: str, extension: str, colours: int
) -> None:
    """A projection, a grid or a format that the map cannot draw would stay blank."""
    page = visit.open(f"#layer={layer}&set={matrix_set}&format={extension}")
    visit.drawn(f"{layer}/")
    assert page.evaluate("document.body.dataset.drawn").split("/")[2:] == [matrix_set, extension]
    assert visit.colours() >= colours
    assert all(f"/{layer}/" in path and f"/{matrix_set}/" in path for path in visit.tiles())
    assert all(path.endswith(f".{extension}") for path in visit.tiles())


def test_choosing_a_time(visit: Visit) -> None:
    """A layer with dimensions would show one of its values only."""
    page = visit.open("#layer=daylight&dim_time=2026-06-21T03:00:00Z")
    visit.drawn("daylight/")
    slider = page.locator("[data-dimension=time]")
    expect(slider).to_have_attribute("aria-valuetext", "2026-06-21T03:00:00Z")
    night = visit.tiles()
    assert night
    assert all("/2026-06-21T03%3A00%3A00Z/" in path for path in night)
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("body")).to_have_attribute("data-values", "2026-06-21T06:00:00Z")
    assert link(page)["dim_time"] == "2026-06-21T06:00:00Z"
    expect(page.get_by_text("Time (UTC): 2026-06-21T06:00:00Z")).to_be_visible()
    page.get_by_role("button", name="Addresses").click()
    shown = {
        entry.get_attribute("data-key"): entry.locator("code").inner_text()
        for entry in page.locator("#address-list article").all()
    }
    assert "time=2026-06-21T06%3A00%3A00Z" in shown["address_kvp"]
    assert "/2026-06-21T06%3A00%3A00Z/WebMercatorQuad/" in shown["address_rest"]
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_text("Heure (UTC): 2026-06-21T06:00:00Z")).to_be_visible()


def test_choosing_another_layer(visit: Visit) -> None:
    """The list would be a picture of a list."""
    page = visit.open()
    rows(page).filter(has_text="A scene over France").click()
    visit.drawn("france/default/WebMercatorQuad/")
    expect(page.locator("#layer-title")).to_have_text("A scene over France")
    assert link(page)["layer"] == "france"
    left, top, right, bottom = visit.drawn_box()
    assert 392 < left < right <= 1440, "the layer is not beside the panel"
    assert 0 < top < bottom <= 900
    page.get_by_label("Matrix set").select_option("LAMB93")
    visit.drawn("france/default/LAMB93/")
    expect(page.locator("#xy")).to_contain_text("EPSG:2154")
    rows(page).filter(has_text="Classes of the surface").click()
    visit.drawn("surface/default/WebMercatorQuad/")


def test_polar_matrix_set_of_the_world(visit: Visit) -> None:
    """A set in another projection would be drawn in the wrong place, or not at all."""
    page = visit.open()
    page.get_by_label("Matrix set").select_option("arctic")
    visit.drawn("world/default/arctic/")
    assert visit.colours() > 1000
    page.get_by_role("button", name="Zoom to layer").click()
    page.wait_for_timeout(500)
    page.locator("#map").hover(position={"x": 900, "y": 430})
    latitude = float(page.locator("#degrees").inner_text().split("°")[0])
    assert latitude > 85, "the pole is not in the middle"
    expect(page.locator("#xy")).to_contain_text("EPSG:3413")


def test_style_format_opacity_and_edges(visit: Visit) -> None:
    """The settings of a layer would change nothing."""
    page = visit.open("#layer=cumberland")
    page.get_by_label("Style").select_option("shading")
    visit.drawn("cumberland/shading/")
    page.get_by_label("Format").select_option("jpg")
    visit.drawn("cumberland/shading/WebMercatorQuad/jpg")
    page.get_by_label("Tile edges").check()
    page.get_by_label("Opacity").fill("40")
    page.get_by_label("Tile edges").uncheck()
    page.wait_for_timeout(300)
    assert visit.strongest_alpha() == pytest.approx(0.4 * 255, abs=2)
    assert link(page) | {"style": "shading", "format": "jpg"} == link(page)


def test_across_the_antimeridian_in_one_piece(visit: Visit) -> None:
    """A layer across 180° would be torn to both edges of the world."""
    visit.open("#layer=bering&set=WebMercatorQuad")
    left, _, right, _ = visit.drawn_box()
    assert 392 < left < right < 1440
    assert right - left < 900


def test_link_brings_the_view_back(visit: Visit) -> None:
    """A link sent to a colleague would show something else."""
    fragment = "#layer=relief&set=WorldCRS84Quad&style=default&format=webp&matrix=4&x=6.5&y=46.2"
    page = visit.open(fragment)
    visit.drawn("relief/default/WorldCRS84Quad/webp")
    now = link(page)
    assert (now["matrix"], float(now["x"]), float(now["y"])) == ("4", 6.5, 46.2)
    page.evaluate("window.location.hash = '#layer=arctic'")
    visit.drawn("arctic/default/arctic/png")


def test_link_to_nothing_is_told(visit: Visit) -> None:
    """An old link would leave an empty page without a word."""
    page = visit.open("#layer=gone&set=none&matrix=99&x=a&y=")
    visit.drawn("world/")
    expect(page.locator("#message")).to_contain_text("no layer “gone”")
    page.goto("about:blank")
    visit.open("#layer=world&set=none&style=none&format=none&matrix=99&x=1e999&y=0")
    visit.drawn("world/default/WebMercatorQuad/jpg")


def test_french_by_the_browser_and_by_the_switch(chromium: Browser, server: str) -> None:
    """A reader would not get the language of the browser, or lose the one chosen."""
    context = chromium.new_context(locale="fr-FR", viewport=DESKTOP)
    visit = Visit(context, server)
    page = visit.open()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("#title")).to_have_text("Démonstration de Tuilerie")
    expect(page.get_by_label("Jeu de matrices")).to_be_visible()
    expect(page.locator("#layer-title")).to_have_text("Le monde en vraies couleurs")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_label("Matrix set")).to_be_visible()
    expect(page.locator("#layer-title")).to_have_text("The world in true colours")
    expect(rows(page).nth(1)).to_contain_text("Shaded relief")
    page.reload()
    visit.drawn("world/")
    expect(page.get_by_label("Matrix set")).to_be_visible()
    assert visit.troubles == []
    context.close()


def test_addresses_can_be_copied_and_work(visit: Visit) -> None:
    """The addresses are why many come: a wrong one costs them an hour."""
    page = visit.open("#layer=france&set=LAMB93")
    opener = page.get_by_role("button", name="Addresses", exact=True)
    opener.click()
    dialogue = page.get_by_role("dialog")
    expect(dialogue).to_be_visible()
    copied = {}
    for key in ("view", "capabilities", "rest", "kvp", "qgis", "gdal"):
        entry = dialogue.locator(f"[data-key=address_{key}]")
        entry.get_by_role("button").click()
        expect(entry.get_by_role("button")).to_have_text("Copied")
        copied[key] = page.evaluate("navigator.clipboard.readText()")
        assert copied[key] == entry.locator("code").inner_text()
    base = visit.server
    assert copied["view"] == page.url
    assert copied["capabilities"] == f"{base}/wmts/1.0.0/WMTSCapabilities.xml"
    assert copied["rest"] == (
        f"{base}/wmts/1.0.0/france/default/LAMB93/{{TileMatrix}}/{{TileRow}}/{{TileCol}}.png"
    )
    assert copied["gdal"].startswith(f'gdalinfo "WMTS:{copied["capabilities"]},layer=france')
    assert re.match(
        r"iface\.addRasterLayer\('crs=EPSG%3A2154&.*', 'france', 'wms'\)$", copied["qgis"]
    )
    document = page.request.get(copied["capabilities"])
    assert document.status == 200
    template = copied["rest"].replace("default/LAMB93", "{Style}/{TileMatrixSet}")
    assert f'template="{template}"' in document.text()
    tile = page.request.get(copied["kvp"])
    assert (tile.status, tile.headers["content-type"]) == (200, "image/png")
    page.keyboard.press("Escape")
    expect(dialogue).to_be_hidden()
    expect(opener).to_be_focused()


def test_everything_by_keyboard(visit: Visit) -> None:
    """Who has no mouse would not get past the first button."""
    page = visit.open()
    seen = []
    while "map" not in seen:
        assert len(seen) < 30, f"no way to the map: {seen}"
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.role || ''"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if seen[-1]:
            assert outline != "none", f"the focus on {seen[-1]} cannot be seen"
    order = [
        "search",
        "radio",
        "set",
        "format",
        "opacity",
        "edges",
        "zoom-to",
        "open-addresses",
        "map",
    ]
    places = [seen.index(name) for name in order]
    assert places == sorted(places)
    assert seen.count("radio") == 1, "the list is one stop, its rows are reached by arrows"

    page.locator("#search").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    visit.drawn("relief/")
    page.keyboard.press("End")
    visit.drawn("daylight/")
    expect(rows(page).last).to_be_focused()
    page.keyboard.press("ArrowDown")
    visit.drawn("world/")

    page.locator("#map").focus()
    before = link(page)
    changed = "before => !location.hash.includes(before)"
    page.keyboard.press("ArrowRight")
    page.wait_for_function(changed, arg=f"&x={before['x']}&")
    assert float(link(page)["x"]) > float(before["x"])
    page.keyboard.press("-")
    page.wait_for_function(changed, arg=f"&matrix={before['matrix']}&")
    assert int(link(page)["matrix"]) < int(before["matrix"])


def test_search(visit: Visit) -> None:
    """In a long list a layer would not be found, or only by who types its accents."""
    page = visit.open()
    search = page.get_by_role("searchbox")
    search.fill("detroit beri")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Bering Strait")
    expect(page.locator("#count")).to_have_text("1 of 11 layers")
    search.fill("no such thing")
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#count")).to_have_text("No layer has these words.")
    page.keyboard.press("Escape")
    expect(page.locator("#count")).to_have_text("11 layers")


def test_5000_layers_stay_quick(visit: Visit) -> None:
    """A row in the document for each of 5,000 layers would make the page crawl."""
    many = [
        {"id": f"map_{n}", "title": {"en": f"Map {n}", "fr": f"Carte {n}"}, "bounds": [0, 0, 1, 1]}
        for n in range(5000)
    ]
    many[0] = {"id": "world", "title": "World", "bounds": [-180, -90, 180, 90]}
    fulfil(visit, "front/layers.json", {"revision": 1, "layers": many})
    page = visit.open()
    expect(page.locator("#count")).to_have_text("5,000 layers")
    assert rows(page).count() < 60
    page.locator("#list").evaluate("list => list.scrollTo(0, 56 * 4000)")
    expect(rows(page).filter(has_text="Map 4003")).to_be_visible()
    assert rows(page).count() < 60
    took = page.evaluate(
        """() => {
          const search = document.getElementById('search');
          const start = performance.now();
          search.value = 'carte 4999';
          search.dispatchEvent(new Event('input'));
          return performance.now() - start;
        }"""
    )
    expect(rows(page).filter(has_text="Map 4999")).to_be_visible()
    assert took < 500


def test_hostile_titles_are_text(visit: Visit) -> None:
    """A title with markup in it would run in every visitor's browser."""
    title = "<img src=x onerror=document.title='broken'></script><b>&amp;"
    layers = [{"id": "world", "title": title, "bounds": [-180, -90, 180, 90]}]
    fulfil(visit, "front/layers.json", {"revision": 1, "layers": layers})
    page = visit.open()
    expect(rows(page)).to_contain_text(title)
    assert page.locator("#list img, #list b").count() == 0


def test_an_empty_catalogue_says_so(visit: Visit) -> None:
    """A new service would look broken instead of empty."""
    fulfil(visit, "front/layers.json", {"revision": 1, "layers": []})
    page = visit.page
    page.goto(visit.server)
    expect(page.locator("#message")).to_contain_text("No layer is published yet")
    expect(page.locator("#layer")).to_be_hidden()
    page.locator("#zoom-in").click()


def test_a_layer_without_tiles_says_so(visit: Visit) -> None:
    """A layer outside all its matrix sets would look like a slow one."""
    visit.open()
    document = visit.page.request.get(f"{visit.server}/front/layer.json?id=relief").json()
    for matrix_set in document["sets"]:
        matrix_set["matrices"], matrix_set["extent"] = [], None
    fulfil(visit, "front/layer.json?id=relief", document)
    rows(visit.page).nth(1).click()
    expect(visit.page.locator("#message")).to_contain_text("no tiles to show")
    rows(visit.page).nth(0).click()
    visit.drawn("world/")
    expect(visit.page.locator("#message")).to_be_hidden()


def test_failing_tiles_are_told_in_words(visit: Visit) -> None:
    """A server in trouble would show as an empty map, and nobody could say why."""
    report = (
        '<ExceptionReport xmlns="http://www.opengis.net/ows/1.1"><Exception>'
        "<ExceptionText>the disk is on fire</ExceptionText></Exception></ExceptionReport>"
    )
    visit.page.route(
        "**/wmts/1.0.0/world/**",
        lambda route: route.fulfill(status=500, content_type="application/xml", body=report),
    )
    page = visit.open()
    expect(page.locator("#message")).to_contain_text("answered 500. the disk is on fire")
    page.unroute("**/wmts/1.0.0/world/**")
    rows(page).nth(1).click()
    visit.drawn("relief/")
    expect(page.locator("#message")).to_be_hidden()
    assert all("500" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


def test_a_server_that_went_away_is_told(visit: Visit) -> None:
    """Choosing a layer while the server restarts would do nothing at all."""
    page = visit.open()
    page.route("**/front/layer.json**", lambda route: route.abort())
    rows(page).nth(2).click()
    expect(page.locator("#message")).to_contain_text("the server does not answer")
    visit.troubles.clear()


@pytest.fixture
def phone(chromium: Browser, server: str) -> Any:
    """A visit by phone: narrow, touched, with a fine screen."""
    context = chromium.new_context(
        viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True, locale="en-GB"
    )
    visit = Visit(context, server)
    yield visit
    context.close()
    assert visit.troubles == []


def test_phone(phone: Visit) -> None:
    """On a phone the page would scroll sideways, or its panel hide the map for ever."""
    page = phone.open("#layer=madagascar")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.documentElement.scrollHeight") == PHONE["height"]
    left, top, right, bottom = phone.drawn_box()
    assert 0 < left < right < PHONE["width"]
    assert 0 < top < bottom < PHONE["height"]
    handle = page.get_by_role("button", name="Layers and settings")
    expect(page.locator("#search")).to_be_hidden()
    handle.tap()
    expect(handle).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#search")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    for element in page.locator("#panel select, #panel button, #search").all():
        box = element.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    rows(page).filter(has_text="The Arctic").tap()
    phone.drawn("arctic/")
    page.get_by_role("button", name="Addresses", exact=True).tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("button", name="Close").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()
    handle.tap()
    expect(page.locator("#search")).to_be_hidden()


def test_fine_screens_get_finer_tiles(phone: Visit) -> None:
    """On a phone's fine screen the map would be blurred."""
    phone.open("#layer=france&set=WebMercatorQuad")
    assert phone.page.evaluate("devicePixelRatio") == 2
    drawn = {path.split("/")[-3] for path in phone.tiles()}
    assert max(int(matrix) for matrix in drawn) == int(link(phone.page)["matrix"]) + 1


def test_dark_mode(chromium: Browser, server: str) -> None:
    """At night the page would be a lamp."""
    brightness = {}
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme, viewport=DESKTOP, locale="en-GB")
        visit = Visit(context, server)
        page = visit.open()
        colour = page.locator("#panel").evaluate("panel => getComputedStyle(panel).backgroundColor")
        brightness[scheme] = sum(int(number) for number in re.findall(r"\d+", colour)[:3])
        assert visit.troubles == []
        context.close()
    assert brightness["light"] > 600
    assert brightness["dark"] < 150


def test_without_javascript(chromium: Browser, server: str) -> None:
    """A reader without JavaScript would not learn that the service itself works."""
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(server)
    expect(page.get_by_role("link", name="WMTSCapabilities.xml")).to_be_visible()
    context.close()


def test_the_legend_of_the_style_is_shown(visit: Visit) -> None:
    """Colours of measurements would be left unexplained, or explained in another language."""
    page = visit.open("#layer=cumberland&style=heights")
    visit.drawn("cumberland/heights")
    picture = page.locator("#legend img")
    expect(picture).to_have_attribute("alt", "Legend of Heights")
    expect(picture).to_have_attribute("src", re.compile("/cumberland/heights/legend.svg$"))
    assert page.wait_for_function("document.querySelector('#legend img').naturalWidth > 50")
    page.get_by_role("button", name="Français").click()
    expect(picture).to_have_attribute("src", re.compile("/cumberland/heights/legend.fr.svg$"))
    page.locator("#style").select_option("shading")
    expect(page.locator("#legend")).to_be_hidden()


def test_a_legend_elsewhere_is_a_link(visit: Visit) -> None:
    """The page loads nothing from other hosts."""
    matrix = {
        "id": "0", "cell": 156543.03392804097, "scale": 559082264.0287178,
        "origin": [-20037508.342789244, 20037508.342789244],
        "tile": [256, 256], "size": [1, 1], "limits": [0, 0, 0, 0],
    }  # fmt: skip
    crs = {
        "code": "EPSG:3857", "name": "Mercator", "proj4": "", "geographic": False,
        "unit": "metre", "metres_per_unit": 1,
    }  # fmt: skip
    legend = {"href": "https://example.org/legend.png", "language": "", "size": None}
    layer = {
        "id": "world", "title": "x", "abstract": "", "attribution": "", "kind": "picture",
        "crs": "EPSG:3857", "bounds": [-180, -85, 180, 85],
        "styles": [{"id": "default", "title": "Best", "legends": [legend]}],
        "formats": [{"type": "image/jpeg", "extension": "jpg"}], "dimensions": [], "info": None,
        "sets": [{
            "id": "WebMercatorQuad", "title": "", "crs": crs,
            "extent": [-2e7, -2e7, 2e7, 2e7], "matrices": [matrix],
        }],
    }  # fmt: skip
    fulfil(visit, "front/layer.json?id=world", layer)
    page = visit.open()
    link_ = page.locator("#legend a")
    expect(link_).to_have_text("Legend of Best")
    expect(link_).to_have_attribute("href", "https://example.org/legend.png")
    assert page.locator("#legend img").count() == 0


def test_a_click_tells_what_is_there(visit: Visit) -> None:
    """The map would be a picture, not something to ask."""
    page = visit.open("#layer=surface&set=WorldCRS84Quad")
    card = page.locator("#info")
    expect(card).to_be_hidden()
    page.mouse.click(900, 440)
    expect(card).to_be_visible()
    expect(card.locator("dt")).to_have_text(["Class", "Class name", "Colour"])
    page.get_by_role("button", name="Français").click()
    expect(card.locator("dt")).to_have_text(["Classe", "Nom de la classe", "Couleur"])
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_the_centre_is_asked_by_a_button_and_by_a_key(visit: Visit) -> None:
    """Whoever has no pointer could not ask."""
    page = visit.open("#layer=cumberland")
    page.get_by_role("button", name="What is at the centre of the map?").click()
    card = page.locator("#info")
    expect(card.locator("dd")).to_have_text(re.compile(r"\d+ m"))
    expect(page.locator("#info-body")).to_have_attribute("role", "status")
    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    expect(card.locator("dd")).to_have_text(re.compile(r"\d+ m"))
    rows(page).filter(has_text="Shaded relief").click()
    visit.drawn("relief/")
    expect(card).to_be_hidden()
    expect(page.locator("#ask")).to_be_disabled()


def test_no_data_and_no_answer_are_said(visit: Visit) -> None:
    """An empty card would look like a fault, and a fault like no data."""
    page = visit.open("#layer=madagascar&set=madagascar")
    page.mouse.click(1380, 860)
    expect(page.locator("#info")).to_contain_text("There is no data at this place.")
    report = "<r xmlns='urn:x'><ExceptionText>The disk is gone.</ExceptionText></r>"
    page.route(
        "**/*.geojson",
        lambda route: route.fulfill(status=500, content_type="application/xml", body=report),
    )
    page.locator("#ask").click()
    expect(page.locator("#info")).to_contain_text("The disk is gone.")
    visit.troubles = [one for one in visit.troubles if "500" not in one]


def test_a_phone_shows_the_answer_above_the_sheet(visit: Visit) -> None:
    """It would lie under the panel."""
    visit.page.set_viewport_size(PHONE)
    page = visit.open("#layer=levant")
    page.locator("#ask").click()
    box = page.locator("#info").bounding_box()
    zoom = page.locator("#zoom").bounding_box()
    assert box is not None
    assert zoom is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= zoom["x"]
    assert box["y"] + box["height"] < PHONE["height"] - 60
