"""What GDAL's own drivers read of another server: the judge of maps that we draw from it."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import rasterio

from tests.journeys.cascading import Cascade
from tuilerie.grids import BoundingBox

__all__ = ["minidriver", "off_from_gdal", "read_by_gdal"]


async def read_by_gdal(folder: Path, where: str, crs: str, bounds: BoundingBox) -> np.ndarray:
    """Return 256 × 256 pixels of a data set that GDAL opens, red, green and blue."""
    path = folder / "gdal.tif"
    command = [
        *("gdalwarp", "-q", "-overwrite", "-r", "cubic", "-ts", "256", "256"),
        *("-t_srs", crs, "-te", *map(repr, bounds), "-te_srs", crs, where, str(path)),
    ]
    await asyncio.to_thread(
        subprocess.run,
        command,
        check=True,
        timeout=60,
        cwd=folder,  # its drivers keep what they fetched where they run
        capture_output=True,
    )
    with rasterio.open(path) as dataset:
        return np.moveaxis(dataset.read((1, 2, 3)), 0, -1).astype(int)


async def off_from_gdal(cascade: Cascade, query: str, folder: Path, where: str) -> np.ndarray:
    """Return by how much each value of a tile differs from what GDAL makes of a data set."""
    ours = (await cascade.pixels(query))[:, :, :3]
    tms = cascade.catalogue.matrix_sets[query.split("/")[1]]
    bounds = tms.bounds(cascade.address(query).index)
    return np.abs(ours - await read_by_gdal(folder, where, tms.crs.text, bounds))


def minidriver(template: str, level: int) -> str:
    """Return GDAL's description of tiles in Web Mercator's usual pyramid, read at one level.

    `template` has ${z}, ${x} and ${y}, counted from the top.
    """
    return f"""<GDAL_WMS><Service name="TMS"><ServerUrl>{template}</ServerUrl></Service>
<DataWindow><UpperLeftX>-20037508.342789244</UpperLeftX><UpperLeftY>20037508.342789244</UpperLeftY>
<LowerRightX>20037508.342789244</LowerRightX><LowerRightY>-20037508.342789244</LowerRightY>
<TileLevel>{level}</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY>
<YOrigin>top</YOrigin></DataWindow><Projection>EPSG:3857</Projection>
<BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>3</BandsCount></GDAL_WMS>"""
