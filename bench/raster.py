"""The raster that all render from: the demo's world image as a tiled GeoTIFF with overviews."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_CATALOGUE = """
tuilerie: 1
service: {{title: Benchmark}}
sources:
  world: {{kind: raster, path: {raster}}}
layers:
  world:
    title: World
    source: world
    matrix_sets: [{{id: WebMercatorQuad, matrices: [0, 7]}}]
    formats: [image/jpeg, image/png]
"""


def world(folder: Path) -> Path:
    """Return the GeoTIFF (EPSG:4326, DEFLATE, overviews), made once."""
    raster = folder / "world.tif"
    if not raster.exists():
        source = ROOT / "examples/demo/data/relief.jpg"
        partial = folder / "world.partial.tif"
        layout = ["-co", "TILED=YES", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=2"]
        subprocess.run(
            ["gdal_translate", "-q", *layout, "-a_srs", "EPSG:4326", source, partial], check=True
        )
        subprocess.run(
            ["gdaladdo", "-q", "-r", "average", partial, "2", "4", "8", "16"], check=True
        )
        partial.rename(raster)
    return raster


def dense(folder: Path) -> Path:
    """Return a raster of 32768 x 32768 pixels in EPSG:3857: the world image again and again.

    Its tiles in matrix 7 are one pixel for one pixel, so they weigh what tiles of photographs
    weigh; those of an enlarged image are smooth and weigh nothing.
    """
    path = folder / "dense.vrt"
    if path.exists():  # its time is part of what our cache remembers
        return path
    member = world(folder)
    side, width, height = 32768, 5400, 2700
    sources = "".join(
        f"<SimpleSource><SourceFilename relativeToVRT='1'>{member.name}</SourceFilename>"
        f"<SourceBand>{{band}}</SourceBand><SrcRect xOff='0' yOff='0' xSize='{width}'"
        f" ySize='{height}'/><DstRect xOff='{x}' yOff='{y}' xSize='{width}' ySize='{height}'/>"
        "</SimpleSource>"
        for y in range(0, side, height)
        for x in range(0, side, width)
    )
    bands = "".join(
        f"<VRTRasterBand dataType='Byte' band='{band}'>{sources.format(band=band)}</VRTRasterBand>"
        for band in (1, 2, 3)
    )
    edge = 20037508.342789244
    cell = 2 * edge / side
    path.write_text(
        f"<VRTDataset rasterXSize='{side}' rasterYSize='{side}'><SRS>EPSG:3857</SRS>"
        f"<GeoTransform>{-edge}, {cell}, 0, {edge}, 0, {-cell}</GeoTransform>{bands}</VRTDataset>"
    )
    return path


def catalogue(folder: Path, raster: Path) -> Path:
    """Write the catalogue that serves it as layer "world"."""
    path = folder / "catalogue.yaml"
    path.write_text(_CATALOGUE.format(raster=raster))
    return path
