"""An HTTP/1.1 server on loopback that answers as it is told: late, cut, lying, endless.

Written by hand on asyncio's streams, since a well-behaved HTTP library will not lie.

    FakeRemote(tls=None, host="127.0.0.1")   an async context manager
        .on(path, *answers)      what a path is answered, in turn; the last one from then on
        .otherwise(*answers)     the same for every other path (404 unless told)
        .guard = guard           asked first: an Answer of it goes out instead (see `guards`)
        .url(path, host=None)    the address of a path; `host` in place of the number
        .count(path=None)        requests for a path, or all
        .seen(path=None)         those requests: method, target, path, query, headers
        .peak                    most requests under way at once
        .connections             connections that were made
        .release()               lets answers with `held=True` go

An answer may be a function of the request that returns an Answer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl

__all__ = ["Answer", "FakeRemote", "Request"]


@dataclass(frozen=True)
class Request:
    """What was asked. `headers` have small letters; `peer` is the other end's port."""

    method: str
    target: str
    headers: Mapping[str, str]
    peer: int = 0

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """One answer, true or not.

    Attributes:
        delay_s: before its first byte. held: until `FakeRemote.release`.
        length: what Content-Length says; None = the truth, "" = no such header.
        chunked: with Transfer-Encoding instead of Content-Length.
        pieces, pause_s: the body is sent in so many pieces, with a pause before each but the first.
        cut: the connection is reset after so many bytes of the body; -1 = before the status line.
        repeat: the body is sent so many times: gigabytes need no memory here.
        close: the connection is closed behind it; without a word where `silent_close`.
        version: of HTTP.
        raw: sent as it is, instead of all that.
    """

    status: int = 200
    body: bytes = b""
    media_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    held: bool = False
    length: int | str | None = None
    chunked: bool = False
    pieces: int = 1
    pause_s: float = 0.0
    cut: int | None = None
    repeat: int = 1
    close: bool = False
    silent_close: bool = False
    version: str = "1.1"
    raw: bytes = b""


Script = Answer | Callable[[Request], Answer]
NOT_FOUND = Answer(404, b"nothing here", "text/plain")


class FakeRemote:
    """See the module."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.guard: Callable[[Request], Answer | None] | None = None
        self.requests: list[Request] = []
        self.peak = 0
        self.connections = 0
        self.port = 0
        self._host = host
        self._tls = tls
        self._scripts: dict[str, list[Script]] = {}
        self._default: list[Script] = [NOT_FOUND]
        self._under_way = 0
        self._released = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def on(self, path: str, *answers: Script) -> None:
        self._scripts[path] = list(answers)

    def otherwise(self, *answers: Script) -> None:
        self._default = list(answers)

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self._host}:{self.port}{path}"

    def seen(self, path: str | None = None) -> list[Request]:
        return [request for request in self.requests if path in (None, request.path)]

    def count(self, path: str | None = None) -> int:
        return len(self.seen(path))

    def release(self) -> None:
        self._released.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip().split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (each.partition(":") for each in lines)
        }
        peer = writer.get_extra_info("peername")[1]
        request = Request(method, target, headers, peer)
        self.requests.append(request)
        self._under_way += 1
        self.peak = max(self.peak, self._under_way)
        try:
            answer = self._choose(request)
            if answer.held:
                await self._released.wait()
            if answer.delay_s:
                await asyncio.sleep(answer.delay_s)
            return await _send(answer, writer)
        finally:
            self._under_way -= 1

    def _choose(self, request: Request) -> Answer:
        if self.guard is not None:
            refusal = self.guard(request)
            if refusal is not None:
                return refusal
        scripts = self._scripts.get(request.path, self._default)
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script(request) if callable(script) else script


async def _send(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Send an answer; return whether the connection goes on."""
    if answer.raw or answer.cut == -1:
        writer.write(answer.raw)
        await writer.drain()
        return False
    writer.write(_head(answer))
    body, sent = answer.body, 0
    size = max(-(-len(body) // answer.pieces), 1)
    for turn in range(answer.repeat):
        for start in range(0, len(body), size):
            if answer.pause_s and (start or turn):
                await asyncio.sleep(answer.pause_s)
            piece = body[start : start + size]
            if answer.cut is not None and sent + len(piece) >= answer.cut:
                lead = b"%x\r\n" % len(piece) if answer.chunked else b""
                writer.write(lead + piece[: answer.cut - sent])
                await writer.drain()
                return False
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.chunked else piece)
            sent += len(piece)
            await writer.drain()
    if answer.chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    keeps = answer.version == "1.1" and not answer.close and not answer.silent_close
    return keeps and answer.length != ""


def _head(answer: Answer) -> bytes:
    headers = {"Content-Type": answer.media_type, **answer.headers}
    if answer.chunked:
        headers["Transfer-Encoding"] = "chunked"
    elif answer.length is None:
        if answer.status not in (204, 304):
            headers["Content-Length"] = str(len(answer.body) * answer.repeat)
    elif answer.length != "":
        headers["Content-Length"] = str(answer.length)
    if answer.close or answer.length == "":
        headers["Connection"] = "close"
    lines = [f"HTTP/{answer.version} {answer.status} So It Is"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
