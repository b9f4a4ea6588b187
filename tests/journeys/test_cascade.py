"""Other servers as sources, with a remote that is slow, cut, lying, away: from file to tile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.journeys.cascading import Cascade, tile_answers
from tests.remote.documents import wmts_document
from tests.remote.fake import Answer, FakeRemote, Request
from tests.sources.archives import image, pyramid_of_world, world
from tuilerie.errors import CatalogueError, UpstreamError
from tuilerie.protocols.wmts.exceptions import Encoding, reporting, status

XML_IN_200 = Answer(
    200,
    b'<?xml version="1.0"?><ServiceExceptionReport><ServiceException>out of memory'
    b"</ServiceException></ServiceExceptionReport>",
    "image/png",
)


@pytest.fixture(scope="module")
def tiles() -> dict[Any, bytes]:
    return pyramid_of_world(3)


@pytest.fixture
async def remote(tiles: dict[Any, bytes]) -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as found:
        found.otherwise(tile_answers(tiles))
        yield found


def xyz(remote: FakeRemote, options: str = "", layer: str = "", source: str = "") -> str:
    return f"""
sources:
  far:
    kind: xyz
    url: "{remote.url("/{z}/{x}/{y}.png")}"
    max_matrix: 3
    options: {{backoff_s: 0.001{options}}}
    {source}
layers:
  near: {{source: far, matrix_sets: [WebMercatorQuad, WorldCRS84Quad]{layer}}}
"""


async def test_the_same_grid_and_format_pass_untouched(
    tmp_path: Path, remote: FakeRemote, tiles: dict[Any, bytes]
) -> None:
    cascade = await Cascade.of(tmp_path, xyz(remote))
    for z, x, y in [(0, 0, 0), (3, 7, 2), (3, 0, 7)]:
        assert await cascade.tile(f"near/WebMercatorQuad/{z}/{x}/{y}.png") == tiles[z, x, y]
    assert remote.count() == 3
    # From the cache the second time.
    assert await cascade.tile("near/WebMercatorQuad/3/7/2.png") == tiles[3, 7, 2]
    assert remote.count() == 3
    await cascade.close()


async def test_200_clients_of_a_cold_map_fetch_each_remote_tile_once(
    tmp_path: Path, remote: FakeRemote
) -> None:
    """Relayed and drawn at the same time, neighbours sharing the tiles along their edges."""
    cascade = await Cascade.of(tmp_path, xyz(remote))
    wanted = [f"near/WebMercatorQuad/3/{n % 8}/{n // 8 % 8}.png" for n in range(100)]
    wanted += [f"near/WorldCRS84Quad/2/{n % 8}/{n // 8 % 4}.png" for n in range(100)]
    await asyncio.gather(*map(cascade.tile, wanted))
    asked = [request.path for request in remote.requests]
    assert len(asked) == len(set(asked)) >= 64
    assert remote.peak <= 8
    await cascade.close()


async def test_pixels_of_another_grid_lie_where_they_belong(
    tmp_path: Path, remote: FakeRemote
) -> None:
    """The drawn world is smooth, so each pixel's colour says where it came from."""
    cascade = await Cascade.of(tmp_path, xyz(remote))
    drawn = await cascade.pixels("near/WorldCRS84Quad/2/4/1.png")
    cell = 180 / 1024
    lon = (np.arange(256) + 0.5) * cell
    lat = 45 - (np.arange(256) + 0.5) * cell
    u = lon / 360 + 0.5
    v = 0.5 - np.arctanh(np.sin(np.radians(lat))) / (2 * np.pi)
    u, v = np.meshgrid(u, v)
    expected = np.stack(
        [
            127 + 100 * np.sin(9 * u + 3 * v),
            127 + 100 * np.cos(5 * u - 8 * v),
            60 + 130 * v,
        ],
        axis=-1,
    )
    assert np.abs(drawn[:, :, :3] - expected).max() <= 2
    await cascade.close()


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (XML_IN_200, "exception", 502),
        (Answer(200, b"<html><body>Sorry</body></html>", "text/html"), "exception", 502),
        (Answer(200, image(world(0, 128)), "image/png"), "not_a_picture", 502),
        (Answer(200, image(world(0))[:-30], "image/png"), "cut", 502),
        (Answer(500, b"oops", "text/plain"), "server_error", 502),
        (Answer(503, b"", headers={"Retry-After": "90"}), "unavailable", 503),
        (Answer(429, b"", headers={"Retry-After": "120"}), "throttled", 503),
        (Answer(200, b"", cut=-1), "cut", 502),
        (Answer(302, headers={"Location": "http://169.254.169.254/"}), "address", 502),
        (Answer(200, bytes(1 << 20), "image/png", repeat=64), "too_large", 502),
        (Answer(200, b"x", held=True), "timeout", 504),
    ],
)
async def test_failures_are_said_and_never_kept(
    tmp_path: Path,
    remote: FakeRemote,
    tiles: dict[Any, bytes],
    answer: Answer,
    kind: str,
    expected: int,
) -> None:
    options = ", retries: 0, total_timeout_s: 0.4, max_bytes: 1000000, breaker: {failures: 99}"
    cascade = await Cascade.of(tmp_path, xyz(remote, options))
    remote.on("/1/0/0.png", answer)
    with pytest.raises(UpstreamError) as caught:
        await cascade.tile("near/WebMercatorQuad/1/0/0.png")
    assert caught.value.kind == kind
    assert {status(caught.value, each) for each in Encoding} == {expected}
    patience = reporting(caught.value).retry_after_s
    assert patience is not None
    assert patience > 0
    if answer.headers.get("Retry-After"):
        assert patience > 60
    # Nothing of it was kept.
    assert cascade.service.cached(cascade.address("near/WebMercatorQuad/1/0/0.png")) is None
    remote.on("/1/0/0.png", Answer(200, tiles[1, 0, 0], "image/png"))
    if expected != 503:
        assert await cascade.tile("near/WebMercatorQuad/1/0/0.png") == tiles[1, 0, 0]
    await cascade.close()


async def test_what_is_missing_is_nothing_and_no_failure(
    tmp_path: Path, remote: FakeRemote, tiles: dict[Any, bytes]
) -> None:
    """By its status, or by a picture that the operator declares."""
    white = image(np.full((256, 256, 3), 255, np.uint8))
    text = xyz(
        remote,
        ', error_pictures: [{colour: "#ffffff"}]',
        source="choose_matrix: finer",
    )
    cascade = await Cascade.of(tmp_path, text)
    remote.on("/2/0/0.png", Answer(404))
    remote.on("/2/1/0.png", Answer(204))
    remote.on("/2/2/0.png", Answer(200, white, "image/png"))
    for col in range(3):
        drawn = await cascade.pixels(f"near/WebMercatorQuad/2/{col}/0.png")
        assert not drawn[:, :, 3].any()
    # In a drawn map they are gaps: the north-western corner is missing.
    remote.otherwise(
        tile_answers({k: data for k, data in tiles.items() if k[0] and max(k[1:]) >> (k[0] - 1)})
    )
    drawn = await cascade.pixels("near/WorldCRS84Quad/1/0/0.png")
    assert not drawn[:, :, 3].any()
    assert (await cascade.pixels("near/WorldCRS84Quad/1/2/0.png"))[200, 200, 3] == 255
    await cascade.close()


async def test_a_stored_tile_outlives_its_remote(
    tmp_path: Path, remote: FakeRemote, tiles: dict[Any, bytes]
) -> None:
    """A restart while the remote is away serves the cache; a tile too old is still served."""
    remote.on("/wmts", Answer(200, wmts_document(remote.url("")), "application/xml"))
    text = f"""
sources: {{far: {{kind: wmts, url: "{remote.url("/wmts")}", layer: roads,
  options: {{retries: 0, connect_timeout_s: 0.5, total_timeout_s: 1, breaker: {{failures: 99}}}}}}}}
layers: {{near: {{source: far, matrix_sets: [WebMercatorQuad], expire_after_s: 1,
  stale_while_revalidate_s: 0}}}}
"""
    query = "near/WebMercatorQuad/1/1/0.png"
    cascade = await Cascade.of(tmp_path, text)
    assert await cascade.tile(query) == tiles[1, 1, 0]
    await cascade.close()
    remote.on("/wmts", Answer(503))
    remote.otherwise(Answer(500))
    again = await Cascade.of(tmp_path, text)
    stored = again.service.cached(again.address(query))
    assert stored is None or stored.data == tiles[1, 1, 0]
    deadline = time.time() + 10
    while again.service.cached(again.address(query)) is not None:
        assert time.time() < deadline
        await asyncio.sleep(0.05)
    assert await again.tile(query) == tiles[1, 1, 0]
    with pytest.raises(UpstreamError):
        await again.tile("near/WebMercatorQuad/2/2/1.png")
    await again.close()


async def test_the_remote_says_how_long_a_tile_is_good(
    tmp_path: Path, remote: FakeRemote, tiles: dict[Any, bytes]
) -> None:
    """max-age=0: each time a question, of which 304 costs nothing; a new tile is shown."""

    def answer(request: Request) -> Answer:
        headers = {"ETag": '"one"', "Cache-Control": "max-age=0"}
        if request.headers.get("if-none-match") == '"one"':
            return Answer(304, headers=headers)
        return Answer(200, tiles[1, 0, 0], "image/png", headers=headers)

    remote.on("/1/0/0.png", answer)
    cascade = await Cascade.of(tmp_path, xyz(remote))
    query = "near/WebMercatorQuad/1/0/0.png"
    address = cascade.address(query)
    first = await cascade.service.get_tile(address)
    assert cascade.service.cached(address) is None
    again = await cascade.service.get_tile(address)
    assert again == first
    assert [r.headers.get("if-none-match") for r in remote.seen("/1/0/0.png")] == [None, '"one"']
    fresh = {"ETag": '"two"', "Cache-Control": "max-age=600"}
    remote.on("/1/0/0.png", Answer(200, tiles[1, 1, 0], "image/png", headers=fresh))
    assert await cascade.tile(query) == tiles[1, 1, 0]
    stored = cascade.service.cached(address)
    assert stored is not None
    assert stored.data == tiles[1, 1, 0]
    assert remote.count("/1/0/0.png") == 3
    # If it fails, what is stored is still served.
    await cascade.close()
    ignoring = await Cascade.of(tmp_path / "i", xyz(remote, layer=", remote_freshness: ignore"))
    remote.on("/1/0/0.png", answer)
    assert await ignoring.tile(query) == tiles[1, 0, 0]
    assert ignoring.service.cached(ignoring.address(query)) is not None
    await ignoring.close()


async def test_a_tile_a_little_too_old_is_served_at_once_and_renewed_behind(
    tmp_path: Path, remote: FakeRemote, tiles: dict[Any, bytes]
) -> None:
    soon = {"Cache-Control": "max-age=1"}
    remote.on("/1/0/0.png", Answer(200, tiles[1, 0, 0], "image/png", headers=soon))
    cascade = await Cascade.of(tmp_path, xyz(remote))
    query = "near/WebMercatorQuad/1/0/0.png"
    address = cascade.address(query)
    assert await cascade.tile(query) == tiles[1, 0, 0]
    later = Answer(200, tiles[1, 1, 1], "image/png", headers={"Cache-Control": "max-age=99"})
    remote.on("/1/0/0.png", Answer(**{**later.__dict__, "held": True}))
    deadline = time.time() + 10
    while cascade.service.cached(address) is not None:
        assert time.time() < deadline
        await asyncio.sleep(0.05)
    # The remote does not answer, and nobody waits for it.
    assert await cascade.tile(query) == tiles[1, 0, 0]
    remote.release()
    while cascade.service.cached(address) is None:
        assert time.time() < deadline
        await asyncio.sleep(0.02)
    assert await cascade.tile(query) == tiles[1, 1, 1]
    assert remote.count("/1/0/0.png") == 2
    await cascade.close()


async def test_a_wmts_brings_styles_dimensions_and_what_is_at_a_place(
    tmp_path: Path, remote: FakeRemote, tiles: dict[Any, bytes]
) -> None:
    remote.on("/wmts", Answer(200, wmts_document(remote.url("")), "application/xml"))
    cascade = await Cascade.of(
        tmp_path,
        f"""
sources: {{far: {{kind: wmts, url: "{remote.url("/wmts")}", layer: roads}}}}
layers: {{near: {{source: far, matrix_sets: [WebMercatorQuad]}}}}
""",
    )
    layer = cascade.catalogue.layers["near"]
    assert layer.title.best() == "Roads"
    assert [style.identifier for style in layer.styles] == ["plain"]
    (dimension,) = layer.dimensions
    assert (dimension.identifier, dimension.default) == ("time", "2020")
    assert dimension.values == ("2019", "2020")
    assert await cascade.tile("near/WebMercatorQuad/1/1/0.png") == tiles[1, 1, 0]
    assert "/roads/plain/2020/PM/1/0/1.png" in [request.path for request in remote.requests]
    await cascade.tile("near/WebMercatorQuad/2/2/1.png", dimensions=(("time", "2019"),))
    assert "/roads/plain/2019/PM/2/1/2.png" in [request.path for request in remote.requests]
    await cascade.close()


async def test_what_the_remote_lacks_is_reported_with_its_place(
    tmp_path: Path, remote: FakeRemote
) -> None:
    remote.on("/wmts", Answer(200, wmts_document(remote.url("")), "application/xml"))
    remote.on("/page", Answer(200, b"<html><title>Hello</title></html>", "text/html"))
    with pytest.raises(CatalogueError) as caught:
        await Cascade.of(
            tmp_path,
            f"""
sources:
  a: {{kind: wmts, url: "{remote.url("/wmts")}", layer: raods}}
  b: {{kind: wmts, url: "{remote.url("/wmts")}", layer: roads, style: fancy, matrix_set: XY,
       format: image/gif}}
  c: {{kind: wmts, url: "{remote.url("/page")}", options: {{retries: 0}}}}
  d: {{kind: xyz, url: "{remote.url("/{z}/{x}.png")}"}}
layers: {{a: {{source: a}}, b: {{source: b}}, c: {{source: c}}, d: {{source: d}}}}
""",
        )
    found = {problem.pointer: problem for problem in caught.value.problems}
    assert "roads" in found["/sources/a/layer"].hint
    for name in ("style", "matrix_set", "format"):
        assert f"/sources/b/{name}" in found
    assert {"/sources/c/url", "/sources/d/url"} <= found.keys()
    assert all(problem.line for problem in caught.value.problems)


async def test_a_key_is_sent_and_never_said(
    tmp_path: Path, remote: FakeRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUILERIE_TEST_KEY", "s3cr3t-and-long")
    options = ", retries: 0, key: {name: apikey, value: env:TUILERIE_TEST_KEY}"
    cascade = await Cascade.of(tmp_path, xyz(remote, options))
    await cascade.tile("near/WebMercatorQuad/1/0/0.png")
    assert remote.requests[-1].query == {"apikey": "s3cr3t-and-long"}
    remote.otherwise(Answer(403, b"bad key s3cr3t-and-long", "text/plain"))
    with pytest.raises(UpstreamError) as caught:
        await cascade.tile("near/WebMercatorQuad/1/1/0.png")
    assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in repr(cascade.catalogue)
    await cascade.close()
