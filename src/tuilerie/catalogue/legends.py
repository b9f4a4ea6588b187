"""The legends that are drawn here, or that an operator or a source has: as they are announced."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.metadata import Legend, LegendKey
from tuilerie.catalogue.model import SourceLegend, StylePlan, Text
from tuilerie.grids import TileMatrixSet

__all__ = [
    "LegendError",
    "LegendSize",
    "drawn_legends",
    "legends_for",
    "placed_legends",
    "source_legends",
]

LegendSize = Callable[[StylePlan, str], tuple[int, int]]
"""From a style that is complete but for its legends, and a language, to width and height."""

_FORMATS = ("image/png", "image/svg+xml")

_SAME = 1e-6
"""Relative difference of two spellings of one scale denominator."""


class LegendError(ValueError):
    """A legend is for scales that a layer does not have; the hint says which there are."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def drawn_legends(
    plan: StylePlan, key: LegendKey, formats: Sequence[str], size: LegendSize
) -> tuple[Legend, ...]:
    """Return what is announced of the legends of a style that are drawn: all languages, formats.

    Args:
        plan: the style, complete but for this.
        key: its own.
        formats: media types; () = all.
        size: tells how large they are.
    """
    texts = (key.title, *(text for _, text in key.labels))
    tags = dict.fromkeys(tag for text in texts for tag, _ in text.variants if tag)
    found = []
    for language in tags or ("",):
        width, height = size(plan, language)
        found += [
            Legend(kind, width=width, height=height, language=language, drawn=True)
            for kind in formats or _FORMATS
        ]
    return tuple(found)


def source_legends(legends: Sequence[SourceLegend]) -> tuple[Legend, ...]:
    """Return what is announced of the legends of a source's style; never where they truly are."""
    return tuple(
        Legend(
            each.format,
            width=each.width,
            height=each.height,
            min_scale_denominator=each.min_scale_denominator,
            max_scale_denominator=each.max_scale_denominator,
            of_source=True,
        )
        for each in legends
    )


def legends_for(legends: Sequence[Legend], languages: Sequence[str]) -> list[tuple[int, Legend]]:
    """Return the legends for a reader, with their numbers among all of them.

    Those in the first of the languages that there is, else in the operator's first one; and
    those that are for all.

    Args:
        legends: of one style.
        languages: BCP 47 tags, the best first.
    """
    tags = tuple(dict.fromkeys(legend.language for legend in legends if legend.language))
    chosen = Text(tuple((tag, tag) for tag in tags)).best(tuple(languages))
    return [
        (number, legend) for number, legend in enumerate(legends) if legend.language in ("", chosen)
    ]


def placed_legends(
    plan: StylePlan, matrix_sets: Mapping[str, TileMatrixSet], base: Path
) -> StylePlan:
    """Return a style whose legends have absolute files, and scale denominators of matrices.

    "These values must exactly match the scale denominators of available TileMatrixes", says the
    schema, so a rounded one becomes that of the matrix that was meant. The legend of a source may
    be for matrices that the layer does not have: such a bound is left out.

    Args:
        plan: the style, its legends as written.
        matrix_sets: those that the layer uses.
        base: the folder from which relative files are meant.

    Raises: LegendError: no matrix has such a scale denominator.
    """
    if all(legend.drawn for legend in plan.legends):
        return plan
    scales = [matrix.scale_denominator for each in matrix_sets.values() for matrix in each.matrices]
    return replace(plan, legends=tuple(_placed(each, scales, base) for each in plan.legends))


def _placed(legend: Legend, scales: Sequence[float], base: Path) -> Legend:
    return replace(
        legend,
        file=str(base / legend.file) if legend.file else "",
        min_scale_denominator=_bound(legend, legend.min_scale_denominator, scales),
        max_scale_denominator=_bound(legend, legend.max_scale_denominator, scales),
    )


def _bound(legend: Legend, written: float | None, scales: Sequence[float]) -> float | None:
    try:
        return _matched(written, scales)
    except LegendError:
        if legend.of_source:
            return None
        raise


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
