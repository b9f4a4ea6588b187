"""What a remote server answered, as the rest of the house sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = [
    "MISSING",
    "NO_VALIDATORS",
    "UNKNOWN_FRESHNESS",
    "Fetched",
    "Freshness",
    "Part",
    "Validators",
]

MISSING: Final = frozenset({204, 404, 410})
"""Statuses by which a server says that there is nothing at an address."""


class Part(NamedTuple):
    """Bytes of something: the first one's position and their number."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Validators:
    """What a later conditional request says of the copy that its sender has (RFC 9110, 8.8).

    Attributes:
        etag: with its quotes and `W/`, as it came; "" = none.
        last_modified: an HTTP date, as it came; "" = none.
    """

    etag: str = ""
    last_modified: str = ""

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


NO_VALIDATORS: Final = Validators()


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long a shared cache may use an answer (RFC 9111, RFC 5861); seconds from its arrival.

    Attributes:
        fresh_for_s: without asking again; None = the remote says nothing, 0 = not at all.
        stale_while_revalidate_s, stale_if_error_s: thereafter, while it is asked again, or if
            that fails; None = the remote says nothing.
        keep: False where the remote forbids every copy in a shared cache (no-store, private).
    """

    fresh_for_s: float | None = None
    stale_while_revalidate_s: float | None = None
    stale_if_error_s: float | None = None
    keep: bool = True


UNKNOWN_FRESHNESS: Final = Freshness()


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that is no error: 200 (or another 2xx), 304, or one of `MISSING`.

    Attributes:
        status: of HTTP; 206 if a part was asked for, 416 if there is nothing of it.
        media_type: in small letters without parameters, e.g. "image/png"; "" = not said.
        charset: the parameter of the media type, in small letters; "" = not said.
        data: the body, decompressed; empty for 304 and what is missing.
        final_address: after redirects, without the key.
        remembered: the answer "missing" came from memory, and nothing was asked.
        whole_bytes: of that of which a part was asked for; None = not said, or no part.
    """

    status: int
    media_type: str = ""
    charset: str = ""
    data: bytes = b""
    validators: Validators = NO_VALIDATORS
    freshness: Freshness = UNKNOWN_FRESHNESS
    final_address: str = ""
    remembered: bool = False
    whole_bytes: int | None = None

    @property
    def missing(self) -> bool:
        """Whether the remote has nothing there: no tile, and no error."""
        return self.status in MISSING

    @property
    def not_modified(self) -> bool:
        """Whether the copy that the validators belong to is still good."""
        return self.status == 304
