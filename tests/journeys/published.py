"""A WMTS client made of the standard alone: what a service publishes, and where its tiles lie.

Nothing of the server's own mathematics is used, so that an error in it cannot judge itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

import pyproj
from lxml import etree

__all__ = ["Bounds", "Capabilities", "Limits", "Matrix", "MatrixSet", "PublishedLayer", "read"]

_NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
_PIXEL_M = 0.28e-3
_METRES_PER_DEGREE = 2 * math.pi * 6378137 / 360


class Bounds(NamedTuple):
    """Outer edges in CRS units, x first."""

    left: float
    bottom: float
    right: float
    top: float


class Limits(NamedTuple):
    """Tiles that exist, the last ones included."""

    min_row: int
    max_row: int
    min_col: int
    max_col: int


@dataclass(frozen=True)
class Matrix:
    """One TileMatrix, its corner turned to x first."""

    identifier: str
    cell_size: float
    left: float
    top: float
    tile_width: int
    tile_height: int
    width: int
    height: int

    def bounds(self, col: int, row: int, cols: int = 1, rows: int = 1) -> Bounds:
        """Where a block of tiles lies. Source: OGC 07-057r7, 6.1."""
        span_x, span_y = self.cell_size * self.tile_width, self.cell_size * self.tile_height
        left, top = self.left + col * span_x, self.top - row * span_y
        return Bounds(left, top - rows * span_y, left + cols * span_x, top)

    def tile_at(self, x: float, y: float) -> tuple[int, int]:
        """The column and row of the tile that holds a place."""
        return (
            math.floor((x - self.left) / (self.cell_size * self.tile_width)),
            math.floor((self.top - y) / (self.cell_size * self.tile_height)),
        )


@dataclass(frozen=True)
class MatrixSet:
    """One TileMatrixSet; `crs` as GDAL and PROJ take it."""

    identifier: str
    crs: str
    matrices: Mapping[str, Matrix]


@dataclass(frozen=True)
class PublishedLayer:
    """One Layer; its templates by media type."""

    identifier: str
    titles: tuple[str, ...]
    styles: tuple[str, ...]
    default_style: str
    formats: tuple[str, ...]
    limits: Mapping[str, Mapping[str, Limits]]
    templates: Mapping[str, str]

    def resource(
        self, media_type: str, matrix_set: str, matrix: str, row: int, col: int, style: str = ""
    ) -> str:
        """The address of a tile by the layer's own template; values are escaped as segments."""
        values = {
            "Style": style or self.default_style,
            "TileMatrixSet": matrix_set,
            "TileMatrix": matrix,
            "TileRow": str(row),
            "TileCol": str(col),
        }
        address = self.templates[media_type]
        for name, value in values.items():
            address = address.replace(f"{{{name}}}", quote(value, safe=""))
        return address


@dataclass(frozen=True)
class Capabilities:
    """What a service publishes."""

    update_sequence: str
    title: str
    kvp_address: str
    layers: Mapping[str, PublishedLayer]
    matrix_sets: Mapping[str, MatrixSet]


def read(document: bytes) -> Capabilities:
    """Read a ServiceMetadata document."""
    root = etree.fromstring(document)
    layers = [_layer(element) for element in root.iterfind("w:Contents/w:Layer", _NS)]
    sets = [_matrix_set(element) for element in root.iterfind("w:Contents/w:TileMatrixSet", _NS)]
    get = root.find("ows:OperationsMetadata/ows:Operation[@name='GetTile']//ows:Get", _NS)
    return Capabilities(
        update_sequence=root.get("updateSequence"),
        title=root.findtext("ows:ServiceIdentification/ows:Title", "", _NS),
        kvp_address=get.get(f"{{{_NS['xlink']}}}href"),
        layers={layer.identifier: layer for layer in layers},
        matrix_sets={matrix_set.identifier: matrix_set for matrix_set in sets},
    )


def _texts(element: etree._Element, path: str) -> tuple[str, ...]:
    return tuple(found.text or "" for found in element.iterfind(path, _NS))


def _layer(element: etree._Element) -> PublishedLayer:
    return PublishedLayer(
        identifier=element.findtext("ows:Identifier", "", _NS),
        titles=_texts(element, "ows:Title"),
        styles=_texts(element, "w:Style/ows:Identifier"),
        default_style=element.findtext("w:Style[@isDefault='true']/ows:Identifier", "", _NS),
        formats=_texts(element, "w:Format"),
        limits={
            link.findtext("w:TileMatrixSet", "", _NS): {
                limits.findtext("w:TileMatrix", "", _NS): Limits(
                    *(
                        int(limits.findtext(f"w:{name}", "", _NS))
                        for name in ("MinTileRow", "MaxTileRow", "MinTileCol", "MaxTileCol")
                    )
                )
                for limits in link.iterfind("w:TileMatrixSetLimits/w:TileMatrixLimits", _NS)
            }
            for link in element.iterfind("w:TileMatrixSetLink", _NS)
        },
        templates={
            resource.get("format"): resource.get("template")
            for resource in element.iterfind("w:ResourceURL[@resourceType='tile']", _NS)
        },
    )


def _matrix_set(element: etree._Element) -> MatrixSet:
    crs = _crs(element.findtext("ows:SupportedCRS", "", _NS))
    axes = pyproj.CRS.from_user_input(crs).axis_info
    northing_first = (axes[0].direction, axes[1].direction) == ("north", "east")
    unit = axes[0].unit_conversion_factor
    metres = _METRES_PER_DEGREE if axes[0].unit_name == "degree" else unit
    matrices = {}
    for matrix in element.iterfind("w:TileMatrix", _NS):
        text = {name: matrix.findtext(f"w:{name}", "", _NS) for name in _MATRIX_PARTS}
        corner = [float(number) for number in text["TopLeftCorner"].split()]
        left, top = reversed(corner) if northing_first else corner
        identifier = matrix.findtext("ows:Identifier", "", _NS)
        matrices[identifier] = Matrix(
            identifier,
            float(text["ScaleDenominator"]) * _PIXEL_M / metres,
            left,
            top,
            *(int(text[name]) for name in _MATRIX_PARTS[2:]),
        )
    return MatrixSet(element.findtext("ows:Identifier", "", _NS), crs, matrices)


def _crs(urn: str) -> str:
    """Return "EPSG:3857" for "urn:ogc:def:crs:EPSG:6.18:3:3857", as Annex E prints it."""
    *_, authority, _version, code = urn.replace(":6.18:3:", ":6.18.3:").split(":")
    return f"{authority}:{code}"


_MATRIX_PARTS = (
    "ScaleDenominator",
    "TopLeftCorner",
    "TileWidth",
    "TileHeight",
    "MatrixWidth",
    "MatrixHeight",
)
