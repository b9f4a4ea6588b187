"""Asks databases again after a while, so that a served catalogue can follow what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from tuilerie.errors import CatalogueError
from tuilerie.sources.series import query_fingerprint
from tuilerie.sources.settings import SeriesQuery
from tuilerie.telemetry import get_logger

__all__ = ["QueryPolls"]

_log = get_logger(__name__)


class QueryPolls:
    """What databases said last, and when they are to be asked again.

    A database that does not answer is taken to say what it said before: what is served stays.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[SeriesQuery, float] = {}
        self._said: dict[SeriesQuery, str] = {}
        self._silent: set[SeriesQuery] = set()

    def said(
        self, queries: Mapping[str, tuple[SeriesQuery, float]], published: Mapping[str, str]
    ) -> str:
        """Return a text that changes when a database says something else; may wait for them.

        Args:
            queries: by source, with the seconds after which each is asked again.
            published: fingerprints of what they said when the served state was made, by source.
        """
        now = self._clock()
        marks = []
        for source, (query, every_s) in queries.items():
            due = self._due.setdefault(query, now + every_s)
            if now >= due:
                self._due[query] = now + every_s
                self._ask(source, query)
            marks.append(self._said.setdefault(query, published.get(source, "")))
        return " ".join(marks)

    def _ask(self, source: str, query: SeriesQuery) -> None:
        try:
            self._said[query] = query_fingerprint(query)
        except CatalogueError as error:
            if query not in self._silent:
                self._silent.add(query)
                _log.warning("database does not answer", source=source, error=str(error))
        else:
            self._silent.discard(query)
