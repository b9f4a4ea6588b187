"""Times as ISO 8601 writes them: instants, partial dates (which are periods), durations, ranges.

A time is known by the nanosecond at which it begins and by how precisely it was said, so that all
spellings of the same time have one canonical text. A time of day without a zone is UTC, as is
every canonical text. Between date and time a blank may stand for "T", and before an offset a
blank for "+": forms turn one into the other.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import IntEnum
from typing import NamedTuple

__all__ = ["Duration", "Precision", "Time", "parse_duration", "parse_time", "time_range"]

SECOND = 1_000_000_000
_DAY = 86_400 * SECOND
_LONGEST = 64

_TIME = re.compile(
    r"(?P<year>\d{4})"
    r"(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?|(?P<month_>\d\d)(?P<day_>\d\d))?"
    r"(?:[Tt ](?P<hour>\d\d)"
    r"(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d))?)?(?:[.,](?P<fraction>\d{1,18}))?"
    r"(?P<zone>[Zz]|[+\- ]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W|(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?P<clock>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?"
    r"(?:(?P<seconds>\d+)(?:[.,](?P<fraction>\d{1,9}))?S)?)?)",
    re.ASCII,
)


class Precision(IntEnum):
    """How precisely a time is said; `SECOND` is an instant, the others are periods."""

    YEAR = 0
    MONTH = 1
    DAY = 2
    SECOND = 3


class Time(NamedTuple):
    """A time.

    Attributes:
        start: nanoseconds from 0001-01-01T00:00:00Z to its beginning.
        precision: of what was said.
    """

    start: int
    precision: Precision

    @property
    def text(self) -> str:
        """The canonical spelling."""
        days, rest = divmod(self.start, _DAY)
        year, month, day = _date(days).timetuple()[:3]
        match self.precision:
            case Precision.YEAR:
                return f"{year:04}"
            case Precision.MONTH:
                return f"{year:04}-{month:02}"
            case Precision.DAY:
                return f"{year:04}-{month:02}-{day:02}"
        seconds, nanoseconds = divmod(rest, SECOND)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"

    @property
    def end(self) -> int:
        """The first nanosecond after a period; that of an instant is its own."""
        days = self.start // _DAY
        found = _date(days)
        match self.precision:
            case Precision.YEAR:
                days += 366 if monthrange(found.year, 2)[1] == 29 else 365
            case Precision.MONTH:
                days += monthrange(found.year, found.month)[1]
            case Precision.DAY:
                days += 1
            case Precision.SECOND:
                return self.start
        return days * _DAY

    def later_day(self, days: int) -> Time:
        """Return the day that is some days after the first of this year.

        Raises: ValueError: it is in another year.
        """
        later = Time(self.start + days * _DAY, Precision.DAY)
        if not self.start <= later.start < self.end:
            raise ValueError("no day of this year")
        return later


class Duration(NamedTuple):
    """A length of time: calendar months, which have no fixed length, and the rest."""

    months: int
    nanoseconds: int
    precision: Precision

    @property
    def longest(self) -> int:
        """Nanoseconds that it lasts at most."""
        return self.months * 31 * _DAY + self.nanoseconds


def parse_time(text: str) -> Time:
    """Return the time that a text says.

    Raises: ValueError: it says none that is between the years 1 and 9999.
    Source: ISO 8601:2004, 4.1 and 4.3; OGC 06-042, Annex D.
    """
    found = _TIME.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueError("no time in the form of ISO 8601")
    parts = found.groupdict()
    month = parts["month"] or parts["month_"]
    day = parts["day"] or parts["day_"]
    if parts["hour"] is not None and day is None:
        raise ValueError("a time of day without a day")
    if parts["fraction"] is not None and parts["second"] is None:
        raise ValueError("only seconds have fractions here")
    days = date(int(parts["year"]), int(month or 1), int(day or 1)).toordinal() - 1
    if day is None:
        return Time(days * _DAY, Precision.YEAR if month is None else Precision.MONTH)
    if parts["hour"] is None:
        return Time(days * _DAY, Precision.DAY)
    start = days * _DAY + _clock(parts) - _offset(parts["zone"] or "Z")
    _date(start // _DAY)
    return Time(start, Precision.SECOND)


def parse_duration(text: str) -> Duration:
    """Return the duration that a text says. Raises: ValueError: none, or one of no length.

    Source: ISO 8601:2004, 4.4.3.2.
    """
    found = _DURATION.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueError("no duration in the form of ISO 8601")
    parts = found.groupdict("0")
    counts = {name: int(digits) for name, digits in parts.items() if name not in _TEXTS}
    fraction = int((found["fraction"] or "").ljust(9, "0"))
    months = 12 * counts["years"] + counts["months"]
    clock = 3600 * counts["hours"] + 60 * counts["minutes"] + counts["seconds"]
    nanoseconds = (7 * counts["weeks"] + counts["days"]) * _DAY + clock * SECOND + fraction
    if not months and not nanoseconds:
        raise ValueError("a duration of no length")
    precision = Precision.YEAR
    if counts["months"]:
        precision = Precision.MONTH
    if nanoseconds:
        precision = Precision.SECOND if nanoseconds % _DAY else Precision.DAY
    return Duration(months, nanoseconds, precision)


def time_range(first: Time, last: Time, step: Duration) -> Iterator[Time]:
    """Yield the times from one to another.

    They are as precise as the first one, or as the step needs. A last one that is a period is
    meant with all that is in it. Months are counted from the first time, so that what begins on
    the 31st stays at the ends of months.
    """
    precision = max(first.precision, step.precision)
    last_start = last.start if last.precision is Precision.SECOND else last.end - 1
    count = 0
    while True:
        try:
            start = _months_later(first.start, count * step.months) + count * step.nanoseconds
            _date(start // _DAY)
        except (ValueError, OverflowError):
            return  # beyond the year 9999
        if start > last_start:
            return
        yield Time(start, precision)
        count += 1


_TEXTS = frozenset({"clock", "fraction"})


def _clock(parts: Mapping[str, str | None]) -> int:
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    fraction = (parts["fraction"] or "").rstrip("0")
    midnight = (hour, minute, second, fraction) == (24, 0, 0, "")
    # 60 is a leap second, which has no place of its own in the count.
    if not midnight and (hour > 23 or minute > 59 or second > 60):
        raise ValueError("no time of day")
    if len(fraction) > 9:
        raise ValueError("finer than a nanosecond")
    return (3600 * hour + 60 * minute + second) * SECOND + int(fraction.ljust(9, "0"))


def _offset(zone: str) -> int:
    if zone in ("Z", "z"):
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError("no time zone")
    return (-1 if zone[0] == "-" else 1) * (60 * hours + minutes) * 60 * SECOND


def _months_later(start: int, months: int) -> int:
    if not months:
        return start
    days, rest = divmod(start, _DAY)
    found = _date(days)
    year, month = divmod(12 * found.year + found.month - 1 + months, 12)
    day = min(found.day, monthrange(year, month + 1)[1])
    return (date(year, month + 1, day).toordinal() - 1) * _DAY + rest


def _date(days: int) -> date:
    """Return the date of a day counted from 0001-01-01. Raises: ValueError: there is none."""
    try:
        return date.min + timedelta(days=days)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999") from None
