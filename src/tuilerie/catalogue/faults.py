"""Says in plain words what pydantic found wrong, and what to write instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tuilerie.catalogue.places import Places, join_pointer
from tuilerie.catalogue.shape import example_at, keys_at, kinds_at, pointer_parts
from tuilerie.errors import Problem
from tuilerie.formats import FORMATS

__all__ = ["Suggestions", "listed", "problems_of", "shown"]

_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a block of keys",
    "mapping_type": "a block of keys",
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "local_text": "a text",
    "range": "a range",
    "finite_number": "a finite number",
}
_HINTS = {
    "local_text": "write a text, or one for each language: {en: World, fr: Monde}",
    "language": "write tags such as en, fr or pt-BR",
    "language_text": "write it, or remove the language",
    "colour": 'write red, green, blue as "#rrggbb", in quotes',
    "extent": "write [left, bottom, right, top] with left < right and bottom < top",
    "range_order": "write the smaller one first",
    "range": "write [minimum, maximum], or auto",
    "ramp": 'write `ramp: terrain`, or `stops: [[0, "#00aa00"], [1000, "#ffaa00"]]`',
    "stops": "sort them by value, each value once",
    "stops_range": "remove range, or name a ramp instead of writing stops",
    "cells": "write cell_sizes, or scale_denominators, or first_cell_size and levels",
    "levels": "write both, or cell_sizes",
    "one_cell": "write one of the two",
    "one_corner": "write one of the two",
    "url": "write for example https://maps.example.org",
    "uri": "write for example https://example.org/id/quality",
    "media_type": "write for example image/png",
    "legend": "write url: or file:, one of the two",
    "legend_format": "write format: with its media type",
    "date": 'write year-month-day in quotes: "2026-01-31"',
    "email": "write for example maps@example.org",
    "dates": "write created, revised or published",
    "inspire": "write metadata_url: with the address of the service's metadata record",
    "path": "write where the data is, from the catalogue's folder",
    "series": "write files: or query:, one of the two",
    "pmtiles_place": "write path: for a file of this machine, url: for one at an address",
    "mbtiles_address": (
        "copy it here and write its path, or convert it (`pmtiles convert world.mbtiles "
        "world.pmtiles`) and write kind: pmtiles with its url"
    ),
    "file_pattern": "write for example rain_{time:%Y%m%d}.tif, or {time:%Y}/*_{level}.tif",
    "dimension_name": "write letters, digits, - _ and ., at most 50, a letter first",
    "dimension_taken": "give the dimension another name",
    "dimension_twice": "give one of them another name",
    "text": "remove it",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


class Suggestions:
    """Finds the name that was probably meant; stops looking when that would take too long."""

    def __init__(self, budget: int = 40_000) -> None:
        self._budget = budget

    def hint(self, wrong: object, names: Iterable[str], what: str) -> str:
        """Return "did you mean …", or the names that there are."""
        known = list(names)
        if not known:
            return f"there are no {what} here"
        self._budget -= len(known)
        if self._budget > 0:
            close = get_close_matches(str(wrong)[:200], known, n=1, cutoff=0.6)
            if close:
                return f"did you mean {close[0]!r}?"
        return f"the {what} are {listed(known)}"


def listed(names: Iterable[object], most: int = 30) -> str:
    """Return names with commas between, the last ones left out if there are many."""
    every = [str(name) for name in names]
    more = f", … ({len(every)} in all)" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def shown(value: object) -> str:
    """Return a value as the operator would recognise it, cut short."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def problems_of(
    error: ValidationError, data: Any, places: Places, suggestions: Suggestions
) -> list[Problem]:
    """Return one problem for each fault, with its place in the operator's file."""
    return [
        _problem(fault, data, places, suggestions)
        for fault in error.errors(include_url=False)
        if not _follows(fault)
    ]


def _follows(fault: ErrorDetails) -> bool:
    """Return whether a list is called short only because its entries are at fault themselves."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _problem(fault: ErrorDetails, data: Any, places: Places, suggestions: Suggestions) -> Problem:
    message, hint = _SAY.get(fault["type"], _say_other)(fault, suggestions)
    location = fault["loc"]
    pointer = join_pointer(*pointer_parts(data, location))
    at_key = fault["type"] == "extra_forbidden" or "[key]" in location
    return places.place(Problem(message, hint, pointer), key=at_key)


def _say_missing(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    name = fault["loc"][-1]
    if isinstance(name, int):
        example = shown(example_at(fault["loc"][:-1]))
        return f"the list ends before its entry {name + 1}", f"write for example {example}"
    return f"the key {name!r} is missing", f"write for example `{name}: {_example(fault)}`"


def _say_unknown(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    name = str(fault["loc"][-1])
    keys = keys_at(fault["loc"][:-1])
    return f"unknown key {name[:80]!r}", suggestions.hint(name, keys, "keys")


def _say_not_listed(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    if fault["loc"] == ("tuilerie",):
        return f"version {shown(fault['input'])} of the format is unknown", "write `tuilerie: 1`"
    expected = [
        each.strip(" '") for each in fault["ctx"]["expected"].replace(" or ", ",").split(",")
    ]
    return _not_possible(fault["input"]), suggestions.hint(fault["input"], expected, "values")


def _say_wrong_kind(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    kinds = kinds_at(fault["loc"])
    wrong = fault["ctx"]["tag"]
    return f"{wrong[:80]!r} is no kind that is known here", suggestions.hint(wrong, kinds, "kinds")


def _say_no_kind(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    if not isinstance(fault["input"], dict):
        return _say_other(fault | {"type": "dict_type"}, suggestions)
    return (
        "the key 'kind' is missing",
        f"write `kind:` with one of {listed(kinds_at(fault['loc']))}",
    )


def _say_bound(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    name, words = _BOUNDS[fault["type"]]
    bound = fault["ctx"][name]
    return f"{shown(fault['input'])} is out of bounds", f"write a number of {words} {bound:,}"


def _say_length(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    context = fault["ctx"]
    few = fault["type"] == "too_short"
    bound = context["min_length"] if few else context["max_length"]
    words = "at least" if few else "at most"
    return (
        f"the list has {context['actual_length']} entries, {words} {bound} are wanted",
        f"for example {_example(fault)}",
    )


def _say_format(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    names = [fmt.media_type for fmt in FORMATS]
    return f"{shown(fault['input'])} is not a tile format", suggestions.hint(
        fault["input"], names, "formats"
    )


def _say_other(fault: ErrorDetails, suggestions: Suggestions) -> tuple[str, str]:
    kind, value = fault["type"], fault["input"]
    if value is None:
        return "nothing is written here", (
            f"write for example {_example(fault)}, or remove the key; what begins with # must be "
            "in quotes"
        )
    if kind not in _KINDS:
        return fault["msg"], _HINTS.get(kind, "")
    message = f"{shown(value)} stands where {_KINDS[kind]} is wanted"
    if kind == "string_type" and isinstance(value, bool):
        return message, f'put it in quotes: "{str(value).lower()}"'
    return message, _HINTS.get(kind) or f"write for example {_example(fault)}"


def _not_possible(value: object) -> str:
    return f"{shown(value)} is not possible here"


def _example(fault: ErrorDetails) -> str:
    """Return what could stand in the field at fault."""
    example = example_at(fault["loc"])
    return "…" if example is None else shown(example)


_SAY: dict[str, Callable[[ErrorDetails, Suggestions], tuple[str, str]]] = {
    "missing": _say_missing,
    "extra_forbidden": _say_unknown,
    "literal_error": _say_not_listed,
    "union_tag_invalid": _say_wrong_kind,
    "union_tag_not_found": _say_no_kind,
    "too_short": _say_length,
    "too_long": _say_length,
    "format": _say_format,
    **dict.fromkeys(_BOUNDS, _say_bound),
}
