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
MAX_DELAY_S: Final = 10.0
STEADY_S: Final = 30.0
"""A worker that lived so long starts with a clean sheet."""
GRACE_S: Final = 5.0
"""What a worker gets beyond its own graceful timeout before it is killed."""

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_WATCHED: Final = frozenset({*_STOP, signal.SIGHUP, signal.SIGCHLD})


@dataclass(slots=True)
class _Worker:
    """One place: the process that has it, or when it is to be filled again."""

    place: int
    pid: int = 0
    started: float = 0.0
    delay_s: float = 0.0
    due: float = 0.0


def supervise(
    serve: Callable[[int], int], *, workers: int, graceful_timeout_s: float
) -> int:
    """Keep `workers` processes running `serve(place)` until told to stop.

    SIGTERM and SIGINT stop all of them gracefully, a second one at once; SIGHUP is passed on. A
    worker that dies is replaced, immediately the first time and then with growing delays. A
    worker that ends by itself before it ever served means that none can: all stop.

    Returns: 0 after a stop, 1 if the workers could not start.
    """
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    places = [_Worker(place) for place in range(workers)]
    try:
        for worker in places:
            _start(worker, serve, previous)
        return _watch(places, serve, previous, graceful_timeout_s)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _start(worker: _Worker, serve: Callable[[int], int], mask: set[signal.Signals]) -> None:
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
    mask: set[signal.Signals],
    graceful_timeout_s: float,
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
        if info.si_signo in _STOP:
            return _stop(places, graceful_timeout_s)
        if info.si_signo == signal.SIGHUP:
            _tell(places, signal.SIGHUP)
        elif not _bury(places):
            _stop(places, graceful_timeout_s)
            return 1


def _bury(places: list[_Worker]) -> bool:
    """Take note of the dead; False if a worker found that it cannot serve at all."""
    for worker in places:
        status = _dead(worker)
        if status is None:
            continue
        lived = time.monotonic() - worker.started
        pid, worker.pid = worker.pid, 0
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == CANNOT_SERVE:
            return False
        worker.delay_s = (
            0.0
            if lived >= STEADY_S or not worker.delay_s and not worker.due
            else min(MAX_DELAY_S, max(FIRST_DELAY_S, worker.delay_s * 2))
        )
        worker.due = time.monotonic() + worker.delay_s
        _log.warning(
            "worker died, it is replaced",
            worker=worker.place,
            pid=pid,
            status=os.waitstatus_to_exitcode(status),
            delay_s=worker.delay_s,
        )
    return True


CANNOT_SERVE: Final = 3
"""Exit code of a worker that could not make what it should serve: the next could not either."""


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


def _stop(places: list[_Worker], graceful_timeout_s: float) -> int:
    """Let all finish what they do; whoever does not in time is killed."""
    _tell(places, signal.SIGTERM)
    deadline = time.monotonic() + graceful_timeout_s + GRACE_S
    while any(worker.pid for worker in places):
        for worker in places:
            if _dead(worker) is not None:
                worker.pid = 0
        left = deadline - time.monotonic()
        if not any(worker.pid for worker in places):
            break
        info = signal.sigtimedwait(_WATCHED, max(0.0, min(left, 0.5)))
        if left <= 0 or (info is not None and info.si_signo in _STOP):
            _tell(places, signal.SIGKILL)
            deadline = time.monotonic() + GRACE_S
    return 0
