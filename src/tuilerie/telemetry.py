"""What the program says of itself: its log lines, their keys, and the counts below the web server.

Every room logs through `get_logger`, with keys out of `LOG_KEYS`; every count that a lower
floor makes goes into the `Meters` that `assembly` hands down. The web server adds the requests
themselves (`server.access_log`, `server.metrics`) and publishes both.
"""

from __future__ import annotations

import errno
import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TextIO

import structlog

from tuilerie.errors import CacheError

__all__ = [
    "LOG_KEYS",
    "MAX_SOURCES",
    "OTHER_SOURCES",
    "CacheFaultRecord",
    "LogFormat",
    "Meters",
    "RemoteCount",
    "RemoteFault",
    "configure_logging",
    "fault_kind",
    "get_logger",
]

LogFormat = Literal["json", "console"]

LOG_KEYS: Final = frozenset(
    {
        # every line
        "time", "level", "event", "logger", "error", "exception",
        # who and where
        "address", "pid", "port", "signal", "version", "worker", "workers",
        # what is published
        "file", "layers", "problem", "problems", "revision",
        # a tile
        "col", "layer", "matrix", "matrix_set", "row", "source", "style",
        # a cache
        "cache", "kind", "path",
        # a request
        "bytes", "method", "ms", "outcome", "remote", "status", "target",
        # amounts
        "count", "delay_s", "seconds",
        # what another server says of itself
        "changes", "missing",
    }
)  # fmt: skip
"""The only keys that a log line may have; a line with another one fails the tests."""

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get_logger(name: str) -> Any:
    """Return the logger of a module; call as `get_logger(__name__)`.

    Events are short fixed texts ("catalogue reloaded"), everything that varies is a key.
    """
    return structlog.stdlib.get_logger(name)


def configure_logging(
    format: LogFormat = "console",
    level: str = "info",
    *,
    stream: TextIO | None = None,
) -> None:
    """Send the program's own lines, and those of the libraries, to one stream in one format.

    Args:
        format: "json" = one JSON object a line, "console" = for a person, coloured on a terminal.
        level: "debug", "info", "warning" or "error".
        stream: standard error unless given; access lines go to standard output.

    Raises:
        ValueError: the level or the format is unknown.
    """
    if level not in _LEVELS or format not in ("json", "console"):
        msg = f"no such log level or format: {level!r}, {format!r}"
        raise ValueError(msg)
    target = sys.stderr if stream is None else stream
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(format, target),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LEVELS[level])
    # The web server's own chatter (one line per connection fault) is the metrics' business.
    logging.getLogger("uvicorn").setLevel(max(_LEVELS[level], logging.WARNING))
    logging.getLogger("asyncio").setLevel(max(_LEVELS[level], logging.WARNING))
    # GDAL's errors come as exceptions too; said twice, the second time is noise.
    logging.getLogger("rasterio").setLevel(max(_LEVELS[level], logging.WARNING))


def _renderers(format: LogFormat, target: TextIO) -> list[Any]:
    if format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        _escape_event,
        structlog.dev.ConsoleRenderer(colors=target.isatty(), timestamp_key="time"),
    ]


def _escape_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep control characters of hostile values from moving the reader's cursor."""
    for key, value in event.items():
        if key != "exception" and isinstance(value, str) and not value.isprintable():
            event[key] = value.encode("unicode_escape").decode("ascii")
    return event


@dataclass(frozen=True, slots=True)
class CacheFaultRecord:
    """The latest cache fault, as `/health` shows it.

    Attributes:
        time: seconds since the epoch.
        kind: "read_only", "disk_full", "permission" or "other".
    """

    time: float
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class RemoteFault:
    """A remote server that fails so often that it is left alone, as `/health` shows it.

    Attributes:
        time: since when, seconds since the epoch.
        circuit: "open" = nothing is asked, "half_open" = one request tries.
        failures: in a row.
        message: of the last one, without secrets, at most `MAX_MESSAGE` characters.
    """

    time: float
    circuit: str
    failures: int
    message: str


class RemoteCount:
    """What became of requests to one remote server with one outcome.

    Attributes:
        requests: retries and redirects of one count once.
        seconds: by wall clock, waiting included.
        bytes: of bodies, decompressed.
    """

    __slots__ = ("bytes", "requests", "seconds")

    def __init__(self) -> None:
        self.requests = 0
        self.seconds = 0.0
        self.bytes = 0


MAX_SOURCES: Final = 50
"""Remote sources with counters of their own; further ones share those of `OTHER_SOURCES`. Their
names and faults must find room on the board by which workers tell each other of themselves."""

OTHER_SOURCES: Final = "(other)"

MAX_MESSAGE: Final = 300
"""Characters of a fault that are kept."""


class Meters:
    """Counts that the floors below the web server make in this process: plain numbers.

    Made once per process by `assembly`, handed down as an argument, published by
    `server.metrics`; they survive a reload of the catalogue.

    Attributes:
        cache_faults: cache errors that did not keep a tile from being served, by kind.
        last_cache_fault: the latest of them, or None.
        metatiles_made, tiles_made, render_seconds: production, by wall clock.
        render_errors: metatiles that could not be made.
        remotes: requests to remote servers, by source and outcome: "ok", "not_modified",
            "missing", "remembered" (missing, and not asked), "cancelled", or a kind of
            `UpstreamError`.
        remote_faults: sources whose remote is left alone now.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.cache_faults: dict[str, int] = {}
        self.last_cache_fault: CacheFaultRecord | None = None
        self.metatiles_made = 0
        self.tiles_made = 0
        self.render_seconds = 0.0
        self.render_errors = 0
        self.remotes: dict[str, dict[str, RemoteCount]] = {}
        self.remote_faults: dict[str, RemoteFault] = {}
        self._clock = clock
        self._logged: dict[str, float] = {}

    def cache_fault(self, fault: CacheError) -> None:
        """Count a cache fault and log it, at most once a minute for each kind."""
        now = self._clock()
        kind = fault_kind(fault)
        self.cache_faults[kind] = self.cache_faults.get(kind, 0) + 1
        self.last_cache_fault = CacheFaultRecord(now, kind, str(fault))
        if now - self._logged.get(kind, 0.0) >= _SAME_FAULT_S:
            self._logged[kind] = now
            get_logger(__name__).warning(
                "cache fault", kind=kind, error=str(fault), count=self.cache_faults[kind]
            )

    def rendered(self, tiles: int, seconds: float) -> None:
        """Count one metatile of so many tiles, made in so many seconds."""
        self.metatiles_made += 1
        self.tiles_made += tiles
        self.render_seconds += seconds

    def render_failed(self) -> None:
        """Count a metatile that could not be made."""
        self.render_errors += 1

    def remote(self, source: str, outcome: str, seconds: float = 0.0, size: int = 0) -> None:
        """Count one request to a source's remote server, of so many bytes and seconds."""
        count = self.remote_count(source, outcome)
        count.requests += 1
        count.seconds += seconds
        count.bytes += size

    def remote_count(self, source: str, outcome: str) -> RemoteCount:
        """Return the counters of a source and an outcome, which live as long as the process."""
        outcomes = self.remotes.get(source)
        if outcomes is None:
            if len(self.remotes) >= MAX_SOURCES:
                source = OTHER_SOURCES
            outcomes = self.remotes.setdefault(source, {})
        count = outcomes.get(outcome)
        if count is None:
            count = outcomes[outcome] = RemoteCount()
        return count

    def remote_fault(
        self, source: str, fault: RemoteFault | None, *, instead_of: RemoteFault | None
    ) -> None:
        """Put down that a remote is left alone, or that it is not any more, and log it.

        Args:
            instead_of: what the caller put down before. A source that was published anew has two
                clients for a while, and the old one takes nothing of the new one's away.
        """
        if fault is not None:
            if source in self.remote_faults or len(self.remote_faults) < MAX_SOURCES:
                kept = fault.message[:MAX_MESSAGE]
                self.remote_faults[source] = replace(fault, message=kept)
            if fault.circuit == "open":
                get_logger(__name__).warning(
                    "remote left alone", source=source, error=fault.message, count=fault.failures
                )
        elif instead_of is not None:
            known = self.remote_faults.get(source)
            if known is not None and known.time != instead_of.time:
                return
            self.remote_faults.pop(source, None)
            get_logger(__name__).info("remote answers again", source=source)


_SAME_FAULT_S: Final = 60.0

_KINDS: Final[dict[int | None, str]] = {
    errno.EROFS: "read_only",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
}


def fault_kind(fault: BaseException) -> str:
    """Tell what an operator must look at: "read_only", "disk_full", "permission" or "other".

    Numbers decide, of the fault or of what caused it: a path may have any of the words in it.
    """
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, OSError | CacheError) and cause.errno in _KINDS:
            return _KINDS[cause.errno]
        cause = cause.__cause__
    return "other"
