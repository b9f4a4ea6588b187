"""What another WMS offers, with everything that its layers inherit filled in; x first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuilerie.grids import BoundingBox, Crs, TileMatrixSet
from tuilerie.protocols.reading.remarks import ReadingWarning

__all__ = [
    "RemoteAttribution",
    "RemoteExtent",
    "RemoteMapLayer",
    "RemoteMapLegend",
    "RemoteMapStyle",
    "RemoteTileSet",
    "RemoteWms",
]


@dataclass(frozen=True, slots=True)
class RemoteMapLegend:
    """A picture of a legend; sizes in pixels, 0 = unknown."""

    address: str
    format: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class RemoteMapStyle:
    """A style of a layer."""

    name: str
    title: str = ""
    abstract: str = ""
    legends: tuple[RemoteMapLegend, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteExtent:
    """A dimension of a layer with its extent (1.3.0: C.2; 1.1.1: C.3).

    Attributes:
        name: in lower case; asked for as `parameter`.
        values: as listed: single ones, or intervals "start/end/period".
        multiple, nearest, current: what the server allows.
    """

    name: str
    units: str = ""
    unit_symbol: str = ""
    default: str = ""
    values: tuple[str, ...] = ()
    multiple: bool = False
    nearest: bool = False
    current: bool = False

    @property
    def parameter(self) -> str:
        """Return the name of the parameter of a request: TIME, ELEVATION or DIM_ and it."""
        return self.name.upper() if self.name in {"time", "elevation"} else f"DIM_{self.name}"


@dataclass(frozen=True, slots=True)
class RemoteAttribution:
    """Who wants to be named."""

    title: str = ""
    address: str = ""
    logo: str = ""


@dataclass(frozen=True, slots=True)
class RemoteMapLayer:
    """A layer of the tree, or a group, with what it inherits.

    Attributes:
        name: what is asked for; "" = a heading alone.
        path: titles of the layers around it, the outermost first.
        crs: `Crs.text` of each, with the name by which this server must be asked for it; whether
            PROJ knows a plain code of EPSG is seen when it is used.
        crs_unread: names of those that nobody knows, at most some hundred.
        bounds: by CRS, x first.
        min_scale_denominator, max_scale_denominator: where it shows something; None = always.
        fixed_width, fixed_height: pixels, 0 = any size.
        children: names of the layers directly in it.
    """

    name: str
    title: str
    abstract: str
    keywords: tuple[str, ...]
    path: tuple[str, ...]
    crs: Mapping[str, str]
    crs_unread: tuple[str, ...]
    wgs84_bounds: BoundingBox | None
    bounds: Mapping[Crs, BoundingBox]
    styles: tuple[RemoteMapStyle, ...]
    dimensions: tuple[RemoteExtent, ...]
    attribution: RemoteAttribution | None
    authorities: Mapping[str, str]
    identifiers: tuple[tuple[str, str], ...]
    metadata: tuple[str, ...]
    queryable: bool
    opaque: bool
    no_subsets: bool
    cascaded: int
    fixed_width: int
    fixed_height: int
    min_scale_denominator: float | None
    max_scale_denominator: float | None
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoteTileSet:
    """A tile set of WMS-C: maps that the server has ready, if asked for just them."""

    layers: tuple[str, ...]
    styles: tuple[str, ...]
    format: str
    matrix_set: TileMatrixSet


@dataclass(frozen=True, slots=True)
class RemoteWms:
    """A WMS as its capabilities describe it, after the corrections in `warnings`.

    Attributes:
        version: "1.0.0", "1.1.0", "1.1.1" or "1.3.0": the one to ask in.
        layers: by name, groups with names too; never empty.
        headings: titles of groups without a name.
        max_width, max_height: pixels of a map, 0 = unknown.
        layer_limit: layers of one request, 0 = unknown.
        axis_order: "crs", or what the operator knows better of 1.3.0: "xy" or "yx".
        origin_crs: the CRS that the operator wants asked in, None = any.
    """

    address: str
    version: str
    title: str
    abstract: str
    keywords: tuple[str, ...]
    provider: str
    fees: str
    access_constraints: str
    update_sequence: str
    layers: Mapping[str, RemoteMapLayer]
    headings: tuple[str, ...]
    map_address: str
    info_address: str
    legend_address: str
    formats: tuple[str, ...]
    info_formats: tuple[str, ...]
    exception_formats: tuple[str, ...]
    max_width: int
    max_height: int
    layer_limit: int
    tile_sets: tuple[RemoteTileSet, ...]
    axis_order: str
    origin_crs: Crs | None
    warnings: tuple[ReadingWarning, ...]
