"""A board in shared memory where each worker pins one note and every worker reads all of them.

Anonymous memory made before the workers are forked: no file, no disk that may be full, nothing
to clean up, and what a dead worker wrote stays. A note that is torn while it is being written
is recognised by its checksum, and the reader takes the one before it.
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from typing import Any, Final

__all__ = ["Board"]

_HEADER: Final = struct.Struct("<QII")
"""Sequence number, length, checksum of what follows."""


class Board:
    """Room for one JSON note per worker.

    Args:
        places: how many workers.
        place_bytes: the longest note; two halves of that size take turns.
    """

    def __init__(self, places: int, place_bytes: int = 256 * 1024) -> None:
        self.places = places
        self._half = place_bytes
        self._memory = mmap.mmap(-1, max(1, places) * 2 * place_bytes)

    def write(self, place: int, note: Any) -> bool:
        """Pin a worker's note over its last but one; False if it is too long to be kept."""
        payload = json.dumps(note, separators=(",", ":")).encode()
        if len(payload) > self._half - _HEADER.size:
            return False
        first, second = self._sequence(place, 0), self._sequence(place, 1)
        half = 0 if first <= second else 1
        start = (place * 2 + half) * self._half
        body = start + _HEADER.size
        self._memory[body : body + len(payload)] = payload
        _HEADER.pack_into(
            self._memory, start, max(first, second) + 1, len(payload), zlib.crc32(payload)
        )
        return True

    def read(self, place: int) -> Any:
        """Return the latest whole note of a worker; None if it wrote none yet."""
        halves = sorted((0, 1), key=lambda half: -self._sequence(place, half))
        for half in halves:
            start = (place * 2 + half) * self._half
            sequence, length, checksum = _HEADER.unpack_from(self._memory, start)
            if sequence == 0 or length > self._half - _HEADER.size:
                continue
            payload = self._memory[start + _HEADER.size : start + _HEADER.size + length]
            if zlib.crc32(payload) == checksum:
                return json.loads(payload)
        return None

    def read_all(self) -> dict[int, Any]:
        """Return the notes of all workers that have written one, by place."""
        notes = {place: self.read(place) for place in range(self.places)}
        return {place: note for place, note in notes.items() if note is not None}

    def _sequence(self, place: int, half: int) -> int:
        sequence: int = _HEADER.unpack_from(self._memory, (place * 2 + half) * self._half)[0]
        return sequence
