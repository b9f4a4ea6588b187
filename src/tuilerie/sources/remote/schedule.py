"""When a remote's document is read anew: pure, from the operator's words and the last time.

Hours are those of the server's own clock, whatever its time zone does. Sources are spread over a
while, each always by the same share of it, so that all processes agree.
"""

from __future__ import annotations

import calendar
import hashlib
from datetime import date, datetime, time, timedelta
from typing import Final

from tuilerie.catalogue.update_schedule import UpdateSettings

__all__ = ["RETRY_S", "SPREAD_S", "next_reading", "share_of"]

RETRY_S: Final = 900.0
"""After a failure the next try comes then, whatever the schedule says."""
SPREAD_S: Final = 600.0
"""Over how long sources are spread that are due at the same time; a tenth of shorter intervals."""
_DAYS: Final = {name.lower(): number for number, name in enumerate(calendar.day_name)}


def share_of(address: str) -> float:
    """Return a number in [0, 1) that is the address's own."""
    return int.from_bytes(hashlib.sha256(address.encode()).digest()[:6], "big") / 2**48


def next_reading(
    update: UpdateSettings | None, last: float, share: float, *, failed: bool = False
) -> float | None:
    """Return when a document is to be read, seconds since the epoch; None = not by itself.

    Args:
        last: when that was tried last, seconds since the epoch.
        share: by which part of the spread this one is late.
        failed: whether it failed.
    """
    retry = last + RETRY_S * (1 + share / 10) if failed else None
    if update is None:
        return retry
    due = _due(update, last, share)
    return due if retry is None else min(due, retry)


def _due(update: UpdateSettings, last: float, share: float) -> float:
    if update.every_s is not None:
        return last + update.every_s + share * min(SPREAD_S, update.every_s / 10)
    late = share * SPREAD_S
    # The occurrence before `last` may still lie ahead, by as much as this source is late.
    day = datetime.fromtimestamp(last - late).date()
    while True:
        at = _time_on(update, day)
        if at is not None:
            found = datetime.combine(day, at).timestamp() + late
            if found > last:
                return found
        day += timedelta(days=1)


def _time_on(update: UpdateSettings, day: date) -> time | None:
    """Return at what time of a day it is, None if not on this day."""
    if update.weekly is not None:
        fits, at = day.weekday() == _DAYS[update.weekly.day], update.weekly.at
    elif update.monthly is not None:
        last = calendar.monthrange(day.year, day.month)[1]
        fits, at = day.day == min(update.monthly.day, last), update.monthly.at
    else:
        fits, at = True, update.daily_at or "00:00"
    return time.fromisoformat(at) if fits else None
