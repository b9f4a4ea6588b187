"""The ASGI application: a dispatcher written by hand, since there are few routes and one is hot.

Any ASGI server runs it. Under ours (`run.py`) the fast lane answers most tiles before they come
here; what comes is answered by the same lookup, so with the same bytes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

from tuilerie.protocols.wmts.rest import KVP_PATH
from tuilerie.server.access_log import AccessLog, Record
from tuilerie.server.conditional import http_date
from tuilerie.server.front import front_reply
from tuilerie.server.frontpage import FrontPage
from tuilerie.server.live import Live
from tuilerie.server.lookup import METHOD
from tuilerie.server.message import CROSS_ORIGIN, Header, Reply, Request, text_reply
from tuilerie.server.operations import Operations
from tuilerie.server.posted import Bodies
from tuilerie.server.respond import tile_reply
from tuilerie.server.schemas import schema_reply
from tuilerie.server.wmts import answer_kvp, answer_rest, fault_report
from tuilerie.server.wmts_post import answer_post, fault_reply
from tuilerie.telemetry import get_logger

__all__ = ["App"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = get_logger(__name__)

_READ: Final = b"GET, HEAD, OPTIONS"
_READ_AND_ASK: Final = b"GET, HEAD, OPTIONS, POST"
"""Methods of the service itself, which may be asked in a body."""
_KVP_PATH: Final = KVP_PATH.encode("ascii")
_KVP_PATHS: Final = (_KVP_PATH, _KVP_PATH + b"/")


class App:
    """The public application of one worker.

    Args:
        operations: what runs beside the requests, and answers `/health` and `/metrics`.
        log: None = no access lines.
        dated: answers have their Date from us, at the end of the work; else the web server adds
            it, and may have taken it when the request came.
    """

    def __init__(
        self,
        live: Live,
        operations: Operations,
        log: AccessLog | None = None,
        *,
        dated: bool = False,
    ) -> None:
        self._live = live
        self._operations = operations
        self._log = log
        self._dated = dated
        self._metrics = live.metrics
        self._settings = live.settings
        self._prefix = live.settings.prefix.encode("ascii")
        self._front = FrontPage()
        self._bodies = Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:  # a websocket: there is nothing to talk about
            await send({"type": "websocket.close"})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        loop = asyncio.get_running_loop()
        if self._log is not None:
            self._log.start(loop)
        self._operations.start(loop)
        self._live.prepare()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._operations.stop()
        await self._live.close()
        if self._log is not None:
            self._log.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = self._request(scope)
        self._metrics.in_flight += 1
        try:
            reply = await self._answer(request, receive)
        except Exception:  # noqa: BLE001 - a door: one broken request must not end the others
            target = request.line[len(METHOD) :][:_LOGGED_BYTES].decode("latin-1")
            _log.exception("request failed", method=request.method, target=target)
            reply = fault_reply(request) if request.method == "POST" else fault_report()
        finally:
            self._metrics.in_flight -= 1
        await _send(request.method, reply, send, dated=self._dated)
        self._note(request, reply, perf_counter() - started)

    def _request(self, scope: Scope) -> Request:
        raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
        query: bytes = scope.get("query_string") or b""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            value = value.strip(b" \t")
            headers[name] = headers[name] + b", " + value if name in headers else value
        client = scope.get("client")
        origin = self._settings.trusted.origin(
            headers,
            peer=client[0] if client else "",
            scheme=scope.get("scheme") or "http",
            server=_host(scope.get("server")),
            prefix=self._settings.prefix,
            base_url=self._live.current.catalogue.service.base_url,
        )
        line = METHOD + (raw_path + b"?" + query if query else raw_path)
        path = raw_path[len(self._prefix) :] if raw_path.startswith(self._prefix) else b""
        return Request(scope["method"], path, query, line, headers, origin)

    async def _answer(self, request: Request, receive: Receive) -> Reply:
        if len(request.line) > self._settings.max_target_bytes:
            return text_reply(414, "The address is too long.", route="other")
        if request.method == "OPTIONS":
            return _preflight(request)
        if request.method == "POST" and request.raw_path in _KVP_PATHS:
            return await self._post(request, receive)
        if request.method not in ("GET", "HEAD"):
            return _not_allowed(request)
        return self._at_hand(request) or await self._fetch(request)

    async def _post(self, request: Request, receive: Receive) -> Reply:
        """Answer what is asked in a body."""
        body = await self._bodies.read(request, receive)
        if isinstance(body, Reply):
            return body
        return await answer_post(request, self._live.current, body)

    def _at_hand(self, request: Request) -> Reply | None:
        """Answer as the fast lane does."""
        now = time.time()
        lookup = self._live.current.lookup
        outcome, answer = "ready", lookup.ready(request.line, now)
        if answer is None:
            outcome, answer = "hit", lookup.cached(request.line, now)
        if answer is None:
            return None
        return tile_reply(answer, request.method, request.headers, outcome)

    async def _fetch(self, request: Request) -> Reply:
        path, published = request.raw_path, self._live.current
        if path in _KVP_PATHS:
            return await answer_kvp(request, published)
        if path.startswith(_KVP_PATH + b"/"):
            return await answer_rest(request, published)
        if self._prefix and request.line.partition(b"?")[0] == METHOD + self._prefix:
            # The front page's own addresses are relative, so it must be asked for with the slash.
            location = (b"location", request.origin.base_url.encode("ascii") + b"/")
            return Reply(308, (location,), b"", "front")
        if path == b"/health":
            return self._operations.health()
        if path == b"/metrics":
            return self._operations.metrics()
        return (
            front_reply(self._front, request, published)
            or schema_reply(request)
            or text_reply(404, "There is nothing at this address.", route="other")
        )

    def _note(self, request: Request, reply: Reply, seconds: float) -> None:
        """Count the request, and give it its line in the log."""
        self._metrics.observe(seconds)
        if not reply.tile:
            self._metrics.request(reply.route, reply.status)
        if self._log is not None:
            self._log.records.append(
                Record(
                    time.time(),
                    request.method,
                    request.line[len(METHOD) :],
                    reply.status,
                    0 if request.method == "HEAD" else len(reply.body),
                    seconds,
                    request.origin.remote,
                    reply.outcome,
                    reply.address,
                )
            )


_LOGGED_BYTES: Final = 512


async def _send(method: str, reply: Reply, send: Send, *, dated: bool) -> None:
    # Last-Modified must not be later than Date (RFC 9110, 8.8.2.1), and a tile may be made while
    # its request waits. First, where the fast lane has it.
    headers = (
        [(b"date", http_date(int(time.time()))), *reply.headers] if dated else [*reply.headers]
    )
    if not reply.tile:
        headers += CROSS_ORIGIN
        if reply.status not in (204, 304):
            headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = b"" if method == "HEAD" else reply.body
    await send({"type": "http.response.body", "body": body})


def _methods(request: Request) -> bytes:
    return _READ_AND_ASK if request.raw_path in _KVP_PATHS else _READ


def _preflight(request: Request) -> Reply:
    """Answer OPTIONS, which browsers ask before what they think unusual."""
    methods = _methods(request)
    headers: tuple[Header, ...] = (
        (b"allow", methods),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-max-age", b"86400"),
    )
    return Reply(204, headers, b"", "other")


def _not_allowed(request: Request) -> Reply:
    """Answer a method that changes things; a body that comes with it is not waited for."""
    methods = _methods(request)
    fields: list[Header] = [(b"allow", methods)]
    if b"content-length" in request.headers or b"transfer-encoding" in request.headers:
        fields.append((b"connection", b"close"))
    text = f"This method is not offered here; offered are {methods.decode('ascii')}."
    return text_reply(405, text, *fields, route="other")


def _host(server: tuple[str, int | None] | None) -> str:
    """Return our own address for clients that name no host (HTTP/1.0)."""
    if server is None or not server[0] or server[1] is None:
        return "localhost"
    host, port = server
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
