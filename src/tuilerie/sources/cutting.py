"""Cut the plan of a map in two, without planning anew: PROJ has been asked already."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tuilerie.grids import BoundingBox
from tuilerie.raster.around import best_start
from tuilerie.raster.coordinates import CoordinateGrid, Tables
from tuilerie.raster.lattice import Lattice

__all__ = ["Place", "halves", "steps"]

Place = tuple[int, int]
"""Column and row of a part's first pixel in the whole."""


def halves(grid: CoordinateGrid) -> list[tuple[Place, CoordinateGrid]]:
    """Return the two halves of a plan, cut across its longer side, and where they belong.

    The halves of a lattice meet at one of its nodes: they share a row or column of pixels.
    """
    across = grid.width >= grid.height
    if isinstance(grid.form, Lattice):
        nodes = grid.form.cols if across else grid.form.rows
        middle = int(nodes[len(nodes) // 2])
        spans = [(0, middle + 1), (middle, int(nodes[-1]) + 1)]
    else:
        size = grid.width if across else grid.height
        spans = [(0, size // 2), (size // 2, size)]
    parts = []
    for first, last in spans:
        cols = (first, last) if across else (0, grid.width)
        rows = (0, grid.height) if across else (first, last)
        parts.append(((cols[0], rows[0]), _part(grid, cols, rows)))
    return parts


def steps(grid: CoordinateGrid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the source x and y that single map pixels span, some of them NaN."""
    form = grid.form
    if isinstance(form, Lattice):
        return form.steps()
    return np.abs(np.diff(form.x)), np.abs(np.diff(form.y))


def _part(grid: CoordinateGrid, cols: tuple[int, int], rows: tuple[int, int]) -> CoordinateGrid:
    cell_x, cell_y = grid.bounds.width / grid.width, grid.bounds.height / grid.height
    form = grid.form
    cut = (
        _lattice_part(form, cols, rows)
        if isinstance(form, Lattice)
        else Tables(form.x[slice(*cols)], form.y[slice(*rows)])
    )
    return replace(
        grid,
        bounds=BoundingBox(
            grid.bounds.left + cols[0] * cell_x,
            grid.bounds.top - rows[1] * cell_y,
            grid.bounds.left + cols[1] * cell_x,
            grid.bounds.top - rows[0] * cell_y,
        ),
        width=cols[1] - cols[0],
        height=rows[1] - rows[0],
        form=_recounted(cut, grid.period),
    )


def _lattice_part(lattice: Lattice, cols: tuple[int, int], rows: tuple[int, int]) -> Lattice:
    """Return the nodes, and the exactly placed pixels, of a rectangle that begins at a node."""
    at_col = slice(*np.searchsorted(lattice.cols, cols))
    at_row = slice(*np.searchsorted(lattice.rows, rows))
    row, col = np.divmod(lattice.at, lattice.shape[1])
    chosen = (row >= rows[0]) & (row < rows[1]) & (col >= cols[0]) & (col < cols[1])
    return Lattice(
        rows=lattice.rows[at_row] - rows[0],
        cols=lattice.cols[at_col] - cols[0],
        x=lattice.x[at_row, at_col],
        y=lattice.y[at_row, at_col],
        at=(row[chosen] - rows[0]) * (cols[1] - cols[0]) + col[chosen] - cols[0],
        at_x=lattice.at_x[chosen],
        at_y=lattice.at_y[chosen],
    )


def _recounted(form: Tables | Lattice, period: float | None) -> Tables | Lattice:
    """Count x anew where a part lies across the whole's antimeridian, so that it is narrow.

    Cells across which x jumps had their pixels placed exactly, so no interpolation is harmed.
    """
    if period is None:
        return form
    x = form.x if isinstance(form, Tables) else np.concatenate([form.x.reshape(-1), form.at_x])
    x = x[np.isfinite(x)]
    start = best_start(x, period) if x.size else None
    if start is None:
        return form
    if isinstance(form, Tables):
        return Tables(start + np.mod(form.x - start, period), form.y)
    return replace(
        form,
        x=start + np.mod(form.x - start, period),
        at_x=start + np.mod(form.at_x - start, period),
    )
