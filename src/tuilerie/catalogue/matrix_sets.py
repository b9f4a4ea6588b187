"""The matrix sets that an operator defines: by a rule, one by one, or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import (
    CrsText,
    Extent,
    Identifier,
    LocalText,
    Number,
    PathText,
    Settings,
    TileSize,
    Whole,
)
from tuilerie.catalogue.model import NO_TEXT

__all__ = [
    "ExplicitMatrixSet",
    "FileMatrixSet",
    "MatrixSetSettings",
    "MatrixSettings",
    "PyramidMatrixSet",
]

_MAX_MATRICES = 64

Positive = Annotated[Number, Field(gt=0)]
Point = tuple[Number, Number]
Cells = Annotated[tuple[Positive, ...], Field(min_length=1, max_length=_MAX_MATRICES)]
MatrixCount = Annotated[Whole, Field(ge=1, le=2**31 - 1)]


class _Titled(Settings):
    title: LocalText = Field(
        default=NO_TEXT,
        description="Name for people; the identifier if absent.",
        examples=["Local grid"],
    )


class PyramidMatrixSet(_Titled):
    """Matrices that share an origin and an extent, one per cell size."""

    crs: CrsText = Field(
        description="Coordinate reference system: EPSG code, URN, WKT.", examples=["EPSG:2154"]
    )
    origin: Point | None = Field(
        default=None,
        description="Corner of tile 0,0: x, y in CRS units; the extent's corner if absent.",
        examples=[[0, 12000000]],
    )
    corner: Literal["top-left", "bottom-left"] = Field(
        default="top-left", description="Which corner the origin is.", examples=["bottom-left"]
    )
    extent: Extent = Field(
        description="What the matrices must cover: left, bottom, right, top in CRS units.",
        examples=[[0, 6000000, 1300000, 7200000]],
    )
    cell_sizes: Cells | None = Field(
        default=None,
        description="CRS units per pixel of each matrix, from the coarsest.",
        examples=[[2000, 1000, 500]],
    )
    scale_denominators: Cells | None = Field(
        default=None,
        description="Instead of cell_sizes: scales for pixels of 0.28 mm, from the coarsest.",
        examples=[[5000000, 2500000]],
    )
    first_cell_size: Positive | None = Field(
        default=None,
        description="Instead of cell_sizes: CRS units per pixel of the coarsest; then halved.",
        examples=[2048],
    )
    levels: Annotated[Whole, Field(ge=1, le=_MAX_MATRICES)] | None = Field(
        default=None, description="With first_cell_size: how many matrices.", examples=[12]
    )
    tile_size: TileSize = Field(
        default=(256, 256),
        description="Pixels: one number, or width and height.",
        examples=[256, [512, 256]],
    )
    identifiers: tuple[Identifier, ...] | None = Field(
        default=None,
        description="Identifier of each matrix, from the coarsest; 0, 1, 2… if absent.",
        examples=[["a", "b", "c"]],
    )

    @model_validator(mode="after")
    def _check(self) -> PyramidMatrixSet:
        ways = (self.cell_sizes, self.scale_denominators, self.first_cell_size)
        if sum(way is not None for way in ways) != 1:
            raise PydanticCustomError(
                "cells",
                "the cell sizes must be given in one way, and in one only",
            )
        if (self.first_cell_size is None) != (self.levels is None):
            raise PydanticCustomError("levels", "levels and first_cell_size go together")
        return self


class MatrixSettings(Settings):
    """One matrix, written out."""

    identifier: Identifier = Field(description="TileMatrix in requests.", examples=["0"])
    cell_size: Positive | None = Field(
        default=None, description="CRS units per pixel; or scale_denominator.", examples=[2000]
    )
    scale_denominator: Positive | None = Field(
        default=None, description="Scale for pixels of 0.28 mm; or cell_size.", examples=[5000000]
    )
    top_left: Point | None = Field(
        default=None,
        description="x, y of the top left corner; or bottom_left.",
        examples=[[-4e6, 4e6]],
    )
    bottom_left: Point | None = Field(
        default=None,
        description="x, y of the bottom left corner; or top_left.",
        examples=[[-4e6, -4e6]],
    )
    tile_size: TileSize = Field(
        default=(256, 256), description="Pixels: one number, or width and height.", examples=[256]
    )
    matrix_size: tuple[MatrixCount, MatrixCount] = Field(
        description="Tiles: columns and rows.", examples=[[2, 2]]
    )

    @model_validator(mode="after")
    def _check(self) -> MatrixSettings:
        if (self.cell_size is None) == (self.scale_denominator is None):
            raise PydanticCustomError(
                "one_cell", "a matrix needs either cell_size or scale_denominator"
            )
        if (self.top_left is None) == (self.bottom_left is None):
            raise PydanticCustomError("one_corner", "a matrix needs either top_left or bottom_left")
        return self


class ExplicitMatrixSet(_Titled):
    """Matrices written out one by one."""

    crs: CrsText = Field(
        description="Coordinate reference system: EPSG code, URN, WKT.", examples=["EPSG:3413"]
    )
    matrices: Annotated[
        tuple[MatrixSettings, ...], Field(min_length=1, max_length=_MAX_MATRICES)
    ] = Field(
        description="From the coarsest to the finest.",
        examples=[
            [{"identifier": "0", "cell_size": 8192, "top_left": [-4e6, 4e6], "matrix_size": [4, 4]}]
        ],
    )


class FileMatrixSet(_Titled):
    """A matrix set in a JSON file of OGC 17-083r4 (2.0) or of its older form."""

    file: PathText = Field(
        description="Path of the JSON file, from the catalogue's folder.",
        examples=["grids/lambert.json"],
    )


def _way(value: object) -> str:
    """Tell by its keys in which of the three ways a matrix set is written."""
    keys = (
        value if isinstance(value, Mapping) else vars(value) if hasattr(value, "__dict__") else ()
    )
    return "file" if "file" in keys else "explicit" if "matrices" in keys else "pyramid"


MatrixSetSettings = Annotated[
    Annotated[PyramidMatrixSet, Tag("pyramid")]
    | Annotated[ExplicitMatrixSet, Tag("explicit")]
    | Annotated[FileMatrixSet, Tag("file")],
    Discriminator(_way),
]
