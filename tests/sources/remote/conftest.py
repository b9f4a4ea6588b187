"""A fake remote, clients for it, and a time that passes when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from tests.remote.fake import FakeRemote
from tuilerie.sources.remote.addresses import OPERATOR_POLICY
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.settings import RemoteSettings
from tuilerie.sources.remote.timing import Timing
from tuilerie.telemetry import Meters

MakeClient = Callable[..., RemoteClient]


class FakeTime:
    """Time that only sleeping moves.

    Attributes:
        slept: the sleeps, in order.
        luck: what chance returns.
    """

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []
        self.luck = 0.5

    @property
    def timing(self) -> Timing:
        return Timing(
            now=lambda: self.seconds,
            wall=lambda: 1_700_000_000.0 + self.seconds,
            sleep=self._sleep,
            chance=lambda: self.luck,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def remote() -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as made:
        yield made


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
async def make_client(
    remote: FakeRemote, meters: Meters, time: FakeTime
) -> AsyncIterator[MakeClient]:
    """Make clients of the remote: settings by name; policy, scope, homes, lookup and timing too."""
    made: list[RemoteClient] = []

    def make(**words: object) -> RemoteClient:
        beside = {
            name: words.pop(name)
            for name in ("policy", "scope", "lookup", "timing")
            if name in words
        }
        homes = words.pop("homes", [remote.url()])
        settings = replace(RemoteSettings(), **words)
        client = RemoteClient(
            "ign",
            settings,
            homes,
            meters=meters,
            **{"policy": OPERATOR_POLICY, "timing": time.timing, **beside},
        )
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def outcomes(meters: Meters) -> Callable[[], dict[str, int]]:
    """Return how often each outcome was counted."""
    return lambda: {
        outcome: count.requests for outcome, count in meters.remotes.get("ign", {}).items()
    }
