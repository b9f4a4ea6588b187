"""How a raster is opened: GDAL's settings, subdatasets, and rasters placed by control points."""

from __future__ import annotations

import threading
import warnings
from functools import lru_cache
from typing import Any

import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.env import set_gdal_config
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT

from tuilerie.errors import CatalogueError, Problem
from tuilerie.sources.admission import admit, drivers_for
from tuilerie.sources.control_points import needs_rectifying
from tuilerie.sources.settings import RasterFile

__all__ = ["BLOCK_CACHE_MB", "open_raster"]

BLOCK_CACHE_MB = 24
"""GDAL's cache of decoded blocks, per process: room for the blocks of a few metatiles."""

_GDAL_OPTIONS: dict[str, str | int] = {
    "GDAL_CACHEMAX": BLOCK_CACHE_MB << 20,
    # Sidecars (.ovr, .msk, .aux.xml, world files) are asked for one by one: listing the
    # folder at each opening would cost more with each file in it.
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_MAX_DATASET_POOL_SIZE": "64",
    # `admission` keeps remote names out; should one pass, no file name has this ending.
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".nothing-is-fetched",
}

_warnings_lock = threading.Lock()


@lru_cache(maxsize=1)
def _set_gdal_options() -> None:
    """Set GDAL's options for the whole process and for good.

    A `rasterio.Env` would take them back at its end, and from all threads at once.
    """
    for name, value in _GDAL_OPTIONS.items():
        set_gdal_config(name, value)


def open_raster(file: RasterFile) -> Any:
    """Open a raster, or the subdataset of it that the settings name.

    A raster placed by ground control points alone becomes one with a transform: the affine
    that fits the points to half a pixel, else a raster that GDAL rectifies while it is read.

    Raises: CatalogueError: not admitted, or no such subdataset.
        rasterio.errors.RasterioIOError: not a raster, or unreadable.
    """
    _set_gdal_options()
    path = admit(file.path, trusted=file.trusted_folders)
    drivers = drivers_for(path)
    # rasterio warns of files without georeferencing, which `facts` refuses in better words;
    # the lock, because the state that catch_warnings puts back is the whole process's.
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        dataset = _open(str(path), drivers)
        if not file.subdataset:
            return _rectified(dataset)
        with dataset:
            name = _subdataset(dataset, file.subdataset)
        return _rectified(_open(name, drivers))


def _open(name: str, drivers: list[str]) -> Any:
    # rasterio.open takes one driver only.
    with rasterio.Env():
        return DatasetReader(name, driver=drivers, sharing=False)


def _subdataset(dataset: Any, wanted: str) -> str:
    """Return GDAL's name of a raster in a container, by the part that tells it from the others."""
    for name in dataset.subdatasets:
        if wanted in (name, name.rsplit(":", 1)[-1], name.rsplit(":", 1)[-1].lstrip("/")):
            return str(name)
    inner = [name.rsplit(":", 1)[-1] for name in dataset.subdatasets]
    raise CatalogueError(
        [
            Problem(
                f"there is no subdataset {wanted!r} in the file",
                f"use one of: {', '.join(inner[:20])}" if inner else "leave `subdataset` out",
            )
        ]
    )


def _rectified(dataset: Any) -> Any:
    """Let GDAL rectify a raster whose control points no affine fits; leave any other as it is."""
    if not needs_rectifying(dataset):
        return dataset
    palette = dataset.colorinterp[0] is ColorInterp.palette
    # The view keeps its source open, and closes it when it goes.
    return WarpedVRT(
        dataset,
        crs=dataset.gcps[1],
        resampling=Resampling.nearest if palette else Resampling.bilinear,
        add_alpha=dataset.nodata is None and ColorInterp.alpha not in dataset.colorinterp,
    )
