"""Where the rectangle of some data lies in another CRS: quickly, for thousands of layers.

`grids.transform_bounds` answers for any rectangle on Earth and takes milliseconds. Most data is
a sheet that no pole, antimeridian or horizon is near: there the image of the rectangle is bounded
by the images of its edges, which a few samples show; where the samples do not run smoothly, the
patient function is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuilerie.grids import BoundingBox, Crs, transform_bounds, transform_points

__all__ = ["footprint", "local_cell_size"]

_STEPS = 8
"""Steps from corner to corner."""
_LARGEST_M = 1e8
"""No plane coordinate that means anything is larger."""
_SMOOTH = 0.25
"""How much one step may differ from the next, relative to their length."""


def footprint(bounds: BoundingBox, source: Crs, target: Crs) -> BoundingBox:
    """Return a rectangle that contains the data in another CRS, at most slightly larger.

    Args:
        bounds: units of `source`, x first.
        source: the data's CRS.
        target: the CRS of the answer.

    Raises: ValueError: nothing of the data can be shown in `target`.
    """
    if source != target and _is_plain(bounds, source):
        xs, ys = _edges(bounds)
        us, vs = transform_points(xs, ys, source, target)
        if _runs_smoothly(us, vs):
            return BoundingBox(
                min(us) - _beyond(us, min(us)),
                min(vs) - _beyond(vs, min(vs)),
                max(us) + _beyond(us, max(us)),
                max(vs) + _beyond(vs, max(vs)),
            )
    return transform_bounds(bounds, source, target)


def local_cell_size(bounds: BoundingBox, source: Crs, cell_size: float, target: Crs) -> float:
    """Return how large the data's cells are in another CRS, at its centre, where they are smallest.

    Where the centre has no place in the other CRS (a pole in Mercator), a point half way to a
    corner is taken; where none has, 0: everything is too coarse.

    Args:
        bounds: of the data, units of `source`, x first.
        source: the data's CRS.
        cell_size: units of `source` per pixel.
        target: the CRS in whose units the answer is.
    """
    if source == target:
        return cell_size
    # A step that floating point still resolves far from the origin.
    step = max(cell_size, bounds.width * 1e-6, bounds.height * 1e-6)
    for across, up in ((0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        x = bounds.left + across * bounds.width
        y = bounds.bottom + up * bounds.height
        found = _shortest_image(x, y, step, source, target)
        if found is not None:
            return found / step * cell_size
    return 0.0


def _shortest_image(x: float, y: float, step: float, source: Crs, target: Crs) -> float | None:
    """Return how long the image of a step is in the direction that shrinks most.

    None if that cannot be told here. Of the two steps along an axis the shorter one counts, for
    the other may cross the antimeridian.
    """
    us, vs = transform_points(
        [x, x + step, x - step, x, x], [y, y, y, y + step, y - step], source, target
    )
    # The negation is true for NaN as well.
    if not (abs(us[0]) < _farthest(target) and abs(vs[0]) < _highest(target)):
        return None
    steps = [(u - us[0], v - vs[0]) for u, v in zip(us[1:], vs[1:], strict=True)]
    across, up = (min(pair, key=lambda way: math.hypot(*way)) for pair in (steps[:2], steps[2:]))
    shortest = _smaller_singular_value(across, up)
    return shortest if 0 < shortest < math.inf else None


def _smaller_singular_value(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return by how much the matrix with these columns shrinks what it shrinks most.

    It is the determinant divided by the larger one, which loses no digits.
    """
    squares = one[0] ** 2 + one[1] ** 2 + other[0] ** 2 + other[1] ** 2
    area = abs(one[0] * other[1] - one[1] * other[0])
    larger = math.sqrt((squares + math.sqrt(max(squares**2 - 4 * area**2, 0.0))) / 2)
    return area / larger if larger > 0 else 0.0


def _farthest(target: Crs) -> float:
    return math.inf if target.is_geographic else _LARGEST_M / target.metres_per_unit


def _highest(target: Crs) -> float:
    """Return where cells lose their size: at a pole, or where Mercator puts it."""
    return target.full_turn / 4 * (1 - 1e-9) if target.is_geographic else _farthest(target)


def _is_plain(bounds: BoundingBox, source: Crs) -> bool:
    """Return whether a rectangle stays on one sheet of the map of its own CRS."""
    if not source.is_geographic:
        return True
    half = source.full_turn / 2
    return (
        -half <= bounds.left <= bounds.right <= half
        and -half / 2 <= bounds.bottom <= bounds.top <= half / 2
    )


def _edges(bounds: BoundingBox) -> tuple[list[float], list[float]]:
    """Return positions along the edges: all around, the first one not again at the end."""
    left, bottom, right, top = bounds
    part = [n / _STEPS for n in range(_STEPS)]
    across = [left + each * (right - left) for each in part]
    up = [bottom + each * (top - bottom) for each in part]
    back = [right + each * (left - right) for each in part]
    down = [top + each * (bottom - top) for each in part]
    xs = [*across, *[right] * _STEPS, *back, *[left] * _STEPS]
    ys = [*[bottom] * _STEPS, *up, *[top] * _STEPS, *down]
    return xs, ys


def _runs_smoothly(us: Sequence[float], vs: Sequence[float]) -> bool:
    """Return whether each edge's image bends only a little at every sample between its ends."""
    if not all(map(math.isfinite, (*us, *vs))):
        return False
    count = len(us)
    for n in range(count):
        if n % _STEPS == 0:
            continue  # a corner
        after = (n + 1) % count
        du, dv = us[after] - us[n], vs[after] - vs[n]
        bu, bv = us[n] - us[n - 1], vs[n] - vs[n - 1]
        if math.hypot(du - bu, dv - bv) > _SMOOTH * math.hypot(du, dv):
            return False
    return True


def _beyond(values: Sequence[float], outermost: float) -> float:
    """Return how far the curve may reach beyond its outermost sample; 0 if that is a corner.

    A parabola through three samples, the middle one outermost, rises above it by at most an
    eighth of their second difference; half of it leaves room for what is no parabola.
    """
    n = values.index(outermost)
    if n % _STEPS == 0:
        return 0.0
    after = values[(n + 1) % len(values)]
    return abs(values[n - 1] - 2 * values[n] + after) / 2
