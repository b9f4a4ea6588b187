"""The running server in front of a remote: a crowd at a cold map, and a remote that lies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.journeys.cascading import tile_answers
from tests.journeys.running import Server, serving
from tests.remote.fake import Answer, FakeRemote, Request
from tests.sources.archives import pyramid_of_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "s3cr3t-and-l0ng"
SOURCES = {
    "near": "",
    "busy": "",
    "throttled": "",
    "lying": "retries: 0, total_timeout_s: 2, breaker: {failures: 99}",
    "moved": """login: {user: maps, password: env:TUILERIE_TEST_SECRET},
      key: {name: apikey, value: env:TUILERIE_TEST_SECRET}, referer: "https://agency.example/",
      headers: {X-Api-Key: env:TUILERIE_TEST_SECRET}""",
}
"""Options by source; each has a layer of its name, and its tiles below its name."""


def catalogue(remote: FakeRemote) -> str:
    lines = ["tuilerie: 1", "sources:"]
    for name, options in SOURCES.items():
        url = remote.url(f"/{name}/{{z}}/{{x}}/{{y}}.png")
        lines += [f'  {name}: {{kind: xyz, url: "{url}", max_matrix: 3, options: {{{options}}}}}']
    lines += ["layers:"]
    sets = "matrix_sets: [WebMercatorQuad, EuropeanETRS89_LAEAQuad]"
    lines += [f"  {name}: {{source: {name}, {sets}}}" for name in SOURCES]
    return "\n".join(lines) + "\n"


class Served(NamedTuple):
    server: Server
    remote: FakeRemote
    other: FakeRemote
    tiles: dict[Any, bytes]

    async def get(self, *targets: str) -> list[Any]:
        paths = [f"/wmts/1.0.0/{target}" for target in targets]
        return await asyncio.to_thread(self.server.get_all, paths, len(paths))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    path = folder / "catalogue.yaml"
    async with FakeRemote() as remote, FakeRemote() as other:
        path.write_text(catalogue(remote))
        with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
            environment.setenv("TUILERIE_TEST_SECRET", SECRET)
            server = await asyncio.to_thread(stack.enter_context, serving(folder, path))
            yield Served(server, remote, other, pyramid_of_world(3))
            await asyncio.to_thread(stack.close)


@pytest.fixture
def served(running: Served) -> Served:
    """The same for all, with remotes that have forgotten what was asked."""
    for remote in (running.remote, running.other):
        remote.requests.clear()
        remote.otherwise(tile_answers(running.tiles, delay_s=0.02))
    return running


async def test_200_clients_of_a_cold_reprojected_map_fetch_each_remote_tile_once(
    served: Served,
) -> None:
    """Some want the same tile, some its neighbour, some the remote's own."""
    drawn = [f"EuropeanETRS89_LAEAQuad/1/{n // 2 % 2}/{n % 2}" for n in range(80)]
    drawn += [f"EuropeanETRS89_LAEAQuad/0/0/{0 * n}" for n in range(80)]
    relayed = [f"WebMercatorQuad/3/{n // 5}/{n % 5 + 2}" for n in range(40)]
    answers = await served.get(*(f"near/default/{place}.png" for place in (*drawn, *relayed)))
    assert {answer.status for answer in answers} == {200}
    asked = Counter(request.path for request in served.remote.requests)
    assert len(asked) >= 40
    assert set(asked.values()) == {1}
    for place, answer in zip(relayed, answers[160:], strict=True):
        _, z, row, col = place.split("/")
        assert answer.body == served.tiles[int(z), int(col), int(row)]
    bodies = {place: answer.body for place, answer in zip(drawn, answers[:160], strict=True)}
    assert all(bodies[place] == answer.body for place, answer in zip(drawn, answers, strict=False))


@pytest.mark.parametrize(("name", "status", "said"), [("busy", 503, 90), ("throttled", 429, 120)])
async def test_retry_after_is_passed_on(served: Served, name: str, status: int, said: int) -> None:
    """And the remote is left alone meanwhile."""
    served.remote.otherwise(Answer(status, headers={"Retry-After": str(said)}))
    answers = await served.get(f"{name}/default/WebMercatorQuad/2/0/0.png")
    answers += await served.get(f"{name}/default/WebMercatorQuad/2/0/1.png")
    assert [answer.status for answer in answers] == [503, 503]
    assert all(said - 20 <= int(answer.headers["retry-after"]) <= said for answer in answers)
    assert served.remote.count() == 1


async def test_lengths_that_are_not_true_are_refused_and_nothing_of_them_is_kept(
    served: Served,
) -> None:
    """Too long, too short, absurd, no number: 502 in a moment, and then the tile."""
    tile = served.tiles[2, 0, 0]
    for col, length in enumerate((len(tile) + 100, len(tile) - 20, 10**12, "many", -5)):
        lie = Answer(200, tile, "image/png", length=length, close=True)
        served.remote.on(f"/lying/3/{col}/0.png", lie)
    targets = [f"lying/default/WebMercatorQuad/3/0/{col}.png" for col in range(5)]
    answers = await served.get(*targets)
    assert [answer.status for answer in answers] == [502] * 5
    for col in range(5):
        served.remote.on(f"/lying/3/{col}/0.png", Answer(200, tile, "image/png"))
    answers = await served.get(*targets)
    assert [(answer.status, answer.body) for answer in answers] == [(200, tile)] * 5


async def test_another_host_is_not_told_who_we_are(served: Served) -> None:
    """A redirect is followed, without password, key, headers or where it comes from."""

    def moved(request: Request) -> Answer:
        path = request.path.removeprefix("/moved")
        return Answer(302, headers={"Location": served.other.url(f"/there{path}?a=1")})

    served.remote.otherwise(moved)
    (answer,) = await served.get("moved/default/WebMercatorQuad/1/0/1.png")
    assert (answer.status, answer.body) == (200, served.tiles[1, 1, 0])
    (first,), (second,) = served.remote.requests, served.other.requests
    assert first.query == {"apikey": SECRET}
    assert first.headers["x-api-key"] == SECRET
    assert first.headers["authorization"].startswith("Basic ")
    assert second.target == "/there/1/1/0.png?a=1"
    assert not {"authorization", "x-api-key", "referer", "cookie"} & second.headers.keys()
    assert SECRET not in str(second)
    assert SECRET not in served.server.log.read_text()
