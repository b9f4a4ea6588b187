"""WMS-C: tile sets that a WMS lists in its vendor-specific capabilities (OSGeo, 2006).

Their grids have the bottom left corner of the box as their origin. Boxes are x first, since
WMS-C is made for WMS 1.1.1.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from tuilerie.grids import BoundingBox, pyramid
from tuilerie.protocols.reading.crs_names import read_crs
from tuilerie.protocols.reading.elements import attribute, child, text_of
from tuilerie.protocols.reading.numbers import number, whole
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.wms.reading.model import RemoteTileSet

__all__ = ["read_tile_sets"]

_MOST: Final = 5_000
_MOST_SIZES: Final = 100


def read_tile_sets(capability: etree._Element, remarks: Remarks) -> tuple[RemoteTileSet, ...]:
    """Return the tile sets that make sense; told is "tile-set-left-out"."""
    found = []
    for number_, element in enumerate(capability.iter("{*}TileSet")):
        if number_ == _MOST:
            break
        try:
            found.append(_tile_set(element))
        except ValueError as error:
            layers = text_of(element, "Layers")
            remarks.add("tile-set-left-out", "a tile set was left out", str(error), layers)
    return tuple(found)


def _tile_set(element: etree._Element) -> RemoteTileSet:
    name = text_of(element, "SRS") or text_of(element, "CRS")
    crs = read_crs(name)
    if crs is None:
        raise ValueError(f"nobody knows its CRS: {name[:80]!r}")
    box = child(element, "BoundingBox")
    edges = (
        [number(attribute(box, s)) for s in ("minx", "miny", "maxx", "maxy")]
        if box is not None
        else []
    )
    left, bottom, right, top = (
        (edge for edge in edges if edge is not None)
        if len([edge for edge in edges if edge is not None]) == 4
        else (0.0, 0.0, 0.0, 0.0)
    )
    sizes = [number(size) for size in text_of(element, "Resolutions").split()[:_MOST_SIZES]]
    cells = sorted({size for size in sizes if size}, reverse=True)
    if not cells or not (left < right and bottom < top):
        raise ValueError("it has no box or no resolutions")
    layers = text_of(element, "Layers")
    tms = pyramid(
        f"{layers} {crs.text}".strip(),
        crs,
        origin=(left, bottom),
        corner="bottom-left",
        cell_sizes=cells,
        extent=BoundingBox(left, bottom, right, top),
        tile_width=whole(text_of(element, "Width")) or 256,
        tile_height=whole(text_of(element, "Height")) or 256,
    )
    styles = text_of(element, "Styles")
    return RemoteTileSet(
        tuple(layers.split(",")), tuple(styles.split(",")), text_of(element, "Format"), tms
    )
