"""How fast a remote is asked: so many at once, so many a second, none while it says so.

The rate is the generic cell rate algorithm: one number, the time at which an evenly paced
sender would send next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tuilerie.sources.remote.timing import Timing

__all__ = ["MAX_HOLD_S", "MAX_WAITING", "Pace", "TooMany"]

MAX_WAITING: Final = 1_000
"""Requests of one source that wait for a place; further ones fail at once."""
MAX_HOLD_S: Final = 600.0
"""A remote that asks to be left alone for longer is asked again after that."""


class TooMany(Exception):
    """No place can be had in time.

    Attributes:
        delay_s: after which there may be one; None = not known.
        held: whether it is the remote that asked for patience.
    """

    def __init__(self, delay_s: float | None, *, held: bool = False) -> None:
        super().__init__()
        self.delay_s = delay_s
        self.held = held


class Pace:
    """Gives places to requests of one source.

    Args:
        places: requests under way at once.
        per_second: on average, in bursts of a second's worth; None = no bound.
    """

    __slots__ = ("_held_until", "_interval", "_next", "_places", "_slack", "_timing", "waiting")

    def __init__(self, places: int, per_second: float | None, timing: Timing) -> None:
        self._places = asyncio.Semaphore(places)
        self._interval = 1.0 / per_second if per_second else 0.0
        self._slack = max(1.0 - self._interval, 0.0)
        self._next = 0.0
        self._held_until = 0.0
        self._timing = timing
        self.waiting = 0

    @asynccontextmanager
    async def place(self, deadline: float) -> AsyncIterator[None]:
        """Hold one place while the block runs.

        Args:
            deadline: on the clock of `timing`.

        Raises: TooMany: too many wait already, or it would take beyond the deadline.
        """
        self._check_hold(deadline)
        if self.waiting >= MAX_WAITING:
            raise TooMany(None)
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        try:
            await self._turn(deadline)
            yield
        finally:
            self._places.release()

    def hold(self, seconds: float) -> None:
        """Ask nothing for so many seconds."""
        until = self._timing.now() + min(seconds, MAX_HOLD_S)
        self._held_until = max(self._held_until, until)

    async def _turn(self, deadline: float) -> None:
        self._check_hold(deadline)
        if self._interval:
            now = self._timing.now()
            wait = self._next - self._slack - now
            if now + wait > deadline:
                raise TooMany(wait)
            self._next = max(self._next, now) + self._interval
            if wait > 0.0:
                await self._timing.sleep(wait)
        left = self._held_until - self._timing.now()
        if left > 0.0:
            self._check_hold(deadline)
            await self._timing.sleep(left)

    def _check_hold(self, deadline: float) -> None:
        if self._held_until > deadline:
            raise TooMany(self._held_until - self._timing.now(), held=True)
