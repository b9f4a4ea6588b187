"""What is written on the legend of a style, where the server draws one.

Pictures explain themselves, and so does a hillshade: they have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.legend_settings import LegendDrawing
from tuilerie.catalogue.metadata import LegendKey
from tuilerie.catalogue.model import SourceDescription, Text
from tuilerie.catalogue.styles import GreyStyle, PaletteStyle, RampStyle, StyleSettings
from tuilerie.catalogue.texts import NO_TEXT

__all__ = ["legend_key"]

_MOST_CLASSES = 65_536


def legend_key(
    settings: StyleSettings | None,
    kind: str,
    parameters: Mapping[str, Any],
    described: SourceDescription,
    bands: Sequence[int],
) -> LegendKey | None:
    """Return what is written on a style's legend, None where none is drawn.

    Args:
        settings: as the operator wrote them; None = a style that is made from the data.
        kind, parameters: of the plan.
        described: the data.
        bands: 1-based numbers of the bands that the source shows.
    """
    wanted = LegendDrawing() if settings is None else settings.legend
    if wanted is None:
        return None
    unit = ""
    labels: tuple[tuple[float, Text], ...] = ()
    colours: tuple[tuple[int, str], ...] = ()
    match kind:
        case "default" if described.kind == "palette":
            labels, colours = _classes_of(described)
            if not colours:
                return None
        case "palette" | "ramp":
            if isinstance(settings, PaletteStyle | RampStyle):
                labels = tuple(sorted(settings.labels.items()))
            unit = parameters.get("unit", "")
        case "grey":
            own = described.bands[parameters["band"] - 1].unit
            unit = (settings.unit if isinstance(settings, GreyStyle) else "") or own
        case _:
            return None
    title = settings.title if settings is not None else NO_TEXT
    return LegendKey(
        title=wanted.title if wanted.title.variants else title,
        unit=unit,
        labels=labels,
        colours=colours,
        ticks=wanted.ticks,
        decimals=wanted.decimals,
        mark=fingerprint(labels, colours) if labels or colours else "",
    )


def _classes_of(
    described: SourceDescription,
) -> tuple[tuple[tuple[float, Text], ...], tuple[tuple[int, str], ...]]:
    """Return names and colours of the classes of a palette that the data brings.

    Tables are filled up to 256 entries with one colour, or with ones that cannot be seen: those
    at the end are no classes, unless they have names.
    """
    names = {number: name for number, name in described.category_names.items() if name.strip()}
    known = sorted(described.palette.items())[:_MOST_CLASSES]
    if names:
        known = [each for each in known if each[0] in names]
    else:
        while known and (not known[-1][1][3] or _repeats(known)):
            known.pop()
    labels = tuple((float(number), Text((("", names[number]),))) for number, _ in known if names)
    return labels, tuple((number, f"#{bytes(colour).hex()}") for number, colour in known)


def _repeats(known: Sequence[tuple[int, tuple[int, int, int, int]]]) -> bool:
    return len(known) > 1 and known[-1][1] == known[-2][1]
