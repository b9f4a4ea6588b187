"""The styles that an operator writes: how numbers become colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.addresses import Legends
from tuilerie.catalogue.fields import Colour, Line, LocalText, Number, Settings, Whole
from tuilerie.catalogue.keywords import Keywords
from tuilerie.catalogue.legend_settings import (
    ClassLabels,
    LegendDrawing,
    ValueLabels,
    WantedLegend,
)
from tuilerie.catalogue.model import NO_TEXT

__all__ = [
    "DefaultStyle",
    "GreyStyle",
    "HillshadeStyle",
    "PaletteStyle",
    "RampStyle",
    "RgbStyle",
    "StyleSettings",
    "ValueRange",
]

ValueRange = tuple[float, float]
"""The values that get the first and the last colour, in the data's unit."""


def _number(value: object) -> float | None:
    """Return a finite number, or None if it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def _range(value: object) -> ValueRange:
    """Read [minimum, maximum]."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        low, high = _number(value[0]), _number(value[1])
        if low is not None and high is not None:
            if low >= high:
                raise PydanticCustomError(
                    "range_order",
                    "the minimum {low} is not below the maximum {high}",
                    {"low": low, "high": high},
                )
            return low, high
    raise PydanticCustomError("range", "a range is wanted here")


def _range_or_auto(value: object) -> ValueRange | Literal["auto"]:
    return "auto" if value == "auto" else _range(value)


def _ranges_or_auto(value: object) -> tuple[ValueRange, ...] | Literal["auto"]:
    """Read "auto", one range for all three bands, or three ranges."""
    if value == "auto":
        return "auto"
    if isinstance(value, Sequence) and len(value) == 3 and not isinstance(value, str):
        return tuple(_range(each) for each in value)
    return (_range(value),) * 3


def _as_it_is(value: Any) -> Any:
    return value


_AsItIs = PlainSerializer(_as_it_is)
_PairSchema = Annotated[list[float], Field(min_length=2, max_length=2)]
_RangeSchema = Literal["auto"] | _PairSchema
_RangesSchema = (
    Literal["auto"] | _PairSchema | Annotated[list[_PairSchema], Field(min_length=3, max_length=3)]
)

BandNumber = Annotated[Whole, Field(ge=1, le=10_000)]
RangeOrAuto = Annotated[
    ValueRange | Literal["auto"],
    PlainValidator(_range_or_auto, json_schema_input_type=_RangeSchema),
    _AsItIs,
]
RangesOrAuto = Annotated[
    tuple[ValueRange, ...] | Literal["auto"],
    PlainValidator(_ranges_or_auto, json_schema_input_type=_RangesSchema),
    _AsItIs,
]
Stop = tuple[Number, Colour]


class _Style(Settings):
    """What every style has: the texts that a client shows."""

    title: LocalText = Field(
        default=NO_TEXT,
        description="Name for people, in one or several languages; the identifier if absent.",
        examples=["Relief", {"en": "Relief", "fr": "Relief"}],
    )
    abstract: LocalText = Field(
        default=NO_TEXT, description="What the style shows.", examples=["Elevation by colour."]
    )
    keywords: Keywords = Field(
        default=(),
        description="Words to find the style by.",
        examples=[["relief"]],
    )
    legends: Legends = Field(
        default=(),
        description=(
            "A picture that explains the style, or several for ranges of scales or languages; "
            "drawn by the server if absent."
        ),
        examples=[{"url": "https://example.org/legend.png", "width": 120, "height": 300}],
    )
    legend: WantedLegend = Field(
        default=LegendDrawing(),
        description="How the server draws the legend; none = it draws none.",
        examples=["none", {"title": {"en": "Elevation", "fr": "Altitude"}, "ticks": 5}],
    )


class DefaultStyle(_Style):
    """The data as it is: pictures unchanged, palettes by their own colours."""

    kind: Literal["default"] = Field(description="The data as it is.", examples=["default"])


class GreyStyle(_Style):
    """One band from black to white."""

    kind: Literal["grey"] = Field(
        description="One band from black (minimum) to white (maximum).", examples=["grey"]
    )
    band: BandNumber = Field(default=1, description="Band number, from 1.", examples=[1])
    range: RangeOrAuto = Field(
        default="auto",
        description="[minimum, maximum] in the data's unit, or auto: percentiles 2 and 98.",
        examples=["auto", [0, 3000]],
    )
    unit: Line = Field(
        default="",
        description="Unit of the values, for legends; the data's own if absent.",
        examples=["m"],
    )


class RampStyle(_Style):
    """One band through a colour ramp, named or written out."""

    kind: Literal["ramp"] = Field(
        description="One band through a ramp of colours.", examples=["ramp"]
    )
    band: BandNumber = Field(default=1, description="Band number, from 1.", examples=[1])
    ramp: Line = Field(
        default="", description="A named ramp; or write stops.", examples=["terrain"]
    )
    stops: Annotated[tuple[Stop, ...], Field(max_length=1024)] = Field(
        default=(),
        description="[value, colour] pairs, values rising, in the data's unit; or name a ramp.",
        examples=[[[0, "#00aa00"], [1000, "#ffaa00"], [3000, "#ffffff"]]],
    )
    interpolation: Literal["linear", "discrete", "exact"] = Field(
        default="linear",
        description=(
            "linear: colours blend between stops; discrete: a colour holds until the next stop; "
            "exact: only the stops' own values are coloured."
        ),
        examples=["linear"],
    )
    range: RangeOrAuto = Field(
        default="auto",
        description=(
            "For a named ramp: the values of its first and last colour, in the data's unit, "
            "or auto: percentiles 2 and 98."
        ),
        examples=[[0, 3000]],
    )
    unit: Line = Field(default="", description="Unit of the values, for legends.", examples=["m"])
    labels: ValueLabels = Field(
        default_factory=dict,
        max_length=1024,
        description="Value -> words that stand beside it on legends, in place of numbers.",
        examples=[{"0": {"en": "sea level", "fr": "niveau de la mer"}}],
    )

    @model_validator(mode="after")
    def _check(self) -> RampStyle:
        if bool(self.ramp) == bool(self.stops):
            raise PydanticCustomError("ramp", "a ramp needs either its name or its stops")
        values = [value for value, _ in self.stops]
        if any(after <= before for before, after in pairwise(values)):
            raise PydanticCustomError("stops", "the values of the stops do not rise")
        if self.stops and "range" in self.model_fields_set:
            raise PydanticCustomError("stops_range", "stops have their own values, so no range")
        return self


class HillshadeStyle(_Style):
    """Elevations as if lit by the sun."""

    kind: Literal["hillshade"] = Field(
        description="Elevations lit from one side.", examples=["hillshade"]
    )
    band: BandNumber = Field(default=1, description="Band number, from 1.", examples=[1])
    azimuth: Annotated[Number, Field(ge=0, le=360)] = Field(
        default=315.0,
        description="Where the light comes from, degrees clockwise from north.",
        examples=[315],
    )
    altitude: Annotated[Number, Field(gt=0, le=90)] = Field(
        default=45.0, description="Height of the light above the horizon, degrees.", examples=[45]
    )
    z_factor: Annotated[Number, Field(gt=0, le=1_000_000)] = Field(
        default=1.0,
        description="Exaggeration; also converts heights that are not metres.",
        examples=[1],
    )


class PaletteStyle(_Style):
    """Classes by their numbers, each with a colour and perhaps a name."""

    kind: Literal["palette"] = Field(
        description="Whole numbers (classes), each with its colour.", examples=["palette"]
    )
    band: BandNumber = Field(default=1, description="Band number, from 1.", examples=[1])
    colours: Annotated[
        Mapping[Annotated[int, Field(ge=-(2**31), le=2**32 - 1)], Colour],
        Field(min_length=1, max_length=65_536),
    ] = Field(
        description="Class number -> colour; other classes are transparent.",
        examples=[{"0": "#000000", "1": "#00aa00"}],
    )
    labels: ClassLabels = Field(
        default_factory=dict,
        max_length=65_536,
        description="Class number -> name, for legends; classes without one are not on them.",
        examples=[{"0": "Water", "1": {"en": "Forest", "fr": "Forêt"}}],
    )


class RgbStyle(_Style):
    """Three bands as red, green and blue."""

    kind: Literal["rgb"] = Field(
        description="Three bands shown as red, green and blue.", examples=["rgb"]
    )
    bands: tuple[BandNumber, BandNumber, BandNumber] = Field(
        default=(1, 2, 3),
        description="Band numbers, from 1: red, green, blue.",
        examples=[[4, 3, 2]],
    )
    range: RangesOrAuto = Field(
        default="auto",
        description=(
            "[minimum, maximum] for all three or three such pairs, in the data's unit; "
            "or auto: percentiles 2 and 98 of each band."
        ),
        examples=["auto", [0, 10000], [[0, 3000], [0, 3000], [0, 4000]]],
    )


StyleSettings = Annotated[
    DefaultStyle | GreyStyle | RampStyle | HillshadeStyle | PaletteStyle | RgbStyle,
    Field(discriminator="kind"),
]
