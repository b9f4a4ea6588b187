"""Points from one CRS to another, x first on both sides, safe in any number of threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from tuilerie.grids.crs import Crs

if TYPE_CHECKING:
    from pyproj import Transformer

__all__ = ["transform_points"]

_KEPT_PER_THREAD = 64


class _ThreadCache(threading.local):
    """Transformers by (source, target): dear to make, and not to be shared between threads."""

    def __init__(self) -> None:
        self.transformers: OrderedDict[tuple[str, str], Transformer] = OrderedDict()


_cache = _ThreadCache()


def transform_points(xs: Any, ys: Any, source: Crs, target: Crs) -> tuple[Any, Any]:
    """Return the positions in another CRS, x first on both sides, infinite where impossible.

    Takes and returns what pyproj does: numbers, lists, `array.array` or NumPy arrays of any
    shape, the two alike; for one and the same CRS, what it was given. Heights are not asked
    for: of a compound CRS the horizontal part counts.

    Raises: ValueError: nothing is known to lead from the one CRS to the other.
    """
    if source == target:
        return xs, ys
    x, y = _transformer(source, target).transform(xs, ys, errcheck=False)
    return x, y


def _transformer(source: Crs, target: Crs) -> Transformer:
    kept = _cache.transformers
    key = (source.text, target.text)
    found = kept.get(key)
    if found is None:
        found = kept[key] = _make(source, target)
        if len(kept) > _KEPT_PER_THREAD:
            kept.popitem(last=False)
    else:
        kept.move_to_end(key)
    return found


def _make(source: Crs, target: Crs) -> Transformer:
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        return Transformer.from_crs(source.horizontal, target.horizontal, always_xy=True)
    except ProjError as error:
        raise ValueError(
            f"PROJ knows no way from {source.name} to {target.name}: {error}"
        ) from error
