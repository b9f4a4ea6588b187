"""What runs beside the requests of a worker: the clock, the sweeper, the notes, the follower."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from tuilerie.server.board import Board
from tuilerie.server.clock import CoarseClock
from tuilerie.server.exposition import metrics_reply
from tuilerie.server.follow import Follower
from tuilerie.server.health import health_reply, worker_note
from tuilerie.server.live import Live
from tuilerie.server.message import Reply

__all__ = ["Operations", "Swept"]


class Swept(Protocol):
    """A connection that can be looked at once a second."""

    def check(self, now: int) -> None:
        """Close itself if it keeps the server waiting."""
        ...


class Operations:
    """Keeps a worker's house; answers `/health` and `/metrics`.

    Args:
        board: where all workers pin their notes; its `place` is this worker's.

    Attributes:
        clock: ticks from `start` to `stop`.
        connections: returns those that are open; set by whoever runs the web server.
    """

    def __init__(
        self,
        live: Live,
        *,
        board: Board | None = None,
        place: int = 0,
        clock: CoarseClock | None = None,
    ) -> None:
        self.clock = CoarseClock() if clock is None else clock
        self.connections: Callable[[], Iterable[Swept]] = tuple
        self._live = live
        self._board = Board(1) if board is None else board
        self._place = place
        self._started_at = time.time()
        self._published_at = self._started_at
        self._revision = live.current.revision
        self._follower: Follower | None = None
        self._following: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin."""
        live = self._live
        if live.watch is not None and live.rebuild is not None:
            self._follower = Follower(live, live.watch, live.rebuild, live.mark)
            self._following = loop.create_task(self._follower.run())
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                # Only the main thread may; elsewhere the files are still followed.
                loop.add_signal_handler(signal.SIGHUP, self._follower.ask)
        self.clock.each_second(self._each_second)
        self.clock.start(loop)

    async def stop(self) -> None:
        """End, and leave a last note."""
        self.clock.stop()
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        self._pin()

    def health(self) -> Reply:
        """Answer `/health`."""
        self._pin()
        remotes = {} if self._live.remotes is None else self._live.remotes()
        return health_reply(self._board.read_all(), self._place, remotes)

    def metrics(self) -> Reply:
        """Answer `/metrics`."""
        self._pin()
        return metrics_reply(self._board.read_all(), self._place)

    def _each_second(self) -> None:
        now = self.clock.now
        for connection in tuple(self.connections()):
            connection.check(now)
        self._pin()

    def _pin(self) -> None:
        live = self._live
        if live.current.revision != self._revision:
            self._revision = live.current.revision
            self._published_at = time.time()
        snapshot: dict[str, Any] = live.metrics.snapshot()
        snapshot["connections"] = len(tuple(self.connections()))
        snapshot["ready_bytes"] = live.current.answers.size
        snapshot["ready_count"] = len(live.current.answers.by_line)
        note = {
            "worker": worker_note(
                revision=self._revision,
                published_at=self._published_at,
                started_at=self._started_at,
                fault=None if self._follower is None else self._follower.fault,
            ),
            "metrics": snapshot,
        }
        self._board.write(self._place, note)
