"""The page of the metrics: what `/metrics` of a worker prints, read as Prometheus does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from reference_pages.markdown import NOTE, code, page, table
from tuilerie.server.exposition import metrics_reply
from tuilerie.server.health import worker_note
from tuilerie.server.metrics import MAX_LAYERS, OTHER_LAYERS, Metrics
from tuilerie.telemetry import MAX_SOURCES, Meters

__all__ = ["Metric", "metrics", "metrics_page"]


class Metric(NamedTuple):
    """One family; its name as it is printed."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


def metrics_page() -> str:
    """Return the page."""
    rows = [
        (code(found.name), found.kind, ", ".join(map(code, found.labels)), found.text)
        for found in metrics()
    ]
    return page(
        [
            "# Metrics",
            NOTE,
            f"""\
`GET /metrics` answers in the text format of Prometheus, version 0.0.4. Counters and the histogram
are sums over all workers, whichever of them answers, and do not go back when a worker is replaced.
Gauges with the label `worker` are of one process. `layer` has at most {MAX_LAYERS} values; further
layers are counted as `{OTHER_LAYERS}`; `source`, a remote one, at most {MAX_SOURCES}.""",
            table(("metric", "type", "labels", "what"), rows),
            """\
`outcome` of a tile: `ready` (from memory), `hit` (from the cache), `miss` (made for this request),
`not_modified` (304). `outcome` of a request to a remote: `ok`, `not_modified`, `missing` (204, 404,
410), `remembered` (missing, and not asked again), `cancelled`, or what went wrong: see
[remote servers](../explanation/remote-servers.md). `kind` of a cache fault: `read_only`,
`disk_full`, `permission`, `other`. `route`: `tile` (errors of GetTile among them),
`feature_info`, `capabilities`, `legend`, `wmts` (other errors of WMTS requests), `front`,
`health`, `metrics`, `other`.""",
        ]
    )


def metrics() -> Iterator[Metric]:
    """Yield every metric, in the order in which they are printed."""
    meters = Meters()
    meters.cache_faults["other"] = 1
    meters.remote("remote", "ok")
    counts = Metrics(meters)
    counts.tile_count("world").hit += 1
    counts.request("capabilities", 200)
    counts.observe(0.001)
    snapshot = counts.snapshot() | {"connections": 0, "ready_bytes": 0, "ready_count": 0}
    now = time.time()
    note = worker_note(revision=1, published_at=now, started_at=now, fault=None)
    reply = metrics_reply({0: {"worker": note, "metrics": snapshot}}, 0)
    for family in text_string_to_metric_families(reply.body.decode()):
        labels = dict.fromkeys(label for sample in family.samples for label in sample.labels)
        labels.pop("le", None)
        name = f"{family.name}_total" if family.type == "counter" else family.name
        yield Metric(name, family.type, tuple(labels), family.documentation)
