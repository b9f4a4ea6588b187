"""Single-flight: one production for many waiters, errors to all of them, nothing left behind."""

from __future__ import annotations

import asyncio

import pytest

from tuilerie.errors import RenderError
from tuilerie.flight import SingleFlight


async def test_waiters_share_one_run():
    flight: SingleFlight[int] = SingleFlight()
    gate, runs = asyncio.Event(), []

    async def work() -> int:
        runs.append(1)
        await gate.wait()
        return 42

    waiters = [asyncio.create_task(flight.do("key", work)) for _ in range(200)]
    await asyncio.sleep(0)
    assert len(flight) == 1
    gate.set()
    assert await asyncio.gather(*waiters) == [42] * 200
    assert runs == [1]
    assert len(flight) == 0


async def test_different_keys_run_side_by_side():
    flight: SingleFlight[str] = SingleFlight()
    both = asyncio.Barrier(2)

    async def work() -> str:
        await both.wait()
        return "met"

    async with asyncio.timeout(5):
        assert await asyncio.gather(flight.do("a", work), flight.do("b", work)) == ["met"] * 2


async def test_an_error_reaches_every_waiter_and_the_next_call_tries_again():
    flight: SingleFlight[int] = SingleFlight()
    gate = asyncio.Event()

    async def fail() -> int:
        await gate.wait()
        raise RenderError("damaged")

    async def succeed() -> int:
        return 1

    waiters = [asyncio.create_task(flight.do("key", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(result) for result in results] == [RenderError] * 3
    assert await flight.do("key", succeed) == 1


async def test_a_caller_that_leaves_does_not_cancel_the_others():
    flight: SingleFlight[int] = SingleFlight()
    gate = asyncio.Event()

    async def work() -> int:
        await gate.wait()
        return 7

    leaver = asyncio.create_task(flight.do("key", work))
    stayer = asyncio.create_task(flight.do("key", work))
    await asyncio.sleep(0)
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    gate.set()
    assert await stayer == 7


async def test_drain_waits_for_work_whose_callers_all_left():
    flight: SingleFlight[int] = SingleFlight()
    gate, finished = asyncio.Event(), []

    async def work() -> int:
        await gate.wait()
        finished.append(True)
        return 0

    caller = asyncio.create_task(flight.do("key", work))
    await asyncio.sleep(0)
    caller.cancel()
    asyncio.get_running_loop().call_soon(gate.set)
    await flight.drain()
    assert finished == [True]
