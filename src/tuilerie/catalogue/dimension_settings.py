"""The dimensions of a layer as an operator writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.dimensions import (
    DimensionKind,
    Direction,
    canonical_value,
    parse_number,
)
from tuilerie.catalogue.fields import Flag, Line, LocalText, Settings, Whole, spelled
from tuilerie.catalogue.iso8601 import parse_duration, parse_time, time_range
from tuilerie.catalogue.keywords import Keywords
from tuilerie.catalogue.texts import NO_TEXT

__all__ = ["MAX_DIMENSIONS", "MAX_VALUES", "DimensionName", "DimensionSettings", "Dimensions",
           "NearestSettings", "expanded", "is_dimension_name", "within"]  # fmt: skip

MAX_DIMENSIONS = 10
MAX_VALUES = 50_000
"""Values of one dimension; each is an element of the capabilities."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,49}", re.ASCII)
_TAKEN = frozenset(
    [
        "service",
        "request",
        "version",
        "layer",
        "style",
        "format",
        "tilematrixset",
        "tilematrix",
        "tilerow",
        "tilecol",
        "i",
        "j",
        "infoformat",
        "sections",
        "acceptversions",
        "acceptformats",
        "updatesequence",
    ]
)
"""Parameters of the standard: a dimension of such a name could not be asked for."""


def is_dimension_name(text: str) -> bool:
    """Return whether a dimension of this name can be asked for."""
    return bool(_NAME.fullmatch(text)) and text.lower() not in _TAKEN


def _dimension_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise PydanticCustomError(
            "dimension_name", "{text} cannot name a dimension", {"text": repr(text)[:60]}
        )
    if text.lower() in _TAKEN:
        raise PydanticCustomError(
            "dimension_taken", "{text} is a parameter of every request", {"text": repr(text)}
        )
    return text


def _listed(value: object) -> object:
    """Take one value for a list of one."""
    value = spelled(value)
    return [value] if isinstance(value, str) else value


def _switch(value: object) -> object:
    """Take true for the policy without bounds, false for none."""
    if value is True:
        return {}
    return None if value is False else value


def _different(names: Mapping[str, object]) -> Mapping[str, object]:
    """Refuse names that only their case tells apart: parameters are found in any case (8.2)."""
    if len({name.lower() for name in names}) < len(names):
        raise PydanticCustomError(
            "dimension_twice", "two dimensions differ by the case of their names only"
        )
    return names


DimensionName = Annotated[
    str,
    BeforeValidator(spelled, json_schema_input_type=str),
    AfterValidator(_dimension_name),
    Field(json_schema_extra={"minLength": 1, "maxLength": 50}),
]


class NearestSettings(Settings):
    """Which value stands for one that the layer does not have."""

    direction: Direction = Field(
        default="either",
        description="Which neighbour is taken: either = the nearer one, before, after.",
        examples=["before"],
    )
    within: Line | None = Field(
        default=None,
        description="How far it may be: a duration or, for elevation, a number; any if absent.",
        examples=["PT30M", "50"],
    )


class DimensionSettings(Settings):
    """What may be asked of a layer beside place and scale (OGC 07-057r7, Table 9)."""

    kind: DimensionKind = Field(
        description="time: ISO 8601; elevation: numbers; band and list: any texts.",
        examples=["time"],
    )
    title: LocalText = Field(
        default=NO_TEXT,
        description="Name for people, in one or several languages.",
        examples=["Time", {"en": "Time", "fr": "Date"}],
    )
    abstract: LocalText = Field(
        default=NO_TEXT, description="What its values mean.", examples=["Start of the month."]
    )
    keywords: Keywords = Field(
        default=(), description="Words to find it by.", examples=[["season"]]
    )
    uom: Line = Field(
        default="",
        description="Unit of measure; ISO8601 for time if absent.",
        examples=["ISO8601", "EPSG:5030"],
    )
    unit_symbol: Line = Field(default="", description="Symbol of the unit.", examples=["m"])
    values: (
        Annotated[
            tuple[Line, ...],
            BeforeValidator(_listed, json_schema_input_type=str | float | list[str | float]),
            Field(min_length=1, max_length=MAX_VALUES),
        ]
        | None
    ) = Field(
        default=None,
        description="Values and ranges first/last/step; all that the source has if absent.",
        examples=[["2020-01-01/2020-12-01/P1M", "2021-06-15"]],
    )
    default: Line | None = Field(
        default=None,
        description=(
            "Value of requests that say none; first or last = whichever that is; null = requests "
            "must say one. If absent, the last for time, the first for others."
        ),
        examples=["last"],
    )
    current: Flag = Field(
        default=False,
        description="Whether `current` may be asked for: the latest time that is not to come.",
        examples=[True],
    )
    nearest: Annotated[
        NearestSettings | None,
        BeforeValidator(_switch, json_schema_input_type=bool | NearestSettings | None),
    ] = Field(
        default=None,
        description="Serve a neighbour for values that are not there; else they are refused.",
        examples=[{"direction": "before", "within": "P1D"}],
    )
    ignore_case: Flag = Field(
        default=False, description="Whether capitals make no difference.", examples=[True]
    )
    moving_max_age_s: Annotated[Whole, Field(ge=0, le=31_536_000)] = Field(
        default=60,
        description=(
            "Seconds that clients may keep a tile at most whose address does not name its value: "
            "by default, current or nearest."
        ),
        examples=[60],
    )


Dimensions = Annotated[
    Mapping[DimensionName, DimensionSettings],
    Field(max_length=MAX_DIMENSIONS),
    AfterValidator(_different),
]


def expanded(kind: DimensionKind, text: str) -> list[str]:
    """Return the values that an entry of `values` says, in canonical spelling.

    Raises: ValueError: what is wrong with it, in words.
    """
    parts = text.split("/")
    if kind in ("band", "list") or len(parts) == 1:
        return [canonical_value(kind, text)]
    if len(parts) != 3:
        raise ValueError("a range is first/last/step")
    found = _times(*parts) if kind == "time" else _numbers(*parts)
    if not found:
        raise ValueError("the range ends before it begins")
    if len(found) > MAX_VALUES:
        raise ValueError(f"the range has more than {MAX_VALUES:,} values")
    return found


def _times(first: str, last: str, step: str) -> list[str]:
    found = time_range(parse_time(first), parse_time(last), parse_duration(step))
    return [each.text for each in islice(found, MAX_VALUES + 1)]


def _numbers(first: str, last: str, step: str) -> list[str]:
    start, end, stride = map(parse_number, (first, last, step))
    if stride <= 0:
        raise ValueError("the step must be more than 0")
    count = min(MAX_VALUES + 1, int((end - start) // stride) + 1 if end >= start else 0)
    return [canonical_value("elevation", f"{start + n * stride:f}") for n in range(count)]


def within(kind: DimensionKind, text: str) -> Decimal:
    """Return a tolerance in nanoseconds or in the unit. Raises: ValueError."""
    if kind == "time":
        return Decimal(parse_duration(text).longest)
    distance = parse_number(text)
    if distance < 0:
        raise ValueError("a distance below 0")
    return distance
