"""Real rasters, made small."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning

from tuilerie.grids import BoundingBox


def write_raster(
    path: Path,
    array: np.ndarray,
    bounds: BoundingBox | tuple[float, float, float, float] | None = (0.0, 40.0, 10.0, 50.0),
    crs: str | None = "EPSG:4326",
    *,
    transform: Affine | None = None,
    overviews: tuple[int, ...] = (),
    mask: np.ndarray | None = None,
    palette: dict[int, tuple[int, int, int, int]] | None = None,
    **profile: Any,
) -> Path:
    """Write (bands, rows, columns) or (rows, columns), as a GeoTIFF unless `driver` is given."""
    array = array if array.ndim == 3 else array[None]
    count, height, width = array.shape
    if transform is None and bounds is not None:
        left, bottom, right, top = bounds
        transform = Affine((right - left) / width, 0, left, 0, -(top - bottom) / height, top)
    settings = {"driver": "GTiff", "dtype": array.dtype, "crs": crs, **profile}
    if transform is not None:
        settings["transform"] = transform
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", width=width, height=height, count=count, **settings
        ) as dataset:
            dataset.write(array)
            if palette:
                dataset.write_colormap(1, palette)
            if mask is not None:
                dataset.write_mask(mask)
            if overviews:
                dataset.build_overviews(overviews, Resampling.average)
    return path


def ramp(width: int, height: int, bands: int = 1, dtype: str = "uint8") -> np.ndarray:
    """Return bands that rise smoothly to the right, downwards and along the diagonal."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [x, y, (x + y) / 2, 1 - x][:bands]
    return np.stack([np.round(plane * 250) for plane in planes]).astype(dtype)


def write_with_points(path: Path, bend: float) -> Path:
    """Write a ramp of 100 × 80 pixels of 30 m, placed by points; `bend` is no affine's."""
    points = [
        GroundControlPoint(row, col, 5e5 + col * 30 + row * col * bend, 4.5e6 - row * 30)
        for row in (0, 40, 80)
        for col in (0, 50, 100)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", width=100, height=80, count=1, dtype="uint8"
        ) as dataset:
            dataset.gcps = (points, "EPSG:32631")
            dataset.write(ramp(100, 80))
    return path
