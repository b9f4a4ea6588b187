"""The dimensions of a layer: what may be asked beside place and scale (OGC 07-057r7, Table 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from tuilerie.catalogue.iso8601 import parse_time
from tuilerie.catalogue.metadata import KeywordGroup
from tuilerie.catalogue.texts import NO_TEXT, Text

__all__ = [
    "CURRENT",
    "DEFAULT",
    "Dimension",
    "DimensionKind",
    "Direction",
    "MapOfSeries",
    "Nearest",
    "Series",
    "SeriesDescription",
    "canonical_value",
    "parse_number",
]

DimensionKind = Literal["time", "elevation", "band", "list"]
Direction = Literal["either", "before", "after"]

DEFAULT = "default"
CURRENT = "current"
"""The keywords that stand for values in a request; no value has such a name (Table 9)."""

_LONGEST_NUMBER = 40
_FARTHEST = 30
"""Powers of ten within which a number must lie: the text of 1e999999 would fill the memory."""


class Nearest(NamedTuple):
    """What a value that a layer does not have stands for.

    Attributes:
        direction: which neighbour is taken; "either" the nearer one.
        within: how far it may be, in nanoseconds of time or the unit of an elevation; None =
            anywhere.
    """

    direction: Direction = "either"
    within: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of a layer.

    Attributes:
        uom: name of the unit of measure; "" = none.
        values: in canonical spelling, each once, from the earliest or lowest; those of "band"
            and "list" in the operator's order. Never empty.
        default: one of the values; None = a request must say one.
        default_moves: whether the default is the first or last value, whatever that is today.
        current: whether "current" is a value: the latest one that is not in the future.
        nearest: None = only the values themselves are served.
        ignore_case: whether "Red" is the value "red".
        moving_max_age_s: for how long clients may keep a tile at most where the address does not
            name the value itself.
    """

    identifier: str
    kind: DimensionKind
    values: tuple[str, ...]
    title: Text = NO_TEXT
    abstract: Text = NO_TEXT
    keywords: tuple[Text, ...] = ()
    keyword_groups: tuple[KeywordGroup, ...] = ()
    uom: str = ""
    unit_symbol: str = ""
    default: str | None = None
    default_moves: bool = False
    current: bool = False
    nearest: Nearest | None = None
    ignore_case: bool = False
    moving_max_age_s: int = 60


class MapOfSeries(NamedTuple):
    """The map of one combination of values.

    Attributes:
        files: below the folder of the series, in the order in which they are drawn.
        fingerprint: changes whenever their pixels may have changed.
    """

    files: tuple[str, ...]
    fingerprint: str


Series = Mapping[tuple[str, ...], MapOfSeries]
"""The maps that a layer has, by its values in the order of its dimensions."""


class SeriesDescription(NamedTuple):
    """What a source says of the maps that it has.

    Attributes:
        dimensions: their names.
        maps: by the texts of their values, in that order, as files or database spell them.
        query: fingerprint of what a database said; "" = no database was asked.
    """

    dimensions: tuple[str, ...]
    maps: Series
    query: str = ""


def canonical_value(kind: DimensionKind, text: str) -> str:
    """Return the one spelling of a value. Raises: ValueError: it is no value of this kind."""
    text = text.strip()
    return _CANONICAL[kind](text)


def parse_number(text: str) -> Decimal:
    """Return the number that a text says, exactly. Raises: ValueError: none, or no sane one."""
    if len(text) > _LONGEST_NUMBER or not text.isascii() or "_" in text:
        raise ValueError("no number")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("no number") from None
    if not number.is_finite() or abs(number.adjusted()) > _FARTHEST:
        raise ValueError("no number that a place has")
    return number


def _time(text: str) -> str:
    return parse_time(text).text


def _number(text: str) -> str:
    number = parse_number(text)
    written = f"{number:f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if not number else written


def _word(text: str) -> str:
    """Check what stands in addresses and the names of files, as `identifier_fault` does."""
    if not text or len(text) > _LONGEST_WORD or not text.isprintable() or text in (".", ".."):
        raise ValueError(f"no text of 1 to {_LONGEST_WORD} printable characters")
    if text.lower() in (DEFAULT, CURRENT):
        raise ValueError("this word stands for another value (OGC 07-057r7, Table 9)")
    return text


_LONGEST_WORD = 200
_CANONICAL: Mapping[DimensionKind, Callable[[str], str]] = {
    "time": _time,
    "elevation": _number,
    "band": _word,
    "list": _word,
}
