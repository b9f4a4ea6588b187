"""The time as the hot path needs it: whole seconds and a ready status line, one look a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tuilerie.server.conditional import http_date

__all__ = ["CoarseClock"]


class CoarseClock:
    """A clock that is read as an attribute and moves on by a timer.

    Attributes:
        now: seconds since the epoch, late by a second at most while it runs.
        date: the Date header's value for that second.
        ok, not_modified: the beginnings of a 200 and a 304, Date included.
    """

    __slots__ = ("_handle", "_ticked", "date", "not_modified", "now", "ok")

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None
        self._ticked: list[Callable[[], None]] = []
        self.set(time.time())

    def set(self, now: float) -> None:
        """Move to a time."""
        self.now = int(now)
        self.date = http_date(self.now)
        self.ok = b"HTTP/1.1 200 OK\r\ndate: %b\r\n" % self.date
        self.not_modified = b"HTTP/1.1 304 Not Modified\r\ndate: %b\r\n" % self.date

    def each_second(self, call: Callable[[], None]) -> None:
        """Have something done at every tick; it must be quick and must not raise."""
        self._ticked.append(call)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to tick, just after each full second."""
        self._tick(loop)

    def stop(self) -> None:
        """Stand still."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.time()
        self.set(now)
        self._handle = loop.call_later(1.0 - now % 1.0 + _LATE_S, self._tick, loop)
        for call in self._ticked:
            call()


_LATE_S = 0.002
"""So that rounding never wakes it before the second is full."""
