"""What the operator says of a raster file, beside what the file says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["RasterFile"]


@dataclass(frozen=True, slots=True)
class RasterFile:
    """A raster file and the corrections to it; the key under which open handles are kept.

    Attributes:
        path: the file.
        crs: overrides the file's own, as `grids.crs.Crs.parse` reads it; "" = the file's.
        nodata: overrides the file's own, for all bands; None = the file's.
        bands: 1-based numbers of the bands to show when none are asked for; () = by the file.
        subdataset: the raster inside a container (netCDF, HDF, GeoPackage); "" = the file itself.
        trusted_folders: where the members of a VRT may lie, besides the VRT's own folder.
    """

    path: Path
    crs: str = ""
    nodata: float | None = None
    bands: tuple[int, ...] = ()
    subdataset: str = ""
    trusted_folders: tuple[Path, ...] = ()
