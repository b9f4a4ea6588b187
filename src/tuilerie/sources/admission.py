"""Which files may be opened at all: GDAL reads far more than files, and a map needs only those.

A path that reaches GDAL is absolute, names an existing local file, and is opened with a closed
list of drivers, so that neither `/vsicurl/…`, `http:`, `WMS:…` nor an innocent-looking XML or
JSON file makes the server fetch something. A VRT is read by us first: its members must be local
files below its own folder (or a folder that the operator trusts), without code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import rasterio

from tuilerie.errors import CatalogueError, Problem
from tuilerie.sources.xml_text import XmlTextError, name_of, parse_xml

__all__ = ["admit", "drivers_for"]

_REMOTE = re.compile(r"^\s*(?:[A-Za-z][A-Za-z0-9+.-]*://|https?:|ftp:)", re.IGNORECASE)
_DRIVER_PREFIX = re.compile(r"^[A-Za-z][A-Za-z0-9_]+:")

_REFUSED_DRIVERS = frozenset(
    {
        # They fetch over the network, or open whatever the file tells them to.
        *("WMS", "WMTS", "WCS", "HTTP", "PLMOSAIC", "EEDA", "EEDAI", "DAAS", "OGCAPI", "NGW"),
        *("STACIT", "STACTA", "GTI", "ESRIC", "DERIVED", "CSW", "WFS", "OAPIF", "PLSCENES"),
        # Opened only after `_check_vrt`.
        "VRT",
    }
)
_MAGIC = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
}
_MAX_VRT_BYTES = 64 << 20
_MAX_VRT_DEPTH = 8
_WORDS = frozenset(
    {
        *("metadata", "srs", "gcplist", "categorynames", "colortable", "histograms"),
        *("gdalrasterattributetable", "unittype", "description"),
    }
)
_CODE = frozenset(
    {
        *("pixelfunctiontype", "pixelfunctioncode", "pixelfunctionlanguage", "imageoffset"),
        # They name further files, in ways of their own.
        *("processingsteps", "geoloctransformer"),
    }
)
_CODE_CLASSES = frozenset({"vrtderivedrasterband", "vrtrawrasterband", "vrtprocesseddataset"})
_PATHS = frozenset({"sourcefilename", "sourcedataset", "dempath"})


def admit(path: str | os.PathLike[str], *, trusted: tuple[Path, ...] = ()) -> Path:
    """Return the absolute path of a raster file that GDAL may open.

    Args:
        path: a local file; relative to the working directory unless absolute.
        trusted: folders, besides its own, in which a VRT's members may lie.

    Raises: CatalogueError: not a local file, or a VRT with members or code that we refuse.
    """
    text = os.fspath(path)
    if _REMOTE.match(text) or text.startswith("/vsi"):
        raise _refusal(f"{text!r} is not a local file", "give the path of a file on this machine")
    if "\0" in text or text.lstrip().startswith("<"):
        raise _refusal("the path of the raster is not a path", "give the path of a file")
    absolute = Path(text).absolute()
    if not absolute.exists():
        if _DRIVER_PREFIX.match(text):
            raise _refusal(
                f"{text!r} is a connection string, not a file",
                "give the file's path, and the part inside it as `subdataset`",
            )
        raise _refusal(
            f"{absolute.name} does not exist", "check the path; in a catalogue it is relative to it"
        )
    if absolute.is_dir():
        raise _refusal(f"{text} is a folder", "use `kind: mosaic` to serve all rasters in a folder")
    if not os.access(absolute, os.R_OK):
        raise _refusal(f"{text} may not be read", "give the server's user the right to read it")
    if not absolute.is_file():
        raise _refusal(f"{text} is not an ordinary file", "give the path of a raster file")
    _check(absolute, trusted, 0)
    return absolute


def drivers_for(path: Path) -> list[str]:
    """Return the GDAL drivers that may open an admitted file."""
    head = _head(path)
    if _is_vrt(head):
        return ["VRT"]
    # GDAL compares each of its drivers with each one allowed: a short list opens in a tenth.
    return next(
        ([driver] for magic, driver in _MAGIC.items() if head.startswith(magic)), _local_drivers()
    )


@lru_cache(maxsize=1)
def _local_drivers() -> list[str]:
    with rasterio.Env() as environment:
        return sorted(set(environment.drivers()) - _REFUSED_DRIVERS)


def _check(path: Path, trusted: tuple[Path, ...], depth: int) -> None:
    """Refuse a file whose first bytes say that it leads elsewhere."""
    try:
        head = _head(path)
        if _is_vrt(head):
            found = path.stat()
            _check_vrt(path, found.st_mtime_ns, found.st_size, trusted, depth)
        elif head.startswith(b"<MRF_META") and b"CachedSource" in path.read_bytes():
            raise _refusal(f"{path.name} is an MRF that reads another source", "cache it first")
        elif _is_vrt(head.replace(b"\0", b"")):
            raise _refusal(f"{path.name} is not written in UTF-8", "write it with gdalbuildvrt")
        elif depth and head.lstrip(_MARKS)[:1] in (b"<", b"{", b"["):
            raise _refusal(f"{path.name} is a text file inside a VRT", "name raster files only")
    except OSError as error:
        raise _refusal(f"{path.name} cannot be read: {error.strerror}", "") from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()


_MARKS = b"\xff\xfe\0"
"""What UTF-16 and UTF-32 may have before the first character, and in it."""


def _is_vrt(head: bytes) -> bool:
    return b"<VRTDataset" in head


@lru_cache(maxsize=256)
def _check_vrt(path: Path, mtime_ns: int, size: int, trusted: tuple[Path, ...], depth: int) -> None:
    """Refuse a VRT with code, or with members that are not local files in the right folders."""
    if depth > _MAX_VRT_DEPTH:
        raise _refusal(f"{path.name}: VRTs inside VRTs, too deep", "build one VRT of the files")
    if size > _MAX_VRT_BYTES:
        raise _refusal(f"{path.name} is larger than 64 MB", "serve the folder with `kind: mosaic`")
    folders = tuple(folder.resolve() for folder in (path.parent, *trusted))
    for element in _elements(path):
        name = name_of(element.tag)
        attributes = {name_of(key): value for key, value in element.attrib.items()}
        if len(attributes) < len(element.attrib) or attributes.keys() & (_CODE | _PATHS):
            raise _refusal(
                f"{path.name} is written in an unusual way ({element.tag})",
                "write it with gdalbuildvrt",
            )
        kind = (
            (element.text or "").strip() if name == "subclass" else attributes.get("subclass", "")
        )
        if name in _CODE or kind.lower() in _CODE_CLASSES:
            raise _refusal(
                f"{path.name} has derived or raw bands ({element.tag})",
                "make a plain file of it with gdal_translate and serve that",
            )
        if name in _PATHS:
            relative = attributes.get("relativetovrt") == "1"
            member = _member(path, element, folders, relative=relative)
            _check(member, trusted, depth + 1)


def _elements(path: Path) -> Iterator[ElementTree.Element]:
    """Yield the elements of a VRT, without those that hold only words."""
    try:
        waiting = [parse_xml(path.read_bytes())]
    except XmlTextError as error:
        raise _refusal(f"{path.name} {error}", "write the VRT with gdalbuildvrt") from error
    while waiting:
        element = waiting.pop()
        yield element
        waiting.extend(child for child in element if name_of(child.tag) not in _WORDS)


def _member(
    vrt: Path, element: ElementTree.Element, folders: tuple[Path, ...], *, relative: bool
) -> Path:
    """Return the file that a VRT names, relative to itself or absolute."""
    text = (element.text or "").strip()
    member = Path(os.path.realpath(vrt.parent / text))
    # Without relativeToVRT, GDAL would read the name against the working directory.
    misplaced = not text.startswith("/") and not relative
    if misplaced or text.startswith("/vsi") or not member.is_file():
        raise _refusal(
            f"{vrt.name} names {text!r}, which is not a file here",
            "a VRT may only be made of local files that exist",
        )
    if not any(member.is_relative_to(folder) for folder in folders):
        raise _refusal(
            f"{vrt.name} names {text!r}, which lies outside of its own folder",
            "put the VRT beside or above its files, or serve their folder with `kind: mosaic`",
        )
    return member


def _refusal(message: str, hint: str) -> CatalogueError:
    return CatalogueError([Problem(message, hint)])
