"""What a remote says of its layers beside their tiles: legends, words, whom to name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.journeys.cascading import Cascade
from tests.protocols.schemas import assert_valid
from tests.remote.documents import wms_document, wmts_document
from tests.remote.fake import Answer, FakeRemote
from tests.sources.archives import image, write_mbtiles
from tuilerie.errors import NotFound
from tuilerie.protocols.reading.plain_words import plain_words
from tuilerie.tiles.carried_legends import CARRIED_S, CarriedLegends

WMTS = "{http://www.opengis.net/wmts/1.0}"
OWS = "{http://www.opengis.net/ows/1.1}"
HREF = "{http://www.w3.org/1999/xlink}href"
CAPABILITIES = "/wmts/1.0.0/WMTSCapabilities.xml"
LEGEND = "/wmts/1.0.0/near/plain/legend.png"
PICTURE = image(np.full((40, 90, 3), 77, np.uint8))
BOMB = image(np.zeros((3000, 3000), np.uint8))


def as_gif() -> bytes:
    data = BytesIO()
    Image.new("P", (8, 8)).save(data, "GIF")
    return data.getvalue()


@pytest.fixture
async def remote() -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as found:
        found.on("/legend.png", Answer(200, PICTURE, "image/png"))
        yield found


def serve(remote: FakeRemote, document: bytes) -> None:
    remote.on("/service", Answer(200, document, "application/xml"))


async def of_wmts(folder: Path, remote: FakeRemote, *, more: str = "", layer: str = "") -> Cascade:
    return await Cascade.of(
        folder,
        f"""
sources: {{far: {{kind: wmts, url: "{remote.url("/service")}", layer: roads,
  options: {{retries: 0, backoff_s: 0.001{more}}}}}}}
layers: {{near: {{source: far, matrix_sets: [WebMercatorQuad]{layer}}}}}
""",
    )


async def announced(cascade: Cascade) -> list[dict[str, str]]:
    answer = await cascade.get(CAPABILITIES)
    assert "abcdefgh" not in answer.text
    assert "127.0.0.1" not in answer.text
    return [dict(each.attrib) for each in assert_valid(answer.content).iter(f"{WMTS}LegendURL")]


async def test_the_legend_of_a_wmts_is_announced_at_our_address_and_fetched_once(
    tmp_path: Path, remote: FakeRemote
) -> None:
    """The remote's own address has a key in it, and may be out of the clients' reach."""
    serve(remote, wmts_document(remote.url("")))
    cascade = await of_wmts(tmp_path, remote)
    (legend,) = await announced(cascade)
    assert legend == {"format": "image/png", HREF: f"http://maps.test{LEGEND}"}
    assert "abcdefgh" not in repr(cascade.catalogue.layers)
    assert remote.count("/legend.png") == 0
    answers = [await cascade.get(LEGEND) for _ in range(3)]
    assert {(each.status_code, each.content) for each in answers} == {(200, PICTURE)}
    assert answers[0].headers["content-type"] == "image/png"
    assert answers[0].headers["cache-control"] == "max-age=3600"
    assert [each.query for each in remote.seen("/legend.png")] == [{"key": "abcdefgh"}]
    (shown,) = (await cascade.get("/front/layer.json?id=near")).json()["styles"]
    assert shown["legends"] == [{"href": LEGEND[1:], "language": "", "size": None}]
    await cascade.close()


async def test_sizes_scales_and_further_legends_are_as_the_remote_says(
    tmp_path: Path, remote: FakeRemote
) -> None:
    """A scale of no matrix would break the document; an SVG could bring a script."""
    base = remote.url("")
    legends = [
        f'<LegendURL format="image/png" xlink:href="{base}/a?x=1&amp;key=abcdefgh" width="90" '
        'height="40" minScaleDenominator="68247.34668" maxScaleDenominator="1000000"/>',
        f'<LegendURL xlink:href="{base}/b.gif" width="-4"/>',
        f'<LegendURL format="image/svg+xml" xlink:href="{base}/c.svg"/>',
        f'<LegendURL xlink:href="{base}/d"/>',
        f'<LegendURL xlink:href="{base}/e?FORMAT=image%2Fpng8"/>',
    ]
    document = wmts_document(base, ("roads",)).decode()
    start = document.index("<LegendURL")
    end = document.index("</Style>", start)
    serve(remote, (document[:start] + "".join(legends) + document[end:]).encode())
    cascade = await of_wmts(tmp_path, remote)
    first, second, third = await announced(cascade)
    assert (first["width"], first["height"]) == ("90", "40")
    assert first["minScaleDenominator"].startswith("68247.3466")
    assert "maxScaleDenominator" not in first
    start = f"http://maps.test{LEGEND}".removesuffix(".png")
    assert second == {"format": "image/gif", HREF: f"{start}-2.gif"}
    assert third == {"format": "image/png", HREF: f"{start}-3.png"}
    remote.on("/b.gif", Answer(200, as_gif(), "image/gif"))
    remote.on("/e", Answer(200, PICTURE, "image/png"))
    assert (await cascade.get(second[HREF])).content == as_gif()
    assert (await cascade.get(third[HREF])).content == PICTURE
    assert (await cascade.get(f"{start}-4.png")).status_code == 404
    await cascade.close()


async def test_each_style_of_a_wms_has_its_legend(tmp_path: Path, remote: FakeRemote) -> None:
    styles = "".join(
        f"<Style><Name>{name}</Name><Title>{name}</Title>"
        f'<LegendURL width="20" height="10"><Format>image/png</Format><OnlineResource '
        f'xlink:href="{remote.url("/legend")}?style={name}&amp;key=abcdefgh"/></LegendURL></Style>'
        for name in ("blue", "grey")
    )
    document = wms_document(remote.url("")).decode()
    serve(remote, document.replace("<Title>Rivers</Title>", f"<Title>R</Title>{styles}").encode())
    pictures = {
        name: image(np.full((10, 20, 3), level, np.uint8))
        for name, level in (("blue", 3), ("grey", 99))
    }
    remote.on("/legend", lambda asked: Answer(200, pictures[asked.query["style"]], "image/png"))
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources: {{far: {{kind: wms, url: "{remote.url("/service")}", layers: [rivers]}}}}
layers:
  near: {{source: far, matrix_sets: [WebMercatorQuad]}}
  other: {{source: far, matrix_sets: [WebMercatorQuad], styles: [default, grey]}}
""",
    )
    found = await announced(cascade)
    assert {(each["width"], each["height"]) for each in found} == {("20", "10")}
    asked = {each[HREF].split("/1.0.0/")[1]: (await cascade.get(each[HREF])) for each in found}
    assert {name: answer.content for name, answer in asked.items()} == {
        "near/blue/legend.png": pictures["blue"],
        "near/grey/legend.png": pictures["grey"],
        "other/default/legend.png": pictures["blue"],
        "other/grey/legend.png": pictures["grey"],
    }
    await cascade.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(404), 404),
        (Answer(204), 404),
        (Answer(500, b"key s3cr3t-and-long", "text/plain"), 502),
        (Answer(200, b"<ServiceException>no s3cr3t-and-long</ServiceException>"), 502),
        (Answer(200, as_gif(), "image/png"), 502),
        (Answer(200, PICTURE[:-20], "image/png"), 502),
        (Answer(200, BOMB, "image/png"), 502),
        (Answer(200, bytes(1 << 20), "image/png", repeat=3), 502),
        (Answer(302, headers={"Location": "http://169.254.169.254/"}), 502),
        (Answer(503, headers={"Retry-After": "70"}), 503),
        (Answer(200, PICTURE, held=True), 504),
    ],
)
async def test_a_legend_that_cannot_be_had_is_an_honest_error(
    tmp_path: Path,
    remote: FakeRemote,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    status: int,
) -> None:
    """Whatever the remote sends, none of it is handed on as a picture, nor is the key."""
    monkeypatch.setenv("TUILERIE_TEST_KEY", "s3cr3t-and-long")
    serve(remote, wmts_document(remote.url("")))
    key = ", total_timeout_s: 0.5, key: {name: apikey, value: env:TUILERIE_TEST_KEY}"
    cascade = await of_wmts(tmp_path, remote, more=key)
    remote.on("/legend.png", answer)
    found = await cascade.get(LEGEND)
    assert found.status_code == status
    assert found.headers["content-type"] == "application/xml"
    assert found.headers["cache-control"] == "no-store"
    assert "s3cr3t" not in found.text
    assert remote.seen("/legend.png")[0].query["apikey"] == "s3cr3t-and-long"
    await cascade.close()


async def test_sources_that_are_made_of_others_announce_no_legend(
    tmp_path: Path, remote: FakeRemote
) -> None:
    serve(remote, wmts_document(remote.url("")))
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources:
  a: {{kind: wmts, url: "{remote.url("/service")}", layer: roads}}
  b: {{kind: wmts, url: "{remote.url("/service")}", layer: relief}}
  both: {{kind: fallback, sources: [a, b]}}
layers: {{near: {{source: both, matrix_sets: [WebMercatorQuad]}}}}
""",
    )
    assert await announced(cascade) == []
    assert (await cascade.get(LEGEND)).status_code == 404
    await cascade.close()


async def test_legends_are_kept_for_an_hour_and_within_bounds() -> None:
    """Neither a crowd of viewers nor a server with a thousand styles weighs on anybody."""

    class Source:
        asked = 0

        async def fetch_legend(self, style: str, number: int) -> bytes | None:
            self.asked += 1
            return None if style == "none" else bytes(100)

    source, now = Source(), 0.0
    legends = CarriedLegends({"near": source}, max_bytes=250, clock=lambda: now)

    async def ask(style: str) -> Any:
        return await legends.legend("near", style, 0)

    for _ in range(3):
        assert await ask("a") == bytes(100)
    assert source.asked == 1
    now = CARRIED_S + 1
    await ask("a")
    assert source.asked == 2
    for style in "bca":  # the third pushes the first out
        await ask(style)
    assert source.asked == 5
    for nothing in (ask("none"), legends.legend("far", "a", 0)):
        with pytest.raises(NotFound):
            await nothing


async def words(cascade: Cascade, layer: str = "near") -> dict[str, Any]:
    """Return what clients and readers of the front page are told of a layer."""
    root = assert_valid((await cascade.get(CAPABILITIES)).content)
    told = {each.findtext(f"{OWS}Identifier"): each for each in root.iter(f"{WMTS}Layer")}[layer]
    shown = (await cascade.get(f"/front/layer.json?id={layer}")).json()
    found = {
        "title": told.findtext(f"{OWS}Title"),
        "abstract": told.findtext(f"{OWS}Abstract") or "",
        "keywords": [word.text for word in told.iterfind(f"{OWS}Keywords/{OWS}Keyword")],
        "attribution": shown["attribution"],
    }
    assert (shown["title"], shown["abstract"]) == (found["title"], found["abstract"])
    listed = (await cascade.get("/front/layers.json")).json()["layers"]
    assert {each["id"]: each["title"] for each in listed}[layer] == found["title"]
    return found


async def test_a_layer_of_a_wmts_has_the_words_that_its_entry_leaves_out(
    tmp_path: Path, remote: FakeRemote
) -> None:
    document = wmts_document(remote.url("")).decode()
    keywords = "<ows:Keywords><ows:Keyword>street</ows:Keyword></ows:Keywords>"
    document = document.replace(
        "</ows:Abstract>", f" &lt;b&gt; &amp; all</ows:Abstract>{keywords}"
    ).replace(
        "<Contents>",
        "<ows:ServiceProvider><ows:ProviderName>The agency</ows:ProviderName>"
        "<ows:ServiceContact/></ows:ServiceProvider><Contents>",
    )
    serve(remote, document.encode())
    cascade = await of_wmts(tmp_path, remote)
    theirs = {
        "title": "Roads",
        "abstract": "About roads <b> & all",
        "keywords": ["street"],
        "attribution": "The agency",
    }
    assert await words(cascade) == theirs
    await cascade.close()
    ours = {"title": "A", "abstract": "B", "keywords": ["c"], "attribution": "D"}
    for name, value in ours.items():
        cascade = await of_wmts(tmp_path / name, remote, layer=f", {name}: {value}")
        assert await words(cascade) == {**theirs, name: value}
        await cascade.close()


async def test_a_map_of_several_names_them_all(tmp_path: Path, remote: FakeRemote) -> None:
    """Layers of a WMS, sources in a list, a layer of a layer: whoever made a part is named."""
    document = wms_document(remote.url(""), ("rivers", "lakes")).decode()
    credit = "<Attribution><Title>The lakes</Title></Attribution></Layer></Layer>"
    serve(remote, document.replace("</Layer></Layer>", credit).encode())
    remote.on(
        "/tiles.json",
        Answer(
            200,
            json.dumps(
                {
                    "tilejson": "3.0.0",
                    "tiles": [remote.url("/{z}/{x}/{y}.png")],
                    "name": "Photo",
                    "description": "From above",
                    "attribution": '<a href="https://example.org">&copy; Us &amp; them</a>'
                    "<script>alert(1)</script>",
                    "maxzoom": 2,
                }
            ).encode(),
            "application/json",
        ),
    )
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources:
  maps: {{kind: wms, url: "{remote.url("/service")}", layers: [rivers, lakes]}}
  lakes: {{kind: wms, url: "{remote.url("/service")}", layers: [lakes]}}
  photo: {{kind: xyz, url: "{remote.url("/tiles.json")}"}}
  all: {{kind: fallback, sources: [photo, maps, lakes]}}
  again: {{kind: layer, layer: photo}}
layers:
  maps: {{source: maps}}
  lakes: {{source: lakes}}
  photo: {{source: photo}}
  all: {{source: all}}
  again: {{source: again}}
""",
    )
    found = {name: await words(cascade, name) for name in cascade.catalogue.layers}
    assert {name: each["attribution"] for name, each in found.items()} == {
        "maps": "The agency · The lakes",
        "lakes": "The lakes",
        "photo": "© Us & them",
        "all": "© Us & them · The agency · The lakes",
        "again": "© Us & them",
    }
    assert (found["photo"]["title"], found["photo"]["abstract"]) == ("Photo", "From above")
    assert (found["lakes"]["title"], found["maps"]["title"]) == ("Lakes", "maps")
    await cascade.close()


async def test_an_archive_has_the_words_of_its_metadata(tmp_path: Path) -> None:
    write_mbtiles(
        tmp_path / "a.mbtiles",
        {(0, 0, 0): image(np.zeros((256, 256), np.uint8))},
        name="World",
        description="All of <i>it</i>",
        attribution="<a href='https://example.org'>Somebody</a>",
    )
    cascade = await Cascade.of(
        tmp_path,
        "sources: {a: {kind: mbtiles, path: a.mbtiles}}\nlayers: {near: {source: a}}",
    )
    assert await words(cascade) == {
        "title": "World",
        "abstract": "All of it",
        "keywords": [],
        "attribution": "Somebody",
    }
    await cascade.close()


@given(st.text())
def test_words_without_markup_stay_and_markup_goes(text: str) -> None:
    found = plain_words(text)
    assert len(found) <= max(len(text), 10_000)
    if not {"<", "&"} & set(text):
        assert found == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a < b & c", "a < b & c"),
        ("a<br/>b <b>c", "a b c"),
        ("<style>x</style><a href=1>y</a>", "y"),
    ],
)
def test_markup_however_written(written: str, read: str) -> None:
    assert plain_words(written) == read
