"""Closes what must not be shared before the process forks, and opens anew on both sides.

SQLite keeps the locks of a process in tables that a child inherits although the kernel's locks
are not inherited: a child that opens a file which was open at the fork believes that it holds
locks and holds none. Nothing may therefore be open at the moment of the fork.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import ref

__all__ = ["ForkAware", "watch_forks"]


class ForkAware(Protocol):
    """Something with files that a fork must not duplicate."""

    def before_fork(self) -> None:
        """Close files, and keep other threads from opening them until after the fork."""
        ...

    def after_fork(self, *, in_child: bool) -> None:
        """Let threads open files again."""
        ...


_watched: dict[int, ref[ForkAware]] = {}
_forking: list[ForkAware] = []


def watch_forks(thing: ForkAware) -> None:
    """Have `thing` told of every fork for as long as it lives; it is not kept alive."""
    key = id(thing)
    _watched[key] = ref(thing, lambda _: _watched.pop(key, None))


def _before() -> None:
    # Copied in one step: other threads may be adding.
    alive = (held() for held in list(_watched.values()))
    _forking[:] = [thing for thing in alive if thing is not None]
    for thing in _forking:
        thing.before_fork()


def _after_in_parent() -> None:
    for thing in reversed(_forking):
        thing.after_fork(in_child=False)
    _forking.clear()


def _after_in_child() -> None:
    for thing in reversed(_forking):
        thing.after_fork(in_child=True)
    _forking.clear()


os.register_at_fork(
    before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
)
