"""Locks between processes that the kernel frees when a process dies, waited for without polling.

One file per directory; each key locks one byte of it, at an offset that is the key's hash (the
file stays empty: a lock needs no byte to exist). Open-file-description locks belong to one
open() and not to the process, so the same lock also keeps two tasks of one process apart.

A free lock is taken at once. A waiter costs a thread that sleeps in the kernel; nothing can call
it back from there, so the number of such threads is bounded, and whoever has waited long enough
goes on without the lock (work is then done twice, which is safe). These threads are daemons:
one that waits for a stuck process must not keep ours from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from tuilerie.caches.faults import Faults
from tuilerie.caches.forks import watch_forks
from tuilerie.caches.kernel_lock import KernelLock, Waiter
from tuilerie.catalogue.address import TileAddress

__all__ = ["ProcessLocks", "lock_name"]

_BRIEFLY_S = 5.0


class ProcessLocks:
    """The locks of one directory.

    Args:
        path: the lock file; made, with its directory, when first needed.
        faults: told ("unlocked") when work goes on without a lock.
        timeout_s: how long to wait for a holder.
        max_waiting: threads that may wait in the kernel at once.
    """

    def __init__(
        self, path: Path, *, faults: Faults, timeout_s: float = 30.0, max_waiting: int = 16
    ) -> None:
        self._path = path
        self._faults = faults
        self._timeout_s = timeout_s
        self._max_waiting = max_waiting
        self._slots = threading.BoundedSemaphore(max_waiting)
        self._queues: dict[tuple[int, int], _Queue] = {}
        self._open: set[int] = set()
        watch_forks(self)

    @contextlib.asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Hold the lock called `name`, or go on without it (counted) where that cannot be had."""
        offset = _offset(name)
        with self._queue(offset) as queue:
            held: KernelLock | None = None
            turn = False
            try:
                try:
                    async with asyncio.timeout(self._timeout_s):
                        turn = await queue.lock.acquire()
                        held = await self._acquire(offset)
                except TimeoutError:
                    self._unlocked(name, f"its holder kept it for {self._timeout_s:g} s")
                except OSError as error:
                    self._unlocked(name, str(error))
                yield
            finally:
                if held is not None:
                    self._release(held)
                if turn:
                    queue.lock.release()

    @contextlib.contextmanager
    def hold_briefly(self, name: str) -> Iterator[bool]:
        """Hold a lock around a moment's work on a worker thread; yields whether it is held."""
        held: KernelLock | None = None
        try:
            held = self._acquire_blocking(_offset(name))
        except OSError as error:
            self._unlocked(name, str(error))
        try:
            yield held is not None
        finally:
            if held is not None:
                self._release(held)

    def before_fork(self) -> None:
        """Nothing to close: a lock outlives a fork in the parent."""

    def after_fork(self, *, in_child: bool) -> None:
        """Drop the child's copies, which would hold the locks after the parent's death."""
        if in_child:
            for descriptor in self._open:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            self._open.clear()
            self._queues.clear()
            self._slots = threading.BoundedSemaphore(self._max_waiting)

    def _try(self, offset: int) -> tuple[KernelLock, bool]:
        """Return a lock, and whether it was free and is taken."""
        held = KernelLock(self._open_file(), offset)
        try:
            return held, held.try_lock()
        except BaseException:
            self._release(held)
            raise

    async def _acquire(self, offset: int) -> KernelLock:
        held, locked = self._try(offset)
        if locked:
            return held
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def granted() -> None:
            if not done.done():
                done.set_result(None)

        def tell() -> None:
            # A loop that was closed meanwhile has nobody to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(granted)

        waiter = self._wait(held, tell)
        try:
            await done
        except BaseException:
            waiter.abandon()
            raise
        return waiter.result()

    def _acquire_blocking(self, offset: int) -> KernelLock | None:
        held, locked = self._try(offset)
        if locked:
            return held
        done = threading.Event()
        waiter = self._wait(held, done.set)
        if not done.wait(_BRIEFLY_S):
            waiter.abandon()
            raise TimeoutError(f"its holder kept it for {_BRIEFLY_S:g} s")
        return waiter.result()

    def _wait(self, held: KernelLock, tell: Callable[[], None]) -> Waiter:
        if not self._slots.acquire(blocking=False):
            self._release(held)
            raise OSError(errno.EAGAIN, "too many wait for locks already")
        waiter = Waiter(held, self._release, tell, self._slots)
        try:
            threading.Thread(target=waiter.run, name="tuilerie-lock", daemon=True).start()
        except RuntimeError as error:
            self._slots.release()
            self._release(held)
            raise OSError(errno.EAGAIN, "no thread to wait for a lock") from error
        return waiter

    @contextlib.contextmanager
    def _queue(self, offset: int) -> Iterator[_Queue]:
        """The line of this event loop's tasks for one lock: one of them waits in the kernel."""
        key = (id(asyncio.get_running_loop()), offset)
        queue = self._queues.setdefault(key, _Queue())
        queue.users += 1
        try:
            yield queue
        finally:
            queue.users -= 1
            if not queue.users:
                self._queues.pop(key, None)

    def _open_file(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags, 0o666)
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, flags, 0o666)
        self._open.add(descriptor)
        return descriptor

    def _release(self, held: KernelLock) -> None:
        self._open.discard(held.descriptor)
        held.unlock()

    def _unlocked(self, name: str, reason: str) -> None:
        self._faults.note("unlocked", f"went on without the lock of {name}: {reason}")


class _Queue:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


def _offset(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 2


def lock_name(key: TileAddress) -> str:
    """Return the name of the lock that guards the production of a tile."""
    return repr((*key[:2], key.format.media_type, *key[3:]))
