"""Start the web server and stop it again: one process, or a parent that keeps several alive."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn

from tuilerie.server.access_log import AccessLog, AccessLogFormat
from tuilerie.server.app import App
from tuilerie.server.board import Board
from tuilerie.server.clock import CoarseClock
from tuilerie.server.live import Live
from tuilerie.server.settings import ServerSettings
from tuilerie.server.workers import supervise
from tuilerie.telemetry import Meters, get_logger

__all__ = ["AddressInUse", "Listening", "MakeLive", "run"]

MakeLive = Callable[[Meters], Live]
"""Makes what a worker serves; called in the worker, after the fork."""

_log = get_logger(__name__)


class AddressInUse(OSError):
    """The address cannot be bound; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server can be reached.

    Attributes:
        url: "http://127.0.0.1:8080", or "unix:/path" for a local socket.
        port: the real one where 0 was asked for; 0 for a local socket.
    """

    url: str
    host: str
    port: int


def run(
    make_live: MakeLive,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    uds: Path | None = None,
    workers: int = 1,
    settings: ServerSettings | None = None,
    access_log: AccessLogFormat | None = "console",
    on_listening: Callable[[Listening], None] | None = None,
) -> int:
    """Serve until told to stop by SIGTERM or SIGINT; return the exit code.

    The sockets are bound first, so that a taken address is known before anything is read. With
    several workers each has a socket of its own on the same address (SO_REUSEPORT), which the
    parent holds too: connections that come while a worker is replaced wait instead of failing.

    Args:
        port: 0 = any free one.
        uds: path of a Unix socket to listen on instead of host and port.
        workers: processes; 1 = this one alone.
        settings: must be those that `make_live` gives its Live.
        access_log: format of the access lines on standard output; None = no lines.
        on_listening: told of the address once, when connections are accepted by the kernel.

    Raises:
        AddressInUse: the address cannot be bound.
        CatalogueError: from `make_live` (with several workers: logged, and the exit code is 1).
    """
    settings = ServerSettings() if settings is None else settings
    sockets, listening = _bind(host, port, uds, max(1, workers), settings.backlog)
    _raise_file_limit()
    if on_listening is not None:
        on_listening(listening)
    board = Board(len(sockets))
    try:
        if len(sockets) == 1:
            return serve(make_live, sockets[0], board, 0, access_log=access_log)
        return supervise(
            lambda place: serve(make_live, sockets[place], board, place, access_log=access_log),
            workers=len(sockets),
            graceful_timeout_s=settings.graceful_timeout_s,
        )
    finally:
        for listener in sockets:
            listener.close()
        if uds is not None:
            uds.unlink(missing_ok=True)


def serve(
    make_live: MakeLive,
    listener: socket.socket,
    board: Board,
    place: int,
    *,
    access_log: AccessLogFormat | None,
) -> int:
    """Serve on a bound socket, as worker number `place`, until told to stop."""
    meters = Meters()
    live = make_live(meters)
    before = board.read(place)
    if before is not None:
        live.metrics.restore(before["metrics"])
    log = None if access_log is None else AccessLog(access_log, live.metrics)
    app = App(live, clock=CoarseClock(), log=log, board=board, place=place)
    # The catalogue stays until it is replaced: no need to walk through it at each collection.
    gc.collect()
    gc.freeze()
    server = uvicorn.Server(_config(app, live.settings))
    server.config.load()
    app.follow_server(server.server_state)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn stopped in good order, then raised the signal again for whoever wants it.
        pass
    return 0 if server.started else 1


def _config(app: App, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_http_protocol(app),
        loop=_loop(),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=settings.backlog,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.graceful_timeout_s,
    )
