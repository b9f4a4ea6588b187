"""Single-flight: many requests for one metatile, one production."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["SingleFlight"]

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs one task per key at a time and gives its result, or its error, to all who wait.

    A caller that goes away (a closed connection) does not cancel the work of the others: the
    task belongs to the flight, and its result is worth keeping in the cache anyway.
    """

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Result]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    async def do(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of `work` for `key`, joining a run that is under way.

        Raises: whatever `work` raises, to every caller that waited for it.
        """
        self.start(key, work)
        return await asyncio.shield(self._tasks[key])

    def start(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> None:
        """Have `work` done for nobody who waits; what it raises is lost. Joins a run."""
        if key not in self._tasks:
            task = asyncio.ensure_future(_run(work))
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._land(key, done))

    async def drain(self) -> None:
        """Wait until no work is under way; errors belong to their callers."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    async def cancel(self) -> None:
        """End all work that is under way; what it raises then is its callers' answer."""
        for task in tuple(self._tasks.values()):
            task.cancel()
        await self.drain()

    def _land(self, key: Hashable, task: asyncio.Task[Result]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            # Retrieved here too, so that work whose callers all left does not warn.
            task.exception()


async def _run(work: Callable[[], Awaitable[Result]]) -> Result:
    return await work()
