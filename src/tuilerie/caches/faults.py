"""What went wrong below a cache that goes on: counted here, logged by whoever listens."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
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
        # Counted without a lock, which a fork could leave held for ever in the child.
        self._counters: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self._counts: dict[str, int] = {}

    def note(self, kind: str, message: str) -> None:
        """Count one fault and tell the listener."""
        self._counts[kind] = next(self._counters[kind])
        if self._listener is not None:
            self._listener(CacheFault(kind, message))

    def count(self, kind: str) -> int:
        """Return how many faults of a kind there were since the cache was made."""
        return self._counts.get(kind, 0)
