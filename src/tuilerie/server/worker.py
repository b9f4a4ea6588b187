"""One worker: the application, the fast lane and what runs beside them, as uvicorn's server."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import uvicorn

from tuilerie.server.access_log import AccessLog
from tuilerie.server.app import App
from tuilerie.server.board import Board
from tuilerie.server.live import Live
from tuilerie.server.operations import Operations
from tuilerie.telemetry import get_logger

__all__ = ["WorkerServer"]

_log = get_logger(__name__)


class WorkerServer(uvicorn.Server):
    """Serves a `Live`; `run(sockets=[…])` returns after SIGTERM, SIGINT or `should_exit = True`.

    Args:
        log: None = no access lines.
        board: where all workers pin their notes; its `place` is this worker's.
        parent: process whose end is ours too; None = there is none.
    """

    def __init__(
        self,
        live: Live,
        *,
        log: AccessLog | None = None,
        board: Board | None = None,
        place: int = 0,
        parent: int | None = None,
    ) -> None:
        self.live = live
        self._parent = parent
        operations = Operations(live, board=board, place=place)
        app = App(live, operations, log, dated=True)
        super().__init__(_config(app, operations, live, log))
        operations.connections = self._connections
        operations.clock.each_second(self._follow_parent)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals for as long as we serve, and do not raise them again as uvicorn would.

        The second SIGINT does not wait for requests under way. A signal that is ignored
        (SIGINT where a parent decides) stays so.
        """
        before: dict[signal.Signals, Any] = {}
        with contextlib.suppress(ValueError):  # not the main thread: its owner stops us
            for number in (signal.SIGTERM, signal.SIGINT):
                if signal.getsignal(number) != signal.SIG_IGN:
                    before[number] = signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _connections(self) -> list[Any]:
        connections = self.server_state.connections
        return [connection for connection in connections if hasattr(connection, "check")]

    def _follow_parent(self) -> None:
        """Stop if the parent is gone: nobody would replace or stop us."""
        if self._parent is not None and os.getppid() != self._parent:
            self.should_exit = True


def _config(app: App, operations: Operations, live: Live, log: AccessLog | None) -> uvicorn.Config:
    settings = live.settings
    return uvicorn.Config(
        app,
        http=_http(live, operations, log),
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=settings.backlog,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.graceful_timeout_s,
        h11_max_incomplete_event_size=settings.max_header_bytes,
    )


def _http(live: Live, operations: Operations, log: AccessLog | None) -> Any:
    """Return the protocol: the fast lane, or uvicorn's in pure Python where there is no parser."""
    if importlib.util.find_spec("httptools") is None:
        _log.warning("httptools is not installed: served without the fast lane")
        return "h11"
    from tuilerie.server.fastlane import FastLane, Lane
    from tuilerie.server.guard import GuardedProtocol

    if live.settings.fast_lane:
        return partial(FastLane, Lane(live, operations.clock, log))
    return partial(GuardedProtocol, live, operations.clock)
