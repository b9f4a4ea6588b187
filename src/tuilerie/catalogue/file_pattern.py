"""Names of files that say the values of dimensions: `{time:%Y}/rain_{time:%m%d}_{level}.tif`.

`{name}` is the text of a value, never across folders; `{name:%Y%m%d}` a time, whose parts may
stand in several places of one pattern. `*` and `?` are as in shells, all else is itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tuilerie.catalogue.iso8601 import parse_time

__all__ = ["FilePattern", "parse_file_pattern"]

_PLACE = re.compile(r"\{([A-Za-z][A-Za-z0-9_-]*)(?::([^{}/]*))?\}|([*?{}])|([^*?{}]+)", re.ASCII)
_TIME_PARTS = {
    "Y": ("year", r"\d{4}"),
    "m": ("month", r"\d\d"),
    "d": ("day", r"\d\d"),
    "j": ("day_of_year", r"\d{3}"),
    "H": ("hour", r"\d\d"),
    "M": ("minute", r"\d\d"),
    "S": ("second", r"\d\d"),
    "f": ("fraction", r"\d{1,9}"),
}
_NEEDED = {
    "month": "year",
    "day": "month",
    "day_of_year": "year",
    "hour": "day",
    "minute": "hour",
    "second": "minute",
    "fraction": "second",
}
"""Which part says nothing without which other; a day of the year stands for month and day."""


class _Group(NamedTuple):
    """What one group of the expression is: a part of a dimension's time ("" = its whole text)."""

    dimension: str
    part: str


class FilePattern:
    """A pattern that `parse_file_pattern` has understood.

    Attributes:
        text: as written.
        dimensions: the names in it, in their order.
        folders: how many folders deep the files lie.
    """

    def __init__(
        self, text: str, segments: tuple[re.Pattern[str], ...], groups: tuple[_Group, ...]
    ) -> None:
        self.text = text
        self.folders = len(segments) - 1
        self.dimensions = tuple(dict.fromkeys(group.dimension for group in groups))
        self._segments = segments
        self._groups = groups

    def matches(self, depth: int, name: str) -> bool:
        """Tell whether a folder or file at a depth (0 = the outermost) could be part of a match."""
        return self._segments[depth].fullmatch(name) is not None

    def values(self, path: str) -> tuple[tuple[str, str], ...] | None:
        """Return the values that a path below the folder says; None if it does not match.

        A path that says two different values of one dimension does not match.
        """
        parts = path.split("/")
        if len(parts) != len(self._segments):
            return None
        texts: list[str] = []
        for segment, part in zip(self._segments, parts, strict=True):
            found = segment.fullmatch(part)
            if found is None:
                return None
            texts += found.groups()
        said: dict[str, dict[str, str]] = {}
        for (dimension, part), text in zip(self._groups, texts, strict=True):
            if said.setdefault(dimension, {}).setdefault(part, text) != text:
                return None
        try:
            return tuple((dimension, _value(parts)) for dimension, parts in said.items())
        except ValueError:
            return None  # 2020-02-30: digits, but no day


def parse_file_pattern(text: str) -> FilePattern:
    """Return a pattern of paths below a folder.

    Raises: ValueError: what is wrong with it, in words.
    """
    names = text.split("/")
    if any(name in ("", ".", "..") for name in names):
        raise ValueError("the pattern must lead from the folder downwards, without . and ..")
    groups: list[_Group] = []
    segments = tuple(re.compile("".join(_expression(name, groups)), re.ASCII) for name in names)
    pattern = FilePattern(text, segments, tuple(groups))
    if not groups:
        raise ValueError("the pattern names no dimension")
    for dimension in pattern.dimensions:
        _check_parts(dimension, {part for name, part in groups if name == dimension})
    return pattern


def _expression(name: str, groups: list[_Group]) -> Iterator[str]:
    """Yield the regular expression of one segment, noting its groups."""
    for found in _PLACE.finditer(name):
        dimension, time_format, special, literal = found.groups()
        if literal is not None:
            yield re.escape(literal)
        elif special is not None:
            if special in "{}":
                raise ValueError("braces stand around {a dimension} or {time:%Y%m%d} only")
            yield "[^/]*?" if special == "*" else "[^/]"
        elif time_format is None:
            groups.append(_Group(dimension, ""))
            yield "([^/]+?)"
        else:
            yield from _time_expression(dimension, time_format, groups)


def _time_expression(dimension: str, written: str, groups: list[_Group]) -> Iterator[str]:
    rest = iter(written)
    for char in rest:
        if char != "%":
            yield re.escape(char)
            continue
        letter = next(rest, "")
        if letter == "%":
            yield "%"
        elif letter in _TIME_PARTS:
            part, digits = _TIME_PARTS[letter]
            groups.append(_Group(dimension, part))
            yield f"({digits})"
        else:
            known = " ".join(f"%{each}" for each in _TIME_PARTS)
            raise ValueError(f"{{{dimension}:…}} has %{letter}; known are {known}")


def _check_parts(dimension: str, parts: set[str]) -> None:
    if parts == {""}:
        return
    if "" in parts:
        raise ValueError(f"{{{dimension}}} stands once as a text and once as a time")
    for part in parts:
        needed = _NEEDED.get(part)
        whole_day = needed in ("day", "month") and "day_of_year" in parts
        if needed is not None and needed not in parts and not whole_day:
            raise ValueError(f"{{{dimension}:…}} has the {part} without the {needed}")
    if "year" not in parts:
        raise ValueError(f"{{{dimension}:…}} has no %Y")
    if "day_of_year" in parts and parts & {"month", "day"}:
        raise ValueError(f"{{{dimension}:…}} has the day twice")


def _value(parts: Mapping[str, str]) -> str:
    """Return the value that the parts say together. Raises: ValueError: no such time."""
    if "" in parts:
        return parts[""]
    if "day_of_year" in parts:
        day = parse_time(parts["year"]).later_day(int(parts["day_of_year"]) - 1).text
    else:
        day = "-".join(parts[name] for name in ("year", "month", "day") if name in parts)
    if "hour" in parts:
        clock = ":".join(parts[name] for name in ("hour", "minute", "second") if name in parts)
        fraction = f".{parts['fraction']}" if "fraction" in parts else ""
        day = f"{day}T{clock}{fraction}Z"
    return parse_time(day).text
