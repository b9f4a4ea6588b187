"""What an operator writes about feature info: formats, names of the values, an HTML template."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import Line, LocalText, PathText, Settings
from tuilerie.catalogue.info import (
    INFO_FORMATS,
    InfoFormat,
    info_format_by_extension,
    info_format_by_media_type,
)
from tuilerie.catalogue.model import NO_TEXT
from tuilerie.catalogue.styles import BandNumber

__all__ = ["MAX_BANDS", "FeatureInfoSettings", "InfoBandSettings"]

MAX_BANDS = 100
"""Bands of which a layer tells the values."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)


def _format(value: object) -> InfoFormat:
    """Read a media type or a file extension."""
    if isinstance(value, InfoFormat):
        return value
    if isinstance(value, str):
        found = info_format_by_media_type(value) or info_format_by_extension(value.strip())
        if found is not None:
            return found
    known = ", ".join(each.media_type for each in INFO_FORMATS)
    raise PydanticCustomError("info_format", "an info format is one of {known}", {"known": known})


def _name(text: str) -> str:
    if not _NAME.fullmatch(text) or text.lower().startswith("xml"):
        raise PydanticCustomError(
            "attribute_name",
            "a name has up to 63 letters, digits and _, a letter first, and does not begin"
            " with xml",
        )
    return text


InfoFormatField = Annotated[
    InfoFormat,
    PlainValidator(_format, json_schema_input_type=str),
    PlainSerializer(lambda each: each.media_type, return_type=str),
    Field(json_schema_extra={"examples": [each.media_type for each in INFO_FORMATS]}),
]
AttributeName = Annotated[
    str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})
]


class InfoBandSettings(Settings):
    """One band whose value is told, and what it is called."""

    band: BandNumber = Field(description="Band number, from 1.", examples=[1])
    name: AttributeName | None = Field(
        default=None,
        description="Name for machines, in GML and JSON; from the band's description if absent.",
        examples=["elevation"],
    )
    title: LocalText = Field(
        default=NO_TEXT,
        description="Name for people; the band's description if absent.",
        examples=[{"en": "Elevation", "fr": "Altitude"}],
    )
    unit: Line | None = Field(
        default=None, description="Unit of the values; the file's if absent.", examples=["m"]
    )


class FeatureInfoSettings(Settings):
    """What clients may learn of a place, and how it is written."""

    formats: Annotated[tuple[InfoFormatField, ...], Field(min_length=1, max_length=10)] | None = (
        Field(
            default=None,
            description="Formats, the first is the default; all of them if absent.",
            examples=[["application/gml+xml; version=3.1", "text/html"]],
        )
    )
    template: PathText | None = Field(
        default=None,
        description="HTML template, from the catalogue's folder; our own if absent.",
        examples=["templates/place.html"],
    )
    bands: Annotated[tuple[InfoBandSettings, ...], Field(min_length=1, max_length=MAX_BANDS)] | (
        None
    ) = Field(
        default=None,
        description="The bands to tell of, in this order; all if absent.",
        examples=[[{"band": 1, "name": "elevation", "unit": "m"}]],
    )
