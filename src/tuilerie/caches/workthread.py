"""The one thread of a cache that writes, so that no disk is waited for on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tuilerie.caches.forks import watch_forks
from tuilerie.errors import CacheError

__all__ = ["WorkThread"]

_T = TypeVar("_T")


class WorkThread:
    """Runs work one after the other; started when first needed, in each process for itself.

    Args:
        name: of the cache, for the message after `close`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._closed = False
        watch_forks(self)

    async def run(self, work: Callable[[], _T]) -> _T:
        """Do the work on the thread. It is finished even if the caller is cancelled.

        Raises: CacheError: closed; and whatever the work raises.
        """
        if self._closed:
            raise CacheError(f"{self._name} is closed")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="tuilerie-cache")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def close(self, last: Callable[[], None]) -> None:
        """Do what is queued, then `last`, and end the thread; idempotent."""
        if self._closed:
            return
        await self.run(last)
        self._closed = True
        if self._executor is not None:
            self._executor.shutdown(wait=False)

    def before_fork(self) -> None:
        """Nothing to close: a fork copies no thread."""

    def after_fork(self, *, in_child: bool) -> None:
        """Forget, in a child, the thread that only the parent has."""
        if in_child:
            self._executor = None
