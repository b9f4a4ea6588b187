"""The files of a folder and where each lies: read from headers once, then looked up in arrays.

Ten thousand rectangles are compared with a map's in some thirty microseconds by NumPy, so no tree
is needed; what costs is opening ten thousand files, which is why no pixel is read and the index of
a folder is kept until something in it changes.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from tuilerie.catalogue.model import DataKind
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import BoundingBox, Crs
from tuilerie.sources.describe import kind_of
from tuilerie.sources.facts import read_facts
from tuilerie.sources.fingerprint import file_fingerprint, sidecars_of
from tuilerie.sources.opening import open_raster
from tuilerie.sources.settings import RasterFile, SheetFolder

__all__ = [
    "Sheet",
    "SheetIndex",
    "SheetLookup",
    "folder_files",
    "folder_fingerprint",
    "read_sheets",
    "sheet_index",
]

_REMEMBERED = 20_000
"""Headers that are not read again while their files stay as they are."""
_SIDECARS = (".ovr", ".msk", ".aux.xml", ".prj", ".tfw", ".jgw", ".pgw", ".wld", ".xml", ".txt")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file, as its header says.

    Attributes:
        name: the path below the folder.
        like: what sheets must share to be one map: kind, data type and number of bands shown.
        upright: whether its rows and columns run along the axes of the CRS.
        fingerprint: see `file_fingerprint`.
    """

    name: str
    file: RasterFile
    crs: Crs
    bounds: BoundingBox
    cell_sizes: tuple[float, float]
    like: tuple[DataKind, str, int]
    palette: bytes
    alpha: bool
    transparent: bool
    upright: bool
    overviews: bool
    fingerprint: str


@dataclass(frozen=True, slots=True, eq=False)
class SheetIndex:
    """The sheets of a folder, the lowest first, and what had to be left out."""

    sheets: tuple[Sheet, ...]
    warnings: tuple[str, ...]
    fingerprint: str


class SheetLookup:
    """Finds the sheets of one CRS that a rectangle touches.

    Args:
        sheets: the lowest first; all of the same CRS.
        period: the x distance after which places come again, None if they never do.
    """

    def __init__(self, sheets: tuple[Sheet, ...], period: float | None) -> None:
        self.sheets = sheets
        edges: NDArray[np.float64] = np.array([sheet.bounds for sheet in sheets], np.float64)
        self._left, self._bottom, self._right, self._top = edges.T
        self._period = period

    def touching(self, area: BoundingBox) -> list[tuple[Sheet, float]]:
        """Return sheets with the shift in x that brings them to the area, the lowest first.

        Args:
            area: CRS units; may be counted whole periods away from the sheets.
        """
        rows = (self._bottom < area.top) & (self._top > area.bottom)
        found: list[tuple[int, float]] = []
        for shift in self._shifts(area):
            columns = (self._left + shift < area.right) & (self._right + shift > area.left)
            found += [(int(at), shift) for at in np.flatnonzero(rows & columns)]
        return [(self.sheets[at], shift) for at, shift in sorted(found)]

    def _shifts(self, area: BoundingBox) -> list[float]:
        if self._period is None:
            return [0.0]
        first = np.floor((area.left - self._right.max()) / self._period)
        last = np.ceil((area.right - self._left.min()) / self._period)
        return [float(n) * self._period for n in np.arange(first, last + 1)]


def folder_fingerprint(folder: SheetFolder) -> str:
    """Return what changes when a file of the folder is added, removed, renamed or rewritten.

    Raises: CatalogueError: the folder is not there or may not be read.
    """
    digest = hashlib.blake2b(repr(_without_place(folder)).encode(), digest_size=16)
    for path in _files(folder, with_sidecars=True):
        found = path.stat()
        name = path.relative_to(folder.path).as_posix()
        digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def sheet_index(folder: SheetFolder) -> SheetIndex:
    """Return the sheets of a folder, from memory if nothing in it has changed.

    Raises: CatalogueError: no folder, or no file in it that can be served.
    """
    return _read_index(folder, folder_fingerprint(folder))


@lru_cache(maxsize=32)
def _read_index(folder: SheetFolder, fingerprint: str) -> SheetIndex:
    paths = list(_files(folder, with_sidecars=False))
    if folder.newest_on_top:
        paths.sort(key=lambda path: (path.stat().st_mtime_ns, path))
    return read_sheets(folder, paths, fingerprint)


def read_sheets(folder: SheetFolder, paths: Sequence[Path], fingerprint: str = "") -> SheetIndex:
    """Return the sheets that files below a folder are, the lowest first.

    Headers are read once, and again when a file or one of its sidecars has changed.

    Raises: CatalogueError: none of them can be served.
    """
    sheets: list[Sheet] = []
    warnings: list[str] = []
    for path in paths:
        name = path.relative_to(folder.path).as_posix()
        try:
            file = RasterFile(
                path=path,
                crs=folder.crs,
                nodata=folder.nodata,
                bands=folder.bands,
                trusted_folders=folder.trusted_folders,
            )
            sheet = _read_sheet(file, name, file_fingerprint(file))
        except CatalogueError as error:
            warnings += [f"{name} is left out: {problem.message}" for problem in error.problems]
        except (RasterioError, OSError) as error:
            warnings.append(f"{name} is left out: {error.__cause__ or error}")
        else:
            misfit = _misfit(sheet, sheets[0]) if sheets else ""
            if misfit:
                warnings.append(f"{name} is left out: {misfit}")
            else:
                sheets.append(sheet)
    if not sheets:
        hint = "check the folder and the pattern" if not paths else "; ".join(warnings[:5])
        message = f"{folder.path}: none of {len(paths)} files like {folder.pattern} can be served"
        raise CatalogueError([Problem(message, hint)])
    return SheetIndex(tuple(sheets), tuple(warnings), fingerprint)


@lru_cache(maxsize=_REMEMBERED)
def _read_sheet(file: RasterFile, name: str, fingerprint: str) -> Sheet:
    with open_raster(file) as dataset:
        facts = read_facts(dataset, file)
        kind = kind_of(dataset, facts)
        return Sheet(
            name=name,
            file=file,
            crs=facts.crs,
            bounds=facts.bounds,
            cell_sizes=facts.cell_sizes,
            like=(kind, str(facts.dtype), len(facts.shown)),
            palette=b"" if facts.palette is None else facts.palette.tobytes(),
            alpha=bool(facts.alpha),
            transparent=facts.transparent,
            upright=facts.upright,
            overviews=bool(dataset.overviews(1)),
            fingerprint=fingerprint,
        )


def _misfit(sheet: Sheet, first: Sheet) -> str:
    """Say why a sheet cannot be shown together with the first one, "" if it can."""
    if sheet.like != first.like:
        return f"it has {_words(sheet)}, {first.name} has {_words(first)}"
    if sheet.palette != first.palette:
        return f"its colour table differs from that of {first.name}"
    return ""


def _words(sheet: Sheet) -> str:
    kind, dtype, bands = sheet.like
    return f"{bands} band{'s' if bands > 1 else ''} of {dtype} ({kind})"


def folder_files(folder: SheetFolder) -> list[Path]:
    """Return the folders, files and sidecars whose change means another map.

    Raises: CatalogueError: there is no such folder.
    """
    files = list(_files(folder, with_sidecars=True))
    return [folder.path, *dict.fromkeys(file.parent for file in files), *files]


def _named(folder: SheetFolder, *, with_sidecars: bool) -> Iterator[Path]:
    """Yield those files of a list that are there."""
    for name in folder.files:
        path = folder.path / name
        sidecars = sidecars_of(path) if with_sidecars else ()
        yield from (each for each in (path, *sidecars) if each.is_file())


def _files(folder: SheetFolder, *, with_sidecars: bool) -> Iterator[Path]:
    """Yield the files that the pattern chooses, sorted; sidecars only if asked for."""
    if folder.files:
        yield from _named(folder, with_sidecars=with_sidecars)
        return
    if not folder.path.is_dir():
        raise CatalogueError(
            [Problem(f"{folder.path} is not a folder", "give a folder, or use `kind: raster`")]
        )
    for place, folders, names in os.walk(folder.path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if not folder.recursive:
            folders.clear()
        visible = [name for name in names if not name.startswith(".")]
        chosen = {name for name in visible if _chosen(name, folder.pattern)}
        if with_sidecars:
            stems = {Path(name).stem for name in chosen} | chosen
            chosen |= {name for name in visible if _stem_of_sidecar(name) in stems}
        for name in sorted(chosen):
            yield Path(place, name)


def _chosen(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and not name.lower().endswith(_SIDECARS)


def _stem_of_sidecar(name: str) -> str | None:
    lower = name.lower()
    ending = next((ending for ending in _SIDECARS if lower.endswith(ending)), None)
    return None if ending is None else name[: -len(ending)]


def _without_place(folder: SheetFolder) -> SheetFolder:
    # Tiles made before a move of the data stay good.
    return replace(folder, path=Path())
