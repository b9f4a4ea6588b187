"""The abstract tests of OGC 07-057r7, A.2, by their names: what we ask other servers as a client.

The remote judges every request by its document and by the standard, and keeps what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
from PIL import Image

from tests.journeys.cascading import Cascade
from tests.remote.fake import Answer, FakeRemote
from tests.remote.strict_wmts import COAST, GREEN, NORTH, RED, StrictWmts
from tuilerie.catalogue.info import HTML, JSON
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.errors import RequestError, UpstreamError
from tuilerie.sources.remote.descriptions import RemoteDescriptions

CATALOGUE = """
sources:
  ground: {{kind: wmts, url: "{where}", layer: ground}}
  names: {{kind: wmts, url: "{where}", layer: names}}
layers:
  ground: {{source: ground, matrix_sets: [WebMercatorQuad, EuropeanETRS89_LAEAQuad]}}
  names: {{source: names, matrix_sets: [WGS1984Quad, WebMercatorQuad, EuropeanETRS89_LAEAQuad]}}
"""
EXCEPTION = b"""<?xml version="1.0"?><ExceptionReport xmlns="http://www.opengis.net/ows/1.1"
 version="1.0.0"><Exception exceptionCode="TileOutOfRange" locator="TileRow">
<ExceptionText>the edge of the world</ExceptionText></Exception></ExceptionReport>"""
EUROPE = "EuropeanETRS89_LAEAQuad/0/0/0.png"


@pytest.fixture
async def remote() -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as found:
        yield found


@pytest.fixture(params=["kvp", "rest"])
async def wmts(request: pytest.FixtureRequest, remote: FakeRemote) -> AsyncIterator[StrictWmts]:
    found = StrictWmts(remote, [request.param])
    yield found
    assert found.faults == []


@pytest.fixture
async def cascade(tmp_path: Path, remote: FakeRemote, wmts: StrictWmts) -> AsyncIterator[Cascade]:
    found = await Cascade.of(tmp_path, CATALOGUE.format(where=remote.url("/wmts")))
    yield found
    await found.close()


async def info(cascade: Cascade, query: str, i: int, j: int, form: Any, **more: Any) -> bytes:
    address = InfoAddress(cascade.address(query, **more), i, j, form)
    data: bytes = await cascade.service.get_feature_info(
        address, base_url="http://here.example", languages=()
    )
    return data


async def test_a_2_1_getcapabilities_operation_request(
    tmp_path: Path, remote: FakeRemote, wmts: StrictWmts
) -> None:
    """However the address is written, both parameters are there, and what is kept is named."""
    pasted = ["/wmts", "/wmts?", "/wmts?request=GetCapabilities", "/wmts?VERSION=1.0.0",
              "/wmts?layer=ground&request=GetTile&service=wmts"]  # fmt: skip
    for n, path in enumerate(pasted):
        text = CATALOGUE.format(where=remote.url(path))
        await (await Cascade.of(tmp_path / str(n), text)).close()
    # Both sources want one document, which is asked for once.
    assert remote.count("/wmts") == remote.count() == len(pasted)
    # Later it is asked whether there is a newer one, and there is.
    cascade = await Cascade.of(tmp_path / "0", CATALOGUE.format(where=remote.url("/wmts")))
    assert remote.requests[-1].headers["if-none-match"] == '"7"'
    settings = cascade.catalogue.sources["ground"]
    wmts.sequence = "8"
    kept = RemoteDescriptions(cascade.folder / "again")
    read = await asyncio.to_thread(kept.get, "ground", settings)
    assert read.service.update_sequence == "8"
    await cascade.close()


async def test_a_2_2_gettile_operation_request(
    cascade: Cascade, remote: FakeRemote, wmts: StrictWmts
) -> None:
    """Styles, values of dimensions and tiles, all of them; the corners of each matrix."""
    layer = cascade.catalogue.layers["ground"]
    styles = [style.identifier for style in layer.styles]
    times, bands = (dimension.values for dimension in layer.dimensions)
    assert (len(styles), len(times), len(bands)) == (2, 2, 2)
    before = remote.count()
    for style, time, band in product(styles, times, bands):
        chosen = (("Time", time), ("Band", band))
        await cascade.tile("ground/WebMercatorQuad/0/0/0.png", style=style, dimensions=chosen)
    for z in range(1, 4):
        for col, row in product((0, 2**z - 1), repeat=2):
            await cascade.tile(f"ground/WebMercatorQuad/{z}/{col}/{row}.png")
    assert remote.count() - before == 8 + 12
    assert len({request.target for request in remote.requests}) == 1 + 8 + 12
    # Its exceptions are understood (Table 24), and nothing of them is kept.
    remote.otherwise(Answer(400, EXCEPTION, "application/xml"))
    with pytest.raises(UpstreamError, match="TileOutOfRange: the edge of the world"):
        await cascade.tile("ground/WebMercatorQuad/3/5/5.png")
    remote.otherwise(wmts.answer)
    await cascade.tile("ground/WebMercatorQuad/3/5/5.png")


async def test_a_2_3_contiguous_gettile_operation_requests(cascade: Cascade) -> None:
    """Side by side they are one map, also where they are drawn: nothing doubled, nothing lost."""
    for layer, tms, z, size in [
        ("ground", "WebMercatorQuad", 2, (4, 4)),
        ("ground", "EuropeanETRS89_LAEAQuad", 1, (2, 2)),
    ]:
        cells = [
            [await cascade.pixels(f"{layer}/{tms}/{z}/{col}/{row}.png") for col in range(size[0])]
            for row in range(size[1])
        ]
        shown = np.vstack([np.hstack(row) for row in cells])[..., :3]
        lon, _, cell = _places(cascade, tms, z, size)
        right = np.abs(shown - np.array(GREEN)).max(axis=-1) <= 2
        clear = np.abs(lon - COAST) > 3 * cell
        assert np.array_equal(right[clear], (lon >= COAST)[clear])


async def test_a_2_4_overlay_and_transparency_in_gettile_operation_request(
    cascade: Cascade,
) -> None:
    """The upper layer hides nothing where it has no data, relayed and drawn."""
    upper = await cascade.pixels("names/WGS1984Quad/2/4/0.png")
    assert set(np.unique(upper[..., 3])) == {0, 255}
    shown = await _overlaid(cascade, EUROPE)
    colours = {tuple(colour) for colour in shown.reshape(-1, 3)[::97]}
    assert {GREEN, RED} <= colours
    drawn = await cascade.pixels(f"names/{EUROPE}")
    assert 0 < (drawn[..., 3] == 0).mean() < 1


async def test_a_2_5_different_tilematrixsets_in_gettile_operation_requests(
    cascade: Cascade,
) -> None:
    """Tiles in metres below tiles in degrees: both have the coast at the same pixel."""
    tms = "EuropeanETRS89_LAEAQuad"
    shown = await _overlaid(cascade, EUROPE)
    lon, lat, cell = _places(cascade, tms, 0, (1, 1))
    clear = (np.abs(lon - COAST) > 3 * cell) & (np.abs(lat - NORTH) > 3 * cell)
    upper = (lon >= COAST) & (lat >= NORTH)
    # Only the limits of the upper layer lie within this map.
    within = (lon < 135 - cell) & (lat < 90 - cell)
    red = np.abs(shown - np.array(RED)).max(axis=-1) <= 2
    green = np.abs(shown - np.array(GREEN)).max(axis=-1) <= 2
    assert np.array_equal(red[clear & within], upper[clear & within])
    assert np.array_equal(green[clear & within & ~upper], (lon >= COAST)[clear & within & ~upper])


async def test_a_2_6_optional_getfeatureinfo_operation_request(cascade: Cascade) -> None:
    """Tile and pixel are ours where the grid is; formats, styles and values are the remote's."""
    styles = [style.identifier for style in cascade.catalogue.layers["ground"].styles]
    for style, form, (i, j) in product(styles, (HTML, JSON), [(0, 0), (255, 255), (7, 201)]):
        query = "ground/WebMercatorQuad/3/5/2.png"
        told = await info(
            cascade, query, i, j, form, style=style, dimensions=(("Band", "infra red"),)
        )
        assert told == f"PM:3 2 5 {j} {i}".encode()
    assert await info(cascade, f"ground/{EUROPE}", 99, 9, HTML)


@pytest.mark.parametrize("encodings", [("kvp",), ("rest",), ("kvp", "rest")])
async def test_a_2_7_gettile_and_getfeatureinfo_operation_request_form_servicemetadata_content(
    tmp_path: Path, remote: FakeRemote, encodings: tuple[str, ...]
) -> None:
    """Nothing is asked that the document does not offer: encodings, formats, defaults, limits."""
    wmts = StrictWmts(remote, encodings)
    cascade = await Cascade.of(tmp_path, CATALOGUE.format(where=remote.url("/wmts")))
    ground, names = (cascade.catalogue.layers[name] for name in ("ground", "names"))
    assert [one.default for one in ground.dimensions] == ["2020-07-01", "visible"]
    assert [style.identifier for style in names.styles] == ["plain"]
    assert {each.media_type for each in ground.info.formats} >= {"text/html", "application/json"}
    assert names.info.formats == ()
    # All tiles of every matrix set that it lists, but for those outside the remote's limits.
    refused = 0
    for query in (f"names/WGS1984Quad/2/{col}/{row}.png" for col in range(8) for row in range(4)):
        try:
            await cascade.tile(query)
        except RequestError:
            refused += 1
    assert refused == 32 - 6
    for col, row in product(range(4), repeat=2):
        for layer in ("ground", "names"):
            try:
                await cascade.tile(f"{layer}/WebMercatorQuad/2/{col}/{row}.png")
            except RequestError:
                assert layer == "names"
    await info(cascade, "ground/WebMercatorQuad/1/0/0.png", 3, 4, JSON)
    await cascade.close()
    assert wmts.faults == []
    ways = {request.path.split("/")[1] for request in remote.requests}
    assert ways == {"wmts", "rest" if "rest" in encodings else "kvp"}


async def _overlaid(cascade: Cascade, tile: str) -> np.ndarray:
    """Return the two layers one upon the other, as a client shows them."""
    below, above = [
        Image.open(BytesIO(await cascade.tile(f"{layer}/{tile}"))).convert("RGBA")
        for layer in ("ground", "names")
    ]
    return np.asarray(Image.alpha_composite(below, above).convert("RGB")).astype(int)


def _places(
    cascade: Cascade, tms: str, z: int, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return longitude and latitude of the pixels of a matrix, and how many degrees they have."""
    matrix_set = cascade.catalogue.matrix_sets[tms]
    matrix = matrix_set.matrix(str(z))
    x = matrix.left + (np.arange(size[0] * 256) + 0.5) * matrix.cell_size
    y = matrix.top - (np.arange(size[1] * 256) + 0.5) * matrix.cell_size
    to_degrees = pyproj.Transformer.from_crs(matrix_set.crs.text, 4326, always_xy=True)
    lon, lat = to_degrees.transform(*np.meshgrid(x, y))
    metres = matrix.cell_size / 111_319.49
    return lon, lat, metres / np.maximum(np.cos(np.radians(lat)), 0.02)
