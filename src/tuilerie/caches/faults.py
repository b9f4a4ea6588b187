"""What went wrong below a cache that goes on: counted here, logged by whoever listens."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["CacheFault", "Faults", "Listener"]


class CacheFault(NamedTuple):
    """A fault that cost no answer: the cache went on as if it knew less.

    Attributes:
        kind: "damaged" (a file or tile that is not whole, set aside or forgotten),
            "unlocked" (work was done without its cross-process lock),
            "cleanup" (superseded tiles could not be removed).
        message: a sentence for the log, with the path.
    """

    kind: str
    message: str


Listener = Callable[[CacheFault], None]


class Faults:
    """Counts faults by kind and tells a listener of each.

    The listener is called on the thread that met the fault and must be quick.
    """

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, kind: str, message: str) -> None:
        """Count one fault and tell the listener."""
        with self._lock:
            self._counts[kind] += 1
        if self._listener is not None:
            self._listener(CacheFault(kind, message))

    def count(self, kind: str) -> int:
        """Return how many faults of a kind there were since the cache was made."""
        return self._counts[kind]
