"""A coarse grid of exact positions with bilinear interpolation between, whose error is checked.

Transforming every pixel by PROJ costs more than all the rest of a tile. So positions are exact at
nodes, first 32 pixels apart; what a grid of twice that spacing would give at those nodes is
compared with the truth there (nodes, middles of edges, middles of cells), and the spacing halved
until it is within the bound. Where that does not help (a seam, a pole, the edge of a projection),
the pixels of a cell are transformed one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tuilerie.raster.position import Floats, TargetPixels

__all__ = ["Lattice", "make_lattice"]

_FIRST_STEP = 64
_LAST_STEP = 4
_DEAR = 4
"""Pixels are transformed one by one when they are at most this many times the grid's nodes."""

Inverse = tuple[float, float, float, float, float, float]
"""col = a·x + b·y + c, row = d·x + e·y + f."""


class _Check(NamedTuple):
    exact: NDArray[np.bool_]  # cells whose pixels need the exact transform
    void: bool  # no node has a position


@dataclass(frozen=True, eq=False)
class Lattice:
    """Source positions of a whole target picture.

    Attributes:
        rows, cols: the nodes' places in target pixels, from 0 to the last, increasing.
        x, y: (rows, cols) source CRS coordinates of the nodes; NaN where impossible.
        at: flat indices of pixels whose position is exact; at_x, at_y their positions.
    """

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    x: Floats
    y: Floats
    at: NDArray[np.intp]
    at_x: Floats
    at_y: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Return (height, width) of the target, pixels."""
        return int(self.rows[-1]) + 1, int(self.cols[-1]) + 1

    def steps(self) -> tuple[Floats, Floats]:
        """Return the source x and y that a target pixel spans, at every node; NaN included."""
        return self._steps

    @cached_property
    def _steps(self) -> tuple[Floats, Floats]:
        places = (self.rows, self.cols)
        return np.hypot(*_slopes(self.x, places)), np.hypot(*_slopes(self.y, places))

    def expand(self, inverse: Inverse) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return every pixel's position after an affine transform, float32 (rows, columns).

        The transform goes before the interpolation, with which it commutes: thousands of
        nodes instead of a million pixels, and small numbers before they become float32.
        """
        a, b, c, d, e, f = inverse
        out_x = self._spread(a * self.x + b * self.y + c)
        out_y = self._spread(d * self.x + e * self.y + f)
        if self.at.size:
            out_x.reshape(-1)[self.at] = a * self.at_x + b * self.at_y + c
            out_y.reshape(-1)[self.at] = d * self.at_x + e * self.at_y + f
        return out_x, out_y

    def _spread(self, nodes: Floats) -> NDArray[np.float32]:
        height, width = self.shape
        across = _between(nodes.T, self.cols, width).T.astype(np.float32)
        out = np.empty((height, width), np.float32)
        out[-1] = across[-1]
        for n in range(len(self.rows) - 1):
            first, last = self.rows[n], self.rows[n + 1]
            part = np.arange(last - first, dtype=np.float32)[:, None] / np.float32(last - first)
            block = out[first:last]
            np.multiply(part, across[n + 1] - across[n], out=block)
            block += across[n]
        return out


def make_lattice(target: TargetPixels, max_error_px: float) -> Lattice:
    """Return positions wrong by at most `max_error_px` target pixels where it was checked.

    The bound holds for a grid of twice the spacing that is used, at its nodes and at the
    middles of its edges and cells; the error of a smooth transform falls by four with each
    halving, so that what is left is far below the bound.
    """
    step = _FIRST_STEP
    while True:
        coarse_rows, coarse_cols = _places(target.height, step), _places(target.width, step)
        rows, cols = _halved(coarse_rows), _halved(coarse_cols)
        grid_cols, grid_rows = np.meshgrid(cols.astype(np.float64), rows.astype(np.float64))
        x, y = target.source_positions(grid_cols, grid_rows)
        check = _check(x, y, (rows, cols), (coarse_rows, coarse_cols), max_error_px)
        sizes = np.outer(_cell_sizes(rows), _cell_sizes(cols))
        wanted = int(sizes[check.exact].sum())
        if check.void and step > _LAST_STEP:
            step //= 2
            continue
        if step <= _LAST_STEP or wanted <= _DEAR * x.size:
            break
        step //= 2
    at = _pixels(check.exact, rows, cols)
    width = int(cols[-1]) + 1
    at_x, at_y = target.source_positions(
        (at % width).astype(np.float64), (at // width).astype(np.float64)
    )
    return Lattice(rows, cols, x, y, at, at_x, at_y)


def _check(
    x: Floats,
    y: Floats,
    fine: tuple[NDArray[np.intp], NDArray[np.intp]],
    coarse: tuple[NDArray[np.intp], NDArray[np.intp]],
    max_error_px: float,
) -> _Check:
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return _Check(
            np.zeros((max(len(fine[0]) - 1, 1), max(len(fine[1]) - 1, 1)), np.bool_), True
        )
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.hypot(_missed(x, fine, coarse), _missed(y, fine, coarse))
        # An error of e source units is at most e / s target pixels, where s is the smaller
        # singular value of the Jacobian, and s >= |determinant| / norm.
        x_row, x_col = _slopes(x, fine)
        y_row, y_col = _slopes(y, fine)
        norm = np.sqrt(x_row**2 + x_col**2 + y_row**2 + y_col**2)
        good = error * norm <= max_error_px * np.abs(x_col * y_row - x_row * y_col)
    exact = ~_all_corners(good & finite)
    # A cell without any position has no pixel either, unless the border passes next to it.
    some = _any_corner(finite)
    return _Check(exact & _grown(some), False)


def _missed(
    values: Floats,
    fine: tuple[NDArray[np.intp], NDArray[np.intp]],
    coarse: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> Floats:
    """Return how far the interpolated coarse grid lies from the truth at the fine nodes."""
    at_rows = np.searchsorted(fine[0], coarse[0])
    at_cols = np.searchsorted(fine[1], coarse[1])
    down = _between(values[at_rows], coarse[0], fine[0])
    guess = _between(down[:, at_cols].T, coarse[1], fine[1]).T
    return guess - values


def _slopes(
    values: Floats, fine: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> tuple[Floats, Floats]:
    """Return the change of values per target pixel along rows and along columns."""
    slopes = [
        np.gradient(values, places.astype(np.float64), axis=axis)
        if len(places) > 1
        else np.zeros_like(values)
        for axis, places in enumerate(fine)
    ]
    return slopes[0], slopes[1]


def _between(values: Floats, places: NDArray[np.intp], wanted: NDArray[np.intp] | int) -> Floats:
    """Interpolate along the first axis from the places of the nodes to the wanted places."""
    at = np.arange(wanted) if isinstance(wanted, int) else wanted
    if len(places) == 1:
        return np.repeat(values, len(at), axis=0)
    left = np.clip(np.searchsorted(places, at, side="right") - 1, 0, len(places) - 2)
    part = (at - places[left]) / (places[left + 1] - places[left])
    part = part.reshape(-1, *([1] * (values.ndim - 1)))
    with np.errstate(invalid="ignore"):
        mixed: Floats = values[left] * (1 - part) + values[left + 1] * part
    # A node's own value must not suffer from a neighbour that has none.
    return np.where(part == 0, values[left], np.where(part == 1, values[left + 1], mixed))


def _places(count: int, step: int) -> NDArray[np.intp]:
    return np.unique(np.append(np.arange(0, count, step), count - 1)).astype(np.intp)


def _halved(places: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.unique(np.concatenate([places, (places[:-1] + places[1:]) // 2]))


def _cell_sizes(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the pixels that each cell spans, the last node with the last cell."""
    if len(places) == 1:
        return np.ones(1, np.intp)
    sizes = np.diff(places)
    sizes[-1] += 1
    return sizes


def _all_corners(nodes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows = nodes[:-1] & nodes[1:] if nodes.shape[0] > 1 else nodes
    return rows[:, :-1] & rows[:, 1:] if nodes.shape[1] > 1 else rows


def _any_corner(nodes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return ~_all_corners(~nodes)


def _grown(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(cells, 1)
    rows = padded[:-2] | padded[1:-1] | padded[2:]
    grown: NDArray[np.bool_] = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return grown


def _pixels(
    cells: NDArray[np.bool_], rows: NDArray[np.intp], cols: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the flat indices of the pixels of cells."""
    chosen = np.repeat(np.repeat(cells, _cell_sizes(rows), axis=0), _cell_sizes(cols), axis=1)
    return np.flatnonzero(chosen)
