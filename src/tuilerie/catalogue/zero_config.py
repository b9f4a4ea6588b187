"""The document for an operator who wrote none: files on the command line become layers."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.fields import MAX_IDENTIFIER_LENGTH
from tuilerie.errors import CatalogueError, Problem

__all__ = ["document_for_files"]

_RASTER_SUFFIXES = frozenset(
    {
        *(".tif", ".tiff", ".vrt", ".jp2", ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"),
        *(".img", ".asc", ".grd", ".nc", ".hgt", ".dem", ".dt0", ".dt1", ".dt2", ".bil", ".bsq"),
        *(".ecw", ".sid", ".gpkg"),
    }
)
_ARCHIVES = {".mbtiles": "mbtiles", ".pmtiles": "pmtiles"}
_JOINTS = re.compile(r"[\s_.\-]+")


def document_for_files(paths: Sequence[Path], *, crs: str = "") -> CatalogueDocument:
    """Return a document with one layer per file, in their order.

    A layer's identifier is the file's stem, numbered where stems are equal; a folder is a
    mosaic of the kind of raster that it has most of. Paths become absolute.

    Args:
        crs: of all the files, as `grids.crs.Crs.parse` reads it; "" = what they say themselves.
            Archives of tiles have theirs always.

    Raises: CatalogueError: a name that cannot be written in a document, or a folder without
        rasters; all at once.
    """
    problems: list[Problem] = []
    sources: dict[str, Any] = {}
    layers: dict[str, Any] = {}
    for path in paths:
        try:
            settings = _source(path)
            if crs and settings["kind"] not in _ARCHIVES.values():
                settings["crs"] = crs
        except _UnusableError as error:
            problems.append(Problem(str(error), error.hint, file=ascii(os.fspath(path))[1:-1]))
            continue
        stem = _stem(path)
        identifier = _unique(stem, layers)
        sources[identifier] = settings
        layers[identifier] = {"title": _title(stem), "source": identifier}
    if problems:
        raise CatalogueError(problems)
    return CatalogueDocument.model_validate({"tuilerie": 1, "sources": sources, "layers": layers})


class _UnusableError(Exception):
    """A path cannot become a source."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _source(path: Path) -> dict[str, Any]:
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links: names matter
    try:
        absolute.encode()
    except UnicodeEncodeError:
        raise _UnusableError("the name of the file is not Unicode", "rename it") from None
    archive = _ARCHIVES.get(path.suffix.lower())
    if archive is not None and not Path(absolute).is_dir():
        return {"kind": archive, "path": absolute}
    if not Path(absolute).is_dir():
        return {"kind": "raster", "path": absolute}
    return {"kind": "mosaic", "path": absolute, "pattern": _pattern(Path(absolute))}


def _pattern(folder: Path) -> str:
    """Return the pattern of the rasters that a folder has most of."""
    try:
        suffixes = Counter(
            entry.suffix for entry in folder.iterdir() if entry.suffix.lower() in _RASTER_SUFFIXES
        )
    except OSError as error:
        raise _UnusableError(f"the folder cannot be read: {error.strerror}", "") from error
    if not suffixes:
        raise _UnusableError(
            "the folder has no raster files", "write a catalogue with a mosaic and its pattern"
        )
    most = max(suffixes.values())
    return f"*{min(suffix for suffix, count in suffixes.items() if count == most)}"


def _stem(path: Path) -> str:
    """Return the name of a file without its suffix, as an identifier."""
    name = Path(os.path.abspath(path))  # noqa: PTH100 - as above
    stem = name.name if name.is_dir() else name.stem
    printable = "".join(char if char.isprintable() else "_" for char in stem).strip()
    if not printable.strip("."):
        return "layer"
    return printable[: MAX_IDENTIFIER_LENGTH - 10].strip()


def _unique(stem: str, taken: dict[str, Any]) -> str:
    identifier, number = stem, 1
    while identifier in taken:
        number += 1
        identifier = f"{stem}-{number}"
    return identifier


def _title(stem: str) -> str:
    """Return a stem as people would write it."""
    words = _JOINTS.sub(" ", stem).strip() or stem
    return words[0].upper() + words[1:]
