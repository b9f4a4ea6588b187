"""Which matrix of a source shows a map best: by the ratio of cell sizes, and said openly."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from tuilerie.grids import TileMatrix, TileMatrixSet, closest_matrix

__all__ = ["Choosing", "MatrixRule", "choose_matrix"]

Choosing = Literal["nearest", "finer", "coarser"]

_SAME = 1e-3
"""Cell sizes whose ratio is so near to 1 are the same: a projection's scale, not a choice."""


@dataclass(frozen=True, slots=True)
class MatrixRule:
    """How a matrix is chosen.

    Attributes:
        choosing: nearest = the smallest ratio of cell sizes either way (2.1 m is as far from 1 m
            as 0.476 m is); finer = the coarsest that is not coarser than wanted, so that nothing
            is ever enlarged but beyond the last matrix; coarser = the finest that is not finer.
        factor: the cell size looked for is the map's times this: 2 takes tiles of twice the cell
            size, with larger letters and a quarter of the tiles.
    """

    choosing: Choosing = "nearest"
    factor: float = 1.0


def choose_matrix(
    tms: TileMatrixSet, cell_size: float, rule: MatrixRule, among: Collection[str]
) -> TileMatrix:
    """Return the matrix to show a map with.

    Args:
        tms: the source's grid.
        cell_size: of the map at its place, in units of `tms.crs` per pixel.
        rule: how to choose; where no matrix is on the wanted side, the last one in that
            direction is taken.
        among: identifiers of the matrices that have tiles.

    Raises: ValueError: `cell_size` is not positive and finite, or `among` names no matrix.
    """
    wanted = cell_size * rule.factor
    if rule.choosing == "nearest" or not 0 < wanted < math.inf:
        return closest_matrix(tms, wanted, among=among)
    usable = [matrix for matrix in tms.matrices if matrix.identifier in among]
    if rule.choosing == "finer":
        good = [matrix for matrix in usable if matrix.cell_size <= wanted * (1 + _SAME)]
        return good[0] if good else closest_matrix(tms, wanted, among=among)
    good = [matrix for matrix in usable if matrix.cell_size >= wanted * (1 - _SAME)]
    return good[-1] if good else closest_matrix(tms, wanted, among=among)
