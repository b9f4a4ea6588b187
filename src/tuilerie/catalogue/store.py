"""Revisions that only grow, agreed upon by every process that serves the same catalogue."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["RevisionStore"]


class RevisionStore:
    """Remembers in a directory which revision a catalogue's fingerprint got.

    The number is the updateSequence of OGC 07-057r7, 7.1.2: it grows with every change that a
    client can see. It starts from the clock, so that it still grows if the directory is lost.
    """

    def __init__(self, directory: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = directory / "revision.json"
        self._clock = clock

    def revision_of(self, fingerprint: str) -> int:
        """Return the revision of a published state, a new one if it differs from the last.

        Raises: OSError if the directory cannot be written; the caller may then go on with
        `unstored`.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a+", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            handle.seek(0)
            last = _parse(handle.read())
            if last is not None and last[0] == fingerprint:
                return last[1]
            revision = self.unstored(0 if last is None else last[1])
            handle.seek(0)
            handle.truncate()
            json.dump({"fingerprint": fingerprint, "revision": revision}, handle)
            handle.flush()
            os.fsync(handle.fileno())
            return revision

    def unstored(self, last: int = 0) -> int:
        """Return a revision above `last` that nobody remembers (a read-only data directory)."""
        return max(last + 1, int(self._clock()))


def _parse(text: str) -> tuple[str, int] | None:
    """Read the file; a damaged one counts as none, since the clock keeps revisions growing."""
    try:
        document = json.loads(text)
        return str(document["fingerprint"]), int(document["revision"])
    except (ValueError, KeyError, TypeError):
        return None
