"""The body of a POST, taken in within bounds: on size, on time, and on all bodies together.

Uvicorn gives a body in pieces and bounds none of this. A client that sends more than it may, or
dribbles, is answered and its connection closed: what is still to come is not waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from tuilerie.protocols.xml_reading import MAX_BYTES
from tuilerie.server.message import Reply, Request, text_reply

__all__ = ["MAX_BODY", "MAX_HELD", "TIMEOUT_S", "Bodies"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MAX_BODY: Final = MAX_BYTES
"""Bytes of one body; a request has some thousand, one with a signed header some ten thousand."""
MAX_HELD: Final = 64 * 1024 * 1024
"""Bytes of all bodies that one worker is reading; above, 503."""
TIMEOUT_S: Final = 30.0
"""Time for a body to be complete."""


class Bodies:
    """Reads the bodies of one worker's requests.

    Args:
        timeout_s: time for a body to be complete.

    Attributes:
        held: bytes of bodies that are being read now.
    """

    __slots__ = ("_timeout_s", "held")

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self.held = 0

    async def read(self, request: Request, receive: Receive) -> bytes | Reply:
        """Return a request's body, or the answer to a body that is not taken."""
        announced = request.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:20]) > MAX_BODY:
            return _too_large()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._read(receive)
        except TimeoutError:
            return _closing(408, "The body did not come in time.")

    async def _read(self, receive: Receive) -> bytes | Reply:
        pieces: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return _closing(400, "The body was cut.")
                piece: bytes = message.get("body", b"")
                size += len(piece)
                self.held += len(piece)
                if size > MAX_BODY:
                    return _too_large()
                if self.held > MAX_HELD:
                    return _closing(503, "Too many requests with bodies.")
                pieces.append(piece)
                if not message.get("more_body", False):
                    return b"".join(pieces)
        finally:
            self.held -= size


def _too_large() -> Reply:
    return _closing(413, f"A body has at most {MAX_BODY:,} bytes.")


def _closing(status: int, text: str) -> Reply:
    return text_reply(status, text, (b"connection", b"close"), route="wmts")
