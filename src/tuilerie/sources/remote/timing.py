"""Clocks, sleep and chance as one value, so that tests decide on all of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

__all__ = ["Timing"]


@dataclass(frozen=True, slots=True)
class Timing:
    """What the client asks of time and chance.

    Attributes:
        now: monotonic seconds, for durations and deadlines.
        wall: seconds since the epoch, for dates in headers and in what people read.
        sleep: waits so many seconds.
        chance: uniform in [0, 1), for jitter; no secret depends on it.
    """

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
