"""The legends that an operator has, for the layers whose matrices they were drawn for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import StylePlan
from tuilerie.grids import TileMatrixSet

__all__ = ["LegendError", "placed_legends"]

_SAME = 1e-6
"""Relative difference of two spellings of one scale denominator."""


class LegendError(ValueError):
    """A legend is for scales that a layer does not have; the hint says which there are."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def placed_legends(
    plan: StylePlan, matrix_sets: Mapping[str, TileMatrixSet], base: Path
) -> StylePlan:
    """Return a style whose legends have absolute files, and scale denominators of matrices.

    "These values must exactly match the scale denominators of available TileMatrixes", says the
    schema, so a rounded one becomes that of the matrix that was meant.

    Args:
        plan: the style, its legends as written.
        matrix_sets: those that the layer uses.
        base: the folder from which relative files are meant.

    Raises: LegendError: no matrix has such a scale denominator.
    """
    if not plan.legends:
        return plan
    scales = [matrix.scale_denominator for each in matrix_sets.values() for matrix in each.matrices]
    return replace(plan, legends=tuple(_placed(each, scales, base) for each in plan.legends))


def _placed(legend: Legend, scales: Sequence[float], base: Path) -> Legend:
    return replace(
        legend,
        file=str(base / legend.file) if legend.file else "",
        min_scale_denominator=_matched(legend.min_scale_denominator, scales),
        max_scale_denominator=_matched(legend.max_scale_denominator, scales),
    )


def _matched(written: float | None, scales: Sequence[float]) -> float | None:
    if written is None:
        return None
    for scale in scales:
        if math.isclose(scale, written, rel_tol=_SAME):
            return scale
    near = sorted(set(scales), key=lambda scale: abs(math.log(scale / written)))[:2]
    raise LegendError(
        f"a legend ends at the scale denominator {written:.12g}, which no matrix has",
        f"the nearest ones are {listed(f'{scale:.12g}' for scale in sorted(near))}",
    )
