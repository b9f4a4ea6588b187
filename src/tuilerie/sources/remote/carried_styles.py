"""A remote's styles and dimensions under identifiers of ours, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tuilerie.catalogue.dimension_settings import (
    MAX_DIMENSIONS,
    MAX_VALUES,
    expanded,
    is_dimension_name,
)
from tuilerie.catalogue.dimensions import Dimension, DimensionKind, Nearest, canonical_value
from tuilerie.catalogue.fields import identifier_fault
from tuilerie.catalogue.iso8601 import parse_time
from tuilerie.catalogue.model import SourceLegend, SourceStyle
from tuilerie.catalogue.texts import NO_TEXT, Text

__all__ = ["RemoteLook", "RemoteValues", "Spellings", "carried_dimensions", "carried_styles"]

Spellings = Mapping[tuple[str, str], str]
"""The remote's spelling of a value, by our dimension and our spelling."""


class RemoteLook(NamedTuple):
    """A style as a remote has it, whichever the protocol."""

    name: str
    title: str = ""
    abstract: str = ""
    legends: tuple[SourceLegend, ...] = ()


class RemoteValues(NamedTuple):
    """A dimension as a remote has it, whichever the protocol.

    Attributes:
        values: single ones, or intervals "start/end/period".
        default: "" = none is said.
    """

    name: str
    title: str
    unit: str
    unit_symbol: str
    default: str
    values: tuple[str, ...]
    current: bool = False
    nearest: bool = False


def carried_styles(styles: Iterable[RemoteLook], default: str) -> tuple[SourceStyle, ...]:
    """Return the styles, the default first; those that cannot be named here are left out.

    Args:
        default: name of the one that comes first.
    """
    found: dict[str, SourceStyle] = {}
    for look in styles:
        identifier = look.name if not identifier_fault(look.name) else "default"
        found.setdefault(identifier, SourceStyle(identifier, *look))
    return tuple(sorted(found.values(), key=lambda style: style.name != default))


def carried_dimensions(
    offered: Iterable[RemoteValues],
) -> tuple[tuple[Dimension, ...], Spellings, tuple[str, ...]]:
    """Return the dimensions, how the remote spells their values, and what was left out."""
    found: list[Dimension] = []
    spellings: dict[tuple[str, str], str] = {}
    warnings: list[str] = []
    for one in offered:
        if not is_dimension_name(one.name) or len(found) == MAX_DIMENSIONS or not one.values:
            warnings.append(
                f"the dimension {one.name[:60]!r} cannot be asked for here: the remote's default "
                "is shown"
            )
            continue
        kind = _kind(one)
        values = _values(one, kind, spellings)
        if len(values) > MAX_VALUES:
            warnings.append(
                f"of the dimension {one.name!r} the last {MAX_VALUES:,} values are served"
            )
            values = values[-MAX_VALUES:]
        found.append(_dimension(one, kind, values))
    return tuple(found), spellings, tuple(warnings)


def _kind(one: RemoteValues) -> DimensionKind:
    """Return the kind that all values are of."""
    guesses: tuple[DimensionKind, ...] = ()
    if one.name.lower() == "time" or one.unit.upper() == "ISO8601":
        guesses = ("time",)
    elif one.name.lower() == "elevation":
        guesses = ("elevation",)
    for kind in guesses:
        try:
            for text in one.values:
                expanded(kind, text)
        except ValueError:
            continue
        return kind
    return "list"


def _values(
    one: RemoteValues, kind: DimensionKind, spellings: dict[tuple[str, str], str]
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in one.values:
        try:
            each = expanded(kind, text)
        except ValueError:
            continue  # a word that no value can be, of a list
        found |= dict.fromkeys(each)
        if len(each) == 1 and each[0] != text.strip():
            spellings[one.name, each[0]] = text.strip()
    if kind == "time":
        return tuple(sorted(found, key=parse_time))
    return tuple(sorted(found, key=float)) if kind == "elevation" else tuple(found)


def _dimension(one: RemoteValues, kind: DimensionKind, values: tuple[str, ...]) -> Dimension:
    moves = not one.default or one.default == "current"
    default = values[-1] if kind == "time" else values[0]
    if not moves:
        try:
            said = canonical_value(kind, one.default)
        except ValueError:
            said = ""
        default = said if said in values else default
    return Dimension(
        identifier=one.name,
        kind=kind,
        values=values,
        title=Text((("", one.title),)) if one.title else NO_TEXT,
        uom=one.unit or ("ISO8601" if kind == "time" else ""),
        unit_symbol=one.unit_symbol,
        default=default,
        default_moves=moves,
        current=one.current and kind == "time",
        nearest=Nearest() if one.nearest and kind in {"time", "elevation"} else None,
    )
