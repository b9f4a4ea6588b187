"""The fast lane: cached tiles answered as the bytes of the request arrive.

Most of what a request costs an ASGI server is the scope, the task and the two sends. This
protocol answers a whole, bodiless GET for a tile at hand in `data_received`, when nothing else
is under way on the connection, and a POST whose short body asks for one; everything else (other
methods and bodies, upgrades, `Expect`, `Connection: close`, pipelining, HTTP/1.0, odd or long
headers, misses, errors) goes untouched to uvicorn's parser and from there to the application.
Both ask the same `TileLookup`, so they cannot disagree; a property test sends the same bytes to
both and compares what comes back.

What is cheap here is cheap by remembering: a header block is judged once by its bytes, since a
client sends the same one with every tile, and an answer is found by the bytes of the request
line. No task, no timer and no formatted text belongs to a request.

Why it is worth its lines: docs/explanation/how-it-is-fast.md.
"""

from __future__ import annotations

from time import perf_counter, time
from typing import Any, Final

from tuilerie.protocols.wmts.rest import KVP_PATH
from tuilerie.server.access_log import AccessLog, Record
from tuilerie.server.answers import Answer
from tuilerie.server.clock import CoarseClock
from tuilerie.server.forwarded import TrustedProxies
from tuilerie.server.guard import GuardedProtocol
from tuilerie.server.heads import Heads, PostHead, PostHeads
from tuilerie.server.live import Live
from tuilerie.server.posted_tiles import SHORT, line_of

__all__ = ["FastLane", "Lane"]

_SAMPLE: Final = 32
"""One request in so many is timed where no access line wants its time."""


class Lane:
    """What all connections of one worker share.

    Args:
        log: None = no access lines.
    """

    def __init__(self, live: Live, clock: CoarseClock, log: AccessLog | None) -> None:
        self.live = live
        self.clock = clock
        self.heads = Heads()
        path = f"{live.settings.prefix}{KVP_PATH}".encode("ascii")
        self.post_heads = PostHeads((path, path + b"/"))
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
        self._held = b""

    def data_received(self, data: bytes) -> None:
        """Answer a request for a tile at hand; leave everything else to uvicorn."""
        cycle = self.cycle
        if (
            self._reading
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
        ):
            if self._held:
                self._post(self._held + data)
            else:
                super().data_received(data)
            return
        end = data.find(b" ", 4)
        block = data[end:]
        try:
            head = self._known[block]
        except KeyError:
            if data.startswith(b"POST "):
                self._post(data)
                return
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
            self._note("GET", line[4:], head.fields, answer, status, ready, started)

    def _post(self, data: bytes) -> None:
        """Answer a body that asks for a tile at hand; leave everything else to uvicorn.

        Clients send head and body in packets of their own: the head is held until the body is
        whole, but not for long (`check`).
        """
        self._held = b""
        self._reading = False
        head = self._lane.post_heads.judge(data)
        if head is None or head.length > SHORT or len(data) > head.size + head.length:
            super().data_received(data)
        elif len(data) < head.size + head.length:
            self._unset_keepalive_if_required()
            self._held = data
            self._reading = True
            self._seen = self._clock.now
        elif not self._answer_body(head, data[head.size :]):
            super().data_received(data)

    def _answer_body(self, head: PostHead, body: bytes) -> bool:
        state = self.server_state
        lane = self._lane
        served = state.total_requests
        started = perf_counter() if lane.records is not None or not served % _SAMPLE else 0.0
        published = self._live.current
        now = self._clock.now
        answer = published.lookup.ready(line_of(head.media_type, body), now)
        ready = answer is not None
        if answer is None:
            try:
                answer = published.posted.cached(head.media_type, body, now)
            except Exception:  # noqa: BLE001 - a door: the long way meets the same and tells it
                return False
        if answer is None:
            return False
        self._unset_keepalive_if_required()
        state.total_requests = served + 1
        self.transport.writelines((self._clock.ok + answer.head, answer.body))
        count = answer.count
        if ready:
            count.ready += 1
        else:
            count.hit += 1
        count.bytes += len(answer.body)
        self._seen = now
        if started:
            self._note("POST", head.target, head.fields, answer, 200, ready, started)
        return True

    def check(self, now: int) -> None:
        """Let uvicorn have a head whose body does not come: it knows how to wait, and how long."""
        if self._held and now > self._seen:
            self._release()
        super().check(now)

    def shutdown(self) -> None:
        """Finish what has begun; uvicorn would close over a head that is held."""
        if self._held:
            self._release()
        super().shutdown()

    def _release(self) -> None:
        data, self._held, self._reading = self._held, b"", False
        super().data_received(data)

    def _note(
        self,
        method: str,
        target: bytes,
        fields: dict[bytes, bytes],
        answer: Answer,
        status: int,
        ready: bool,
        started: float,
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
            remote = lane.trusted.remote(fields, remote)
        outcome = "not_modified" if status == 304 else "ready" if ready else "hit"
        size = len(answer.body) if status == 200 else 0
        lane.records.append(
            Record(time(), method, target, status, size, seconds, remote, outcome, answer.address)
        )
