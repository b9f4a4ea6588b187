"""The image of a rectangle under a projection, by samples that are refined where it matters.

The image is bounded by curves, and may exist in part only (a satellite sees half the Earth). So
the rectangle is sampled inside and at its edges; where possible meets impossible, the border is
found by bisection; around the outermost samples the grid is refined until they move no more.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tuilerie.grids.arcs import counted_from, short_arc
from tuilerie.grids.bounds import BoundingBox
from tuilerie.grids.crs import WGS84, Crs
from tuilerie.grids.guard import Guard
from tuilerie.grids.transform import transform_points

__all__ = ["RegionImage", "Sample"]

_LARGEST_M = 1e8
"""No plane coordinate is larger, Gauss-Krüger's zone prefixes included (45 million metres)."""
_WAY_BACK_M = 10_000.0
"""How far the way back may miss: shifts of datum do by hundreds of metres, folds by far more."""
_BISECTIONS = 30
_ZOOMS = 10
_ZOOM = 4
_STILL = 1e-9
_TORN = 0.5
_AT_POLE = 1e-12

Place = tuple[float, float]
"""A position in the rectangle, from 0 (left, bottom) to 1 (right, top)."""


class Sample(NamedTuple):
    """A position in the rectangle, and its image.

    u is NaN at a pole of a geographic target: a pole has every longitude.
    """

    place: Place
    u: float
    v: float


Side = Callable[[Sample], float]
"""How far a sample lies to the left, bottom, right or top."""


class RegionImage:
    """A rectangle of one CRS as another shows it; what cannot be shown has no sample.

    Attributes:
        origin: where longitudes are counted from, eastward, once it is set.
        arcs: the arcs of longitude between neighbouring samples, if the target is geographic.
    """

    def __init__(self, region: BoundingBox, source: Crs, target: Crs, guard: Guard | None) -> None:
        self.origin: float | None = None
        self.arcs: list[tuple[float, float]] = []
        self._region, self._source, self._target, self._guard = region, source, target, guard
        self._folded = False
        self._step = 1.0
        if target.is_geographic:
            self._limits = (2 * target.full_turn, target.full_turn / 4 * (1 + _AT_POLE))
            self._pole = target.full_turn / 4 * (1 - _AT_POLE)
        else:
            self._limits = (_LARGEST_M / target.metres_per_unit,) * 2
            self._pole = math.inf

    def sample(self, lines: int) -> list[Sample]:
        """Return samples at `lines` × `lines` positions and at the borders of what can be shown.

        Sets `arcs`.
        """
        self._step = 1 / (lines - 1)
        at = [n * self._step for n in range(lines - 1)] + [1.0]
        places = [(s, t) for t in at for s in at]
        self._folded = not self._source.is_geographic and self._folds(places)
        grid = self._images(places)
        whole = None not in grid
        if whole:
            self._guard = None  # nor will anything between the samples leave it
        found = [sample for sample in grid if sample is not None]
        if whole and not self._target.is_geographic:
            return found
        border: list[tuple[Sample, Place]] = []
        joined: list[tuple[Sample, Sample]] = []
        for one, other in _neighbours(lines):
            here, there = grid[one], grid[other]
            if here is not None and there is not None:
                joined.append((here, there))
            elif here is not None:
                border.append((here, places[other]))
            elif there is not None:
                border.append((there, places[one]))
        last = self._bisected(border)
        if self._target.is_geographic:
            joined += zip((start for start, _ in border), last, strict=True)
            turn = self._target.full_turn
            arcs = (short_arc(here.u, there.u, turn) for here, there in joined)
            self.arcs = [arc for arc in arcs if arc is not None]
        return found + last

    def outermost(self, samples: Sequence[Sample]) -> tuple[Sample, Sample, Sample, Sample]:
        """Return what lies leftmost, lowest, rightmost and highest, refined from some samples."""
        return (
            self._refined(samples, lambda sample: -self.across(sample)),
            self._refined(samples, lambda sample: -sample.v),
            self._refined(samples, self.across),
            self._refined(samples, lambda sample: sample.v),
        )

    def across(self, sample: Sample) -> float:
        """Return how far right a sample lies: u, or its way eastward from `origin`."""
        if self.origin is None:
            return sample.u
        return counted_from(self.origin, sample.u, self._target.full_turn)

    def _refined(self, samples: Sequence[Sample], side: Side) -> Sample:
        """Return the outermost sample on finer and finer grids around the best one so far."""
        best = _outermost(samples, side)
        extent = side(best) - _lowest(samples, side)
        step = self._step
        for _ in range(_ZOOMS):
            step /= _ZOOM
            around = [image for image in self._images(_around(best.place, step)) if image]
            found = _outermost([best, *around], side)
            gain, best = side(found) - side(best), found
            # Where the map is torn, samples near each other lie far apart, and the edge of the
            # tear may be gained by a later zoom even if this one has gained nothing.
            if gain <= _STILL * extent and side(best) - _lowest(around, side) < _TORN * extent:
                break
        return best

    def _bisected(self, border: list[tuple[Sample, Place]]) -> list[Sample]:
        """Return, for pairs of a possible and an impossible position, the last possible one."""
        inner, outer = [sample for sample, _ in border], [place for _, place in border]
        for _ in range(_BISECTIONS if border else 0):
            middle = [
                ((sample.place[0] + place[0]) / 2, (sample.place[1] + place[1]) / 2)
                for sample, place in zip(inner, outer, strict=True)
            ]
            for n, image in enumerate(self._images(middle)):
                if image is None:
                    outer[n] = middle[n]
                else:
                    inner[n] = image
        return inner

    def _positions(self, places: Sequence[Place]) -> tuple[array[float], array[float]]:
        left, bottom, right, top = self._region
        width, height = self._region.width, self._region.height
        xs = array("d", [right if s == 1 else left + s * width for s, _ in places])
        ys = array("d", [top if t == 1 else bottom + t * height for _, t in places])
        return xs, ys

    def _images(self, places: Sequence[Place]) -> list[Sample | None]:
        xs, ys = self._positions(places)
        us, vs = transform_points(xs, ys, self._source, self._target)
        widest, highest = self._limits
        good = [abs(u) <= widest and abs(v) <= highest for u, v in zip(us, vs, strict=True)]
        if self._guard is not None:
            for n, at in enumerate(
                zip(*transform_points(xs, ys, self._source, WGS84), strict=True)
            ):
                good[n] = good[n] and self._guard.holds(*at)
        if self._folded:
            for n, (dx, dy) in enumerate(self._misses(xs, ys, us, vs)):
                good[n] = good[n] and dx <= self._missable and dy <= self._missable
        return [
            Sample(place, u if abs(v) < self._pole else math.nan, v) if ok else None
            for place, u, v, ok in zip(places, us, vs, good, strict=True)
        ]

    @property
    def _missable(self) -> float:
        return _WAY_BACK_M / self._source.metres_per_unit

    def _folds(self, places: Sequence[Place]) -> bool:
        """Return whether the rectangle leaves the source's domain.

        There the inverse projection wraps around, and the way back leads elsewhere. A map that
        repeats itself sideways, as a cylindrical one does, misses by one period everywhere; that
        is data beyond the antimeridian, and no fold.
        """
        xs, ys = self._positions(places)
        us, vs = transform_points(xs, ys, self._source, self._target)
        missed = [
            (dx, dy)
            for dx, dy in self._misses(xs, ys, us, vs)
            if dx > self._missable or dy > self._missable
        ]
        if not missed:
            return False
        period = missed[0][0]
        return any(abs(dx - period) > self._missable or dy > self._missable for dx, dy in missed)

    def _misses(
        self, xs: array[float], ys: array[float], us: array[float], vs: array[float]
    ) -> Iterator[tuple[float, float]]:
        """Yield by how much the way there and back misses; what has no image misses nothing."""
        for x, y, u, back_x, back_y in zip(
            xs, ys, us, *transform_points(us, vs, self._target, self._source), strict=True
        ):
            if math.isfinite(u):
                yield abs(back_x - x), abs(back_y - y)
            else:
                yield 0.0, 0.0


def _outermost(samples: Sequence[Sample], side: Side) -> Sample:
    """Return the sample that lies farthest to a side; NaN lies nowhere."""
    return max(
        (sample for sample in samples if not math.isnan(side(sample))),
        key=side,
        default=samples[0],
    )


def _lowest(samples: Sequence[Sample], side: Side) -> float:
    values = (value for value in map(side, samples) if not math.isnan(value))
    return min(values, default=math.nan)


def _around(place: Place, step: float) -> list[Place]:
    """Return a grid of positions around one, cut at the edges of the rectangle."""
    offsets = [n * step for n in range(-_ZOOM, _ZOOM + 1)]
    across = {min(max(place[0] + offset, 0.0), 1.0) for offset in offsets}
    along = {min(max(place[1] + offset, 0.0), 1.0) for offset in offsets}
    return [(s, t) for t in along for s in across]


def _neighbours(lines: int) -> Iterator[tuple[int, int]]:
    """Yield the positions in a flat grid of those that lie beside or above each other."""
    for row in range(lines):
        for n in range(row * lines, (row + 1) * lines - 1):
            yield n, n + 1
    for n in range(lines * (lines - 1)):
        yield n, n + lines
