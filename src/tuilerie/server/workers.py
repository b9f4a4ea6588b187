"""Several workers: forked before anything runs, replaced when one dies, stopped together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tuilerie.telemetry import get_logger

__all__ = ["supervise"]

_log = get_logger(__name__)

FIRST_DELAY_S: Final = 0.1
MAX_DELAY_S: Final = 5.0
STEADY_S: Final = 30.0
"""A worker that lived so long starts with a clean sheet."""
GRACE_S: Final = 5.0
"""What a worker gets beyond its own graceful timeout before it is killed."""

_STOP_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_WATCHED: Final = frozenset({*_STOP_SIGNALS, signal.SIGHUP, signal.SIGCHLD})


@dataclass(slots=True)
class _Worker:
    """One place: the process that has it, or when it is to be filled again."""

    place: int
    pid: int = 0
    started: float = 0.0
    delay_s: float = 0.0
    due: float = 0.0


def supervise(
    serve: Callable[[int], int],
    *,
    workers: int,
    graceful_timeout_s: float,
    ever_served: Callable[[], bool],
    on_stop: Callable[[], None],
) -> int:
    """Keep `workers` processes running `serve(place)` until told to stop.

    SIGTERM and SIGINT stop all of them gracefully, a second one at once; SIGHUP is passed on. A
    worker that dies is replaced, immediately the first time and then with growing delays; but
    if one dies before any has ever served, none can, and all stop.

    Args:
        serve: called in the worker with its place; its result is the exit code.
        workers: how many, from place 0.
        graceful_timeout_s: what workers allow requests under way at a stop.
        ever_served: tells whether any worker has come so far.
        on_stop: called in the parent before the workers are told, to close what it listens on.

    Returns: 0 after a stop, else the exit code of the first worker that could not serve.
    """
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    places = [_Worker(place) for place in range(workers)]
    try:
        for worker in places:
            _start(worker, serve, previous)
        stop = _Stop(places, graceful_timeout_s, on_stop)
        return _watch(places, serve, previous, ever_served, stop)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _start(worker: _Worker, serve: Callable[[int], int], mask: set[signal.Signals | int]) -> None:
    """Fork a process into a place. Buffers are emptied first, or both would write them."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        worker.pid = pid
        worker.started = time.monotonic()
        return
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = serve(worker.place)
    except KeyboardInterrupt:
        code = 0
    except BaseException:  # noqa: BLE001 - a door: the process ends here whatever it was
        _log.exception("worker failed", worker=worker.place)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _watch(
    places: list[_Worker],
    serve: Callable[[int], int],
    mask: set[signal.Signals | int],
    ever_served: Callable[[], bool],
    stop: Callable[[], None],
) -> int:
    while True:
        now = time.monotonic()
        for worker in places:
            if not worker.pid and worker.due <= now:
                _start(worker, serve, mask)
        waits = [worker.due - now for worker in places if not worker.pid]
        info = signal.sigtimedwait(_WATCHED, max(0.0, min(waits, default=60.0)))
        if info is None:
            continue
        if info.si_signo in _STOP_SIGNALS:
            stop()
            return 0
        if info.si_signo == signal.SIGHUP:
            _tell(places, signal.SIGHUP)
            continue
        code = _bury(places)
        if code is not None and not ever_served():
            stop()
            return code or 1


def _bury(places: list[_Worker]) -> int | None:
    """Take note of the dead, and of when they are replaced; return one's exit code."""
    code = None
    for worker in places:
        status = _dead(worker)
        if status is None:
            continue
        code = os.waitstatus_to_exitcode(status)
        now = time.monotonic()
        if now - worker.started >= STEADY_S:
            worker.delay_s = 0.0
        worker.due = now + worker.delay_s
        _log.warning(
            "worker died, it is replaced",
            worker=worker.place,
            pid=worker.pid,
            status=code,
            delay_s=worker.delay_s,
        )
        worker.pid = 0
        worker.delay_s = min(MAX_DELAY_S, max(FIRST_DELAY_S, worker.delay_s * 2))
    return code


def _dead(worker: _Worker) -> int | None:
    """Return the wait status of a worker that died, None of one that lives."""
    if not worker.pid:
        return None
    try:
        pid, status = os.waitpid(worker.pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if pid else None


def _tell(places: list[_Worker], number: signal.Signals) -> None:
    for worker in places:
        if worker.pid:
            os.kill(worker.pid, number)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Lets all finish what they do; whoever does not in time is killed."""

    places: list[_Worker]
    graceful_timeout_s: float
    on_stop: Callable[[], None]

    def __call__(self) -> None:
        self.on_stop()
        _tell(self.places, signal.SIGTERM)
        deadline = time.monotonic() + self.graceful_timeout_s + GRACE_S
        while self._living():
            left = deadline - time.monotonic()
            info = signal.sigtimedwait(_WATCHED, max(0.0, min(left, 0.5)))
            if left <= 0 or (info is not None and info.si_signo in _STOP_SIGNALS):
                _tell(self.places, signal.SIGKILL)
                deadline = time.monotonic() + GRACE_S

    def _living(self) -> bool:
        for worker in self.places:
            if _dead(worker) is not None:
                worker.pid = 0
        return any(worker.pid for worker in self.places)
