"""Small real rasters, and what Debian's GDAL makes of them: the independent oracle."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.coordinates import north_up
from tuilerie.raster.image import Raster

GEOSTATIONARY = (
    "+proj=geos +lon_0=-75 +h=35785831 +sweep=x +a=6378137 +b=6356752.3 +units=m +no_defs"
)

needs_gdal = pytest.mark.skipif(
    shutil.which("gdalwarp") is None, reason="Debian's gdal-bin is not installed"
)


def smooth(bounds: BoundingBox, width: int, height: int, waves: float = 3.0) -> np.ndarray:
    """Return a float32 surface whose waves are long against its pixels, 20…230."""
    x = np.linspace(0, waves * 2 * np.pi, width)
    y = np.linspace(0, waves * 1.7 * np.pi, height)
    surface = np.sin(x)[None, :] * np.cos(y)[:, None] + 0.6 * np.sin(x[None, :] + y[:, None])
    return (125 + 65 * surface).astype(np.float32)


def raster(
    array: np.ndarray, bounds: tuple[float, ...], crs: str, mask=None, palette=None
) -> Raster:
    """Return a Raster of a plane or of bands."""
    bands = array if array.ndim == 3 else array[None]
    return Raster(
        np.ascontiguousarray(bands), mask, BoundingBox(*bounds), Crs.parse(crs).text, palette
    )


def write(path: Path, made: Raster, nodata: float | None = None) -> Path:
    """Write a raster as GeoTIFF for GDAL to read."""
    bands, rows, cols = made.array.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=cols,
        height=rows,
        count=bands,
        dtype=made.array.dtype,
        crs=Crs.parse(made.crs).pyproj.to_wkt(),
        transform=Affine(*north_up(made.bounds, cols, rows)),
        nodata=nodata,
    ) as file:
        file.write(made.array)
    return path


def gdalwarp(
    source: Path,
    target: Path,
    bounds: BoundingBox,
    crs: str,
    size: tuple[int, int],
    resampling: str,
    *extra: str,
) -> np.ndarray:
    """Return what gdalwarp makes of a file, with its exact transformer: (bands, rows, columns)."""
    subprocess.run(
        [
            "gdalwarp", "-q", "-overwrite", "-et", "0", "-r", resampling,
            "-t_srs", Crs.parse(crs).pyproj.to_wkt("WKT2_2018"),
            "-te", *map(repr, map(float, bounds)),
            "-ts", *map(str, size),
            *extra, str(source), str(target),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with rasterio.open(target) as file:
        return file.read()
