"""OSGeo's Tile Map Service 1.0.0: the list of maps, and a map with its tile sets."""

from __future__ import annotations

from typing import Final, NamedTuple

from lxml import etree

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import BoundingBox, Crs, TileMatrixSet, pyramid, wgs84_bounds
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.crs_names import read_crs
from tuilerie.protocols.reading.elements import attribute, child, children, text_of
from tuilerie.protocols.reading.numbers import number, whole
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.reading.xml_document import open_document
from tuilerie.protocols.recognise import require_kind
from tuilerie.protocols.xyz.templates import RemoteTiles

__all__ = ["TileMapEntry", "read_tile_map", "read_tile_map_service"]

_MOST: Final = 10_000
_MOST_SETS: Final = 100
_SPHERICAL: Final = Crs("EPSG:3857")


class TileMapEntry(NamedTuple):
    """A map of a service: its title, its CRS as written, and the address of its document."""

    title: str
    crs: str
    address: str


def read_tile_map_service(data: bytes, *, address: str) -> tuple[TileMapEntry, ...]:
    """Return the maps that a service lists.

    Raises: UnreadableDocument: as other readers.
    """
    remarks = Remarks()
    root = open_document(data, charset="", remarks=remarks)
    require_kind(root, "tms-service")
    found = []
    holder = child(root, "TileMaps")
    for element in [] if holder is None else list(children(holder, "TileMap"))[:_MOST]:
        link = addresses.mended(attribute(element, "href"), address, remarks, "TileMap")
        if link:
            found.append(TileMapEntry(attribute(element, "title"), attribute(element, "srs"), link))
    if not found:
        raise UnreadableDocument("no-layers", "The TMS lists no maps.")
    return tuple(found)


def read_tile_map(data: bytes, *, address: str) -> RemoteTiles:
    """Return the tiles of a map; rows are counted from the bottom in its addresses.

    `address` is that of the document.

    Raises: UnreadableDocument: as other readers; "no-layers" where its numbers make no tiles.
    """
    remarks = Remarks()
    root = open_document(data, charset="", remarks=remarks)
    require_kind(root, "tms-map")
    crs = read_crs(text_of(root, "SRS"))
    if crs is None:
        raise UnreadableDocument("no-layers", "Nobody knows the CRS of the map.")
    crs = _meant(root, crs, remarks)
    extent, tiles = _box(root), child(root, "TileFormat")
    extension = attribute(tiles, "extension").lstrip(".") if tiles is not None else "png"
    try:
        tms, orders = _matrix_set(root, crs, extent, tiles)
    except ValueError as error:
        raise UnreadableDocument("no-layers", f"The map makes no sense: {error}.") from None
    folder = address.partition("?")[0].rstrip("/")
    folder = folder.rpartition("/")[0] if folder.endswith(".xml") else folder
    # Orders stand in addresses; hrefs of sets hold them in practice as their last segment.
    template = addresses.mended(f"{folder}/{{z}}/{{x}}/{{y}}.{extension}", "", remarks, "TileSet")
    hrefs = {order: addresses.mended(link, address, remarks, "TileSet") for order, link in orders}
    common = {link.rstrip("/").rpartition("/")[0] for order, link in hrefs.items() if link}
    if len(common) == 1:
        template = f"{common.pop()}/{{z}}/{{x}}/{{y}}.{extension}"
    if not template:
        raise UnreadableDocument("no-layers", "The map has no address for its tiles.")
    return RemoteTiles(
        (template,),
        tms,
        title=text_of(root, "Title"),
        abstract=text_of(root, "Abstract"),
        format=attribute(tiles, "mime-type") if tiles is not None else "",
        from_bottom=True,
        wgs84_bounds=_degrees(extent, crs),
        warnings=remarks.warnings,
    )


def _meant(root: etree._Element, crs: Crs, remarks: Remarks) -> Crs:
    """Return the CRS that the tiles are truly in.

    The profile of the specification names an ellipsoidal Mercator; whoever serves it has tiles of
    the spherical one, which, taken for the other, lie up to 21 km off on the ground.
    """
    holder = child(root, "TileSets")
    profile = "" if holder is None else attribute(holder, "profile")
    named = text_of(root, "SRS")
    if profile != "global-mercator" or not named.endswith(":41001"):
        return crs
    remarks.add("spherical-mercator", "EPSG:3857 was taken", f"profile {profile} in {named}", "SRS")
    return _SPHERICAL


def _degrees(extent: BoundingBox | None, crs: Crs) -> BoundingBox | None:
    try:
        return None if extent is None else wgs84_bounds(extent, crs)
    except ValueError:
        return None


def _box(root: etree._Element) -> BoundingBox | None:
    box = child(root, "BoundingBox")
    if box is None:
        return None
    edges = [number(attribute(box, side)) for side in ("minx", "miny", "maxx", "maxy")]
    left, bottom, right, top = edges
    if left is None or bottom is None or right is None or top is None:
        return None
    return BoundingBox(left, bottom, right, top) if left < right and bottom < top else None


def _matrix_set(
    root: etree._Element, crs: Crs, extent: BoundingBox | None, tiles: etree._Element | None
) -> tuple[TileMatrixSet, list[tuple[str, str]]]:
    """Return the matrix set, and the address of each tile set by the matrix's name.

    Raises: ValueError.
    """
    origin = child(root, "Origin")
    x = None if origin is None else number(attribute(origin, "x"))
    y = None if origin is None else number(attribute(origin, "y"))
    holder = child(root, "TileSets")
    found = []
    for element in [] if holder is None else list(children(holder, "TileSet"))[:_MOST_SETS]:
        size = number(attribute(element, "units-per-pixel"))
        link = attribute(element, "href")
        last = link.rstrip("/").rpartition("/")[2]
        name = last if last.isdigit() else attribute(element, "order")
        if size and size > 0 and name:
            found.append((size, name, link))
    if extent is None or not found:
        raise ValueError("it has no BoundingBox or no TileSets")
    found.sort(key=lambda entry: -entry[0])
    tms = pyramid(
        text_of(root, "Title") or crs.text,
        crs,
        origin=(extent.left if x is None else x, extent.bottom if y is None else y),
        corner="bottom-left",
        cell_sizes=[size for size, _, _ in found],
        extent=extent,
        tile_width=_pixels(tiles, "width"),
        tile_height=_pixels(tiles, "height"),
        identifiers=[name for _, name, _ in found],
    )
    return tms, [(name, link) for _, name, link in found]


def _pixels(tiles: etree._Element | None, name: str) -> int:
    return (whole(attribute(tiles, name)) if tiles is not None else None) or 256
