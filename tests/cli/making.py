"""Files as operators really have them: good ones, and those with something wrong."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

__all__ = ["make_files"]

_PLACE = Affine(0.1, 0, 5, 0, -0.1, 50)


def make_files(folder: Path) -> None:
    """Write all files into a folder; their names say what they are."""
    _tiff(folder / "good.tif")
    (folder / "other").mkdir()
    _tiff(folder / "other" / "good.tif", seed=2)
    (folder / "sheets").mkdir()
    for n in range(3):
        place = Affine(0.1, 0, 5 + 6.4 * n, 0, -0.1, 50)
        _tiff(folder / "sheets" / f"{n}.tif", seed=3 + n, transform=place)
    (folder / "empty folder").mkdir()
    _tiff(folder / "no crs.tif", crs=None)
    _tiff(folder / "metres as degrees.tif", transform=Affine(30, 0, 500_000, 0, -30, 5_000_000))
    _tiff(folder / "rotated.tif", transform=_PLACE @ Affine.rotation(30))
    _tiff(folder / "no area.tif", transform=Affine(0.1, 0, 5, 0.1, 0, 50))
    _tiff(folder / "complex.tif", dtype="complex64")
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photograph.jpg")
    whole = _tiff(folder / "whole.tif", side=512).read_bytes()
    (folder / "whole.tif").unlink()
    (folder / "cut off.tif").write_bytes(whole[: len(whole) // 2])
    (folder / "cut off in the header.tif").write_bytes(whole[:200])
    (folder / "text.tif").write_text("These are no pixels.\n")
    (folder / "nothing.tif").write_bytes(b"")
    (folder / "dangling.tif").symlink_to(folder / "nowhere.tif")
    os.mkfifo(folder / "pipe.tif")
    (folder / "points to others.vrt").write_text(_VRT.format(name="/etc/passwd", relative=0))
    (folder / "points nowhere.vrt").write_text(_VRT.format(name="nowhere.tif", relative=1))


_VRT = """\
<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>EPSG:4326</SRS>
<GeoTransform>5, 0.1, 0, 50, 0, -0.1</GeoTransform>
<VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename relativeToVRT="{relative}">{name}</SourceFilename><SourceBand>1</SourceBand>
</SimpleSource></VRTRasterBand></VRTDataset>
"""


def _tiff(path: Path, *, side: int = 64, seed: int = 1, **changes: Any) -> Path:
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:4326",
        "transform": _PLACE,
    } | changes
    pixels = np.random.default_rng(seed).integers(1, 256, (profile["count"], side, side))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", **profile) as dataset:
            dataset.write(pixels.astype(profile["dtype"]))
    return path
