"""Threads, processes, forks and sudden death."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from tuilerie.caches.base import LockingCache, TileCache
from tuilerie.caches.conformance.samples import CacheExamination, address, image
from tuilerie.catalogue.address import TileAddress

__all__ = ["ProcessTests"]

_BATCH = 16
_KILLS = 12
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload([__name__])


class ProcessTests(CacheExamination):
    """Several hands on one cache."""

    async def test_concurrent_threads(self, tmp_path: Path) -> None:
        """Threads with event loops of their own share one object."""
        cache = self.open(tmp_path / "cache")
        errors: list[BaseException] = []

        def work(number: int) -> None:
            try:
                asyncio.run(_write_and_check(cache, number))
            except BaseException as error:
                errors.append(error)
                raise

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        assert errors == []
        await cache.close()

    async def test_concurrent_processes(self, tmp_path: Path) -> None:
        """Processes that write the same places leave whole tiles; readers see nothing else."""
        self.needs("processes")
        directory = tmp_path / "cache"
        children = [
            _server.Process(target=_run_writer, args=(self, directory, number))
            for number in range(3)
        ]
        for child in children:
            child.start()
        cache = self.open(directory)
        possible = {image(version).data for version in range(40)}
        seen = 0
        while any(child.is_alive() for child in children):
            for col in range(4):
                found = await cache.get(address(col))
                assert found is None or found.data in possible
                seen += found is not None
            await asyncio.sleep(0.001)
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0, 0, 0]
        assert seen
        for col in range(4):
            assert await cache.get(address(col)) is not None
        await cache.close()

    async def test_kill_while_writing(self, tmp_path: Path) -> None:
        """Killed at any moment, a writer leaves whole tiles, and those that it was told it has."""
        self.needs("processes", "persistence")
        directory = tmp_path / "cache"
        first = 0
        for kill in range(_KILLS):
            ours, theirs = _server.Pipe(duplex=False)
            child = _server.Process(
                target=_run_endless_writer, args=(self, directory, first, theirs)
            )
            child.start()
            theirs.close()
            promised = ours.recv()
            time_left = 0.004 * kill
            while ours.poll(time_left):
                promised = ours.recv()
                time_left -= 0.002
            os.kill(child.pid or 0, signal.SIGKILL)
            child.join()
            try:
                while True:
                    promised = ours.recv()
            except EOFError:
                ours.close()
            first = await self._check_batches(directory, max(first - 2, 0), promised) + 1
        assert await self._check_batches(directory, 0, first - 1) == first

    async def _check_batches(self, directory: Path, start: int, promised: int) -> int:
        """Check the batches from `start` on, add one to them, and return its number."""
        cache = self.open(directory)
        batch = start
        while True:
            tile = image(batch)
            found = [await cache.get(place) for place in _places(batch)]
            whole = [kept is not None and kept.data == tile.data for kept in found]
            assert all(kept is None or good for kept, good in zip(found, whole, strict=True))
            assert all(whole) or batch > promised
            if all(whole):
                batch += 1
                continue
            assert "batches" in self.lacking or not any(whole)
            # The cache must go on where the dead left off.
            await cache.put_many((place, tile) for place in _places(batch))
            assert await cache.get(_places(batch)[0]) is not None
            await cache.close()
            return batch

    def test_fork(self, tmp_path: Path) -> None:
        """A cache in use may be forked: both sides read and write, and nothing is damaged."""
        self.needs("processes")
        cache = self.open(tmp_path / "cache")
        asyncio.run(_put_and_get(cache, 0))
        with warnings.catch_warnings():
            # Python 3.12 warns of threads at a fork, which is what is examined.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            code = 1
            try:
                asyncio.run(_put_and_get(cache, *range(1, 30, 2)))
                asyncio.run(cache.close())
                code = 0
            finally:
                os._exit(code)
        asyncio.run(_put_and_get(cache, *range(2, 30, 2)))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        asyncio.run(_put_and_get(cache, 31))
        asyncio.run(cache.close())
        again = self.open(tmp_path / "cache")
        for col in (*range(30), 31):
            found = asyncio.run(_get(again, address(col)))
            assert found == image(col).data
        asyncio.run(again.close())

    async def test_lock_keeps_tasks_apart(self, tmp_path: Path) -> None:
        """One task at a time produces a metatile; another metatile is not in the way."""
        async with self._locking(tmp_path / "cache") as cache:
            inside: list[int] = []

            async def work(number: int) -> None:
                async with cache.lock(address()):
                    inside.append(number)
                    assert len(inside) == 1
                    await asyncio.sleep(0.001)
                    inside.remove(number)

            async with cache.lock(address(99)):
                await asyncio.gather(*(work(number) for number in range(40)))

    async def test_lock_of_a_cancelled_waiter(self, tmp_path: Path) -> None:
        """A waiter that gives up takes no lock with it."""
        async with self._locking(tmp_path / "cache") as cache:

            async def wait() -> None:
                async with cache.lock(address()):
                    pass

            async with cache.lock(address()):
                waiters = [asyncio.ensure_future(wait()) for _ in range(3)]
                await asyncio.sleep(0.01)
                for waiter in waiters:
                    waiter.cancel()
                await asyncio.gather(*waiters, return_exceptions=True)
            async with asyncio.timeout(5):
                await wait()

    async def test_lock_keeps_processes_apart_and_dies_with_them(self, tmp_path: Path) -> None:
        """The lock waits for another process, and is free when that one is killed."""
        self.needs("processes")
        async with self._locking(tmp_path / "cache") as cache:
            ours, theirs = _server.Pipe(duplex=False)
            child = _server.Process(target=_hold_lock, args=(self, tmp_path / "cache", theirs))
            child.start()
            theirs.close()
            assert ours.recv() == "held"

            async def wait() -> float:
                async with cache.lock(address()):
                    return time.monotonic()

            waiter = asyncio.ensure_future(wait())
            await asyncio.sleep(0.1)
            assert not waiter.done()
            killed = time.monotonic()
            os.kill(child.pid or 0, signal.SIGKILL)
            assert 0 <= await asyncio.wait_for(waiter, 5) - killed < 2
            child.join()
            ours.close()

    @asynccontextmanager
    async def _locking(self, directory: Path) -> AsyncIterator[LockingCache]:
        self.needs("locks")
        cache = self.open(directory)
        assert isinstance(cache, LockingCache)
        yield cache
        await cache.close()


def _places(batch: int) -> list[TileAddress]:
    return [address(batch, row) for row in range(_BATCH)]


async def _write_and_check(cache: TileCache, number: int) -> None:
    for n in range(15):
        mine = address(n, number)
        tile = image(n * 10 + number)
        await cache.put_many([(mine, tile), (address(0, 99), tile)])
        found = await cache.get(mine)
        assert found is not None
        assert found.data == tile.data
        assert await cache.get(address(0, 99)) is not None


async def _put_and_get(cache: TileCache, *cols: int) -> None:
    for col in cols:
        await cache.put_many([(address(col), image(col))])
        assert await _get(cache, address(col)) == image(col).data


async def _get(cache: TileCache, place: TileAddress) -> bytes | None:
    found = await cache.get(place)
    return None if found is None else found.data


def _run_writer(examination: CacheExamination, directory: Path, number: int) -> None:
    async def work() -> None:
        cache = examination.open(directory)
        for version in range(number, 40, 3):
            await cache.put_many((address(col), image(version)) for col in range(4))
        await cache.close()

    asyncio.run(work())


def _run_endless_writer(
    examination: CacheExamination, directory: Path, first: int, told: Connection
) -> None:
    async def work() -> None:
        cache = examination.open(directory)
        batch = first
        while True:
            await cache.put_many([(place, image(batch)) for place in _places(batch)])
            told.send(batch)
            batch += 1

    asyncio.run(work())


def _hold_lock(examination: CacheExamination, directory: Path, told: Connection) -> None:
    async def work() -> None:
        cache = examination.open(directory)
        assert isinstance(cache, LockingCache)
        async with cache.lock(address()):
            told.send("held")
            await asyncio.sleep(60)

    asyncio.run(work())
