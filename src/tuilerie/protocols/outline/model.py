"""The form of an outline: what `tuilerie inspect --json` prints, name for name.

Names and meanings are public (`tuilerie schema inspect`): they may be added to, not changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuilerie.grids import BoundingBox, TileRange

__all__ = [
    "DimensionOutline",
    "LayerOutline",
    "LegendOutline",
    "MatrixOutline",
    "MatrixSetOutline",
    "ServiceOutline",
    "StyleOutline",
]


@dataclass(frozen=True, slots=True)
class LegendOutline:
    """A picture of a legend; sizes in pixels, 0 = unknown."""

    address: str
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class StyleOutline:
    """A style of a layer."""

    identifier: str
    title: str
    is_default: bool
    legends: tuple[LegendOutline, ...]


@dataclass(frozen=True, slots=True)
class DimensionOutline:
    """A dimension of a layer; `values` as listed, intervals as "start/end/period"."""

    identifier: str
    title: str
    unit: str
    default: str
    current: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MatrixOutline:
    """A matrix as the server truly means it.

    Attributes:
        cell_size: CRS units per pixel.
        left, top: the outer corner of tile 0,0; CRS units, x first.
        limits: min_col, max_col, min_row, max_row, inclusive; None = the whole matrix.
        tile: the address of a tile in the middle of what the layer has; "" = it has none here.
    """

    identifier: str
    scale_denominator: float
    cell_size: float
    left: float
    top: float
    tile_width: int
    tile_height: int
    matrix_width: int
    matrix_height: int
    limits: TileRange | None
    tile: str


@dataclass(frozen=True, slots=True)
class MatrixSetOutline:
    """A matrix set of a layer.

    Attributes:
        crs: as this program names it, e.g. "EPSG:3857".
        encoding: how tiles are asked for: "rest", "kvp", "template" or "" where they cannot be.
        tile: the address of one tile.
        matrices: those in which the layer has tiles, the coarsest first.
    """

    identifier: str
    crs: str
    encoding: str
    tile: str
    matrices: tuple[MatrixOutline, ...]


@dataclass(frozen=True, slots=True)
class LayerOutline:
    """A layer.

    Attributes:
        attribution: whom maps must name, "" if nobody is.
        wgs84_bounds: west, south, east, north in degrees; None if unknown.
        crs: in which maps can be asked for (WMS); those of its matrix sets otherwise.
        map: the address of a map (WMS), "" otherwise.
        queryable: whether it can be asked about features.
        document: the address of the document that describes it, "" if unknown.
    """

    identifier: str
    title: str
    abstract: str
    keywords: tuple[str, ...]
    attribution: str
    wgs84_bounds: BoundingBox | None
    styles: tuple[StyleOutline, ...]
    formats: tuple[str, ...]
    info_formats: tuple[str, ...]
    queryable: bool
    dimensions: tuple[DimensionOutline, ...]
    crs: tuple[str, ...]
    matrix_sets: tuple[MatrixSetOutline, ...]
    map: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class ServiceOutline:
    """A service.

    Attributes:
        kind: of the source that serves it: "wmts", "wms" or "xyz".
        version: of the protocol, "" if it has none.
    """

    kind: str
    version: str
    title: str
    abstract: str
    provider: str
    fees: str
    access_constraints: str
    layers: tuple[LayerOutline, ...]
