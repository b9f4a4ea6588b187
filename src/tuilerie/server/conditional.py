"""Whether what the client already has is still what we would send: RFC 9110, 13."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_tz
from functools import lru_cache
from typing import Final

__all__ = ["http_date", "not_modified"]

_ENTITY_TAGS: Final = re.compile(rb'[\s,]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[\s]*(?=,|\Z)')
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def not_modified(
    if_none_match: bytes | None,
    if_modified_since: bytes | None,
    *,
    etag: bytes,
    modified: int | None,
) -> bool:
    """Tell whether a GET or HEAD is answered 304.

    Args:
        if_none_match: a list of entity tags, weak ones compared weakly, or "*"; wins.
        if_modified_since: looked at only without the other; a malformed date counts as none.
        etag: the present one, with its quotes.
        modified: seconds since the epoch; None = unknown.

    Source: RFC 9110, 13.1.2, 13.1.3, 13.2.2.
    """
    if if_none_match is not None:
        return if_none_match == etag or _lists(if_none_match, etag)
    if if_modified_since is None or modified is None:
        return False
    since = _seconds(if_modified_since)
    return since is not None and modified <= since


def _lists(value: bytes, etag: bytes) -> bool:
    if value.strip() == b"*":
        return True
    position = 0
    while (found := _ENTITY_TAGS.match(value, position)) is not None:
        if found[1] == etag:
            return True
        position = found.end()
    return False


def _seconds(value: bytes) -> int | None:
    """Read an HTTP date in any of its three forms; None if it is none."""
    text = value.decode("latin-1").strip()
    if not _DATE.match(text):
        return None
    try:
        parsed = parsedate_tz(text)
        # The calendar decides: timegm alone would take the 99th of November for a day in February.
        return None if parsed is None else int(datetime(*parsed[:6], tzinfo=UTC).timestamp())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


_DATE: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\Z"
)


@lru_cache(maxsize=8192)
def http_date(seconds: int) -> bytes:
    """Return a time as an IMF-fixdate (RFC 9110, 5.6.7)."""
    day, second = divmod(seconds, 86_400)
    minute = second // 60
    return b"%b %02d:%02d:%02d GMT" % (_date(day), minute // 60, minute % 60, second % 60)


@lru_cache(maxsize=1024)
def _date(day: int) -> bytes:
    """Return the part before the hour, by days since the epoch."""
    year, month, number, _, _, _, weekday, *_ = time.gmtime(day * 86_400)
    return f"{_DAYS[weekday]}, {number:02d} {_MONTHS[month - 1]} {year:04d}".encode("ascii")
