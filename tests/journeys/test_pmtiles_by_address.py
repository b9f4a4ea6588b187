"""A PMTiles archive on another server: read by parts, never mixed with its successor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.cascading import Cascade
from tests.remote.fake import Answer, FakeRemote, Request
from tests.sources.archives import image, pyramid_of_world, world, write_pmtiles
from tuilerie.catalogue.remote_options import RemoteOptions
from tuilerie.errors import CatalogueError, UpstreamError
from tuilerie.sources.remote.pmtiles import POLL_S, ArchivePolls


@pytest.fixture(scope="module")
def tiles() -> dict[Any, bytes]:
    return pyramid_of_world(3)


@pytest.fixture(scope="module")
def archive(tiles: dict[Any, bytes], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("a") / "a.pmtiles"
    words = {"name": "World", "attribution": "<b>Somebody</b>"}
    return write_pmtiles(path, tiles, **words).read_bytes()


@pytest.fixture
async def remote() -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as found:
        yield found


def parts(data: bytes, etag: str = '"one"') -> Callable[[Request], Answer]:
    """Return what a server does that sends parts of a file (RFC 9110, 14)."""

    def answer(request: Request) -> Answer:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if found is None:
            return Answer(200, data, headers={"ETag": etag})
        first, last = int(found[1]), min(int(found[2]), len(data) - 1)
        if first > last:
            return Answer(416, headers={"Content-Range": f"bytes */{len(data)}"})
        said = {"ETag": etag, "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        return Answer(206, data[first : last + 1], headers=said)

    return answer


async def published(folder: Path, remote: FakeRemote, more: str = "") -> Cascade:
    return await Cascade.of(
        folder,
        f"""
sources: {{far: {{kind: pmtiles, url: "{remote.url("/a.pmtiles")}",
  options: {{retries: 0, total_timeout_s: 2, breaker: {{failures: 99}}{more}}}}}}}
layers: {{near: {{source: far, matrix_sets: [WebMercatorQuad, WorldCRS84Quad]}}}}
""",
    )


async def test_tiles_come_out_untouched_and_little_else_is_fetched(
    tmp_path: Path, remote: FakeRemote, archive: bytes, tiles: dict[Any, bytes]
) -> None:
    remote.on("/a.pmtiles", parts(archive))
    cascade = await published(tmp_path, remote)
    layer = cascade.catalogue.layers["near"]
    assert (layer.title.best(), layer.attribution.best()) == ("World", "Somebody")
    described = remote.count()
    assert described <= 10
    for place in ((0, 0, 0), (3, 7, 2), (3, 0, 7)):
        z, x, y = place
        assert await cascade.tile(f"near/WebMercatorQuad/{z}/{x}/{y}.png") == tiles[place]
    # The root directory once, and each tile.
    assert remote.count() == described + 4
    assert await cascade.tile("near/WebMercatorQuad/3/7/2.png") == tiles[3, 7, 2]
    assert remote.count() == described + 4
    assert all("range" in asked.headers for asked in remote.requests)
    assert {asked.headers["accept-encoding"] for asked in remote.requests} == {"identity"}
    assert (await cascade.pixels("near/WorldCRS84Quad/2/4/1.png"))[:, :, 3].all()
    await cascade.close()


async def test_the_key_goes_with_every_part(
    tmp_path: Path, remote: FakeRemote, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUILERIE_TEST_KEY", "s3cr3t-and-long")
    remote.on("/a.pmtiles", parts(archive))
    key = ", key: {name: k, value: env:TUILERIE_TEST_KEY}"
    cascade = await published(tmp_path, remote, key)
    await cascade.tile("near/WebMercatorQuad/1/0/0.png")
    assert {asked.query["k"] for asked in remote.requests} == {"s3cr3t-and-long"}
    assert "s3cr3t" not in repr(cascade.catalogue)
    await cascade.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda data: Answer(200, data), "it sends the whole"),
        (lambda data: Answer(200, data, repeat=10_000), "it sends the whole"),
        (lambda data: Answer(404), "nothing at its address"),
        (lambda data: Answer(206, data[:16384]), "another part"),
        (
            lambda data: Answer(206, data[:9], headers={"Content-Range": "bytes 1-9/99"}),
            "another part",
        ),
        (
            lambda data: Answer(206, data, headers={"Content-Range": "bytes 0-16383/99999999"}),
            "larger than the bound",
        ),
        (lambda data: parts(b"<html>" + data), "no PMTiles archive"),
        (lambda data: parts(data[:200]), "or cut"),
        (lambda data: parts(data[: len(data) // 2]), "or cut"),
        (lambda data: parts(b""), "no PMTiles archive"),
    ],
)
async def test_what_is_no_such_archive_is_refused_with_a_reason(
    tmp_path: Path, remote: FakeRemote, archive: bytes, answer: Any, said: str
) -> None:
    """A server without Range would have the whole archive sent for each tile."""
    remote.on("/a.pmtiles", answer(archive))
    with pytest.raises(CatalogueError) as caught:
        await published(tmp_path, remote)
    (problem,) = caught.value.problems
    assert problem.pointer == "/sources/far/url"
    assert said in problem.message
    assert problem.line


async def test_another_archive_at_the_address_is_noticed_and_never_mixed_in(
    tmp_path: Path, remote: FakeRemote, archive: bytes, tiles: dict[Any, bytes]
) -> None:
    """Offsets of the old archive in the new one would give pieces of any tile."""
    remote.on("/a.pmtiles", parts(archive))
    cascade = await published(tmp_path, remote)
    assert await cascade.tile("near/WebMercatorQuad/1/0/0.png") == tiles[1, 0, 0]
    dark = {place: image(world(0) // 2 + place[0]) for place in tiles}
    later = write_pmtiles(tmp_path / "b.pmtiles", dark).read_bytes()
    remote.on("/a.pmtiles", parts(later, '"two"'))
    with pytest.raises(UpstreamError, match="another one than was described") as caught:
        await cascade.tile("near/WebMercatorQuad/1/1/0.png")
    assert (caught.value.kind, caught.value.retry_after_s) == ("unavailable", POLL_S)
    # What is stored is still served, until the archive is described anew.
    assert await cascade.tile("near/WebMercatorQuad/1/0/0.png") == tiles[1, 0, 0]
    before = cascade.catalogue.layers["near"].generation
    await cascade.close()
    again = await published(tmp_path, remote)
    assert again.catalogue.layers["near"].generation != before
    assert await again.tile("near/WebMercatorQuad/1/0/0.png") == dark[1, 0, 0]
    await again.close()


async def test_an_archive_is_asked_now_and_then_whether_it_is_the_same(
    remote: FakeRemote, archive: bytes
) -> None:
    now = 0.0
    polls = ArchivePolls(clock=lambda: now)
    source = {"far": (remote.url("/a.pmtiles"), RemoteOptions(retries=0))}

    async def said() -> str:
        return await asyncio.to_thread(polls.said, source, {"far": "as published"})

    remote.on("/a.pmtiles", parts(archive))
    assert await said() == "as published"
    assert remote.count() == 0
    now = POLL_S
    first = await said()
    assert await said() == first
    assert remote.count() == 1
    remote.on("/a.pmtiles", Answer(500))
    now = 2 * POLL_S
    assert await said() == first
    remote.on("/a.pmtiles", parts(archive, '"two"'))
    now = 3 * POLL_S
    assert await said() != first
    assert remote.count() == 3


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("kind: mbtiles, url: https://a.example/w.mbtiles", "kind: pmtiles with its url"),
        ("kind: mbtiles, path: https://a.example/w.mbtiles", "kind: pmtiles with its url"),
        ("kind: pmtiles, path: https://a.example/w.pmtiles", "url: for one at an address"),
        ("kind: pmtiles", "url: for one at an address"),
        ("kind: pmtiles, path: a.pmtiles, url: https://a.example/w.pmtiles", "path: for a file"),
    ],
)
async def test_other_places_are_refused_with_what_to_do(
    tmp_path: Path, source: str, hint: str
) -> None:
    with pytest.raises(CatalogueError) as caught:
        await Cascade.of(tmp_path, f"sources: {{a: {{{source}}}}}\nlayers: {{a: {{source: a}}}}")
    (problem,) = caught.value.problems
    assert hint in problem.hint
    assert problem.pointer.startswith("/sources/a")
