"""Tell a person what a raster file is, and in which matrix sets and matrices to serve it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tuilerie.catalogue.model import SourceDescription
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrixSet,
    closest_matrix,
    named_matrix_set,
    named_matrix_sets,
    tile_range,
    transform_bounds,
    transform_points,
)
from tuilerie.sources.describe import describe_raster
from tuilerie.sources.opening import open_raster
from tuilerie.sources.settings import RasterFile

__all__ = ["Inspection", "Storage", "SuitableMatrixSet", "cell_size_in", "inspect_file"]

_WORLDWIDE = ("WebMercatorQuad", "WorldCRS84Quad")
_SMALLEST_VIEW_PX = 128
_SAMPLES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Storage:
    """How the file keeps its pixels.

    Attributes:
        overviews: how many times smaller each is.
        block_width, block_height: pixels that are read at once.
    """

    driver: str
    size_bytes: int
    compression: str
    block_width: int
    block_height: int
    overviews: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SuitableMatrixSet:
    """A named matrix set in which the raster can be served well.

    Attributes:
        own_crs: whether pixels need not be reprojected.
        first, last: the coarsest matrix that shows more than a speck, and the one whose cell
            size is nearest to the raster's.
        tiles: how many tiles of the last matrix the raster's bounds cover.
    """

    identifier: str
    title: str
    own_crs: bool
    first: str
    last: str
    tiles: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """What `tuilerie inspect` prints; the best matrix sets come first."""

    path: Path
    description: SourceDescription
    storage: Storage
    matrix_sets: tuple[SuitableMatrixSet, ...]


def inspect_file(
    path: str | Path, *, crs: str | None = None, subdataset: str | None = None
) -> Inspection:
    """Return what a raster file is and how to serve it; its warnings are in the description.

    Args:
        path: a local file.
        crs: for a file that has none, as `grids.crs.Crs.parse` reads it.
        subdataset: the raster inside a container such as netCDF.

    Raises: CatalogueError: as `describe_file`.
    """
    file = RasterFile(path=Path(path), crs=crs or "", subdataset=subdataset or "")
    description = describe_raster(file)
    suitable = sorted(_suitable(description), key=lambda found: not found.own_crs)
    return Inspection(file.path, description, _storage(file), tuple(suitable))


def _storage(file: RasterFile) -> Storage:
    with open_raster(file) as dataset:
        height, width = dataset.block_shapes[0]
        compression = dataset.compression
        return Storage(
            driver=dataset.driver,
            size_bytes=file.path.stat().st_size,
            compression=compression.value if compression else "",
            block_width=width,
            block_height=height,
            overviews=tuple(dataset.overviews(1)),
        )


def _suitable(description: SourceDescription) -> Iterator[SuitableMatrixSet]:
    crs = Crs.parse(description.crs)
    for identifier in named_matrix_sets():
        tms = named_matrix_set(identifier)
        own = tms.crs == crs
        if not (own or identifier in _WORLDWIDE or _meant_for(tms.crs, description)):
            continue
        try:
            bounds = transform_bounds(description.bounds, crs, tms.crs)
        except ValueError:
            continue
        found = _levels(tms, bounds, cell_size_in(tms.crs, crs, description))
        if found is not None:
            first, last, tiles = found
            yield SuitableMatrixSet(identifier, tms.title, own, first, last, tiles)


def _levels(
    tms: TileMatrixSet, bounds: BoundingBox, cell_size: float
) -> tuple[str, str, int] | None:
    """Return the matrices from-to and the tiles of the last, None if the set is elsewhere."""
    last = closest_matrix(tms, cell_size)
    covered = tile_range(tms, last.identifier, bounds)
    if covered is None:
        return None
    first = next(
        matrix
        for matrix in tms.matrices
        if matrix is last
        or max(bounds.width, bounds.height) / matrix.cell_size >= _SMALLEST_VIEW_PX
    )
    tiles = (covered.max_col - covered.min_col + 1) * (covered.max_row - covered.min_row + 1)
    return first.identifier, last.identifier, tiles


def _meant_for(crs: Crs, description: SourceDescription) -> bool:
    """Return whether a regional CRS is made for where all of the raster lies."""
    area, data = crs.area_of_use, description.wgs84_bounds
    if area is None or area.width >= 360.0 or data.left > data.right:
        return False
    right = area.right if area.left <= area.right else area.right + 360.0
    return (
        area.left <= data.left
        and data.right <= right
        and area.bottom <= data.bottom
        and data.top <= area.top
    )


def cell_size_in(target: Crs, source: Crs, description: SourceDescription) -> float:
    """Return the size of a pixel in another CRS: the side of a square of the same area there.

    Where it is smallest, since Mercator, for one, makes pixels grow without end to the pole.
    """
    bounds, cell = description.bounds, description.cell_size
    sizes = []
    for share_x, share_y in product(_SAMPLES, _SAMPLES):
        x = bounds.left + share_x * bounds.width
        y = bounds.bottom + share_y * bounds.height
        xs, ys = transform_points([x, x + cell, x], [y, y, y + cell], source, target)
        area = abs((xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0]))
        if 0 < area < math.inf:
            sizes.append(math.sqrt(area))
    return min(sizes, default=max(bounds.width, bounds.height))
