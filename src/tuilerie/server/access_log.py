"""One line per request, formatted in small batches off the request's path, written by a thread.

The request only appends a record to a list. A timer formats the records a few hundred at a
time, so that the event loop is never held for more than a millisecond, and hands the text to a
thread that writes it: a slow disk or a full pipe makes no client wait. If nobody takes the
lines for long, further ones are dropped and counted rather than kept in memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import time
from collections import deque
from functools import lru_cache
from queue import SimpleQueue
from typing import Final, Literal, NamedTuple

from tuilerie.catalogue.address import TileAddress
from tuilerie.server.metrics import Metrics

__all__ = ["AccessLog", "AccessLogFormat", "Record", "format_record"]

AccessLogFormat = Literal["json", "console"]

INTERVAL_S: Final = 0.2
CLOSE_S: Final = 2.0
BATCH: Final = 250
MAX_UNWRITTEN_BYTES: Final = 16 * 1024 * 1024
MAX_TARGET: Final = 512


class Record(NamedTuple):
    """What a line says.

    Attributes:
        time: seconds since the epoch when the answer was handed over.
        target: path and query as they came.
        size: bytes of the body sent.
        seconds: from arrival to answer.
        outcome: of a tile: ready | hit | miss | not_modified | error; else "".
    """

    time: float
    method: str
    target: bytes
    status: int
    size: int
    seconds: float
    remote: str
    outcome: str
    address: TileAddress | None


class AccessLog:
    """Collects records and writes them to a file descriptor.

    Args:
        format: "json" = one object a line; "console" = time and key=value pairs.
        metrics: where dropped lines are counted.
        descriptor: standard output unless given.

    Attributes:
        records: for the hot path to append to.
    """

    def __init__(
        self,
        format: AccessLogFormat,
        metrics: Metrics,
        *,
        descriptor: int = 1,
    ) -> None:
        self.records: deque[Record] = deque()
        self._format = format
        self._metrics = metrics
        self._writer = _Writer(descriptor)
        self._lost = 0
        self._counted = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to write every `INTERVAL_S`."""
        self._writer.thread.start()
        self._timer = loop.call_later(INTERVAL_S, self._tick, loop)

    def close(self) -> None:
        """Write what is left, for two seconds at most, and stop."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        while self.records:
            self._hand_over()
        self._writer.queue.put(b"")
        self._writer.thread.join(CLOSE_S)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.records:
            self._hand_over()
        delay = 0.0 if self.records else INTERVAL_S
        self._timer = loop.call_later(delay, self._tick, loop)

    def _hand_over(self) -> None:
        records, writer = self.records, self._writer
        batch = [records.popleft() for _ in range(min(BATCH, len(records)))]
        if writer.given - writer.taken > MAX_UNWRITTEN_BYTES:
            self._lost += len(batch)
        else:
            text = "".join([format_record(record, self._format) for record in batch]).encode()
            writer.given += len(text)
            writer.queue.put(text)
        self._metrics.log_dropped += self._lost + writer.lost - self._counted
        self._counted = self._lost + writer.lost


class _Writer:
    """The thread that writes; each number is changed by one side only.

    Attributes:
        given: bytes handed over, by the event loop. taken: bytes done with, by the thread.
        lost: lines that could not be written, by the thread.
    """

    def __init__(self, descriptor: int) -> None:
        self.queue: SimpleQueue[bytes] = SimpleQueue()
        self.given = 0
        self.taken = 0
        self.lost = 0
        self._descriptor = descriptor
        # A daemon: a pipe that nobody reads must not keep the process from ending.
        self.thread = threading.Thread(target=self._run, name="access-log", daemon=True)

    def _run(self) -> None:
        while text := self.queue.get():
            view = memoryview(text)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                # A reader that went away is no reason to stop serving tiles.
                self.lost += text.count(b"\n")
            self.taken += len(text)


def format_record(record: Record, format: AccessLogFormat) -> str:
    """Return the line of a record, with its end."""
    at, method, raw, status, size, seconds, remote, outcome, address = record
    stamp = f"{_second(int(at))}.{int(at % 1 * 1000):03d}Z"
    target = _target(raw)
    if format == "console":
        tile = "" if address is None else _console_place(address, *address.index)
        became = f" outcome={outcome}" if outcome else ""
        return (
            f"{stamp} {status} {method} {target} bytes={size} ms={seconds * 1000:.3f} "
            f"remote={remote or '-'}{became}{tile}\n"
        )
    tile = "" if address is None else _json_place(address, *address.index)
    became = f',"outcome":"{outcome}"' if outcome else ""
    return (
        f'{{"time":"{stamp}","event":"request","method":"{method}","target":"{target}",'
        f'"status":{status},"bytes":{size},"ms":{seconds * 1000:.3f},"remote":"{remote}"'
        f"{became}{tile}}}\n"
    )


# Lines of one second, and of one matrix, are alike: what they share is written once.


@lru_cache(maxsize=16)
def _second(at: int) -> str:
    year, month, day, hour, minute, second, *_ = time.gmtime(at)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"


def _json_place(address: TileAddress, matrix: str, col: int, row: int) -> str:
    return f'{_json_matrix(address[0], address[3], matrix)},"row":{row},"col":{col}'


@lru_cache(maxsize=4096)
def _json_matrix(layer: str, matrix_set: str, matrix: str) -> str:
    return (
        f',"layer":{json.dumps(layer)},"matrix_set":{json.dumps(matrix_set)},'
        f'"matrix":{json.dumps(matrix)}'
    )


def _console_place(address: TileAddress, matrix: str, col: int, row: int) -> str:
    return f"{_console_matrix(address[0], address[3], matrix)} row={row} col={col}"


@lru_cache(maxsize=4096)
def _console_matrix(layer: str, matrix_set: str, matrix: str) -> str:
    return f" layer={_escape(layer)} matrix_set={_escape(matrix_set)} matrix={_escape(matrix)}"


_SECRET_WORDS: Final = (b"key", b"token", b"secret", b"passw", b"auth", b"signature")
_SEPARATOR: Final = re.compile(r"([?&;])")
_PLAIN: Final = bytes(range(0x21, 0x7F)).translate(None, b'"\\')
_ODD: Final = re.compile(r"[^\x21\x23-\x5b\x5d-\x7e]")


def _target(raw: bytes) -> str:
    """Return a target fit to print: cut, secrets masked, everything odd percent-encoded.

    Nearly all have nothing of that, which is found out without a regular expression.
    """
    if len(raw) > MAX_TARGET:
        return _target(raw[:MAX_TARGET]) + "…"
    text = raw.decode("latin-1")
    small = raw.lower()
    for word in _SECRET_WORDS:
        if word in small:
            text = "".join([_masked(part) for part in _SEPARATOR.split(text)])
            break
    return _escape(text) if raw.translate(None, _PLAIN) else text


def _masked(part: str) -> str:
    """Return "name=value" without its value where the name is that of a secret."""
    name, equals, _ = part.partition("=")
    small = name.lower().encode("latin-1")
    return f"{name}=***" if equals and any(word in small for word in _SECRET_WORDS) else part


def _escape(text: str) -> str:
    return _ODD.sub(lambda found: "".join(f"%{byte:02X}" for byte in _bytes(found[0])), text)


def _bytes(character: str) -> bytes:
    return character.encode("latin-1" if ord(character) < 256 else "utf-8")
