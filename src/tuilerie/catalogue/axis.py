"""From what a client wrote to the value of a dimension: one look-up, however many values there are.

Made once per dimension of a published state, at the first request that needs it.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from tuilerie.catalogue.dimensions import (
    CURRENT,
    DEFAULT,
    Dimension,
    Nearest,
    canonical_value,
    parse_number,
)
from tuilerie.catalogue.iso8601 import Precision, Time, parse_time

__all__ = ["Axis", "Found"]

_LONGEST = 200
_EPOCH = parse_time("1970-01-01").start

Place = int | Decimal


class Found(NamedTuple):
    """What is served for what was asked.

    Attributes:
        value: canonical.
        moves: whether the same words may mean another value in the next state of the layer.
        hastens: whether they may do so in this state, by the clock alone.
    """

    value: str
    moves: bool = False
    hastens: bool = False


class _Span(NamedTuple):
    """Where a value lies on its axis: an instant or a number begins and ends at once."""

    start: Place
    last: Place


class Axis:
    """Finds the values of one dimension; safe to share between threads.

    Args:
        clock: seconds since 1970, for "current".
    """

    def __init__(self, dimension: Dimension, clock: Callable[[], float] = time.time) -> None:
        self._dimension = dimension
        self._clock = clock
        self._by_text = {_folded(dimension, value): value for value in dimension.values}
        self._by_start: dict[Place, str | None] = {}
        self._spans: list[_Span] = []
        if dimension.kind == "time":
            self._set_times([parse_time(value) for value in dimension.values])
        elif dimension.kind == "elevation":
            numbers = [parse_number(value) for value in dimension.values]
            self._spans = [_Span(number, number) for number in numbers]
        self._starts = [span.start for span in self._spans]

    def find(self, text: str | None) -> Found | None:
        """Return the value that a text means (None = the client said none); None = there is none.

        Source: OGC 07-057r7, Table 9 and A.3.5.8.
        """
        dimension = self._dimension
        value = self._by_text.get(text) if text is not None else None
        if value is not None:
            return Found(value)
        if text is None or text.lower() == DEFAULT:
            if dimension.default is None:
                return None
            return Found(dimension.default, moves=dimension.default_moves)
        if len(text) > _LONGEST:
            return None
        if text.lower() == CURRENT:
            return self._current() if dimension.current else None
        try:
            return self._spelled(text)
        except ValueError:
            return None

    def _spelled(self, text: str) -> Found | None:
        """Find a value in another spelling, or the one nearest. Raises: ValueError: no value."""
        dimension = self._dimension
        if dimension.kind == "time":
            return self._time(parse_time(text.strip()))
        value = canonical_value(dimension.kind, text)
        found = self._by_text.get(_folded(dimension, value))
        if found is not None:
            return Found(found)
        if dimension.kind == "elevation":
            number = parse_number(value)
            return self._nearest(_Span(number, number))
        return None

    def _time(self, asked: Time) -> Found | None:
        found = self._by_text.get(asked.text)
        if found is None and asked.precision >= Precision.DAY:
            # Clients write the midnight with which a day begins, or the day alone.
            found = self._by_start.get(asked.start)
        return self._nearest(_span(asked)) if found is None else Found(found)

    def _nearest(self, asked: _Span) -> Found | None:
        policy = self._dimension.nearest
        if policy is None:
            return None
        place = self._neighbour(asked, policy)
        if place is None:
            return None
        far = _distance(asked, self._spans[place])
        if policy.within is not None and far > policy.within:
            return None
        return Found(self._dimension.values[place], moves=True)

    def _neighbour(self, asked: _Span, policy: Nearest) -> int | None:
        """Return the place of the value that stands for one that is not there."""
        before = bisect_right(self._starts, asked.last) - 1
        after = bisect_left(self._starts, asked.start)
        has_after = after < len(self._starts)
        if before >= 0 and policy.direction == "after":
            # A value that is a period has all that is in it, also what is later.
            holds = self._spans[before].start < asked.start <= self._spans[before].last
            return before if holds else (after if has_after else None)
        if before < 0:
            return after if has_after and policy.direction != "before" else None
        if policy.direction == "before" or not has_after:
            return before
        nearer = _distance(asked, self._spans[after]) < _distance(asked, self._spans[before])
        return after if nearer else before

    def _current(self) -> Found:
        now = _EPOCH + int(self._clock() * 1_000_000_000)
        place = max(0, bisect_right(self._starts, now) - 1)
        return Found(self._dimension.values[place], moves=True, hastens=self._starts[-1] > now)

    def _set_times(self, times: list[Time]) -> None:
        self._spans = [_span(each) for each in times]
        for each, value in zip(times, self._dimension.values, strict=True):
            if each.precision >= Precision.DAY:
                # None where a day and its first instant are values both: then each is itself.
                self._by_start[each.start] = None if each.start in self._by_start else value


def _span(asked: Time) -> _Span:
    return _Span(asked.start, max(asked.start, asked.end - 1))


def _distance(one: _Span, other: _Span) -> Place:
    if one.last < other.start:
        return other.start - one.last
    return one.start - other.last if other.last < one.start else 0


def _folded(dimension: Dimension, text: str) -> str:
    return text.casefold() if dimension.ignore_case else text
