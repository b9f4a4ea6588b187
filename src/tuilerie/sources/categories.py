"""The names of a palette's classes: from the file's category names or its attribute table."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import rasterio.shutil
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from tuilerie.sources.xml_text import XmlTextError, parse_xml

__all__ = ["category_names"]

_MAX_AUX_BYTES = 8 << 20
_NAME_USAGES = frozenset({"2"})
_VALUE_USAGES = frozenset({"5", "3"})
"""GDALRATFieldUsage: 2 is GFU_Name, 5 GFU_MinMax, 3 GFU_Min."""


def category_names(dataset: Any, path: Path, band: int) -> dict[int, str]:
    """Return class value -> name of a band, empty if the file names none.

    Args:
        dataset: open.
        path: its file, beside which the `.aux.xml` lies.
        band: 1-based.
    """
    return _from_table(path, band) or _from_list(dataset, band)


def _from_list(dataset: Any, band: int) -> dict[int, str]:
    """Read GDAL's category names, which rasterio shows nowhere but in a VRT of the file."""
    try:
        with MemoryFile(ext=".vrt") as memory:
            rasterio.shutil.copy(dataset, memory.name, driver="VRT")
            root = _parse(memory.read())
    except RasterioError:
        return {}
    element = _band(root, "VRTRasterBand", band)
    names = [] if element is None else element.findall("CategoryNames/Category")
    return {value: name.text.strip() for value, name in enumerate(names) if name.text}


def _from_table(path: Path, band: int) -> dict[int, str]:
    """Read the raster attribute table that GDAL and ArcGIS keep in the .aux.xml file."""
    sidecar = Path(f"{path}.aux.xml")
    try:
        if sidecar.stat().st_size > _MAX_AUX_BYTES:
            return {}
        root = _parse(sidecar.read_bytes())
    except OSError:
        return {}
    element = _band(root, "PAMRasterBand", band)
    table = None if element is None else element.find("GDALRasterAttributeTable")
    if table is None:
        return {}
    usages = [field.findtext("Usage", "") for field in table.findall("FieldDefn")]
    name_at = _first(usages, _NAME_USAGES)
    value_at = _first(usages, _VALUE_USAGES)
    if name_at is None:
        return {}
    names = {}
    for position, row in enumerate(table.findall("Row")):
        fields = [field.text or "" for field in row.findall("F")]
        try:
            value = position if value_at is None else int(float(fields[value_at]))
            names[value] = fields[name_at].strip()
        except (ValueError, IndexError):
            continue
    return {value: name for value, name in names.items() if name}


def _parse(data: bytes) -> ElementTree.Element | None:
    try:
        return parse_xml(data)
    except XmlTextError:
        return None


def _band(root: ElementTree.Element | None, tag: str, band: int) -> ElementTree.Element | None:
    found = () if root is None else root.iter(tag)
    return next((element for element in found if element.get("band") == str(band)), None)


def _first(usages: list[str], wanted: frozenset[str]) -> int | None:
    return next((at for at, usage in enumerate(usages) if usage.strip() in wanted), None)
