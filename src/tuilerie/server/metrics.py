"""Counts of the requests, per worker in plain numbers, published together on a shared board.

The hot path adds to attributes of `TileCount` and nothing else; once a second each worker puts
a snapshot on the board (`server.board`), and whichever worker is asked for `/metrics` adds them
up. A worker that takes a dead one's place goes on from its last snapshot, so no count goes back.
"""

from __future__ import annotations

import os
import resource
from bisect import bisect_left
from pathlib import Path
from typing import Any, Final

from tuilerie.telemetry import CacheFaultRecord, Meters

__all__ = ["BUCKETS", "MAX_LAYERS", "Metrics", "TileCount"]

BUCKETS: Final = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Upper bounds of the latency histogram, seconds."""

MAX_LAYERS: Final = 200
"""Layers with counters of their own; further ones share those of `OTHER_LAYERS`."""

OTHER_LAYERS: Final = "(other)"

OUTCOMES: Final = ("ready", "hit", "miss", "not_modified")


class TileCount:
    """What became of the requests for one layer's tiles.

    Attributes:
        ready: answered from memory. hit: from the cache. miss: made, or read from afar.
        not_modified: 304s. bytes: of bodies sent.
    """

    __slots__ = ("bytes", "hit", "miss", "not_modified", "ready")

    def __init__(self) -> None:
        self.ready = 0
        self.hit = 0
        self.miss = 0
        self.not_modified = 0
        self.bytes = 0


class Metrics:
    """The counts of one worker.

    Attributes:
        meters: what the floors below count.
        in_flight: requests outside the fast lane that are being answered now.
        bad_requests: connections that sent what is not HTTP. refused: one too many.
        timed_out: connections closed for being too slow.
        log_dropped: access lines given up because nobody took them.
        reloads, reload_errors: of the catalogue.
    """

    def __init__(self, meters: Meters) -> None:
        self.meters = meters
        self.in_flight = 0
        self.bad_requests = 0
        self.refused = 0
        self.timed_out = 0
        self.log_dropped = 0
        self.reloads = 0
        self.reload_errors = 0
        self.tiles: dict[str, TileCount] = {}
        self.requests: dict[tuple[str, int], int] = {}
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def tile_count(self, layer: str) -> TileCount:
        """Return the counters of a layer, which live as long as the worker."""
        found = self.tiles.get(layer)
        if found is None:
            if len(self.tiles) >= MAX_LAYERS and layer != OTHER_LAYERS:
                return self.tile_count(OTHER_LAYERS)
            found = self.tiles[layer] = TileCount()
        return found

    def request(self, route: str, status: int) -> None:
        """Count a request that is not a tile served: another route, or an error."""
        key = (route, status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def observe(self, seconds: float, weight: int = 1) -> None:
        """Add a time from the request's arrival to the answer's handing over to the kernel.

        `weight` says how many requests this one stands for, where only a sample is timed.
        """
        self._buckets[bisect_left(BUCKETS, seconds)] += weight
        self._seconds += seconds * weight

    def snapshot(self) -> dict[str, Any]:
        """Return everything as one JSON-like value."""
        meters = self.meters
        fault = meters.last_cache_fault
        return {
            "tiles": {
                layer: [count.ready, count.hit, count.miss, count.not_modified, count.bytes]
                for layer, count in self.tiles.items()
            },
            "requests": [[route, status, n] for (route, status), n in self.requests.items()],
            "buckets": self._buckets,
            "seconds": self._seconds,
            "plain": {name: getattr(self, name) for name in _PLAIN},
            "meters": {name: getattr(meters, name) for name in _METERS},
            "remotes": {
                source: {
                    outcome: [count.requests, count.seconds, count.bytes]
                    for outcome, count in outcomes.items()
                }
                for source, outcomes in meters.remotes.items()
            },
            "remote_faults": {
                source: [fault.time, fault.circuit, fault.failures, fault.message]
                for source, fault in meters.remote_faults.items()
            },
            "cache_faults": meters.cache_faults,
            "last_cache_fault": None if fault is None else [fault.time, fault.kind, fault.message],
            "in_flight": self.in_flight,
            "resident": resident_bytes(),
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from the counts of the worker whose place this one takes."""
        for layer, numbers in snapshot["tiles"].items():
            count = self.tile_count(layer)
            for name, number in zip((*OUTCOMES, "bytes"), numbers, strict=True):
                setattr(count, name, getattr(count, name) + number)
        for route, status, number in snapshot["requests"]:
            self.requests[(route, status)] = self.requests.get((route, status), 0) + number
        self._buckets = [a + b for a, b in zip(self._buckets, snapshot["buckets"], strict=True)]
        self._seconds += snapshot["seconds"]
        for name in _PLAIN:
            setattr(self, name, getattr(self, name) + snapshot["plain"][name])
        for name in _METERS:
            setattr(self.meters, name, getattr(self.meters, name) + snapshot["meters"][name])
        for source, outcomes in snapshot["remotes"].items():
            for outcome, (number, seconds, size) in outcomes.items():
                remote = self.meters.remote_count(source, outcome)
                remote.requests += number
                remote.seconds += seconds
                remote.bytes += size
        faults = self.meters.cache_faults
        for kind, number in snapshot["cache_faults"].items():
            faults[kind] = faults.get(kind, 0) + number
        if snapshot["last_cache_fault"] is not None and self.meters.last_cache_fault is None:
            self.meters.last_cache_fault = CacheFaultRecord(*snapshot["last_cache_fault"])


_PLAIN: Final = (
    "bad_requests", "refused", "timed_out", "log_dropped", "reloads", "reload_errors",
)  # fmt: skip
_METERS: Final = ("metatiles_made", "tiles_made", "render_seconds", "render_errors")

_PAGE: Final = resource.getpagesize()


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        # Not Linux: the peak is the nearest that every Unix knows (kilobytes).
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if os.uname().sysname == "Darwin" else peak * 1024
