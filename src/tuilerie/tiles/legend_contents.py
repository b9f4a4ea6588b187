"""From a style to what its legend says in one language.

Whatever is shown is true: bars have the colours of the tiles at the values that stand beside
them, and where round values would not do justice to uneven stops, each stop has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from tuilerie.catalogue.metadata import LegendKey
from tuilerie.catalogue.model import StylePlan, Text
from tuilerie.raster.colour import Grey, PaletteColours, Ramp, Rgba
from tuilerie.raster.legend import (
    MAX_BAR_PX,
    MAX_ENTRIES,
    TICK_GAP_PX,
    Classes,
    ColourBar,
    Entry,
)
from tuilerie.raster.ramps import parse_colour
from tuilerie.tiles.legend_numbers import decimals_of, number_text, round_ticks
from tuilerie.tiles.styling import colouring

__all__ = ["legend_content"]

_LISTED_STOPS: Final = 24
"""Intervals that are told one by one; more of them make a bar."""
_MARKED_STOPS: Final = 12
"""Stops of a bar that each have their value beside them; of more, round values do."""
_NARROWEST: Final = 1e-290
_GAP: Final = TICK_GAP_PX / MAX_BAR_PX
_BLACK: Final[Rgba] = (0, 0, 0, 255)
_WHITE: Final[Rgba] = (255, 255, 255, 255)
_MORE: Final = {"en": "… and {count} more", "fr": "… et {count} autres"}

Place = Callable[[float], float]
"""From a value to its place on a bar, 0 to 1."""


def legend_content(plan: StylePlan, key: LegendKey, language: str) -> Classes | ColourBar:
    """Return what the legend of a style shows; `language` is a BCP 47 tag, "" = not said.

    Raises: ValueError: a style that has no legend, or a colour that should have been refused.
    """
    writer = _Writer(key, language)
    if plan.kind == "default":
        return writer.classes((number, parse_colour(colour)) for number, colour in key.colours)
    match colouring(plan):
        case PaletteColours(colours):
            return writer.classes(colours)
        case Grey(minimum, maximum):
            return writer.bar(((minimum, _BLACK), (maximum, _WHITE)), marked=False)
        case Ramp() as ramp:
            return writer.ramp(ramp, marked=bool(plan.parameters["stops"]))
    raise ValueError(f"a style of kind {plan.kind!r} has no legend")


class _Writer:
    """Writes in one language."""

    def __init__(self, key: LegendKey, language: str) -> None:
        self._key = key
        self._language = language
        self._labels = {value: self._said(text) for value, text in key.labels}
        title = self._said(key.title)
        self._title = f"{title} ({key.unit})" if title and key.unit else title or key.unit

    def _said(self, text: Text) -> str:
        return text.best((self._language,) if self._language else ())

    def classes(self, colours: Iterable[tuple[float, Rgba]]) -> Classes:
        """Return classes by their names; only those that have one, if any has."""
        named = [(self._labels.get(value, ""), value, colour) for value, colour in colours]
        if any(name for name, _, _ in named):
            named = [each for each in named if each[0]]
        else:
            # A colour that cannot be seen, and has no name, explains nothing.
            seen = [(value, colour) for _, value, colour in named if colour[3]]
            decimals = self._decimals([value for value, _ in seen])
            named = [(self._number(value, decimals), value, colour) for value, colour in seen]
        return self._entries([Entry(colour, name) for name, _, colour in named])

    def _entries(self, entries: Sequence[Entry]) -> Classes:
        # Classes of one name and colour are one thing to the reader.
        told = tuple(dict.fromkeys(entries))
        rest = len(told) - MAX_ENTRIES
        more = ""
        if rest > 0:
            words = _MORE.get(self._language.lower().split("-")[0], _MORE["en"])
            more = words.format(count=number_text(rest, 0, self._language))
        return Classes(self._title, told[:MAX_ENTRIES], more)

    def ramp(self, ramp: Ramp, *, marked: bool) -> Classes | ColourBar:
        """Return the legend of a ramp; `marked`: its stops are of the operator's choice."""
        if ramp.interpolation == "exact":
            return self.classes(ramp.stops)
        if ramp.interpolation == "linear":
            return self.bar(ramp.stops, marked=marked)
        if len(ramp.stops) <= _LISTED_STOPS:
            return self._intervals(ramp.stops)
        edges = [(value, colour) for (_, colour), (value, _) in pairwise(ramp.stops)]
        steps = [stop for pair in zip(ramp.stops, edges, strict=False) for stop in pair]
        return self.bar((*steps, ramp.stops[-1]), marked=False)

    def _intervals(self, stops: Sequence[tuple[float, Rgba]]) -> Classes:
        """Tell from where to where each colour holds, the highest first; the ends are open."""
        decimals = self._decimals([value for value, _ in stops])
        texts = [self._number(value, decimals) for value, _ in stops]
        entries = []
        for place, (value, colour) in enumerate(stops):
            if len(stops) == 1:
                told = texts[0]
            elif place == 0:
                told = f"< {texts[1]}"
            elif place == len(stops) - 1:
                told = f"≥ {texts[place]}"
            else:
                told = f"{texts[place]} – {texts[place + 1]}"
            entries.append(Entry(colour, self._labels.get(value) or told))
        return self._entries(entries[::-1])

    def bar(self, stops: Sequence[tuple[float, Rgba]], *, marked: bool) -> ColourBar | Classes:
        """Return a bar of colours mixed between stops."""
        values = [value for value, _ in stops]
        low, high = values[0], values[-1]
        if low == high:
            return self._entries([Entry(stops[-1][1], self._number(low, self._decimals([low])))])
        place: Place = _straight(low, high)
        if not _NARROWEST < high - low < math.inf:
            # Floats cannot divide such a range; its stops are told, one by one.
            place, ticks = _step_by_step(values), self._each(values)
        elif self._labels:
            ticks = self._labelled(low, high)
        elif self._key.ticks is None and marked and 2 < len(values) <= _MARKED_STOPS:
            ticks = self._numbered(list(dict.fromkeys(values)))
            if not _apart([place(value) for value, _ in ticks]):
                place, ticks = _step_by_step(values), self._each(values)
        else:
            ticks = self._round(low, high)
        marks = _thinned([(place(value), text) for value, text in ticks])
        return ColourBar(
            self._title, tuple((place(value), colour) for value, colour in stops), marks
        )

    def _labelled(self, low: float, high: float) -> list[tuple[float, str]]:
        return [(value, text) for value, text in self._labels.items() if low <= value <= high]

    def _numbered(self, values: Sequence[float]) -> list[tuple[float, str]]:
        decimals = self._decimals(values)
        return [(value, self._number(value, decimals)) for value in values]

    def _each(self, values: Sequence[float]) -> list[tuple[float, str]]:
        """Return each value once, with the decimals that it needs itself."""
        return [self._numbered([value])[0] for value in dict.fromkeys(values)]

    def _round(self, low: float, high: float) -> list[tuple[float, str]]:
        """Return round values, and both ends to a hundredth of the range."""
        inner = round_ticks(low, high, self._key.ticks or 5)
        width = high - low
        ends = [float(f"{end:.{_places(width)}f}") for end in (low, high)]
        near = width * _GAP * 1.2
        between = [value for value in inner if low + near < value < high - near]
        decimals = self._decimals(between or ends)
        outer = max(decimals, self._decimals(ends))
        first, last = [
            (end, self._number(told, outer)) for end, told in zip((low, high), ends, strict=True)
        ]
        return [first, *((v, self._number(v, decimals)) for v in between), last]

    def _decimals(self, values: Sequence[float]) -> int:
        return decimals_of(values) if self._key.decimals is None else self._key.decimals

    def _number(self, value: float, decimals: int) -> str:
        return number_text(value, decimals, self._language)


def _places(width: float) -> int:
    """Return the decimals that tell a hundredth of a range."""
    return next((places for places in range(11) if width * 10**places >= 100), 11)


def _straight(low: float, high: float) -> Place:
    return lambda value: (value - low) / (high - low)


def _step_by_step(values: Sequence[float]) -> Place:
    """Return a scale on which stops are equally far apart, straight between them.

    Stops such as 1, 10, 100, 1000 would lie on each other; so each has its place, and its value.
    """
    order: Mapping[float, int] = {value: n for n, value in enumerate(dict.fromkeys(values))}
    return lambda value: order[value] / (len(order) - 1)


def _apart(places: Sequence[float]) -> bool:
    return all(after - before >= _GAP for before, after in pairwise(places))


def _thinned(ticks: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Leave out what would be written over something else, the ends last."""
    told = list(ticks[:1])
    for tick in ticks[1:]:
        if tick is ticks[-1]:
            while len(told) > 1 and tick[0] - told[-1][0] < _GAP:
                told.pop()
        if tick[0] - told[-1][0] >= _GAP:
            told.append(tick)
    return tuple(told)
