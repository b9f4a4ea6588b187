"""When a stored tile is still good: one rule, without a clock of its own."""

from __future__ import annotations

from tuilerie.formats import StoredTile

__all__ = ["is_fresh"]


def is_fresh(stored: StoredTile, expire_after_s: int | None, now: float) -> bool:
    """Tell whether a stored tile may be served without being made anew.

    Args:
        stored: the tile as the cache has it.
        expire_after_s: the layer's limit of age; None = tiles never grow old.
        now: seconds since the epoch. A tile from the future (a clock that went back) is
            fresh: making it again would not make it better.
    """
    return expire_after_s is None or now - stored.created < expire_after_s
