"""Whether to ask again after a failure, and when: a pure decision."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from tuilerie.errors import UpstreamError, UpstreamKind
from tuilerie.sources.remote.settings import RemoteSettings

__all__ = ["COUNTED", "PASSING", "retry_after", "retry_delay"]

PASSING: Final[frozenset[UpstreamKind]] = frozenset(
    {"unreachable", "dns", "timeout", "proxy", "throttled", "unavailable", "wrong_length", "cut"}
)
"""Failures that may be gone a moment later."""

COUNTED: Final[frozenset[UpstreamKind]] = PASSING | {
    "tls", "authentication", "protocol", "server_error",
}  # fmt: skip
"""Failures that speak of the whole remote, not of one address: the circuit breaker counts them."""

_MAX_BACKOFF_S: Final = 30.0


def retry_delay(
    error: UpstreamError,
    attempt: int,
    settings: RemoteSettings,
    chance: float,
    left_s: float,
) -> float | None:
    """Return the seconds to wait before asking again; None = do not.

    Args:
        attempt: that failed, from 0.
        chance: uniform in [0, 1).
        left_s: until the deadline.
    """
    if attempt >= settings.retries or error.kind not in PASSING:
        return None
    bound = min(settings.backoff_s * 2.0 ** (attempt + 1), _MAX_BACKOFF_S)
    delay = chance * bound
    if error.retry_after_s is not None:
        if error.retry_after_s > settings.max_retry_after_s:
            return None
        delay += error.retry_after_s
    return delay if delay < left_s else None


def retry_after(value: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None if none.

    Args:
        value: seconds or a date, as it came.
        now: seconds since the epoch.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), 10**9))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment.timestamp() - now, 0.0)
