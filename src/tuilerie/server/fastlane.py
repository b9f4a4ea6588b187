"""The fast lane: cached tiles answered as the bytes of the request arrive.

Most of what a request costs an ASGI server is the scope, the task and the two sends. This
protocol answers a whole, bodiless GET for a tile at hand in `data_received`, when nothing else
is under way on the connection; everything else (other methods, bodies, upgrades, `Expect`,
`Connection: close`, pipelining, HTTP/1.0, odd or long headers, misses, errors) goes untouched to
uvicorn's parser and from there to the application. Both ask the same `TileLookup`, so they
cannot disagree; a property test sends the same bytes to both and compares what comes back.

What is cheap here is cheap by remembering: a header block is judged once by its bytes, since a
client sends the same one with every tile, and an answer is found by the bytes of the request
line. No task, no timer and no formatted text belongs to a request.

Why it is worth its lines: docs/explanation/how-it-is-fast.md.
"""

from __future__ import annotations

import re
from time import perf_counter, time
from typing import Any, Final

from tuilerie.server.access_log import AccessLog, Record
from tuilerie.server.answers import Answer
from tuilerie.server.clock import CoarseClock
from tuilerie.server.forwarded import TrustedProxies
from tuilerie.server.guard import GuardedProtocol
from tuilerie.server.live import Live

__all__ = ["FastLane", "Heads", "Lane"]

_HEAD: Final = re.compile(
    rb" HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ \t]*[\x21-\x7e\x80-\xff]*(?:[ \t]+[\x21-\x7e\x80-\xff]+)*"
    rb"[ \t]*\r\n)+)\r\n\Z"
)
_ELSEWHERE: Final = frozenset(
    {
        b"content-length", b"expect", b"http2-settings", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that make a request the business of the complete parser."""

_MAX_HEAD: Final = 4096
_MAX_HEADS: Final = 512
_SAMPLE: Final = 32
"""One request in so many is timed where no access line wants its time."""


class Head:
    """What a block of headers asks for.

    Attributes:
        plain: nothing but the tile: no condition.
        fields: by lower-case name, for whoever needs more.
    """

    __slots__ = ("fields", "if_modified_since", "if_none_match", "plain")

    def __init__(self, fields: dict[bytes, bytes]) -> None:
        self.fields = fields
        self.if_none_match = fields.get(b"if-none-match")
        self.if_modified_since = fields.get(b"if-modified-since")
        self.plain = self.if_none_match is None and self.if_modified_since is None


class Heads:
    """Judges header blocks, and remembers those that come again.

    Attributes:
        known: block (from the blank before HTTP/1.1 to the empty line) to verdict; None = not
            for the lane.
    """

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[bytes, Head | None] = {}

    def judge(self, block: bytes) -> Head | None:
        """Return what a new block asks for, None if the lane must leave it alone."""
        if len(block) > _MAX_HEAD:
            return None
        head = _read(block)
        if head is None or head.plain:
            # Conditional blocks differ from tile to tile: not worth the room.
            if len(self.known) >= _MAX_HEADS:
                self.known.clear()
            self.known[block] = head
        return head


def _read(block: bytes) -> Head | None:
    found = _HEAD.match(block)
    if found is None:
        return None
    fields: dict[bytes, bytes] = {}
    for line in found[1].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name = name.lower()
        value = value.strip(b" \t")
        if name in _ELSEWHERE or (name == b"connection" and value.lower() != b"keep-alive"):
            return None
        if name in fields:
            if name == b"host":
                return None
            value = fields[name] + b", " + value
        fields[name] = value
    return Head(fields) if b"host" in fields else None


class Lane:
    """What all connections of one worker share.

    Args:
        log: None = no access lines.
    """

    def __init__(self, live: Live, clock: CoarseClock, log: AccessLog | None) -> None:
        self.live = live
        self.clock = clock
        self.heads = Heads()
        self.metrics = live.metrics
        self.records = None if log is None else log.records
        self.trusted: TrustedProxies = live.settings.trusted


class FastLane(GuardedProtocol):
    """One connection."""

    def __init__(self, lane: Lane, *args: Any, **kwargs: Any) -> None:
        super().__init__(lane.live, lane.clock, *args, **kwargs)
        self._lane = lane
        self._live = lane.live
        self._known = lane.heads.known

    def data_received(self, data: bytes) -> None:
        """Answer a request for a tile at hand; leave everything else to uvicorn."""
        cycle = self.cycle
        if (
            self._reading
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
        ):
            super().data_received(data)
            return
        end = data.find(b" ", 4)
        block = data[end:]
        try:
            head = self._known[block]
        except KeyError:
            head = self._lane.heads.judge(block)
        if head is None:
            super().data_received(data)
            return
        state = self.server_state
        served = state.total_requests
        lane = self._lane
        started = perf_counter() if lane.records is not None or not served % _SAMPLE else 0.0
        line = data[:end]
        published = self._live.current
        now = self._clock.now
        # `lookup.ready`, written out: a call would cost a twentieth of a ready answer.
        answer = published.answers.by_line.get(line)
        if answer is not None and answer.modified <= now < answer.until:
            ready = answer.used = True
        else:
            ready = False
            try:
                answer = published.lookup.cached(line, now)
            except Exception:  # noqa: BLE001 - a door: the long way meets the same and tells it
                answer = None
        if answer is None:
            super().data_received(data)
            return
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        state.total_requests = served + 1
        count = answer.count
        if head.plain or not answer.not_modified(head.if_none_match, head.if_modified_since):
            body = answer.body
            self.transport.writelines((self._clock.ok + answer.head, body))
            if ready:
                count.ready += 1
            else:
                count.hit += 1
            count.bytes += len(body)
            status = 200
        else:
            self.transport.write(self._clock.not_modified + answer.kept)
            count.not_modified += 1
            status = 304
        self._seen = now
        if started:
            self._note(line, head, answer, status, ready, started)

    def _note(
        self, line: bytes, head: Head, answer: Answer, status: int, ready: bool, started: float
    ) -> None:
        seconds = perf_counter() - started
        lane = self._lane
        if lane.records is None:
            lane.metrics.observe(seconds, _SAMPLE)
            return
        lane.metrics.observe(seconds)
        client = self.client
        remote = "" if client is None else client[0]
        if lane.trusted:
            remote = lane.trusted.remote(head.fields, remote)
        outcome = "not_modified" if status == 304 else "ready" if ready else "hit"
        size = len(answer.body) if status == 200 else 0
        lane.records.append(
            Record(time(), "GET", line[4:], status, size, seconds, remote, outcome, answer.address)
        )
