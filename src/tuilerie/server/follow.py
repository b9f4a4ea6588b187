"""Hot reload: each worker watches the catalogue's files and publishes what they say now.

Polling, once a second and off the request path: it works on every file system, network ones
included, and with every way that editors and deployment tools replace a file. A change is taken
when it has stood still for a moment. A state that cannot be built changes nothing; it is said
once in the log, and in `/health` until the file is mended.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuilerie.errors import CatalogueError, Problem
from tuilerie.server.live import Live, Service
from tuilerie.telemetry import get_logger

__all__ = ["Follower", "ReloadFault"]

POLL_S: Final = 1.0
SETTLE_S: Final = 0.2
MAX_SETTLE_POLLS: Final = 25

_log = get_logger(__name__)

Mark = tuple[int, int, int] | str | None
Signature = dict[Path | None, Mark]
"""What files are, and under None what the mark says."""


@dataclass(frozen=True, slots=True)
class ReloadFault:
    """Why the present files are not what is served.

    Attributes:
        time: seconds since the epoch.
        problems: all of them; never empty.
    """

    time: float
    problems: tuple[Problem, ...]


class Follower:
    """Keeps a `Live` up to date with files.

    Args:
        watch: returns the files to look at; asked again after every change.
        rebuild: makes the service that the files describe, revision decided; runs in a thread.
            Raises CatalogueError with everything that is wrong.
        mark: returns a text that changes when something does that is no file.

    Attributes:
        fault: why the last change was not taken; None if it was.
    """

    def __init__(
        self,
        live: Live,
        watch: Callable[[], Sequence[Path]],
        rebuild: Callable[[], Service],
        mark: Callable[[], str] | None = None,
        *,
        poll_s: float = POLL_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self.fault: ReloadFault | None = None
        self._live = live
        self._watch = watch
        self._rebuild = rebuild
        self._mark = mark
        self._poll_s = poll_s
        self._settle_s = settle_s
        self._asked = asyncio.Event()
        # From here on, not from the first poll: a change in between must not be missed.
        self._seen = self._look()

    def ask(self) -> None:
        """Rebuild now, changed or not (SIGHUP)."""
        self._asked.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._poll_s)
            asked = self._asked.is_set()
            self._asked.clear()
            if asked or await asyncio.to_thread(self._look) != self._seen:
                self._seen = await self._settled()
                await self._reload()

    async def _settled(self) -> Signature:
        """Wait until the files stand still: half a file must not be taken for an error."""
        signature = await asyncio.to_thread(self._look)
        for _ in range(MAX_SETTLE_POLLS):
            await asyncio.sleep(self._settle_s)
            before, signature = signature, await asyncio.to_thread(self._look)
            if before == signature:
                break
        return signature

    async def _reload(self) -> None:
        metrics = self._live.metrics
        started = time.monotonic()
        began_ns = time.time_ns() - _CLOCK_NS
        try:
            service = await asyncio.to_thread(self._rebuild)
        except CatalogueError as error:
            metrics.reload_errors += 1
            self.fault = ReloadFault(time.time(), error.problems)
            _log.error(
                "catalogue refused, the old one is served",
                problems=[str(problem) for problem in error.problems[:_LOGGED_PROBLEMS]],
                count=len(error.problems),
            )
        except Exception as error:  # noqa: BLE001 - a door: whatever a reload meets, tiles go on
            metrics.reload_errors += 1
            self.fault = ReloadFault(time.time(), (Problem(f"{type(error).__name__}: {error}"),))
            _log.exception("catalogue not reloaded, the old one is served")
        else:
            self.fault = None
            metrics.reloads += 1
            published = self._live.swap(service)
            # The new state may read other files; of those looked at before, a change since
            # then is still to be taken, and so is one of the others while the state was made:
            # a file that was copied into a folder may have been read when it was not whole.
            present = await asyncio.to_thread(self._look)
            self._seen = {
                path: self._seen[path] if path in self._seen else _unless_since(began_ns, now)
                for path, now in present.items()
            }
            _log.info(
                "catalogue reloaded",
                revision=published.revision,
                layers=len(published.service.catalogue.layers),
                seconds=round(time.monotonic() - started, 3),
            )

    def _look(self) -> Signature:
        seen: Signature = {path: _signature(path) for path in self._watch()}
        if self._mark is not None:
            seen[None] = self._mark()
        return seen


_LOGGED_PROBLEMS: Final = 20
_CLOCK_NS: Final = 20_000_000
"""By how much the times of files may lag behind the clock."""


def _unless_since(began_ns: int, found: Mark) -> Mark:
    """Return what a file is, or None, which it is not, if it was written since."""
    return None if isinstance(found, tuple) and found[0] >= began_ns else found


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)
