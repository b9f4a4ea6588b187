"""How the server draws the legend of a style, as an operator writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AllowInfNan, BeforeValidator, Field

from tuilerie.catalogue.fields import LocalText, Settings, Whole
from tuilerie.catalogue.model import NO_TEXT

__all__ = ["ClassLabels", "LegendDrawing", "ValueLabels", "WantedLegend"]

PictureFormat = Literal["image/png", "image/svg+xml"]


class LegendDrawing(Settings):
    """The legend that the server draws of a style."""

    title: LocalText = Field(
        default=NO_TEXT,
        description="Words above it; the style's title if absent.",
        examples=[{"en": "Elevation", "fr": "Altitude"}],
    )
    ticks: Annotated[Whole, Field(ge=2, le=12)] | None = Field(
        default=None,
        description="About how many values stand beside a ramp; as many as suit it if absent.",
        examples=[5],
    )
    decimals: Annotated[Whole, Field(ge=0, le=10)] | None = Field(
        default=None,
        description="Decimals of its numbers; as many as they need if absent.",
        examples=[1],
    )
    formats: Annotated[tuple[PictureFormat, ...], Field(min_length=1, max_length=2)] = Field(
        default=("image/png", "image/svg+xml"),
        description="Formats that clients are told of, the one for most of them first.",
        examples=[["image/png"]],
    )


def _none(value: object) -> object:
    return None if value == "none" else value


WantedLegend = Annotated[
    LegendDrawing | None,
    BeforeValidator(_none, json_schema_input_type=Literal["none"] | LegendDrawing),
]
"""What is drawn, or nothing."""

ClassLabels = Mapping[Annotated[int, Field(ge=-(2**31), le=2**32 - 1)], LocalText]
"""Names of classes, in one or several languages."""

ValueLabels = Mapping[Annotated[float, AllowInfNan(False)], LocalText]
"""Names of values, in one or several languages."""
