"""Classes on coarse maps: each pixel has the class that lies nearest to its centre."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.sources.making import write_raster
from tests.sources.oracle import gdalwarp
from tuilerie.grids import BoundingBox, Crs, transform_bounds
from tuilerie.sources.base import MapRequest
from tuilerie.sources.datasets import DatasetPool
from tuilerie.sources.mosaic import MosaicSource
from tuilerie.sources.rasterfile import RasterFileSource
from tuilerie.sources.settings import RasterFile, SheetFolder

UTM = Crs.parse("EPSG:32631")
SIDE, SIZE = 3200, 256


@pytest.mark.gdal
@pytest.mark.parametrize("source", ["file", "sheets"])
@pytest.mark.parametrize("crs", ["EPSG:32631", "EPSG:3857"])
def test_coarse_classes_are_those_of_gdalwarp(tmp_path: Path, source: str, crs: str) -> None:
    """Noise has no neighbours alike: the nearest pixel of every second one is another class."""
    noise = np.random.default_rng(8).integers(0, 64, (1, SIDE, SIDE), np.uint8)
    colours = {number: (number * 4, 0, 0, 255) for number in range(64)}
    data = BoundingBox(5e5, 4e6 - SIDE, 5e5 + SIDE, 4e6)
    path = write_raster(tmp_path / "all.tif", noise, data, UTM.text, palette=colours, tiled=True)
    if source == "sheets":
        (tmp_path / "sheets").mkdir()
        for left in (0, SIDE // 2):
            half = noise[:, :, left : left + SIDE // 2].copy()
            place = BoundingBox(5e5 + left, 4e6 - SIDE, 5e5 + left + SIDE // 2, 4e6)
            sheet = tmp_path / "sheets" / f"{left:04d}.tif"
            write_raster(sheet, half, place, UTM.text, palette=colours, tiled=True)
        reader = MosaicSource(SheetFolder(tmp_path / "sheets"), pool=DatasetPool())
    else:
        reader = RasterFileSource(RasterFile(path), pool=DatasetPool())
    target = Crs.parse(crs)
    bounds = transform_bounds(data, UTM, target)
    drawn = reader.read_sync(MapRequest(bounds, crs, SIZE, SIZE))
    theirs, there = gdalwarp(path, UTM, target, bounds, SIZE, "near", tmp_path)
    assert drawn is not None
    both = there if drawn.mask is None else there & (drawn.mask > 0)
    assert both.mean() > 0.9
    assert (drawn.array[0] != theirs[0])[both].mean() <= 0.002
