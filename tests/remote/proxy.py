"""An HTTP proxy on loopback: plain requests handed on, CONNECT tunnelled; it counts both.

FakeProxy(user=None)      an async context manager; user = ("name", "password") to demand
    .url                  its address
    .targets              what it was asked for: "http://…" or "host:port"
    .reach = {name: port} where names lead, in place of a name service
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

__all__ = ["FakeProxy"]


class FakeProxy:
    """See the module."""

    def __init__(self, user: tuple[str, str] | None = None) -> None:
        self.targets: list[str] = []
        self.heads: list[str] = []
        self.reach: dict[str, int] = {}
        self._right = "Basic " + b64encode(":".join(user).encode()).decode() if user else ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        method, target, _ = head.split(" ", 2)
        self.targets.append(target)
        if self._right and f"proxy-authorization: {self._right}".lower() not in head.lower():
            writer.write(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        port = self.reach.get(parts.hostname or "", parts.port or 80)
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Go on\r\n\r\n")
        else:
            path = target[target.index("/", len("http://")) :]
            ours.write(head.replace(target, path, 1).encode("latin-1"))
        try:
            await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))
        finally:
            ours.transport.abort()
            with suppress(OSError):
                await ours.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
