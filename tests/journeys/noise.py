"""A catalogue in which nothing is forgiven: noise that lies on the pixels of its matrix sets.

A tile of it is either exactly the part of the raster that belongs there, or wrong: half a pixel,
swapped axes and a row too many all show. Its identifiers are what identifiers may be at worst.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
import yaml
from affine import Affine
from numpy.typing import NDArray

__all__ = ["GRIDS", "ODD_LAYERS", "ODD_STYLES", "SIDE_PX", "TILE_PX", "Grid", "noise", "write"]

TILE_PX = 64
SIDE_PX = 512


class Grid(NamedTuple):
    """A matrix set of two matrices, the finer of which has the cells of a raster.

    Attributes:
        left, top: corner of both, x first.
        cell: of the finer one, CRS units; the coarser has cells twice as large.
        corner: from which tiles are counted in the catalogue.
    """

    crs: str
    left: float
    top: float
    cell: float
    corner: str = "top-left"

    @property
    def name(self) -> str:
        """Identifier of the matrix set, the layer and the source."""
        return self.crs.lower().replace(":", "-")

    @property
    def extent(self) -> list[float]:
        """Left, bottom, right, top."""
        side = self.cell * SIDE_PX
        return [self.left, self.top - side, self.left + side, self.top]


GRIDS = (
    Grid("EPSG:3857", 200_000.0, 6_000_000.0, 100.0),
    # Latitude first, northing first: x first nowhere but inside.
    Grid("EPSG:4326", 2.0, 50.0, 1 / 64),
    Grid("EPSG:3035", 4_000_000.0, 3_200_000.0, 250.0),
    Grid("EPSG:2193", 1_500_000.0, 5_500_000.0, 200.0, "bottom-left"),
    Grid("EPSG:2154", 600_000.0, 6_700_000.0, 50.0, "bottom-left"),
    Grid("EPSG:32738", 400_000.0, 8_000_000.0, 30.0),
    Grid("EPSG:3571", -200_000.0, -2_000_000.0, 300.0),
    Grid("EPSG:3413", -64_000.0, 64_000.0, 250.0),
)

ODD_LAYERS = (
    "a/b?c#d&e<f>%g",
    "été – 地図 слой",
    "two words",
    "..%2F..",
    "%41%00",
    "a+b=c;d,e",
    "\"quoted\" 'too'",
    "{Style}",
    "{TileMatrixSet}/{TileMatrix}.png",
    "...",
    "-",
    "x" * 100,
)
ODD_STYLES = ("plain/?#&<>%", "relief +ü", "default")
ODD_SET = "set/?#&<>% 1"
ODD_MATRICES = ("m/0", "m?1 &#é%2F")


def noise(grid: Grid) -> NDArray[np.uint8]:
    """Return the pixels of a grid's raster, without a black one: (bands, rows, columns)."""
    chance = np.random.default_rng(int(grid.crs.split(":")[1]))
    return chance.integers(1, 256, (3, SIDE_PX, SIDE_PX), dtype=np.uint8)


def write(folder: Path) -> Path:
    """Write rasters and catalogue into a folder; return the catalogue's path."""
    for grid in GRIDS:
        with rasterio.open(
            folder / f"{grid.name}.tif",
            "w",
            driver="GTiff",
            width=SIDE_PX,
            height=SIDE_PX,
            count=3,
            dtype="uint8",
            crs=grid.crs,
            transform=Affine(grid.cell, 0, grid.left, 0, -grid.cell, grid.top),
            photometric="RGB",
        ) as dataset:
            dataset.write(noise(grid))
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(yaml.safe_dump(_document(), allow_unicode=True), "utf-8")
    return catalogue


def _document() -> dict[str, Any]:
    latlon = next(grid for grid in GRIDS if grid.crs == "EPSG:4326")
    return {
        "tuilerie": 1,
        "service": {"title": 'Noise <&> "more" \' of it'},
        "matrix_sets": {
            **{grid.name: _matrix_set(grid) for grid in GRIDS},
            ODD_SET: {**_matrix_set(latlon), "identifiers": list(ODD_MATRICES)},
        },
        "sources": {grid.name: {"kind": "raster", "path": f"{grid.name}.tif"} for grid in GRIDS},
        "styles": {
            style: {"kind": "rgb", "bands": [n + 1, 2, 3], "range": [0, 255]}
            for n, style in enumerate(ODD_STYLES[:-1])
        },
        "caches": {"plain files": {"kind": "files"}},
        "layers": {
            **{
                grid.name: {
                    "title": f"<b>{grid.crs}</b> & noise",
                    "source": grid.name,
                    "matrix_sets": [grid.name],
                    "formats": ["image/png"],
                }
                for grid in GRIDS
            },
            **{
                layer: {
                    "source": latlon.name,
                    "matrix_sets": [ODD_SET],
                    "styles": list(ODD_STYLES),
                    "formats": ["image/png", "image/webp", "image/png; mode=8bit"],
                    "cache": "plain files" if n % 2 else "default",
                }
                for n, layer in enumerate(ODD_LAYERS)
            },
        },
    }


def _matrix_set(grid: Grid) -> dict[str, Any]:
    left, bottom, _, top = grid.extent
    return {
        "crs": grid.crs,
        "origin": [left, top if grid.corner == "top-left" else bottom],
        "corner": grid.corner,
        "extent": grid.extent,
        "cell_sizes": [grid.cell * 2, grid.cell],
        "tile_size": TILE_PX,
        "identifiers": ["coarse", "fine"],
    }
