"""GDAL's own warper, exact (`-et 0`) and without overviews: what our pictures are compared with."""

from __future__ import annotations

import math
import subprocess
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import rasterio

from tuilerie.catalogue.model import SourceDescription
from tuilerie.grids import BoundingBox, Crs, transform_points
from tuilerie.raster.image import Raster

EDGE_PX = 2


def gdalwarp(
    path: Path, source: Crs, target: Crs, bounds: BoundingBox, size: int, how: str, folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Return (bands, rows, columns) without alpha, and where it is valid."""
    made = folder / "oracle.tif"
    made.unlink(missing_ok=True)
    subprocess.run(
        [
            *("gdalwarp", "-q", "-et", "0", "-ovr", "NONE", "-r", how, "-dstalpha"),
            *("-s_srs", _text(source), "-t_srs", _text(target)),
            *("-te", *(repr(edge) for edge in bounds), "-ts", str(size), str(size)),
            *(str(path), str(made)),
        ],
        check=True,
        capture_output=True,
    )
    with rasterio.open(made) as dataset:
        pixels = dataset.read()
    return pixels[:-1], pixels[-1] > 0


def _text(crs: Crs) -> str:
    return crs.text if crs.authority_code else crs.pyproj.to_wkt()


def valid(raster: Raster | None, size: int) -> np.ndarray:
    if raster is None:
        return np.zeros((size, size), bool)
    return np.ones((size, size), bool) if raster.mask is None else raster.mask > 0


def difference(ours: np.ndarray, theirs: np.ndarray, where: np.ndarray, *, blur: int = 0) -> float:
    """Return the mean absolute difference of all bands, away from edges of what is valid."""
    reach = 2 * EDGE_PX + blur + 1
    inner = cv2.erode(where.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    if not inner.any():
        return 0.0
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if blur:
        ours, theirs = (
            np.stack([cv2.blur(band, (blur, blur)) for band in pixels]) for pixels in (ours, theirs)
        )
    return float(np.abs(ours - theirs)[:, inner].mean())


def unit(description: SourceDescription) -> float:
    """Return what is one of 255 steps of the picture: of the usual range, for measurements."""
    if description.kind != "values":
        return 1.0
    band = description.bands[0]
    return (band.percentile_98 - band.percentile_2) / 255


def ratios(
    description: SourceDescription, target: Crs, bounds: BoundingBox, size: int
) -> tuple[float, float]:
    """Return how many source pixels the sides of a map's pixels cover, the least and the most."""
    cell = bounds.width / size
    source = Crs.parse(description.crs)
    found = []
    for share_x, share_y in product((0.02, 0.5, 0.98), repeat=2):
        x = bounds.left + share_x * bounds.width
        y = bounds.bottom + share_y * bounds.height
        xs, ys = transform_points([x, x + cell, x], [y, y, y + cell], target, source)
        found += [math.hypot(xs[n] - xs[0], ys[n] - ys[0]) for n in (1, 2)]
    sides = [side / description.cell_size for side in found if math.isfinite(side)]
    return min(sides, default=1.0), max(sides, default=1.0)
