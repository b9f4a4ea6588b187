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


def catalogue(folder: Path, raster: Path) -> Path:
    """Write the catalogue that serves it as layer "world"."""
    path = folder / "catalogue.yaml"
    path.write_text(_CATALOGUE.format(raster=raster))
    return path
