"""`/metrics`: the snapshots of all workers, added up, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tuilerie import __version__
from tuilerie.server.message import NO_STORE, Reply
from tuilerie.server.metrics import BUCKETS, OUTCOMES

__all__ = ["metrics_reply"]

_MEDIA_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"

_COUNTERS: Final = {
    "bad_requests": ("tuilerie_bad_requests", "Connections that sent what is not HTTP."),
    "refused": ("tuilerie_connections_refused", "Connections above the limit of a worker."),
    "timed_out": ("tuilerie_connections_timed_out", "Connections dropped for being too slow."),
    "log_dropped": ("tuilerie_access_lines_dropped", "Access lines that nobody took in time."),
    "reloads": ("tuilerie_catalogue_reloads", "Changes of the catalogue that were published."),
    "reload_errors": ("tuilerie_catalogue_reload_errors", "Changes that were refused."),
}
_METERS: Final = {
    "metatiles_made": ("tuilerie_metatiles_made", "Metatiles rendered."),
    "tiles_made": ("tuilerie_tiles_made", "Tiles rendered, in all their metatiles."),
    "render_seconds": ("tuilerie_render_seconds", "Seconds spent on rendering."),
    "render_errors": ("tuilerie_render_errors", "Metatiles that could not be rendered."),
}

_REMOTES: Final = (
    ("tuilerie_remote_requests", "Requests to remote servers, by source and outcome."),
    ("tuilerie_remote_seconds", "Seconds that they took, waiting and retries included."),
    ("tuilerie_remote_bytes", "Bytes of the bodies that came, decompressed."),
)


def metrics_reply(notes: Mapping[int, Mapping[str, Any]], place: int) -> Reply:
    """Return the counts of all workers.

    Args:
        notes: by place: {"worker": health.worker_note(), "metrics": snapshot}.
        place: of the worker that answers.
    """
    # Imported when first asked for: it would be a tenth of a second of every start.
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(notes, place))
    body = generate_latest(registry)
    return Reply(200, ((b"content-type", _MEDIA_TYPE), NO_STORE), body, "metrics")


class _Collector:
    """Gives the library what it asks of a collector, from the snapshots."""

    def __init__(self, notes: Mapping[int, Mapping[str, Any]], place: int) -> None:
        self._notes = notes
        self._place = place
        self._snapshots = [note["metrics"] for _, note in sorted(notes.items())]

    def collect(self) -> Iterator[Any]:
        """Yield all families."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        info = GaugeMetricFamily("tuilerie_build_info", "The version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield from self._requests(CounterMetricFamily)
        yield self._latency()
        for source, table in (("plain", _COUNTERS), ("meters", _METERS)):
            for key, (name, text) in table.items():
                total = sum(snapshot[source][key] for snapshot in self._snapshots)
                yield CounterMetricFamily(name, text, value=total)
        faults = CounterMetricFamily(
            "tuilerie_cache_faults", "Cache errors; the tiles were served.", labels=["kind"]
        )
        for kind, number in _added(snapshot["cache_faults"] for snapshot in self._snapshots):
            faults.add_metric([kind], number)
        yield faults
        yield from self._remotes(CounterMetricFamily, GaugeMetricFamily)
        yield from self._gauges(GaugeMetricFamily)

    def _requests(self, family: Any) -> Iterator[Any]:
        tiles = family(
            "tuilerie_tiles", "Tiles answered, by layer and outcome.", labels=["layer", "outcome"]
        )
        sizes = family(
            "tuilerie_tile_bytes", "Bytes of the tiles sent, by layer.", labels=["layer"]
        )
        requests = family(
            "tuilerie_requests",
            "Requests answered, by route and status.",
            labels=["route", "status"],
        )
        layers: dict[str, list[int]] = {}
        statuses: dict[tuple[str, int], int] = {}
        for snapshot in self._snapshots:
            for layer, numbers in snapshot["tiles"].items():
                layers[layer] = [
                    a + b for a, b in zip(layers.get(layer, [0] * 5), numbers, strict=True)
                ]
            for route, status, number in snapshot["requests"]:
                statuses[route, status] = statuses.get((route, status), 0) + number
        for layer, (*outcomes, size) in layers.items():
            for outcome, number in zip(OUTCOMES, outcomes, strict=True):
                tiles.add_metric([layer, outcome], number)
                key = ("tile", 304 if outcome == "not_modified" else 200)
                statuses[key] = statuses.get(key, 0) + number
            sizes.add_metric([layer], size)
        for (route, status), number in sorted(statuses.items()):
            requests.add_metric([route, str(status)], number)
        yield requests
        yield tiles
        yield sizes

    def _latency(self) -> Any:
        from prometheus_client.core import HistogramMetricFamily

        columns = zip(*(snapshot["buckets"] for snapshot in self._snapshots), strict=True)
        running = 0
        buckets = []
        for bound, numbers in zip((*map(str, BUCKETS), "+Inf"), columns, strict=True):
            running += sum(numbers)
            buckets.append((bound, running))
        return HistogramMetricFamily(
            "tuilerie_request_duration_seconds",
            "From a request's arrival to its answer; the fast lane is sampled.",
            buckets=buckets,
            sum_value=sum(snapshot["seconds"] for snapshot in self._snapshots),
        )

    def _remotes(self, counter: Any, gauge: Any) -> Iterator[Any]:
        total: dict[tuple[str, str], list[float]] = {}
        for snapshot in self._snapshots:
            for source, outcomes in snapshot["remotes"].items():
                for outcome, numbers in outcomes.items():
                    known = total.get((source, outcome), [0, 0.0, 0])
                    total[source, outcome] = [a + b for a, b in zip(known, numbers, strict=True)]
        for place, (name, text) in enumerate(_REMOTES):
            family = counter(name, text, labels=["source", "outcome"])
            for labels, numbers in sorted(total.items()):
                family.add_metric(labels, numbers[place])
            yield family
        alone = gauge(
            "tuilerie_remote_left_alone",
            "Workers that do not ask a remote server now, because it failed too often.",
            labels=["source"],
        )
        for source in sorted({source for source, _ in total}):
            alone.add_metric(
                [source], sum(source in snapshot["remote_faults"] for snapshot in self._snapshots)
            )
        yield alone

    def _gauges(self, family: Any) -> Iterator[Any]:
        per_worker = {
            "in_flight": ("tuilerie_requests_in_flight", "Requests being answered now."),
            "connections": ("tuilerie_connections", "Connections open now."),
            "resident": ("tuilerie_resident_memory_bytes", "Memory in RAM."),
            "ready_bytes": ("tuilerie_ready_answers_bytes", "Memory of the ready answers."),
            "ready_count": ("tuilerie_ready_answers", "Ready answers."),
        }
        for key, (name, text) in per_worker.items():
            gauge = family(name, text, labels=["worker"])
            for place, note in sorted(self._notes.items()):
                gauge.add_metric([str(place)], note["metrics"][key])
            yield gauge
        own = self._notes[self._place]["worker"]
        yield family("tuilerie_workers", "Workers that have started.", value=len(self._notes))
        yield family("tuilerie_catalogue_revision", "What is served.", value=own["revision"])
        yield family(
            "tuilerie_catalogue_stale",
            "1 while a change of the catalogue is refused.",
            value=float(own["reload_error"] is not None),
        )


def _added(tables: Iterator[Mapping[str, int]] | Any) -> list[tuple[str, int]]:
    total: dict[str, int] = {}
    for table in tables:
        for key, number in table.items():
            total[key] = total.get(key, 0) + number
    return sorted(total.items())
