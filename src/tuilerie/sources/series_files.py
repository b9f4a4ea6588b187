"""Which files of a folder belong to which values of dimensions, by their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tuilerie.catalogue.file_pattern import FilePattern, parse_file_pattern
from tuilerie.errors import CatalogueError, Problem

__all__ = ["MAX_FILES", "FilesByValues", "files_by_pattern", "places_like"]

FilesByValues = dict[tuple[str, ...], list[str]]
"""Paths below the folder by the texts of their values."""

_SIDECARS = (".aux.xml", ".ovr", ".msk")
MAX_FILES = 200_000


def files_by_pattern(folder: Path, text: str) -> tuple[tuple[str, ...], FilesByValues]:
    """Return the dimensions of a pattern and the files that match it, sorted by their names.

    Raises: CatalogueError: there is no such folder, nothing in it matches, or too much.
    """
    pattern = parse_file_pattern(text)
    found: FilesByValues = {}
    count = 0
    for _, name in _walk(folder, pattern):
        said = pattern.values(name) if name else None
        if said is None or name.lower().endswith(_SIDECARS):
            continue
        count += 1
        if count > MAX_FILES:
            message = f"more than {MAX_FILES:,} files are like {text}"
            raise CatalogueError([Problem(message, "make several sources of the folder", "files")])
        values = dict(said)
        found.setdefault(tuple(values[each] for each in pattern.dimensions), []).append(name)
    if not found:
        message = f"{folder}: no file is like {text}"
        raise CatalogueError([Problem(message, "check the folder and the pattern", "files")])
    return pattern.dimensions, found


def places_like(folder: Path, text: str) -> list[Path]:
    """Return the files like a pattern, good or not, and the folders in which one could appear.

    Raises: CatalogueError: there is no such folder.
    """
    found = _walk(folder, parse_file_pattern(text))
    return list(dict.fromkeys(folder / name if name else place for place, name in found))


def _walk(folder: Path, pattern: FilePattern) -> Iterator[tuple[Path, str]]:
    """Yield every folder on the way with "", and every file at the end with its path below.

    Links to folders are not followed, and what begins with a dot is left out, as in a mosaic.
    """
    if not folder.is_dir():
        raise CatalogueError([Problem(f"{folder} is not a folder", "give the folder of the files")])
    places = [(folder, "")]
    for depth in range(pattern.folders + 1):
        deeper = []
        for place, above in places:
            yield place, ""
            for entry in _entries(place):
                name = f"{above}{entry.name}"
                if not pattern.matches(depth, entry.name):
                    continue
                if depth == pattern.folders:
                    if entry.is_file():
                        yield place, name
                elif entry.is_dir(follow_symlinks=False):
                    deeper.append((Path(entry.path), f"{name}/"))
        places = deeper


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []  # gone, or not ours to read: its coming back is a change
    return sorted(visible, key=lambda entry: entry.name)
