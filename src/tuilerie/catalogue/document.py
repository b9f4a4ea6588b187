"""What an operator writes: the catalogue document.

The models check the form only. What refers to what is checked by `references.py`, what the data
allows by `compile.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import AnyNumber, CrsText, Flag, Identifier, Line, PathText, Settings
from tuilerie.catalogue.layers import DefaultsSettings, LayerSettings
from tuilerie.catalogue.matrix_sets import MatrixSetSettings
from tuilerie.catalogue.remote_options import RemoteAccessOptions
from tuilerie.catalogue.remote_sources import WmsSource, WmtsSource, XyzSource
from tuilerie.catalogue.series import FilesPattern, QuerySettings
from tuilerie.catalogue.service import ServiceSettings
from tuilerie.catalogue.styles import BandNumber, StyleSettings
from tuilerie.catalogue.themes import ThemeSettings
from tuilerie.catalogue.tile_sources import (
    ByMatrixSource,
    FallbackSource,
    LayerSource,
    MBTilesSource,
    PMTilesSource,
)

__all__ = [
    "CacheSettings",
    "CatalogueDocument",
    "FilesCache",
    "MosaicSource",
    "NoCache",
    "RasterSource",
    "SeriesSource",
    "SourceSettings",
    "SqliteCache",
]


class _FileSource(Settings):
    """What files on disk have in common."""

    path: PathText = Field(
        description="Where the data is, from the catalogue's folder.", examples=["data/world.tif"]
    )
    crs: CrsText | None = Field(
        default=None,
        description="CRS of the data; only where the files have none or a wrong one.",
        examples=["EPSG:4326"],
    )
    nodata: AnyNumber | None = Field(
        default=None,
        description="Value that means no data; the files' own if absent.",
        examples=[0, -9999],
    )
    bands: Annotated[tuple[BandNumber, ...], Field(min_length=1, max_length=10_000)] | None = Field(
        default=None, description="Bands to use, from 1; all if absent.", examples=[[1, 2, 3]]
    )


class RasterSource(_FileSource):
    """One raster file of any kind that GDAL reads."""

    kind: Literal["raster"] = Field(description="One raster file.", examples=["raster"])
    subdataset: Line = Field(
        default="", description="Part of a file that holds several.", examples=["temperature"]
    )


class MosaicSource(_FileSource):
    """A folder of raster files of one kind, shown as one."""

    kind: Literal["mosaic"] = Field(description="A folder of raster files.", examples=["mosaic"])
    pattern: PathText = Field(
        default="*.tif",
        description="Which files, by shell pattern.",
        examples=["*.tif", "sheet_*.jp2"],
    )
    recursive: Flag = Field(default=False, description="Also in folders below.", examples=[True])


class SeriesSource(_FileSource):
    """A folder with a map for each value of one or more dimensions."""

    kind: Literal["series"] = Field(
        description="A map for each value of dimensions.", examples=["series"]
    )
    files: FilesPattern | None = Field(
        default=None,
        description=(
            "How files are named: {name} is the value of a dimension, {name:%Y%m%d} a time, * and "
            "? as in shells. Files with the same values are one map."
        ),
        examples=["{time:%Y}/rain_{time:%Y%m%d}_{level}.tif"],
    )
    query: QuerySettings | None = Field(
        default=None,
        description="A database that tells the files, instead of their names.",
        examples=[
            {
                "database": "data/scenes.sqlite",
                "sql": "SELECT day AS time, path AS file FROM scenes",
            }
        ],
    )

    @model_validator(mode="after")
    def _check(self) -> SeriesSource:
        if (self.files is None) == (self.query is None):
            raise PydanticCustomError(
                "series", "a series has either the names of its files or a query"
            )
        return self


SourceSettings = Annotated[
    RasterSource
    | MosaicSource
    | SeriesSource
    | MBTilesSource
    | PMTilesSource
    | LayerSource
    | FallbackSource
    | ByMatrixSource
    | WmtsSource
    | WmsSource
    | XyzSource,
    Field(discriminator="kind"),
]


class SqliteCache(Settings):
    """Tiles in SQLite files: the default."""

    kind: Literal["sqlite"] = Field(description="SQLite files.", examples=["sqlite"])
    directory: PathText | None = Field(
        default=None,
        description="Folder, from the catalogue's; below the data directory if absent.",
        examples=["/var/cache/tuilerie"],
    )


class FilesCache(Settings):
    """One file per tile, for other programs to read."""

    kind: Literal["files"] = Field(description="One file per tile.", examples=["files"])
    directory: PathText | None = Field(
        default=None,
        description="Folder, from the catalogue's; below the data directory if absent.",
        examples=["/var/cache/tuilerie"],
    )
    layout: Literal["tuilerie", "xyz", "tms"] = Field(
        default="tuilerie",
        description=(
            "How files are named. tuilerie: few in a folder; xyz: matrix/column/row, row 0 at "
            "the top; tms: the same, row 0 at the bottom."
        ),
        examples=["xyz"],
    )


class NoCache(Settings):
    """No tile is kept."""

    kind: Literal["none"] = Field(description="No tile is kept.", examples=["none"])


CacheSettings = Annotated[SqliteCache | FilesCache | NoCache, Field(discriminator="kind")]


class CatalogueDocument(Settings):
    """A Tuilerie catalogue: what is published, from which data, in which forms."""

    tuilerie: Literal[1] = Field(description="Version of this format: 1.", examples=[1])
    service: ServiceSettings = Field(
        default=ServiceSettings(),
        description="What the service says of itself.",
        examples=[{"title": "Maps of the agency"}],
    )
    matrix_sets: Mapping[Identifier, MatrixSetSettings] = Field(
        default_factory=dict,
        description="Matrix sets of one's own; named ones (WebMercatorQuad…) need no entry.",
        examples=[{"lambert": {"file": "grids/lambert.json"}}],
    )
    sources: Mapping[Identifier, SourceSettings] = Field(
        default_factory=dict,
        description="Where the data is.",
        examples=[{"bluemarble": {"kind": "raster", "path": "data/bluemarble.tif"}}],
    )
    styles: Mapping[Identifier, StyleSettings] = Field(
        default_factory=dict,
        description="Styles that any layer may use.",
        examples=[{"shade": {"kind": "hillshade"}}],
    )
    remote_access: RemoteAccessOptions = Field(
        default=RemoteAccessOptions(),
        description="Which addresses sources may ask.",
        examples=[{"deny": ["192.168.0.0/16"]}],
    )
    caches: Mapping[Identifier, CacheSettings] = Field(
        default_factory=dict,
        description="Where tiles rest; `default` (sqlite) and `none` exist without an entry.",
        examples=[{"default": {"kind": "sqlite"}}],
    )
    defaults: DefaultsSettings = Field(
        default=DefaultsSettings(),
        description="What layers have that do not say otherwise.",
        examples=[{"matrix_sets": ["WebMercatorQuad"]}],
    )
    layers: Mapping[Identifier, LayerSettings] = Field(
        description="What is published, by identifier.",
        examples=[{"world": {"source": "bluemarble"}}],
    )
    themes: Mapping[Identifier, Mapping[Identifier, ThemeSettings]] = Field(
        default_factory=dict,
        description=(
            "Hierarchies of themes, by names of your choice that nobody else sees; in each of "
            "them themes by identifier."
        ),
        examples=[{"subjects": {"land": {"title": "Land", "layers": ["world"]}}}],
    )
