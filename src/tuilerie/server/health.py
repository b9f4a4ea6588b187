"""`/health`: whether this server can serve, and what an operator should look at."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tuilerie import __version__
from tuilerie.server.follow import ReloadFault
from tuilerie.server.message import NO_STORE, Reply

__all__ = ["health_reply", "worker_note"]

FAULT_MATTERS_S: Final = 600
"""A cache fault older than that is history: the state is "ok" again."""
WORKER_SILENT_S: Final = 10
"""A worker whose note is older than that is dead, or stuck."""
SHOWN_PROBLEMS: Final = 50


def worker_note(
    *, revision: int, published_at: float, started_at: float, fault: ReloadFault | None
) -> dict[str, Any]:
    """Return what a worker tells the others of itself."""
    return {
        "pid": os.getpid(),
        "started": started_at,
        "seen": time.time(),
        "revision": revision,
        "published": published_at,
        "reload_error": None
        if fault is None
        else {
            "time": fault.time,
            "problems": [str(problem) for problem in fault.problems[:SHOWN_PROBLEMS]],
        },
    }


def health_reply(
    notes: Mapping[int, Mapping[str, Any]],
    place: int,
    descriptions: Mapping[str, Mapping[str, Any]] | None = None,
) -> Reply:
    """Return the state of the server: 200 while it serves, "ok" or "degraded".

    Args:
        notes: of all workers by place: {"worker": worker_note(), "metrics": snapshot}.
        place: of the worker that answers, which serves, or nobody would read this.
        descriptions: by source, how it stands with what other servers say of themselves.
    """
    now = time.time()
    own = notes[place]["worker"]
    workers = [_worker(note["worker"], now) for _, note in sorted(notes.items())]
    faults = _cache_faults(notes)
    remotes = _remote_faults(notes)
    degraded = (
        own["reload_error"] is not None
        or bool(remotes)
        or any(found["state"] != "ok" for found in (descriptions or {}).values())
        or any(not worker["alive"] or worker["revision"] != own["revision"] for worker in workers)
        or (faults["last"] is not None and now - faults["last"]["seconds"] < FAULT_MATTERS_S)
    )
    if faults["last"] is not None:
        del faults["last"]["seconds"]
    document = {
        "status": "degraded" if degraded else "ok",
        "version": __version__,
        "catalogue": {
            "revision": own["revision"],
            "published": _iso(own["published"]),
            "reload_error": _reload_error(own["reload_error"]),
        },
        "cache_faults": faults,
        "remotes_left_alone": remotes,
        "remotes": {
            source: _description(found) for source, found in sorted((descriptions or {}).items())
        },
        "workers": workers,
    }
    body = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
    return Reply(200, ((b"content-type", b"application/json"), NO_STORE), body, "health")


def _worker(note: Mapping[str, Any], now: float) -> dict[str, Any]:
    return {
        "pid": note["pid"],
        "alive": now - note["seen"] < WORKER_SILENT_S,
        "started": _iso(note["started"]),
        "revision": note["revision"],
    }


def _reload_error(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return (
        None
        if error is None
        else {"time": _iso(error["time"]), "problems": list(error["problems"])}
    )


def _cache_faults(notes: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    last: list[Any] | None = None
    for note in notes.values():
        for kind, number in note["metrics"]["cache_faults"].items():
            counts[kind] = counts.get(kind, 0) + number
        latest = note["metrics"]["last_cache_fault"]
        if latest is not None and (last is None or latest[0] > last[0]):
            last = latest
    return {
        "count": counts,
        "last": None
        if last is None
        else {"seconds": last[0], "time": _iso(last[0]), "kind": last[1], "message": last[2]},
    }


def _remote_faults(notes: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the remotes that are left alone: of several workers' words the latest."""
    latest: dict[str, list[Any]] = {}
    for note in notes.values():
        for source, fault in note["metrics"]["remote_faults"].items():
            if source not in latest or fault[0] > latest[source][0]:
                latest[source] = fault
    return {
        source: {"since": _iso(time), "circuit": circuit, "failures": failures, "last": message}
        for source, (time, circuit, failures, message) in sorted(latest.items())
    }


def _description(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an operator wants to know of a remote's document."""
    times = {"read": "read_at", "checked": "checked_at", "next": "next_at", "changed": "changed_at"}
    told: dict[str, Any] = {"state": found["state"]}
    told |= {name: _iso(found[key]) for name, key in times.items() if found[key]}
    if found["fault"]:
        told |= {"fault": found["fault"], "since": _iso(found["since"])}
    told |= {name: list(found[name]) for name in ("missing", "changes") if found[name]}
    return told | {"layers": list(found["layers"])}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
