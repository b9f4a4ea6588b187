"""Ends the reading snapshots that nobody uses any more, so that no WAL waits for them.

A reader that is used renews its snapshot many times a second. One that is not used would pin the
WAL's old pages for as long as the pause lasts; a thread, which runs only while there are
snapshots and for a little longer, looks after those.
"""

from __future__ import annotations

import threading
from time import monotonic
from typing import Protocol

__all__ = ["SnapshotWatch", "Snapshotted"]

UNUSED_S = 0.25
"""A snapshot of this age has not been asked since it was due to be renewed."""

_LOOK_EVERY_S = 0.1
_LINGER_S = 10.0


class Snapshotted(Protocol):
    """Something with a snapshot."""

    def end_if_older(self, begun_before: float) -> bool:
        """End the snapshot if it was begun before then (`monotonic`); True = there is none now."""
        ...


class SnapshotWatch:
    """Watches over the snapshots of one cache in one process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holders: set[Snapshotted] = set()
        self._thread: threading.Thread | None = None

    def add(self, holder: Snapshotted) -> None:
        """Watch over a snapshot that was begun just now."""
        with self._changed:
            self._holders.add(holder)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="tuilerie-snapshots", daemon=True
                )
                self._thread.start()
            elif len(self._holders) == 1:
                self._changed.notify()

    def stop(self) -> None:
        """Forget the snapshots, which have ended, and end the thread; `add` starts anew."""
        with self._changed:
            self._holders.clear()
            thread, self._thread = self._thread, None
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def after_fork(self) -> None:
        """Begin, in a child, without the thread that only the parent has, and with a free lock."""
        self._changed = threading.Condition()
        self._holders.clear()
        self._thread = None

    def _run(self) -> None:
        us = threading.current_thread()
        while self._wait():
            with self._changed:
                holders, self._holders = self._holders, set()
            before = monotonic() - UNUSED_S
            # Not removed afterwards: what ends now may be begun and added anew at any moment.
            held = {holder for holder in holders if not holder.end_if_older(before)}
            with self._changed:
                if self._thread is us:
                    self._holders |= held

    def _wait(self) -> bool:
        """Wait until the snapshots are to be looked at; tell whether that is still our business."""
        us = threading.current_thread()
        with self._changed:
            if self._thread is us and not self._holders:
                self._changed.wait(_LINGER_S)
                if self._thread is us and not self._holders:
                    self._thread = None
            if self._thread is us:
                self._changed.wait(_LOOK_EVERY_S)
            return self._thread is us
