"""A connection that cannot be used to wear the server out: bounds on bytes, time and number.

uvicorn bounds neither the headers of a request nor how long a client may dribble them; this
protocol does, for whatever reaches uvicorn's own parser. Time is looked at from outside, once a
second for all connections (`check`), so that no request pays for a timer.

Whoever is refused is told so: what still comes is read and thrown away for a moment, since a
connection that is closed over unread bytes is reset, and a reset overtakes the answer
(RFC 9112, 9.6).
"""

from __future__ import annotations

import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tuilerie.server.clock import CoarseClock
from tuilerie.server.live import Live

__all__ = ["GuardedProtocol"]


class GuardedProtocol(HttpToolsProtocol):
    """One connection, served by uvicorn within the limits of `ServerSettings`."""

    def __init__(self, live: Live, clock: CoarseClock, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn warns of every malformed request; the metrics count them.
        self.logger = _QUIET
        self.access_log = False
        self._clock = clock
        self._settings = live.settings
        self._metrics = live.metrics
        self._reading = False
        self._in_head = False
        self._bare_bytes = 0
        self._verdict: tuple[bytes, bytes] | None = None
        self._refused = False
        self._seen = clock.now
        self._closing_since = 0

    def connection_made(self, transport: Any) -> None:
        """Take the connection, or refuse it when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.max_connections:
            self._metrics.refused += 1
            # No lingering here: those who are refused would keep out those who are not.
            self._verdict = _TOO_MANY
            self.transport.write(_short(*_TOO_MANY, self._clock.date))
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Give bytes to uvicorn's parser, but never more than headers may have."""
        if self._verdict is not None:
            return
        self._bare_bytes += len(data)
        super().data_received(data)
        if (
            self._bare_bytes > self._settings.max_header_bytes
            and self._reading
            and self._verdict is None
        ):
            self._too_large()

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._reading = True
        self._in_head = True
        self._seen = self._clock.now
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that its headers are whole, unless they are too large to be looked at.

        They are measured here too: many may have come in one packet, behind other requests.
        """
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._settings.max_header_bytes:
            self._too_large()
            raise _RefusedError  # the parser stops at once
        self._in_head = False
        self._bare_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that it is whole."""
        self._reading = False
        self._bare_bytes = 0
        super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Note that it goes on."""
        self._bare_bytes = 0
        self._seen = self._clock.now
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Note that the connection is idle again."""
        self._seen = self._clock.now
        super().on_response_complete()
        if self._verdict is not None and self.cycle.response_complete:
            self._tell(*self._verdict)

    def pause_writing(self) -> None:
        """Note since when the client takes nothing."""
        self._seen = self._clock.now
        super().pause_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP; uvicorn calls it too when the parser was stopped by us."""
        if self._verdict is None:
            self._metrics.bad_requests += 1
            self._refuse((b"400 Bad Request", msg.encode("ascii") + b"\n"))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: HTTP/1.1 goes on, as RFC 9110, 7.8 allows."""

    def _too_large(self) -> None:
        self._metrics.bad_requests += 1
        if self._in_head:
            self._refuse(_TOO_LARGE)
        else:
            # Chunk extensions or trailers without end: the request is being answered already.
            self._verdict = _TOO_LARGE
            self.transport.close()

    def _refuse(self, verdict: tuple[bytes, bytes]) -> None:
        """Answer with a refusal, after the answers that are still owed, and take nothing more."""
        self._verdict = verdict
        self._reading = False
        if self.cycle is None or self.cycle.response_complete:
            self._tell(*verdict)

    def _tell(self, status: bytes, text: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._reading = True
        self._seen = self._clock.now
        self._unset_keepalive_if_required()
        self.transport.write(_short(status, text, self._clock.date))
        self.transport.write_eof()

    def check(self, now: int) -> None:
        """Close the connection if it keeps us waiting; called about once a second."""
        settings, metrics, waited = self._settings, self._metrics, now - self._seen
        if self.transport.is_closing():
            # What is still to be sent keeps it open, but not for ever.
            self._closing_since = self._closing_since or now
            if now - self._closing_since > settings.stalled_timeout_s:
                self.transport.abort()
        elif self._refused and waited >= _LINGER_S:
            self.transport.close()
        elif self.flow.write_paused:
            if waited > settings.stalled_timeout_s:
                metrics.timed_out += 1
                self.transport.abort()
        elif self._reading:
            limit = settings.header_timeout_s if self._in_head else settings.stalled_timeout_s
            if waited > limit:
                metrics.timed_out += 1
                self.transport.close()
        elif (self.cycle is None or self.cycle.response_complete) and (
            waited > settings.keep_alive_s
        ):
            self.transport.close()


class _RefusedError(Exception):
    """Stops the parser in the middle of a packet."""


def _short(status: bytes, text: bytes, date: bytes) -> bytes:
    return (
        b"HTTP/1.1 %b\r\ndate: %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
        b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (status, date, len(text), text)
    )


_TOO_MANY: Final = (b"503 Service Unavailable", b"Too many connections.\n")
_TOO_LARGE: Final = (
    b"431 Request Header Fields Too Large",
    b"The request's headers are too large.\n",
)
_LINGER_S: Final = 2
"""Seconds, at least, in which a client that is still sending may read why it is refused."""

_QUIET: Final = logging.getLogger("tuilerie.http")
_QUIET.setLevel(logging.ERROR)
