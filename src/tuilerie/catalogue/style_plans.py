"""From the styles that an operator names to complete ones for a layer's data.

Ranges that were left to us come from the data's statistics, styles that were not named at all
from the kind of data.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.keywords import grouped, ungrouped
from tuilerie.catalogue.legend_keys import legend_key
from tuilerie.catalogue.legends import LegendSize, drawn_legends, source_legends
from tuilerie.catalogue.metadata import LegendKey
from tuilerie.catalogue.model import (
    BandDescription,
    SourceDescription,
    SourceStyle,
    StylePlan,
    Text,
)
from tuilerie.catalogue.styles import (
    DefaultStyle,
    GreyStyle,
    HillshadeStyle,
    PaletteStyle,
    RampStyle,
    RgbStyle,
    StyleSettings,
    ValueRange,
)

__all__ = ["StyleError", "StylePlanner", "shows_classes", "source_style_plan"]

_WORDS = frozenset({"unit", "labels"})
_DEFAULT_TITLE = Text((("en", "Default"), ("fr", "Par défaut")))


class StyleError(ValueError):
    """A style does not suit the data; the hint says what would."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def shows_classes(plan: StylePlan) -> bool:
    """Return whether a style gives colours to exact values, which interpolation would destroy."""
    return plan.kind == "palette" or plan.parameters.get("interpolation") == "exact"


def source_style_plan(style: SourceStyle, identifier: str, *, is_default: bool) -> StylePlan:
    """Return the plan of a style that a source has itself: its pixels are shown as they come.

    `identifier` is the one that the layer lists it by: its own, or "default".
    """
    title = style.title or ("" if identifier == "default" else identifier)
    return StylePlan(
        identifier=identifier,
        title=Text((("", title),)) if title else _DEFAULT_TITLE,
        abstract=Text((("", style.abstract),)) if style.abstract else Text(),
        is_default=is_default,
        fingerprint=fingerprint("default", {"of the source": style.name}),
        legends=source_legends(style.legends),
    )


class StylePlanner:
    """Makes plans, the same one for the same thing: thousands of layers share a few.

    Args:
        styles: the document's, by identifier.
        ramps: the ramps that may be named; None = any name is taken on trust.
        legend_size: tells how large a legend is that is drawn; None = none are drawn.
    """

    def __init__(
        self,
        styles: Mapping[str, StyleSettings],
        ramps: Collection[str] | None = None,
        legend_size: LegendSize | None = None,
    ) -> None:
        self._styles = styles
        self._ramps = ramps
        self._legend_size = legend_size
        self._plans: dict[tuple[str, bool, str, str, LegendKey | None], StylePlan] = {}

    def plan(
        self,
        identifier: str,
        described: SourceDescription,
        bands: Sequence[int],
        *,
        is_default: bool,
    ) -> StylePlan:
        """Return the plan of a style for some data.

        Args:
            identifier: a style of the document, or "default".
            described: what the data says of itself.
            is_default: whether the style is the layer's first.
            bands: 1-based numbers of the bands that the source shows.

        Raises: StyleError: the style does not suit the data.
        """
        settings = self._styles.get(identifier)
        if settings is None or isinstance(settings, DefaultStyle):
            kind, parameters = _default_parameters(described, bands)
        else:
            kind = settings.kind
            parameters = self._parameters(settings, described)
        # Words on legends are no part of it: a corrected one leaves all tiles good.
        mark = fingerprint(
            kind, {name: value for name, value in parameters.items() if name not in _WORDS}
        )
        drawn = None
        if self._legend_size is not None and not (settings and settings.legends):
            drawn = legend_key(settings, kind, parameters, described, bands)
        key = (identifier, is_default, mark, parameters.get("unit", ""), drawn)
        if key not in self._plans:
            plan = StylePlan(
                identifier=identifier,
                title=_title(settings, identifier),
                abstract=settings.abstract if settings is not None else Text(),
                keywords=ungrouped(settings.keywords) if settings is not None else (),
                keyword_groups=grouped(settings.keywords) if settings is not None else (),
                is_default=is_default,
                kind=kind,
                parameters=parameters,
                fingerprint=mark,
                legends=tuple(
                    legend.compiled() for legend in (settings.legends if settings else ())
                ),
                key=drawn,
            )
            if self._legend_size is not None and drawn is not None:
                formats = settings.legend.formats if settings and settings.legend else ()
                plan = replace(plan, legends=drawn_legends(plan, drawn, formats, self._legend_size))
            self._plans[key] = plan
        return self._plans[key]

    def _parameters(
        self, settings: StyleSettings, described: SourceDescription
    ) -> Mapping[str, Any]:
        match settings:
            case GreyStyle():
                return _grey(settings, described)
            case RampStyle():
                return self._ramp(settings, described)
            case HillshadeStyle():
                return _hillshade(settings, described)
            case PaletteStyle():
                return _palette(settings, described)
            case RgbStyle():
                return _rgb(settings, described)
        raise TypeError(f"{settings!r} is no style")

    def _ramp(self, settings: RampStyle, described: SourceDescription) -> Mapping[str, Any]:
        band = _band(settings.band, described, settings.kind)
        if settings.ramp and self._ramps is not None and settings.ramp not in self._ramps:
            raise StyleError(
                f"there is no ramp {settings.ramp[:80]!r}",
                f"the ramps are {listed(sorted(self._ramps))}",
            )
        if settings.stops:
            low, high = settings.stops[0][0], settings.stops[-1][0]
        else:
            low, high = _range(settings.range, band, settings.band)
        return {
            "band": settings.band,
            "ramp": settings.ramp,
            "stops": settings.stops,
            "interpolation": settings.interpolation,
            "minimum": low,
            "maximum": high,
            "unit": settings.unit or band.unit,
        }


def _title(settings: StyleSettings | None, identifier: str) -> Text:
    if settings is None:
        return _DEFAULT_TITLE
    return settings.title if settings.title.variants else Text((("", identifier),))


def _default_parameters(
    described: SourceDescription, bands: Sequence[int]
) -> tuple[str, Mapping[str, Any]]:
    """Pictures and palettes have their colours; measurements are stretched."""
    if described.kind != "values":
        return "default", {}
    numbers = _colour_bands(described, bands)
    if len(numbers) >= 3:
        return "rgb", _rgb_parameters(numbers[:3], "auto", described)
    return "grey", _grey_parameters(numbers[0], "auto", described)


def _colour_bands(described: SourceDescription, bands: Sequence[int]) -> tuple[int, ...]:
    """Return the bands to show: red, green, blue if they say so, else in order, without alpha."""
    names = {described.bands[number - 1].description.lower(): number for number in bands}
    if {"red", "green", "blue"} <= names.keys():
        return names["red"], names["green"], names["blue"]
    seen = tuple(
        number for number in bands if described.bands[number - 1].description.lower() != "alpha"
    )
    return seen or tuple(bands)


def _grey(settings: GreyStyle, described: SourceDescription) -> Mapping[str, Any]:
    _band(settings.band, described, settings.kind)
    return _grey_parameters(settings.band, settings.range, described)


def _grey_parameters(
    number: int, written: ValueRange | str, described: SourceDescription
) -> Mapping[str, Any]:
    low, high = _range(written, described.bands[number - 1], number)
    return {"band": number, "minimum": low, "maximum": high}


def _rgb(settings: RgbStyle, described: SourceDescription) -> Mapping[str, Any]:
    for number in settings.bands:
        _band(number, described, settings.kind)
    return _rgb_parameters(settings.bands, settings.range, described)


def _rgb_parameters(
    numbers: tuple[int, ...], written: Any, described: SourceDescription
) -> Mapping[str, Any]:
    each = ("auto",) * len(numbers) if written == "auto" else written
    ranges = tuple(
        _range(wanted, described.bands[number - 1], number)
        for wanted, number in zip(each, numbers, strict=True)
    )
    return {"bands": numbers, "ranges": ranges}


def _hillshade(settings: HillshadeStyle, described: SourceDescription) -> Mapping[str, Any]:
    _band(settings.band, described, settings.kind)
    return {
        "band": settings.band,
        "azimuth": settings.azimuth,
        "altitude": settings.altitude,
        "z_factor": settings.z_factor,
    }


def _palette(settings: PaletteStyle, described: SourceDescription) -> Mapping[str, Any]:
    band = _band(settings.band, described, settings.kind)
    if "int" not in band.dtype:
        raise StyleError(
            f"band {settings.band} has {band.dtype} values, which are no classes",
            "use kind: ramp with interpolation: exact or discrete",
        )
    return {
        "band": settings.band,
        "colours": tuple(sorted(settings.colours.items())),
        "labels": tuple((number, name.best()) for number, name in sorted(settings.labels.items())),
    }


def _band(number: int, described: SourceDescription, kind: str) -> BandDescription:
    """Return a band that the style may look at."""
    if described.kind == "palette" and kind != "palette":
        raise StyleError(
            f"the data has a palette: its numbers are classes, not amounts to show by kind: {kind}",
            "use the style default, or one of kind: palette",
        )
    if number > len(described.bands):
        count = len(described.bands)
        raise StyleError(
            f"there is no band {number}", f"the data has {count} band{'s' if count > 1 else ''}"
        )
    return described.bands[number - 1]


def _range(written: ValueRange | str, band: BandDescription, number: int) -> ValueRange:
    """Return the values of the first and the last colour."""
    if not isinstance(written, str):
        return written
    for low, high in (
        (band.percentile_2, band.percentile_98),
        (band.minimum, band.maximum),
        (0.0, 255.0) if band.dtype == "uint8" else (None, None),
    ):
        if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
            continue
        if low < high:
            return float(low), float(high)
    if band.minimum is not None and math.isfinite(band.minimum) and band.minimum == band.maximum:
        return band.minimum, band.minimum + max(1.0, abs(band.minimum) * 1e-6)
    raise StyleError(
        f"nothing is known of the values of band {number}, so its range cannot be chosen",
        "write range: [minimum, maximum] in a style",
    )
