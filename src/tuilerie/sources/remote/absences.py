"""What a remote does not have, remembered for a while: it need not be asked again for each tile."""

from __future__ import annotations

from typing import Final

from tuilerie.sources.remote.fetched import Fetched
from tuilerie.sources.remote.timing import Timing

__all__ = ["MAX_ABSENCES", "Absences"]

MAX_ABSENCES: Final = 10_000
"""Addresses of one source; the oldest is forgotten first."""


class Absences:
    """Addresses at which there was nothing.

    Args:
        keep_s: how long that is believed; 0 = not at all.
    """

    __slots__ = ("_keep_s", "_known", "_timing")

    def __init__(self, keep_s: float, timing: Timing) -> None:
        self._keep_s = keep_s
        self._timing = timing
        self._known: dict[str, tuple[float, Fetched]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, address: str) -> Fetched | None:
        """Return the answer that is remembered for an address, marked as such."""
        found = self._known.get(address)
        if found is None:
            return None
        until, fetched = found
        if self._timing.now() >= until:
            del self._known[address]
            return None
        return fetched

    def add(self, address: str, fetched: Fetched) -> None:
        """Remember that there is nothing at an address, for as long as the remote allows."""
        fresh = fetched.freshness.fresh_for_s
        keep_s = self._keep_s if fresh is None else min(self._keep_s, fresh)
        if keep_s <= 0.0:
            return
        self._known.pop(address, None)
        if len(self._known) >= MAX_ABSENCES:
            del self._known[next(iter(self._known))]
        known = Fetched(
            fetched.status,
            freshness=fetched.freshness,
            final_address=fetched.final_address,
            remembered=True,
        )
        self._known[address] = (self._timing.now() + keep_s, known)

    def clear(self) -> None:
        """Forget all, e.g. after the source was read anew."""
        self._known.clear()
