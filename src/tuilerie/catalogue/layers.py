"""The layers that an operator writes, and what they have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tuilerie.catalogue.addresses import Links
from tuilerie.catalogue.dimension_settings import Dimensions
from tuilerie.catalogue.fields import (
    Colour,
    Extent,
    Flag,
    Format,
    Identifier,
    LocalText,
    MetatileSize,
    Settings,
    Whole,
    spelled,
)
from tuilerie.catalogue.info_settings import FeatureInfoSettings
from tuilerie.catalogue.keywords import Keywords
from tuilerie.catalogue.max_age import YEAR_S, MaxAges, MaxAgeSettings
from tuilerie.catalogue.model import NO_TEXT, Resampling

__all__ = ["DefaultsSettings", "EncodingSettings", "LayerSettings", "MatrixSetUse"]

ExpireAfter = Annotated[Whole, Field(ge=1, le=10 * YEAR_S)]
Freshness = Literal["honour", "ignore"]
Stale = Annotated[Whole, Field(ge=0, le=YEAR_S)]
Buffer = Annotated[Whole, Field(ge=0, le=256)]
Quality = Annotated[Whole, Field(ge=1, le=100)]


def _named(value: object) -> object:
    """Take a bare identifier for the whole matrix set."""
    value = spelled(value)
    return {"id": value} if isinstance(value, str) else value


class EncodingSettings(Settings):
    """How tiles are encoded; what is absent comes from the defaults."""

    jpeg_quality: Quality | None = Field(
        default=None, description="JPEG quality, 1 to 100; 85 if nothing is said.", examples=[85]
    )
    webp_quality: Quality | None = Field(
        default=None, description="WebP quality, 1 to 100; 80 if nothing is said.", examples=[80]
    )
    avif_quality: Quality | None = Field(
        default=None, description="AVIF quality, 1 to 100; 60 if nothing is said.", examples=[60]
    )
    png_level: Annotated[Whole, Field(ge=1, le=12)] | None = Field(
        default=None,
        description="PNG effort, 1 (fast) to 12 (small); 6 if nothing is said.",
        examples=[6],
    )
    background: Colour | None = Field(
        default=None,
        description="What shows through where a format cannot be transparent; white by default.",
        examples=["#ffffff"],
    )


class MatrixSetUse(Settings):
    """A matrix set in which a layer is served, whole or in part."""

    id: Identifier = Field(
        description="A named matrix set, or one defined in matrix_sets.",
        examples=["WebMercatorQuad"],
    )
    matrices: tuple[Identifier, Identifier] | None = Field(
        default=None,
        description="First (coarsest) and last (finest) matrix; all of the set if absent.",
        examples=[[0, 5]],
    )


Uses = tuple[
    Annotated[
        MatrixSetUse,
        BeforeValidator(_named, json_schema_input_type=str | float | MatrixSetUse),
    ],
    ...,
]
Formats = Annotated[tuple[Format, ...], Field(min_length=1, max_length=20)]


class DefaultsSettings(Settings):
    """What every layer has, unless it says otherwise itself."""

    matrix_sets: Annotated[Uses, Field(min_length=1)] | None = Field(
        default=None,
        description="Matrix sets; WebMercatorQuad and WorldCRS84Quad if absent.",
        examples=[["WebMercatorQuad"]],
    )
    formats: Formats | None = Field(
        default=None,
        description="Formats, the first is the default; by kind of data if absent.",
        examples=[["image/png", "image/jpeg"]],
    )
    cache: Identifier = Field(
        default="default", description="Cache of the tiles.", examples=["default"]
    )
    resampling: Resampling | None = Field(
        default=None,
        description="Interpolation; by kind of data if absent; never used on palettes.",
        examples=["bilinear"],
    )
    client_max_age_s: MaxAges | None = Field(
        default=MaxAgeSettings(default=3600),
        description="Seconds that clients may keep tiles; 0 = ask again, null = nothing is said.",
        examples=[86400],
    )
    expire_after_s: ExpireAfter | None = Field(
        default=None,
        description="Seconds after which stored tiles are made anew; never if absent.",
        examples=[604800],
    )
    remote_freshness: Freshness = Field(
        default="honour",
        description=(
            "What servers say of the age of their tiles. honour: they are asked again when that "
            "time is over; ignore: when `expire_after_s` is."
        ),
        examples=["ignore"],
    )
    stale_while_revalidate_s: Stale = Field(
        default=60,
        description=(
            "Seconds beyond its time in which a stored tile of another server is still served at "
            "once, and renewed behind."
        ),
        examples=[86400],
    )
    metatile: MetatileSize = Field(
        default=(4, 4), description="Tiles rendered at once: columns and rows.", examples=[[4, 4]]
    )
    buffer_px: Buffer = Field(
        default=16, description="Pixels rendered around a metatile and cut off.", examples=[16]
    )
    encoding: EncodingSettings = Field(
        default=EncodingSettings(),
        description="How tiles are encoded.",
        examples=[{"jpeg_quality": 85}],
    )
    queryable: Flag = Field(
        default=True,
        description="Whether clients may ask what is at a place (GetFeatureInfo).",
        examples=[True],
    )
    feature_info: FeatureInfoSettings | None = Field(
        default=None,
        description="What clients may learn of a place, and how it is written.",
        examples=[{"template": "templates/place.html"}],
    )


class LayerSettings(Settings):
    """One published layer."""

    title: LocalText = Field(
        default=NO_TEXT,
        description="Name for people, in one or several languages; the identifier if absent.",
        examples=["The world", {"en": "World", "fr": "Monde"}],
    )
    abstract: LocalText = Field(
        default=NO_TEXT, description="What the layer shows.", examples=["The world from above."]
    )
    keywords: Keywords = Field(
        default=(), description="Words to find the layer by.", examples=[["satellite"]]
    )
    attribution: LocalText = Field(
        default=NO_TEXT, description="Whom maps must name.", examples=["© Demo agency"]
    )
    metadata: Links = Field(
        default=(),
        description="Documents about the data.",
        examples=[["https://example.org/csw?service=CSW&request=GetRecordById&id=1"]],
    )
    source: Identifier = Field(description="A source's identifier.", examples=["bluemarble"])
    dimensions: Dimensions = Field(
        default_factory=dict,
        description="What else may be asked: time, elevation…; for sources of kind series.",
        examples=[{"time": {"kind": "time", "current": True}}],
    )
    matrix_sets: Annotated[Uses, Field(min_length=1)] | None = Field(
        default=None,
        description="Where the layer is served; the first is shown on the front page.",
        examples=[["WebMercatorQuad", {"id": "lambert_local", "matrices": [0, 5]}]],
    )
    formats: Formats | None = Field(
        default=None,
        description="Formats, the first is the default; by kind of data if absent.",
        examples=[["image/jpeg", "image/png"]],
    )
    styles: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=100)] = Field(
        default=("default",),
        description="Styles, the first is the default; `default` is made from the data.",
        examples=[["default", "relief"]],
    )
    cache: Identifier | None = Field(
        default=None,
        description="Cache of the tiles; the defaults' if absent.",
        examples=["default"],
    )
    resampling: Resampling | None = Field(
        default=None, description="Interpolation; by kind of data if absent.", examples=["bilinear"]
    )
    extent: Extent | None = Field(
        default=None,
        description="Cut of the data: left, bottom, right, top in the data's CRS.",
        examples=[[-10, 40, 10, 52]],
    )
    client_max_age_s: MaxAges | None = Field(
        default=None,
        description="Seconds that clients may keep tiles; 0 = ask again, null = nothing is said.",
        examples=[86400],
    )
    expire_after_s: ExpireAfter | None = Field(
        default=None,
        description="Seconds after which stored tiles are made anew; null = never.",
        examples=[604800],
    )
    remote_freshness: Freshness | None = Field(
        default=None,
        description="Whether servers say how old their tiles may become; the defaults' if absent.",
        examples=["ignore"],
    )
    stale_while_revalidate_s: Stale | None = Field(
        default=None,
        description=(
            "Seconds beyond its time in which a stored tile of another server is still served at "
            "once; the defaults' if absent."
        ),
        examples=[86400],
    )
    metatile: MetatileSize | None = Field(
        default=None, description="Tiles rendered at once: columns and rows.", examples=[[4, 4]]
    )
    buffer_px: Buffer | None = Field(
        default=None, description="Pixels rendered around a metatile and cut off.", examples=[16]
    )
    encoding: EncodingSettings | None = Field(
        default=None, description="How tiles are encoded.", examples=[{"jpeg_quality": 90}]
    )
    queryable: Flag | None = Field(
        default=None,
        description="Whether clients may ask what is at a place; the defaults' if absent.",
        examples=[False],
    )
    feature_info: FeatureInfoSettings | None = Field(
        default=None,
        description="What clients may learn of a place; what is absent comes from the defaults.",
        examples=[{"bands": [{"band": 1, "name": "elevation", "unit": "m"}]}],
    )
    listed: Flag = Field(
        default=True,
        description="Named in capabilities and on the front page; else served unnamed.",
        examples=[True],
    )
