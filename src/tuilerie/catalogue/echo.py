"""What a client wrote, and what it might have written, as errors repeat it: short and printable."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["echo", "some_names"]

_LONGEST_ECHO = 60
_MOST_NAMES = 30


def echo(text: str) -> str:
    """Return what a client wrote, in quotes, short and printable."""
    return repr(text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…")


def some_names(names: Sequence[str]) -> str:
    """Return the names that there are, not all of them if there are many."""
    more = ", …" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
