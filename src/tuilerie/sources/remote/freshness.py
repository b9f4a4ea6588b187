"""How long an answer may be used, from its headers (RFC 9111 as a shared cache, RFC 5861)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from tuilerie.sources.remote.fetched import UNKNOWN_FRESHNESS, Freshness

__all__ = ["freshness"]

_MAX_S: Final = 10 * 365 * 86_400.0
"""Further than anybody means it."""


def freshness(headers: Mapping[str, str], now: float) -> Freshness:
    """Return what Cache-Control, Expires, Date and Age say together.

    Args:
        headers: found by name in any case.
        now: seconds since the epoch, for answers without a date.
    """
    control = headers.get("Cache-Control")
    expires = headers.get("Expires")
    if control is None and expires is None:
        return UNKNOWN_FRESHNESS
    said = _directives(control or "")
    lifetime = _seconds(said.get("s-maxage"))
    if lifetime is None:
        lifetime = _seconds(said.get("max-age"))
    if lifetime is None and expires is not None:
        lifetime = _until(expires, headers.get("Date"), now)
    keep = "no-store" not in said and "private" not in said
    if not keep or "no-cache" in said:
        lifetime = 0.0
    if lifetime is not None:
        lifetime = max(lifetime - (_seconds(headers.get("Age")) or 0.0), 0.0)
    return Freshness(
        lifetime,
        _seconds(said.get("stale-while-revalidate")),
        _seconds(said.get("stale-if-error")),
        keep,
    )


def _directives(control: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in control[:1000].split(","):
        name, _, value = part.partition("=")
        # The first one counts where a directive is repeated (RFC 9111, 4.2.1).
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(float(int(text[:12])), _MAX_S)


def _until(expires: str, date: str | None, now: float) -> float:
    moment = _moment(expires)
    if moment is None:
        return 0.0  # "0" and other nonsense mean the past (RFC 9111, 5.3)
    start = _moment(date) if date is not None else None
    return min(max(moment - (now if start is None else start), 0.0), _MAX_S)


def _moment(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
