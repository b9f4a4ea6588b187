"""Longitudes on a circle: the arcs that are covered, and the widest gap that they leave."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["counted_from", "short_arc", "widest_gap"]

Arc = tuple[float, float]
"""West end and width; both in units of which `turn` go around."""

_OPPOSITE = 0.45
_NOTHING = 1e-9


def counted_from(origin: float, longitude: float, turn: float) -> float:
    """Return the way eastward from a longitude to another, 0 to below `turn`."""
    return (longitude - origin) % turn


def short_arc(one: float, other: float, turn: float) -> Arc | None:
    """Return the shorter arc between two longitudes.

    None where they are nearly opposite, as neighbours on both sides of a pole are: which of
    the two ways is meant cannot be told, and other neighbours tell it. None also for NaN.
    """
    east = counted_from(one, other, turn)
    if east <= turn * _OPPOSITE:
        return one % turn, east
    if east >= turn * (1 - _OPPOSITE):
        return other % turn, turn - east
    return None


def widest_gap(arcs: Iterable[Arc], turn: float) -> tuple[float, float] | None:
    """Return the west and east end of the widest gap, None if there is none or nothing known.

    The ends may lie outside 0 to `turn`; west < east always.
    """
    covered = sorted(arcs)
    if not covered:
        return None
    # What reaches over the end of the circle covers its beginning.
    reach = max(west + width for west, width in covered) - turn
    widest = (0.0, 0.0)
    for west, width in covered:
        if west - reach > widest[1] - widest[0]:
            widest = (reach, west)
        reach = max(reach, west + width)
    return widest if widest[1] - widest[0] > turn * _NOTHING else None
