"""What is served now, and how it is exchanged for something else without anybody noticing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from tuilerie.catalogue.address import TileAddress
from tuilerie.server.answers import ReadyAnswers
from tuilerie.server.documents import Documents
from tuilerie.server.lookup import TileLookup
from tuilerie.server.metrics import Metrics
from tuilerie.server.posted_tiles import PostedTiles
from tuilerie.server.service import Service
from tuilerie.server.settings import ServerSettings
from tuilerie.telemetry import Meters

__all__ = ["Live", "Published", "Service"]

RETIRE_S = 120.0
"""An old state is closed after that long even if a request still holds it."""


class Published:
    """One published state with everything that is derived from it.

    Attributes:
        answers: ready answers, empty at first. documents: capabilities as bytes.
        lookup: from a request's target to its answer. posted: from its body.
        users: requests under way that hold this state.
    """

    __slots__ = (
        "answers", "catalogue", "documents", "lookup", "posted", "revision", "service", "users",
    )  # fmt: skip

    def __init__(self, service: Service, settings: ServerSettings, metrics: Metrics) -> None:
        self.service = service
        self.catalogue = service.catalogue
        self.revision = service.catalogue.revision
        self.answers = ReadyAnswers(settings.ready_bytes)
        self.documents = Documents(service.catalogue, settings.documents_bytes)
        self.lookup = TileLookup(service, self.answers, metrics, settings.prefix)
        self.posted = PostedTiles(self.lookup, self.answers)
        self.users = 0


class Live:
    """Holds the current state; publishing replaces it as a whole.

    Args:
        service: the first state.
        meters: what the floors below count in this process.
        watch: returns the files whose change means a new state; None = nothing is followed.
        mark: returns a text that changes when something does that is no file; it may wait.
        rebuild: makes the service that those files describe, its revision decided. Called in a
            thread. Raises CatalogueError.
        remotes: returns, by source, how it stands with what other servers say of themselves.
    """

    def __init__(
        self,
        service: Service,
        settings: ServerSettings | None = None,
        *,
        meters: Meters | None = None,
        watch: Callable[[], Sequence[Path]] | None = None,
        rebuild: Callable[[], Service] | None = None,
        mark: Callable[[], str] | None = None,
        remotes: Callable[[], Mapping[str, Mapping[str, Any]]] | None = None,
    ) -> None:
        self.settings = ServerSettings() if settings is None else settings
        self.metrics = Metrics(Meters() if meters is None else meters)
        self.watch = watch
        self.rebuild = rebuild
        self.mark = mark
        self.remotes = remotes
        self.current = Published(service, self.settings, self.metrics)
        self._tasks: set[asyncio.Task[None]] = set()

    def prepare(self) -> None:
        """Write beforehand, on the running event loop, what the first client would wait for."""
        self._start(self.current.documents.prepare())

    def swap(self, service: Service) -> Published:
        """Publish a new state on the running event loop; the old one is closed when unused."""
        old = self.current
        self.current = Published(service, self.settings, self.metrics)
        old.answers.clear()
        self._start(_retire(old))
        self.prepare()
        return self.current

    def forget(self, addresses: Sequence[TileAddress]) -> int:
        """Forget the ready answers of tiles that were removed or replaced; return how many."""
        return self.current.answers.forget(frozenset(addresses))

    async def close(self) -> None:
        """Close every state; what is being made is finished first."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.current.service.close()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _retire(old: Published) -> None:
    try:
        async with asyncio.timeout(RETIRE_S):
            while old.users:
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        pass
    finally:
        await old.service.close()


_POLL_S = 0.1
