"""The dimensions of a layer: the operator's words and what the source has make the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tuilerie.catalogue.dimension_settings import (
    MAX_VALUES,
    DimensionSettings,
    NearestSettings,
    expanded,
    within,
)
from tuilerie.catalogue.dimensions import (
    Dimension,
    DimensionKind,
    MapOfSeries,
    Nearest,
    Series,
    SeriesDescription,
    canonical_value,
    parse_number,
)
from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.iso8601 import parse_time
from tuilerie.catalogue.keywords import grouped, ungrouped
from tuilerie.catalogue.model import SourceDescription
from tuilerie.catalogue.places import join_pointer

__all__ = ["Compiled", "compile_dimensions"]

Report = Callable[[str, str, str], None]
"""Told what is wrong: message, hint, pointer."""

_SHOWN = 3
_FORMS: Mapping[DimensionKind, str] = {
    "time": "write times such as 2020, 2020-03-01 or 2020-03-01T12:30:00Z, or first/last/step",
    "elevation": "write numbers, or first/last/step",
    "band": "write a text of at most 200 characters other than default and current",
    "list": "write a text of at most 200 characters other than default and current",
}


class Compiled(NamedTuple):
    """What a layer gets."""

    dimensions: tuple[Dimension, ...] = ()
    series: Series = MappingProxyType({})


def compile_dimensions(
    settings: Mapping[str, DimensionSettings],
    described: SourceDescription,
    source: str,
    pointer: str,
    report: Report,
) -> Compiled:
    """Return the dimensions of a layer with the maps that its source has for them.

    Args:
        settings: as written, by identifier.
        described: the source.
        source: its identifier.
        pointer: the layer's place in the document.
        report: told everything that is wrong.
    """
    series = described.series
    if described.dimensions:
        if settings:
            report(
                f"the source {source!r} says itself which dimensions it has",
                "remove them here",
                f"{pointer}/dimensions",
            )
        return Compiled(described.dimensions)
    if series is None and settings:
        report(
            f"the source {source!r} shows the same whatever the values of dimensions are",
            "give the layer a source of kind series, or remove its dimensions",
            f"{pointer}/dimensions",
        )
    if series is None or not _agree(settings, series.dimensions, source, pointer, report):
        return Compiled()
    wanted = [
        _Wanted(name, each, join_pointer("dimensions", name)) for name, each in settings.items()
    ]
    maps = _maps(wanted, series, pointer, report)
    dimensions = []
    for place, one in enumerate(wanted):
        here = pointer + one.pointer
        values = _values(one, (key[place] for key in maps), here, report)
        dimensions.append(_dimension(one, values, here, report))
    return Compiled(tuple(dimensions), maps)


class _Wanted(NamedTuple):
    name: str
    settings: DimensionSettings
    pointer: str


def _agree(
    settings: Mapping[str, DimensionSettings],
    known: Sequence[str],
    source: str,
    pointer: str,
    report: Report,
) -> bool:
    """Tell whether the layer has the dimensions that its source has, or say which it lacks."""
    absent = [name for name in known if name not in settings]
    unknown = [name for name in settings if name not in known]
    if absent:
        report(
            f"the source {source!r} has a map for each {' and '.join(known)}, "
            f"of which the layer says nothing of {listed(absent)}",
            f"write `dimensions: {{{absent[0]}: {{kind: {_likely(absent[0])}}}}}`",
            f"{pointer}/dimensions" if settings else pointer,
        )
    for name in unknown:
        report(
            f"the source {source!r} knows nothing of {name!r}",
            f"its dimensions are {listed(known)}",
            f"{pointer}{join_pointer('dimensions', name)}",
        )
    return not absent and not unknown


def _likely(name: str) -> str:
    return name if name in ("time", "elevation", "band") else "list"


def _maps(
    wanted: Sequence[_Wanted], series: SeriesDescription, pointer: str, report: Report
) -> dict[tuple[str, ...], MapOfSeries]:
    """Return the maps by canonical values; those whose values are none are told of."""
    maps: dict[tuple[str, ...], MapOfSeries] = {}
    wrong: dict[str, list[str]] = {}
    spelled: dict[tuple[str, str], str] = {}
    order = [series.dimensions.index(one.name) for one in wanted]
    for texts, found in series.maps.items():
        key = []
        for one, place in zip(wanted, order, strict=True):
            text = texts[place]
            try:
                value = canonical_value(one.settings.kind, text)
            except ValueError:
                wrong.setdefault(one.name, []).append(text)
                continue
            if one.settings.ignore_case:
                value = spelled.setdefault((one.name, value.casefold()), value)
            key.append(value)
        if len(key) == len(wanted):
            maps[tuple(key)] = _joined(maps.get(tuple(key)), found)
    for one in wanted:
        if one.name in wrong:
            refused = wrong[one.name]
            report(
                f"the source has values that are no {one.settings.kind}: "
                f"{listed([text[:60] for text in refused], _SHOWN)}",
                "mend the files' names or the query, or write another kind",
                f"{pointer}{one.pointer}/kind",
            )
    return maps


def _joined(before: MapOfSeries | None, more: MapOfSeries) -> MapOfSeries:
    """Put the files of two spellings of the same values together."""
    if before is None:
        return more
    return MapOfSeries(before.files + more.files, f"{before.fingerprint}+{more.fingerprint}")


def _values(one: _Wanted, found: Iterable[str], pointer: str, report: Report) -> tuple[str, ...]:
    """Return the values of a dimension in order; () if something was wrong, which was told."""
    settings = one.settings
    if settings.values is None:
        values = list(dict.fromkeys(found))
    else:
        values = list(_written(settings, pointer, report))
    if len(values) > MAX_VALUES:
        report(
            f"the dimension has {len(values):,} values, at most {MAX_VALUES:,} are possible",
            "name some in `values`, or make several layers of it",
            pointer,
        )
        return ()
    if settings.kind == "time":
        values.sort(key=parse_time)
    elif settings.kind == "elevation":
        values.sort(key=parse_number)
    elif settings.values is None:
        values.sort()
    return tuple(values)


def _written(settings: DimensionSettings, pointer: str, report: Report) -> Iterator[str]:
    """Yield the values that the operator wrote; one that comes twice is told of."""
    seen: set[str] = set()
    for n, text in enumerate(settings.values or ()):
        try:
            values = expanded(settings.kind, text)
        except ValueError as error:
            message = f"{text[:80]!r} cannot be a value: {error}"
            report(message, _FORMS[settings.kind], f"{pointer}/values/{n}")
            continue
        for value in values:
            folded = value.casefold() if settings.ignore_case else value
            if folded in seen:
                report(
                    f"the value {value[:80]!r} is here twice, perhaps in two spellings",
                    "remove one",
                    f"{pointer}/values/{n}",
                )
                break
            seen.add(folded)
            yield value


def _dimension(one: _Wanted, values: tuple[str, ...], pointer: str, report: Report) -> Dimension:
    settings = one.settings
    default, moves = _default(settings, values, pointer, report)
    if settings.current and settings.kind != "time":
        report("only times can be current", "remove current", f"{pointer}/current")
    return Dimension(
        identifier=one.name,
        kind=settings.kind,
        values=values,
        title=settings.title,
        abstract=settings.abstract,
        keywords=ungrouped(settings.keywords),
        keyword_groups=grouped(settings.keywords),
        uom=settings.uom or ("ISO8601" if settings.kind == "time" else ""),
        unit_symbol=settings.unit_symbol,
        default=default,
        default_moves=moves,
        current=settings.current,
        nearest=_nearest(settings, pointer, report),
        ignore_case=settings.ignore_case,
        moving_max_age_s=settings.moving_max_age_s,
    )


def _default(
    settings: DimensionSettings, values: tuple[str, ...], pointer: str, report: Report
) -> tuple[str | None, bool]:
    """Return the default value, and whether another state of the layer may have another."""
    written = settings.default
    if not values:
        return None, False  # told already
    if written is None:
        if "default" in settings.model_fields_set:
            return None, False
        written = "last" if settings.kind == "time" else "first"
    if written in ("first", "last") and written not in values:
        return values[0 if written == "first" else -1], settings.values is None
    try:
        value = canonical_value(settings.kind, written)
    except ValueError:
        value = ""
    folded = {each.casefold(): each for each in values} if settings.ignore_case else {}
    value = folded.get(value.casefold(), value)
    if value not in values:
        report(
            f"the default {written[:80]!r} is not one of the values",
            f"write one of {listed(values)}, or first or last",
            f"{pointer}/default",
        )
    return value, False


def _nearest(settings: DimensionSettings, pointer: str, report: Report) -> Nearest | None:
    policy: NearestSettings | None = settings.nearest
    if policy is None:
        return None
    if settings.kind not in ("time", "elevation"):
        report(
            f"values of a {settings.kind} are not near each other",
            "remove it",
            f"{pointer}/nearest",
        )
        return None
    if policy.within is None:
        return Nearest(policy.direction)
    try:
        return Nearest(policy.direction, within(settings.kind, policy.within))
    except ValueError:
        report(
            f"{policy.within[:80]!r} is no distance here",
            "write a duration such as P1D or PT30M"
            if settings.kind == "time"
            else "write a number of at least 0",
            f"{pointer}/nearest/within",
        )
        return None
