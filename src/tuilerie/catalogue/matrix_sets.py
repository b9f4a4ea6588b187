"""The matrix sets that an operator defines, and how they become grids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
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
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrix,
    TileMatrixSet,
    cell_size_of,
    from_json,
    from_matrices,
    pyramid,
    scale_denominator_of,
)

__all__ = [
    "ExplicitMatrixSet",
    "FileMatrixSet",
    "MatrixSetSettings",
    "MatrixSettings",
    "PyramidMatrixSet",
    "build_matrix_set",
]

_MAX_FILE_BYTES = 4_000_000
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


def build_matrix_set(
    identifier: str,
    settings: PyramidMatrixSet | ExplicitMatrixSet | FileMatrixSet,
    base: Path,
) -> TileMatrixSet:
    """Make the grid that an operator described.

    Args:
        identifier: what the operator calls the set.
        settings: the operator's description.
        base: the folder from which a relative file is meant.

    Raises: ValueError with a sentence, where numbers contradict each other or a file is no
        matrix set.
    """
    match settings:
        case PyramidMatrixSet():
            return _pyramid(identifier, settings)
        case ExplicitMatrixSet():
            return _explicit(identifier, settings)
        case FileMatrixSet():
            return _from_file(identifier, settings, base / settings.file)


def _pyramid(identifier: str, settings: PyramidMatrixSet) -> TileMatrixSet:
    crs = Crs.parse(settings.crs)
    extent = BoundingBox(*settings.extent)
    edge = extent.top if settings.corner == "top-left" else extent.bottom
    return pyramid(
        identifier,
        crs,
        origin=settings.origin or (extent.left, edge),
        corner=settings.corner,
        cell_sizes=_cell_sizes(settings, crs),
        extent=extent,
        tile_width=settings.tile_size[0],
        tile_height=settings.tile_size[1],
        identifiers=settings.identifiers,
        title=settings.title.best() or identifier,
    )


def _cell_sizes(settings: PyramidMatrixSet, crs: Crs) -> Sequence[float]:
    if settings.cell_sizes is not None:
        return settings.cell_sizes
    if settings.scale_denominators is not None:
        return [cell_size_of(scale, crs) for scale in settings.scale_denominators]
    first, levels = settings.first_cell_size or 0.0, settings.levels or 0
    return [first / 2**level for level in range(levels)]


def _explicit(identifier: str, settings: ExplicitMatrixSet) -> TileMatrixSet:
    crs = Crs.parse(settings.crs)
    return from_matrices(
        identifier,
        crs,
        [_matrix(matrix, crs) for matrix in settings.matrices],
        title=settings.title.best() or identifier,
    )


def _matrix(settings: MatrixSettings, crs: Crs) -> TileMatrix:
    cell_size = settings.cell_size
    if cell_size is None:
        cell_size = cell_size_of(settings.scale_denominator or 0.0, crs)
    tile_width, tile_height = settings.tile_size
    matrix_width, matrix_height = settings.matrix_size
    left, top = settings.top_left or settings.bottom_left or (0.0, 0.0)
    if settings.top_left is None:
        top += matrix_height * tile_height * cell_size
    return TileMatrix(
        identifier=settings.identifier,
        scale_denominator=settings.scale_denominator or scale_denominator_of(cell_size, crs),
        cell_size=cell_size,
        left=left,
        top=top,
        tile_width=tile_width,
        tile_height=tile_height,
        matrix_width=matrix_width,
        matrix_height=matrix_height,
    )


def _from_file(identifier: str, settings: FileMatrixSet, path: Path) -> TileMatrixSet:
    """Read a matrix set; the catalogue's identifier and title win over the file's."""
    try:
        with path.open("rb") as handle:
            data = handle.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_FILE_BYTES:
        raise ValueError(f"{path} is larger than {_MAX_FILE_BYTES} bytes: no matrix set is")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not a tile matrix set: it holds no JSON object")
    built = from_json(document)
    return from_matrices(
        identifier,
        built.crs,
        built.matrices,
        title=settings.title.best() or built.title or identifier,
    )
