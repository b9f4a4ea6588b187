"""What remote servers say of themselves: read when it is time, and kept for when they are down.

get     for whoever publishes: read once in each process, later as it was read last
poll    for whoever follows: starts what is due and tells whether something changed
update  for the operator: reads now, and says what changed
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from tuilerie.catalogue.remote_sources import RemoteSourceSettings, XyzSource
from tuilerie.errors import CatalogueError, Problem, UnreadableDocument, UpstreamError
from tuilerie.grids import TileMatrixSet
from tuilerie.protocols.changes import changes
from tuilerie.protocols.discovery import candidates
from tuilerie.protocols.read_service import RemoteService, read_service
from tuilerie.protocols.xyz.templates import RemoteTiles, read_template
from tuilerie.sources.remote.addresses import OPERATOR_POLICY, AddressPolicy
from tuilerie.sources.remote.asking import Answer, NotModified
from tuilerie.sources.remote.from_options import reading_overrides
from tuilerie.sources.remote.kept import DescriptionStore, Kept, body_digest
from tuilerie.sources.remote.leader import Leader
from tuilerie.sources.remote.reading_round import ReadingRound, key_of
from tuilerie.sources.remote.schedule import next_reading, share_of
from tuilerie.sources.remote.wanted import lacking
from tuilerie.telemetry import get_logger

__all__ = ["AT_ONCE", "RemoteDescription", "RemoteDescriptions", "RemoteState", "Update"]

AT_ONCE: Final = 3
"""Remotes that are read anew side by side by one process."""
PATIENCE_S: Final = 10.0
"""How long a start waits for a remote of which something is kept."""
TOLD: Final = 20
"""Changes that are logged and kept."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteDescription:
    """A remote service as its document describes it.

    Attributes:
        service: as read, with the operator's overrides.
        read_at: seconds since the epoch when the remote said so last; 0.0 = it need not be asked
            (a template).
        fault: why it could not be read anew, "" if it was: then this is what it said before.
        missing: what the source wants and the remote no longer has: this is then what it said
            when it still had it.
    """

    service: RemoteService
    read_at: float
    fault: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """What became of reading one source anew.

    Attributes:
        outcome: "first": nothing was known before; "failed": the remote could not be read;
            "broken": it was, and what the source wants is no longer in it. What was said before
            is used in the last two.
        changes: what is different, in words.
        fault: why it failed or is broken.
    """

    outcome: Literal["first", "unchanged", "changed", "failed", "broken"]
    changes: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RemoteState:
    """How it stands with the description of one source; times are seconds since the epoch.

    Attributes:
        state: "ok"; "kept": the remote cannot be asked, and what it said before is used;
            "broken": it answers, but no longer offers what the source wants.
        next_at: when it is read anew by itself; None = it is not.
    """

    state: Literal["ok", "kept", "broken"]
    read_at: float
    checked_at: float
    fault: str = ""
    since: float = 0.0
    missing: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    changed_at: float = 0.0
    next_at: float | None = None


class RemoteDescriptions:
    """Reads the documents of remote sources; one per server process, for all of them.

    Args:
        directory: where what they said is kept; None = nowhere.
        base: the folder from which relative paths of the sources' options are meant.
        policy: which addresses may be asked.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path | None,
        *,
        base: str = "",
        policy: AddressPolicy = OPERATOR_POLICY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = DescriptionStore(directory)
        self._round = ReadingRound(base, policy)
        self._leader = Leader(None if directory is None else directory / "updater.lock")
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._read_here: set[str] = set()
        self._services: dict[str, RemoteService] = {}
        self._used: dict[str, str] = {}
        self._queue: deque[Callable[[], object]] = deque()
        self._under_way: set[str] = set()
        self._crew = 0

    @property
    def policy(self) -> AddressPolicy:
        """Which addresses may be asked."""
        return self._round.policy

    @policy.setter
    def policy(self, policy: AddressPolicy) -> None:
        self._round.policy = policy

    def get(
        self,
        source: str,
        settings: RemoteSourceSettings,
        *,
        matrix_set: TileMatrixSet | None = None,
    ) -> RemoteDescription:
        """Return what the remote of a source says: synchronous, for the threads that publish.

        The first call of a process for a source reads the remote; later ones return what was
        read last, by whichever process.

        Args:
            source: its identifier in the catalogue.
            matrix_set: of a template; None = WebMercatorQuad.

        Raises: CatalogueError: it cannot be read and nothing is kept; pointer "url".
        """
        template = _template(settings, matrix_set)
        if template is not None:
            return RemoteDescription(template, 0.0)
        key = key_of(settings)
        with self._lock_of(key):
            kept = self._store.load(key)
            service = None if kept is None else self._service(key, kept, settings)
            if kept is None or service is None:
                kept = self._first(source, settings, key)
                service = self._service(key, kept, settings)
            elif key not in self._read_here and settings.options.enabled:
                patience = min(PATIENCE_S, settings.options.total_timeout_s)
                self._anew(source, settings, key, patience)
                kept = self._store.load(key) or kept
                service = self._service(key, kept, settings) or service
            self._read_here.add(key)
        if service is None:
            raise _unusable(f"Source {source}: what its remote said cannot be read again.")
        return RemoteDescription(service, kept.read_at, kept.fault, kept.missing)

    def update(self, source: str, settings: RemoteSourceSettings) -> Update:
        """Read the remote of a source now; waits, as long as its options allow.

        Raises: CatalogueError: it cannot be read and nothing is kept; pointer "url".
        """
        if _template(settings, None) is not None:
            return Update("unchanged")
        key = key_of(settings)
        with self._lock_of(key):
            kept = self._store.load(key)
            if kept is None or self._service(key, kept, settings) is None:
                self._first(source, settings, key)
                return Update("first")
            return self._anew(source, settings, key, settings.options.total_timeout_s)

    def poll(self, sources: Mapping[str, RemoteSourceSettings]) -> str:
        """Start what is due; return a text that changes when a description did; never waits.

        Of several processes with the same directory one reads; the others see what it kept.

        Args:
            sources: all remote ones that are served, by identifier.
        """
        marks: dict[str, str] = {}
        leads = bool(sources) and self._leader.leads()
        for source, settings in sources.items():
            key = key_of(settings)
            kept = self._store.load(key)  # of templates nothing is
            if kept is None or key in marks:
                continue
            marks[key] = f"{kept.meaning[:16]} {' '.join(kept.missing)} {_state_of(kept)}"
            if leads and settings.options.enabled:
                due = self._next(kept, settings)
                if due is not None and due <= self._clock():
                    self._start(key, partial(self.update, source, settings))
        return "\n".join(marks.values())

    def states(self, sources: Mapping[str, RemoteSourceSettings]) -> dict[str, RemoteState]:
        """Return how it stands with each source that has a description; templates have none."""
        found = {}
        for source, settings in sources.items():
            kept = self._store.load(key_of(settings))
            if kept is not None:
                found[source] = RemoteState(
                    _state_of(kept),
                    kept.read_at,
                    kept.checked_at,
                    kept.fault,
                    kept.fault_since,
                    kept.missing,
                    kept.changes,
                    kept.changed_at,
                    self._next(kept, settings) if settings.options.enabled else None,
                )
        return found

    def _next(self, kept: Kept, settings: RemoteSourceSettings) -> float | None:
        return next_reading(
            settings.update, kept.checked_at, share_of(settings.url), failed=bool(kept.fault)
        )

    def _lock_of(self, key: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())

    def _start(self, key: str, work: Callable[[], object]) -> None:
        """Have a reading done beside everything else, at most so many at once."""

        def do() -> None:
            try:
                work()
            except CatalogueError as error:
                _log.warning("remote not read", error=str(error))
            finally:
                with self._lock:
                    self._under_way.discard(key)

        with self._lock:
            if key in self._under_way:
                return
            self._under_way.add(key)
            self._queue.append(do)
            if self._crew == AT_ONCE:
                return
            self._crew += 1
        # Not of a pool: that would be waited for when the server ends.
        threading.Thread(target=self._work, name="tuilerie-update", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._crew -= 1
                    return
                do = self._queue.popleft()
            do()

    def _first(self, source: str, settings: RemoteSourceSettings, key: str) -> Kept:
        """Read what nothing is known of. Raises: CatalogueError."""
        if not settings.options.enabled:
            raise _unusable(f"Source {source} is switched off, and was never read before.")
        try:
            answer = self._round.ask(source, settings, None, settings.options.total_timeout_s)
        except UpstreamError as error:
            raise _unusable(str(error)) from error
        if isinstance(answer, NotModified):
            raise _unusable(f"Source {source}: its remote answers 304 to what nobody has.")
        kept = _kept_of(answer, self._clock())
        self._save(source, key, kept, answer.data)
        if not isinstance(answer.service, tuple):
            self._know(key, _name(kept, settings), answer.service)
        return kept

    def _anew(
        self, source: str, settings: RemoteSourceSettings, key: str, patience: float
    ) -> Update:
        """Read what something is kept of; what is kept stays unless something better came."""
        kept = self._store.load(key)
        if kept is None:
            return Update("failed", fault="what was kept is gone")
        now = self._clock()
        try:
            answer = self._round.ask(source, settings, kept, patience)
        except UpstreamError as error:
            self._save(source, key, _failed(kept, error, now))
            _log.warning("remote not read anew", source=source, error=str(error))
            return Update("failed", fault=str(error))
        if isinstance(answer, NotModified):
            self._save(source, key, _well(kept, now))
            return Update("unchanged")
        before = self._service(key, kept, settings)
        after = answer.service
        if before is None or isinstance(after, tuple):
            return Update("failed", fault="what was kept cannot be read again")
        gone = tuple(x for x in lacking(settings, after) if x not in lacking(settings, before))
        if gone:
            fault = f"the remote no longer has: {', '.join(gone)}"
            since = kept.fault_since if kept.missing == gone else now
            self._save(
                source,
                key,
                replace(
                    kept,
                    checked_at=now,
                    fault=fault,
                    fault_kind="missing",
                    fault_since=since,
                    missing=gone,
                ),
            )
            _log.warning("remote lacks what is served", source=source, missing=list(gone))
            return Update("broken", tuple(map(str, changes(before, after)))[:TOLD], fault)
        found = tuple(map(str, changes(before, after)))
        new = self._taken(source, key, kept, answer, found)
        self._know(key, _name(new, settings), after)
        return Update("changed" if found else "unchanged", new.changes if found else ())

    def _taken(
        self, source: str, key: str, kept: Kept, answer: Answer, found: tuple[str, ...]
    ) -> Kept:
        """Keep a new document, and tell what is different in it."""
        new = _kept_of(answer, self._clock())
        if found:
            more = len(found) - TOLD
            told = (*found[:TOLD], *([f"and {more} more"] if more > 0 else ()))
            new = replace(new, changes=told, changed_at=new.read_at)
            _log.info("remote changed", source=source, changes=list(told))
        else:
            new = replace(
                new, meaning=kept.meaning, changes=kept.changes, changed_at=kept.changed_at
            )
        self._save(source, key, new, answer.data)
        return new

    def _save(self, source: str, key: str, kept: Kept, body: bytes | None = None) -> None:
        error = self._store.save(key, kept, body)
        if error is not None:
            _log.warning("description not kept", source=source, error=str(error.strerror))
        if body is not None:
            self._store.sweep(self._clock())

    def _service(
        self, key: str, kept: Kept, settings: RemoteSourceSettings
    ) -> RemoteService | None:
        """Return the service that a kept document describes, None if it cannot be read."""
        name = _name(kept, settings)
        with self._lock_of(name):
            service = self._services.get(name) or self._reread(kept, settings)
            if service is not None:
                self._know(key, name, service)
        return service

    def _reread(self, kept: Kept, settings: RemoteSourceSettings) -> RemoteService | None:
        body = self._store.body(kept)
        if body is None:
            return None
        try:
            _, service = read_service(
                body,
                address=kept.final,
                content_type=kept.content_type,
                overrides=reading_overrides(settings),
                family=settings.kind,
            )
        except UnreadableDocument:
            return None
        return None if isinstance(service, tuple) else service

    def _know(self, key: str, name: str, service: RemoteService) -> None:
        """Keep a service in memory for as long as some source's description is it."""
        with self._lock:
            before = self._used.get(key)
            self._used[key] = name
            self._services[name] = service
            if before is not None and before not in self._used.values():
                del self._services[before]


def _name(kept: Kept, settings: RemoteSourceSettings) -> str:
    return f"{kept.document} {kept.final} {reading_overrides(settings)}"


def _template(
    settings: RemoteSourceSettings, matrix_set: TileMatrixSet | None
) -> RemoteTiles | None:
    """Return the tiles of an address that needs no document. Raises: CatalogueError."""
    if not isinstance(settings, XyzSource):
        return None
    try:
        first = candidates(settings.url)[0]
        if first.kind != "template":
            return None
        return read_template(
            first.address,
            matrix_set=matrix_set,
            servers=settings.subdomains,
            from_bottom=settings.tms,
        )
    except ValueError as error:
        raise _unusable(str(error)) from error


def _kept_of(answer: Answer, now: float) -> Kept:
    digest = body_digest(answer.data)
    return Kept(
        asked=answer.asked,
        final=answer.final,
        document=digest,
        content_type=answer.media_type,
        etag=answer.validators.etag,
        last_modified=answer.validators.last_modified,
        meaning=digest,
        read_at=now,
        checked_at=now,
    )


def _well(kept: Kept, now: float) -> Kept:
    """Return what is kept of a remote that says the same as before."""
    return replace(
        kept,
        read_at=now,
        checked_at=now,
        fault="",
        fault_kind="",
        fault_since=0.0,
        missing=(),
    )


def _failed(kept: Kept, error: UpstreamError, now: float) -> Kept:
    """Return what is kept of a remote that could not be read."""
    kind = f"document:{error.code}" if isinstance(error, UnreadableDocument) else error.kind
    return replace(
        kept,
        checked_at=now,
        fault=str(error),
        fault_kind=kind,
        fault_since=kept.fault_since if kept.fault else now,
    )


def _unusable(message: str) -> CatalogueError:
    return CatalogueError([Problem(message, pointer="url")])


def _state_of(kept: Kept) -> Literal["ok", "kept", "broken"]:
    if not kept.fault:
        return "ok"
    return "broken" if kept.missing or kept.is_unreadable else "kept"
