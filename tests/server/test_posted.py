"""Bodies are taken in within bounds on size, time, and all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tuilerie.server.forwarded import Origin
from tuilerie.server.message import Reply, Request
from tuilerie.server.posted import MAX_BODY, MAX_HELD, Bodies

REQUEST = Request("POST", b"/wmts", b"", b"GET /wmts", {}, Origin("http://x", ""))


def coming(pieces: Sequence[bytes], *, whole: bool = True) -> Callable[[], Awaitable[Any]]:
    """An ASGI receive that gives these pieces; then nothing, unless they were the whole."""
    messages = [
        {"type": "http.request", "body": piece, "more_body": not whole or place < len(pieces) - 1}
        for place, piece in enumerate(pieces)
    ]

    async def receive() -> Any:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    return receive


async def test_pieces_are_put_together_and_let_go() -> None:
    """Half a request would be read, or memory be counted that is free again."""
    bodies = Bodies()
    assert await bodies.read(REQUEST, coming([b"a", b"", b"b"])) == b"ab"
    assert await bodies.read(REQUEST, coming([b"x" * MAX_BODY])) == b"x" * MAX_BODY
    assert bodies.held == 0


async def test_a_body_that_dribbles_is_given_up() -> None:
    """A few thousand such clients would hold a worker's memory and connections."""
    bodies = Bodies(timeout_s=0.01)
    reply = await bodies.read(REQUEST, coming([b"a"], whole=False))
    assert isinstance(reply, Reply)
    assert (reply.status, bodies.held) == (408, 0)
    assert (b"connection", b"close") in reply.headers


async def test_too_much_is_refused() -> None:
    """One client, or all together, would fill the memory."""
    bodies = Bodies()
    reply = await bodies.read(REQUEST, coming([b"x" * MAX_BODY, b"x"]))
    assert isinstance(reply, Reply)
    assert (reply.status, bodies.held) == (413, 0)
    bodies.held = MAX_HELD
    reply = await bodies.read(REQUEST, coming([b"x"]))
    assert isinstance(reply, Reply)
    assert (reply.status, bodies.held) == (503, MAX_HELD)


async def test_a_client_that_went_away_is_let_go() -> None:
    """Its half body would be read as a whole one."""

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    reply = await Bodies().read(REQUEST, receive)
    assert isinstance(reply, Reply)
    assert reply.status == 400
