"""Sources that are other servers: what an operator writes of them.

The address is what people paste: of capabilities, of a service, of a tile, a template. What the
server offers is read from its own document when the catalogue is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import (
    CrsText,
    Extent,
    Flag,
    Format,
    Identifier,
    Line,
    Number,
    Settings,
    TileSize,
    Whole,
)
from tuilerie.catalogue.remote_fields import ParameterText, ServerAddress
from tuilerie.catalogue.remote_options import RemoteOptions
from tuilerie.catalogue.tile_sources import TiledSettings
from tuilerie.catalogue.update_schedule import UpdateSettings

__all__ = [
    "OverrideSettings",
    "RemoteSourceSettings",
    "WmsSource",
    "WmtsSource",
    "XyzSource",
    "deciding",
    "is_remote",
]


def _pairs(value: object) -> object:
    """Take a mapping as pairs: a source is the key under which its description is kept."""
    return tuple(value.items()) if isinstance(value, Mapping) else value


CrsByMatrixSet = Annotated[
    tuple[tuple[Line, CrsText], ...],
    BeforeValidator(_pairs, json_schema_input_type=dict[str, str]),
    PlainSerializer(dict),
    Field(max_length=100),
]
Vendor = Annotated[
    tuple[tuple[ParameterText, Line], ...],
    BeforeValidator(_pairs, json_schema_input_type=dict[str, str | float]),
    PlainSerializer(dict),
    Field(max_length=50),
]


class OverrideSettings(Settings):
    """What the operator knows better than the remote's document."""

    axis_order: Literal["crs", "xy", "yx"] | None = Field(
        default=None,
        description=(
            "Order of positions. crs: as their CRS prescribes; xy: easting or longitude first; "
            "yx: the other way; by the document's own evidence if absent."
        ),
        examples=["xy"],
    )
    origin_crs: CrsText | None = Field(
        default=None,
        description="CRS that the remote's data are truly in; for a WMS the one to ask in.",
        examples=["EPSG:2154"],
    )
    crs: CrsByMatrixSet = Field(
        default=(),
        description="The same for single matrix sets, by the remote's identifiers.",
        examples=[{"LAMB93": "EPSG:2154"}],
        json_schema_extra={"default": {}},
    )
    charset: Line = Field(
        default="", description="Encoding of the document's text.", examples=["iso-8859-1"]
    )
    pixel_m: Annotated[Number, Field(gt=0, le=1)] | None = Field(
        default=None,
        description=(
            "Metres of the pixel with which scale denominators were computed; as found out if "
            "absent, 0.00028 usually."
        ),
        examples=[0.00028],
    )
    literal: Annotated[tuple[Line, ...], Field(max_length=100)] = Field(
        default=(),
        description="Codes of corrections that are not to be made, as warnings show them.",
        examples=[["axis-order"]],
    )


class _Remote(Settings):
    """What all other servers have in common."""

    url: ServerAddress = Field(
        description="Address, as one would paste it.",
        examples=["https://maps.example.org/wmts/1.0.0/WMTSCapabilities.xml"],
    )
    options: RemoteOptions = Field(
        default=RemoteOptions(),
        description="How the server is spoken to.",
        examples=[{"max_connections": 4}],
    )
    update: UpdateSettings | None = Field(
        default=None,
        description="When its document is read anew; at each start if absent.",
        examples=[{"daily_at": "03:30"}],
    )
    attribution: Line = Field(
        default="",
        description="Whom maps must name; as the remote says if absent.",
        examples=["© Example agency"],
    )


class WmtsSource(_Remote, TiledSettings):
    """A layer of another WMTS."""

    kind: Literal["wmts"] = Field(description="A layer of another WMTS.", examples=["wmts"])
    layer: Line | None = Field(
        default=None,
        description="Its identifier there; may be absent where there is only one.",
        examples=["topography"],
    )
    style: Line | None = Field(
        default=None,
        description="Which of its styles is our default; the remote's own default if absent.",
        examples=["normal"],
    )
    format: Line | None = Field(
        default=None,
        description="Media type to ask for, as the remote spells it; the best one if absent.",
        examples=["image/png"],
    )
    matrix_set: Line | None = Field(
        default=None,
        description=(
            "Which of its matrix sets is used, by the remote's identifier; all that it has, the "
            "one that fits best each time, if absent."
        ),
        examples=["PM"],
    )
    encoding: Literal["auto", "kvp", "rest"] = Field(
        default="auto",
        description="How tiles are asked for. auto: REST where a template is declared, else KVP.",
        examples=["kvp"],
    )
    overrides: OverrideSettings = Field(
        default=OverrideSettings(),
        description="What you know better than the remote's document.",
        examples=[{"axis_order": "xy"}],
    )


class WmsSource(_Remote):
    """Layers of a WMS, asked for as one map."""

    kind: Literal["wms"] = Field(description="Layers of a WMS.", examples=["wms"])
    layers: Annotated[tuple[Line, ...], Field(min_length=1, max_length=100)] = Field(
        description="Their names there, the lowest first.", examples=[["roads", "names"]]
    )
    styles: Annotated[tuple[Line, ...], Field(max_length=100)] = Field(
        default=(),
        description='A style for each of the layers, "" for its default; all defaults if absent.',
        examples=[["", "large"]],
    )
    version: Literal["auto", "1.1.1", "1.3.0"] = Field(
        default="auto",
        description="Version to speak; auto: as the remote's document says.",
        examples=["1.1.1"],
    )
    format: Line | None = Field(
        default=None,
        description="Media type to ask for; PNG or JPEG by `transparent` if absent.",
        examples=["image/png"],
    )
    transparent: Flag = Field(
        default=True, description="Whether what is empty is to be see-through.", examples=[False]
    )
    crs: Annotated[tuple[CrsText, ...], Field(max_length=50)] = Field(
        default=(),
        description="CRSs to ask in; all that the layers offer if absent. Others are reprojected.",
        examples=[["EPSG:3857", "EPSG:2154"]],
    )
    max_size: Annotated[Whole, Field(ge=256, le=16_384)] | None = Field(
        default=None,
        description="Pixels of one request's sides; larger maps are asked for in parts.",
        examples=[2048],
    )
    vendor: Vendor = Field(
        default=(),
        description="Further parameters of each request; they replace those of the same name.",
        examples=[{"map_resolution": 96}],
        json_schema_extra={"default": {}},
    )
    bounds: Extent | None = Field(
        default=None,
        description="Where the layers have data, if the remote is wrong: degrees, west first.",
        examples=[[5.9, 45.8, 10.5, 47.8]],
    )
    cell_size: Annotated[Number, Field(gt=0)] | None = Field(
        default=None,
        description="Metres of a pixel beyond which nothing new is to be seen.",
        examples=[0.5],
    )
    on_error: Literal["fail", "blank"] = Field(
        default="fail",
        description=(
            "Where a part of a map cannot be had. fail: no map; blank: a gap, in a tile that is "
            "not kept."
        ),
        examples=["blank"],
    )
    overrides: OverrideSettings = Field(
        default=OverrideSettings(),
        description="What you know better than the remote's document.",
        examples=[{"axis_order": "xy"}],
    )

    @model_validator(mode="after")
    def _styles_fit(self) -> Self:
        if self.styles and len(self.styles) != len(self.layers):
            raise PydanticCustomError(
                "wms_styles",
                "there are {layers} layers and {styles} styles: write one for each, or none",
                {"layers": len(self.layers), "styles": len(self.styles)},
            )
        return self


class XyzSource(_Remote, TiledSettings):
    """Tiles of another server, by a template or a document that has one."""

    kind: Literal["xyz"] = Field(
        description="Tiles by {z}/{x}/{y}, {-y}, {quadkey}; a TileJSON, TMS or ArcGIS address.",
        examples=["xyz"],
    )
    url: ServerAddress = Field(
        description=(
            "A template with {z}, {x}, {y} ({-y}, {quadkey}, {s}…), or the address of a TileJSON, "
            "a TMS, a cached ArcGIS service or the tileset of an OGC API."
        ),
        examples=["https://{s}.tiles.example.org/{z}/{x}/{y}.png"],
    )
    matrix_set: Identifier | None = Field(
        default=None,
        description="Matrix set that the tiles are in; WebMercatorQuad, or the document's.",
        examples=["WebMercatorQuad"],
    )
    min_matrix: Annotated[Whole, Field(ge=0, le=100)] | None = Field(
        default=None, description="Place of the coarsest matrix with tiles.", examples=[0]
    )
    max_matrix: Annotated[Whole, Field(ge=0, le=100)] | None = Field(
        default=None, description="Place of the finest matrix with tiles.", examples=[18]
    )
    bounds: Extent | None = Field(
        default=None,
        description="Where there are tiles, in degrees, west first; everywhere if absent.",
        examples=[[5.9, 45.8, 10.5, 47.8]],
    )
    tile_size: TileSize | None = Field(
        default=None,
        description="Pixels of a tile, if not as the matrix set says: 512 for double density.",
        examples=[512],
    )
    format: Format | None = Field(
        default=None,
        description="What tiles are, if the address does not end in it; PNG if nothing is said.",
        examples=["image/jpeg"],
    )
    tms: Flag = Field(
        default=False, description="Whether {y} counts from the bottom.", examples=[True]
    )
    subdomains: Annotated[tuple[Line, ...], Field(max_length=50)] = Field(
        default=(), description="What {s} stands for; a, b and c if absent.", examples=[["a", "b"]]
    )


RemoteSourceSettings = WmtsSource | WmsSource | XyzSource
"""All kinds of sources that are other servers."""


def is_remote(settings: object) -> bool:
    """Return whether a source is another server."""
    return isinstance(settings, WmtsSource | WmsSource | XyzSource)


_BESIDE_THE_POINT = frozenset({"files", "query", "update", "attribution"})
"""Settings of sources that decide nothing of their pixels."""


def deciding(settings: Settings) -> dict[str, Any]:
    """Return of a source's settings what decides its pixels, as plain data.

    Where a series finds its maps does not, nor how a server is spoken to.
    """
    found = settings.model_dump(mode="json", exclude=set(_BESIDE_THE_POINT))
    if "options" in found:
        found["options"] = {"error_pictures": found["options"]["error_pictures"]}
    return found
