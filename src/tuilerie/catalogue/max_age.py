"""For how long clients may keep tiles, as the operator writes it: for a layer, and by matrix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from tuilerie.catalogue.fields import Identifier, Settings, Whole

__all__ = ["YEAR_S", "MaxAgeRule", "MaxAgeSettings", "MaxAges", "ages_by_matrix"]

YEAR_S = 31_536_000
"""More than a year is of no use: RFC 2616, 14.21 forbade it, and caches cut it."""

Seconds = Annotated[Whole, Field(ge=0, le=YEAR_S)]


def _plain(value: object) -> object:
    """Take a bare number for all matrices."""
    return {"default": value} if isinstance(value, int | float | str) else value


class MaxAgeRule(Settings):
    """Some matrices whose tiles clients may keep longer or shorter than the others."""

    id: Identifier = Field(
        description="A matrix set; the rule says nothing where a layer does not use it.",
        examples=["WebMercatorQuad"],
    )
    matrices: tuple[Identifier, Identifier] | None = Field(
        default=None,
        description="First (coarsest) and last (finest) matrix; all if absent.",
        examples=[[0, 5]],
    )
    seconds: Seconds | None = Field(
        description="Seconds that clients may keep these; 0 = ask again, null = nothing is said.",
        examples=[604800],
    )


class MaxAgeSettings(Settings):
    """For how long clients may keep tiles, by matrix."""

    default: Seconds | None = Field(
        default=3600,
        description="Seconds, for matrices that no rule names; 0 and null as for one number.",
        examples=[3600],
    )
    matrices: Annotated[tuple[MaxAgeRule, ...], Field(max_length=100)] = Field(
        default=(),
        description="Rules; the first that names a matrix counts.",
        examples=[[{"id": "WebMercatorQuad", "matrices": [0, 5], "seconds": 604800}]],
    )


MaxAges = Annotated[
    MaxAgeSettings, BeforeValidator(_plain, json_schema_input_type=Seconds | MaxAgeSettings)
]
"""Seconds for all matrices, or rules."""


def ages_by_matrix(
    settings: MaxAgeSettings, links: Collection[str], names: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], int | None]:
    """Return the seconds by (matrix set, matrix) where a rule says something else.

    Args:
        settings: a checked one.
        links: the matrix sets that the layer uses.
        names: the matrices of each of them, the coarsest first.
    """
    found: dict[tuple[str, str], int | None] = {}
    for rule in settings.matrices:
        matrices = names[rule.id] if rule.id in links else ()
        if rule.matrices is not None:
            matrices = _between(matrices, *rule.matrices)
        for matrix in matrices:
            found.setdefault((rule.id, matrix), rule.seconds)
    return {place: age for place, age in found.items() if age != settings.default}


def _between(names: Sequence[str], first: str, last: str) -> Sequence[str]:
    """Return the names from one to another; none if one of them is not there."""
    if first not in names or last not in names:
        return ()
    return names[names.index(first) : names.index(last) + 1]
