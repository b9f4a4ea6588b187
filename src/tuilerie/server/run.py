"""Start the web server and stop it again: one process, or a parent that keeps several alive."""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tuilerie.errors import CatalogueError
from tuilerie.server.access_log import AccessLog, AccessLogFormat
from tuilerie.server.board import Board
from tuilerie.server.listen import AddressError, Listening, bind, bind_local, raise_file_limit
from tuilerie.server.live import Live
from tuilerie.server.settings import ServerSettings
from tuilerie.server.worker import WorkerServer
from tuilerie.server.workers import supervise
from tuilerie.telemetry import Meters, get_logger

__all__ = ["AddressError", "Listening", "MakeLive", "run"]

MakeLive = Callable[[Meters], Live]
"""Makes what a worker serves; called in the worker, after the fork."""

_log = get_logger(__name__)


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
    several workers each has a socket of its own on the same address, which the parent holds
    too: connections that come while a worker is replaced wait instead of failing.

    Args:
        make_live: makes what is served; called in each worker, after the fork.
        host: name or address to listen on.
        port: 0 = any free one.
        uds: path of a Unix socket to listen on instead of host and port.
        workers: processes; 1 = this one alone.
        settings: those that `make_live` gives its Live.
        access_log: format of the access lines on standard output; None = no lines.
        on_listening: told of the address as soon as the kernel takes connections there.

    Raises:
        AddressError: the address cannot be listened on.
        CatalogueError: from `make_live` (several workers log it and end instead).
    """
    settings = ServerSettings() if settings is None else settings
    sockets, listening = (
        bind(host, port, workers, settings.backlog)
        if uds is None
        else bind_local(uds, settings.backlog)
    )
    raise_file_limit()
    board = Board(workers)
    try:
        if on_listening is not None:
            on_listening(listening)
        if workers == 1:
            return _serve(make_live, sockets[0], board, 0, access_log)
        return supervise(
            partial(_serve_place, make_live, sockets, board, access_log),
            workers=workers,
            graceful_timeout_s=settings.graceful_timeout_s,
            ever_served=lambda: bool(board.read_all()),
            on_stop=lambda: _close(sockets),
        )
    finally:
        _close(sockets)
        if uds is not None:
            uds.unlink(missing_ok=True)


def _serve_place(
    make_live: MakeLive,
    sockets: list[socket.socket],
    board: Board,
    access_log: AccessLogFormat | None,
    place: int,
) -> int:
    """Be worker number `place` of several."""
    own = sockets[place % len(sockets)]
    _close([listener for listener in sockets if listener is not own])
    # Ctrl-C reaches the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return _serve(make_live, own, board, place, access_log, parent=os.getppid())
    except CatalogueError as error:
        _log.error(
            "cannot serve", worker=place, problems=[str(problem) for problem in error.problems]
        )
        return 1


def _serve(
    make_live: MakeLive,
    listener: socket.socket,
    board: Board,
    place: int,
    access_log: AccessLogFormat | None,
    *,
    parent: int | None = None,
) -> int:
    """Serve on a bound socket until told to stop, or `parent` is gone; return the exit code."""
    live = make_live(Meters())
    before = board.read(place)
    if before is not None:
        live.metrics.restore(before["metrics"])
    log = None if access_log is None else AccessLog(access_log, live.metrics)
    server = WorkerServer(live, log=log, board=board, place=place, parent=parent)
    # The catalogue stays until it is replaced: no collection need walk through it.
    gc.collect()
    gc.freeze()
    gc.enable()  # which whoever started us may have put off until now
    server.run(sockets=[listener])
    return 0 if server.started else 1


def _close(sockets: list[socket.socket]) -> None:
    for listener in sockets:
        listener.close()
