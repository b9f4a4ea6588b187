"""What changes whenever the pixels of a source may have changed, without reading a pixel."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tuilerie.sources.settings import RasterFile

__all__ = ["file_fingerprint", "sidecars_of"]

_APPENDED = (".ovr", ".msk", ".aux.xml")
_WORLD_FILES = {
    ".tif": (".tfw", ".tifw"),
    ".tiff": (".tfw", ".tiffw"),
    ".jpg": (".jgw", ".jpgw"),
    ".jpeg": (".jgw", ".jpegw"),
    ".png": (".pgw", ".pngw"),
    ".gif": (".gfw", ".gifw"),
    ".bmp": (".bpw", ".bmpw"),
    ".jp2": (".j2w", ".jp2w"),
}


def file_fingerprint(file: RasterFile, members: Iterable[str] = ()) -> str:
    """Return a hash of the names, sizes and times of a raster's files and of its settings.

    The folder is no part of it: tiles made before a move of the data stay good.

    Args:
        file: the raster and the settings that change what is shown of it.
        members: more files that hold the raster's pixels, as GDAL lists them.
    """
    paths = {file.path, *sidecars_of(file.path), *map(Path, members)}
    digest = hashlib.blake2b(digest_size=16)
    settings = (file.crs, file.nodata, file.bands, file.subdataset)
    digest.update(repr(settings).encode())
    for path in sorted(paths):
        try:
            found = path.stat()
        except OSError:
            continue
        digest.update(f"{path.name}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def sidecars_of(path: Path) -> list[Path]:
    """Return the files beside a raster that GDAL or we may take georeferencing or pixels from."""
    world = ("", *_WORLD_FILES.get(path.suffix.lower(), ()), ".wld", ".prj")
    names = [Path(f"{path}{suffix}") for suffix in (*_APPENDED, ".prj")]
    for suffix in world[1:]:
        names += [path.with_suffix(suffix), path.with_suffix(suffix.upper())]
    return names
