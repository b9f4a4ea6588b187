"""What the operator says of raster files, beside what the files say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["RasterFile", "SeriesFolder", "SeriesQuery", "SheetFolder"]


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


@dataclass(frozen=True, slots=True)
class SheetFolder:
    """A folder of rasters that are one map.

    Attributes:
        path: the folder.
        pattern: of file names, as shells have it.
        recursive: whether folders below count; links to folders are not followed.
        crs, nodata, bands, trusted_folders: as `RasterFile`, for all files.
        files: paths below the folder; not empty = these instead of those that the pattern chooses.
        newest_on_top: where sheets overlap, the newest file is shown instead of the last by name.
    """

    path: Path
    pattern: str = "*.tif"
    recursive: bool = False
    crs: str = ""
    nodata: float | None = None
    bands: tuple[int, ...] = ()
    trusted_folders: tuple[Path, ...] = ()
    newest_on_top: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """What a database is asked.

    Attributes:
        database: path of an SQLite file, or the address of a PostgreSQL server.
        sql: one SELECT, its columns named after the dimensions, and `file`.
    """

    database: str
    sql: str
    is_postgresql: bool = False


@dataclass(frozen=True, slots=True)
class SeriesFolder:
    """A folder with a map for each combination of values of some dimensions.

    Attributes:
        path: the folder; no file outside of it is read.
        pattern: see `catalogue.file_pattern`; None = the query tells the files.
        query: None = the pattern does.
        crs, nodata, bands: as `RasterFile`, for all files.
    """

    path: Path
    pattern: str | None = None
    query: SeriesQuery | None = None
    crs: str = ""
    nodata: float | None = None
    bands: tuple[int, ...] = ()
