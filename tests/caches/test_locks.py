"""Locks between processes where holders are stuck, many, or on a disk that has no locks."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tuilerie.caches.conformance.samples import address
from tuilerie.caches.faults import Faults
from tuilerie.caches.locks import ProcessLocks, lock_name


def two(tmp_path, **options):
    """Two sets of locks on one file, as two processes have them, and the second's faults."""
    faults = Faults()
    path = tmp_path / "below" / ".locks"
    return ProcessLocks(path, faults=Faults()), ProcessLocks(path, faults=faults, **options), faults


async def test_a_stuck_holder_is_not_waited_for_forever(tmp_path):
    """A stopped process would otherwise stop every server that wants one of its tiles."""
    stuck, ours, faults = two(tmp_path, timeout_s=0.1)
    async with stuck.hold("a"):
        started = time.monotonic()
        async with ours.hold("a"):
            assert 0.05 < time.monotonic() - started < 2
        assert faults.count("unlocked") == 1
    async with ours.hold("a"):
        assert faults.count("unlocked") == 1


async def test_stuck_holders_are_not_in_the_way_of_others(tmp_path):
    """Threads asleep for stuck keys are bounded, and a free key needs none."""
    stuck, ours, faults = two(tmp_path, timeout_s=0.2, max_waiting=2)
    async with stuck.hold("a"), stuck.hold("b"), stuck.hold("c"):

        async def wait(name):
            async with ours.hold(name):
                return time.monotonic()

        waiters = [asyncio.ensure_future(wait(name)) for name in "abc"]
        await asyncio.sleep(0.02)
        async with asyncio.timeout(0.1):
            await wait("free")
        await asyncio.gather(*waiters)
        assert faults.count("unlocked") == 3
    # The sleepers got their locks and gave them back: a waits for nobody now.
    async with asyncio.timeout(2):
        await wait("a")


async def test_waiting_ends_when_the_holder_lets_go(tmp_path):
    """Whoever waits goes on at once, not at the next look of a poll."""
    holder, ours, faults = two(tmp_path)
    async with holder.hold("a"):
        waiter = asyncio.ensure_future(_enter(ours))
        await asyncio.sleep(0.05)
        assert not waiter.done()
        released = time.monotonic()
    assert await waiter - released < 0.5
    assert faults.count("unlocked") == 0


async def test_without_a_place_for_locks_work_goes_on(tmp_path):
    """A read-only or missing directory costs double work, not the tile."""
    (tmp_path / "file").write_text("")
    faults = Faults()
    locks = ProcessLocks(tmp_path / "file" / ".locks", faults=faults)
    async with locks.hold("a"):
        assert faults.count("unlocked") == 1
    with locks.hold_briefly("a") as held:
        assert not held


async def test_errors_of_the_work_come_through(tmp_path):
    """A failed rendering must free the lock and stay the error that it is."""
    locks, ours, _ = two(tmp_path)
    with pytest.raises(ZeroDivisionError):
        async with locks.hold("a"):
            1 / 0  # noqa: B018 - the work that fails
    async with asyncio.timeout(1), ours.hold("a"):
        pass


async def test_nothing_is_left_open(tmp_path):
    """A descriptor for every miss would end the server within the hour."""
    locks, _, _ = two(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for n in range(50):
        async with locks.hold(str(n)):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert (tmp_path / "below" / ".locks").stat().st_size == 0


def test_lock_names_tell_tiles_apart():
    """Two metatiles with one lock would wait for each other."""
    names = {lock_name(address(1, 2)), lock_name(address(12, 0)), lock_name(address(style="1"))}
    assert len(names) == 3


async def _enter(locks):
    async with locks.hold("a"):
        return time.monotonic()
