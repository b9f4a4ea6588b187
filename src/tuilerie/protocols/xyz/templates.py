"""Addresses of tiles with variables in braces, in every dialect that people paste.

{z} {x} {y}             level, column, row from the top; also {level}, {col}, {row}, {zoom}
{-y} {reverse_y}        the row from the bottom; {tms_y} too
{q} {quadkey}           a key in a quadtree
{s} {a-c} {1-4}         a server out of several; {switch:a,b,c} as well
{r} {ratio} {@2x}       nothing, or "@2x" for tiles of twice the pixels
{z+1} {z-1}             a level counted otherwise
%(z)s ${z}              the same of other programs
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet, TileRange, named_matrix_set
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.remarks import ReadingWarning, Remarks
from tuilerie.protocols.xyz.quadkeys import quadkey

__all__ = ["RemoteTiles", "is_template", "normalised", "read_template", "tile_address"]

_OTHER_BRACES = re.compile(r"%\((\w+)\)[sd]|\$\{(\w+)\}|%7B([^%{}]{1,40})%7D", re.I)
_VARIABLE = re.compile(r"\{([^{}]{1,200})\}")
_RANGE = re.compile(r"([a-z0-9])-([a-z0-9])", re.I)
_SHIFTED = re.compile(r"z([+-]\d{1,2})")
_ARCGIS = re.compile(r"/(?:MapServer|ImageServer)/?$", re.I)
_LEVEL: Final = frozenset({"z", "level", "zoom", "tilematrix"})
_COL: Final = frozenset({"x", "col", "column", "tilecol"})
_ROW: Final = frozenset({"y", "row", "tilerow"})
_FLIPPED: Final = frozenset({"-y", "reverse_y", "tms_y", "reversey", "invy"})
_KEY: Final = frozenset({"q", "quadkey"})
_SERVER: Final = frozenset({"s", "subdomain", "subdomains"})
_RATIO: Final = frozenset({"r", "ratio", "@2x"})
_USUAL_SERVERS: Final = ("a", "b", "c")


@dataclass(frozen=True, slots=True)
class RemoteTiles:
    """Tiles of one layer and one matrix set at addresses that a template makes.

    Attributes:
        templates: more than one where several hosts have the same tiles.
        matrix_set: in which tiles are asked; its identifiers are what {z} becomes.
        format: media type, "" if unknown.
        from_bottom: whether {y} counts from the bottom.
        servers: what {s} stands for.
        limits: by matrix; a matrix without an entry has tiles everywhere.
        restricted: whether only the matrices of `limits` have tiles.
        wgs84_bounds: degrees; None if unknown.
        vector: whether the tiles are no pictures.
    """

    templates: tuple[str, ...]
    matrix_set: TileMatrixSet
    title: str = ""
    abstract: str = ""
    attribution: str = ""
    format: str = ""
    from_bottom: bool = False
    servers: tuple[str, ...] = _USUAL_SERVERS
    limits: dict[str, TileRange] = field(default_factory=dict)
    restricted: bool = False
    wgs84_bounds: BoundingBox | None = None
    vector: bool = False
    warnings: tuple[ReadingWarning, ...] = ()


def normalised(template: str) -> str:
    """Return a template with all its variables in braces, without blanks around it."""

    def braces(found: re.Match[str]) -> str:
        return "{" + next(group for group in found.groups() if group) + "}"

    text = _OTHER_BRACES.sub(braces, template.strip().strip("<>").strip())
    # A colon in the host would begin a port.
    return re.sub(r"\{switch:", "{switch=", text, flags=re.I)


def is_template(text: str) -> bool:
    """Return whether a text is an address with variables that make tiles."""
    names = {name.strip().lower() for name in _VARIABLE.findall(normalised(text))}
    placed = bool(names & _COL and names & (_ROW | _FLIPPED))
    return bool(names & _KEY) or (placed and any(_is_level(name) for name in names))


def read_template(
    template: str,
    *,
    matrix_set: TileMatrixSet | None = None,
    servers: tuple[str, ...] = (),
    from_bottom: bool = False,
    document: str = "",
) -> RemoteTiles:
    """Return the tiles of a template.

    Args:
        template: in any of the dialects above; the address of an ArcGIS map service gets
            "/tile/{z}/{y}/{x}".
        matrix_set: of the tiles; None = WebMercatorQuad, as such addresses mean.
        servers: what {s} stands for; () = a, b and c.
        from_bottom: whether rows count from the bottom although the variable is {y}.
        document: the address of the document that gave the template, "" = it was typed.

    Raises: ValueError: it has no variables for level, column and row, or one that is unknown.
    """
    text = normalised(template)
    if _ARCGIS.search(text):
        text = f"{text.rstrip('/')}/tile/{{z}}/{{y}}/{{x}}"
    if not is_template(text):
        raise ValueError("the address has no variables for the level, column and row of a tile")
    for name in _VARIABLE.findall(text):
        if not _is_known(name.strip().lower()):
            raise ValueError(f"the address has a variable that is unknown here: {{{name[:40]}}}")
    remarks = Remarks()
    mended = addresses.mended(text, document, remarks, "template")
    if not mended:
        raise ValueError("the address is not one of HTTP")
    return RemoteTiles(
        (mended,),
        named_matrix_set("WebMercatorQuad") if matrix_set is None else matrix_set,
        from_bottom=from_bottom,
        servers=servers or _USUAL_SERVERS,
        format=_format_of(mended),
        warnings=remarks.warnings,
    )


def _format_of(template: str) -> str:
    path = template.partition("?")[0].lower()
    known = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
             "avif": "image/avif", "pbf": "application/vnd.mapbox-vector-tile",
             "mvt": "application/vnd.mapbox-vector-tile"}  # fmt: skip
    return known.get(path.rpartition(".")[2], "")


def _is_level(name: str) -> bool:
    return name in _LEVEL or _SHIFTED.fullmatch(name) is not None


def _is_known(name: str) -> bool:
    sets = (_COL, _ROW, _FLIPPED, _KEY, _SERVER, _RATIO)
    return (
        _is_level(name)
        or any(name in names for names in sets)
        or name.startswith("switch=")
        or _RANGE.fullmatch(name) is not None
    )


def tile_address(tiles: RemoteTiles, index: TileIndex) -> str:
    """Return the address of a tile; the same server for the same tile every time.

    Raises: InvalidParameter, TileOutOfRange: the tile is not in the matrix set.
    """
    tiles.matrix_set.check(index)
    spread = index.col + index.row
    template = tiles.templates[spread % len(tiles.templates)]

    def value(found: re.Match[str]) -> str:
        return _value(tiles, index, found[1].strip())

    return _VARIABLE.sub(value, template)


def _value(tiles: RemoteTiles, index: TileIndex, written: str) -> str:
    name = written.lower()
    matrix = tiles.matrix_set.matrix(index.matrix)
    flipped = matrix.matrix_height - 1 - index.row
    if name in _LEVEL:
        return index.matrix
    if name in _COL:
        return str(index.col)
    if name in _ROW:
        return str(flipped if tiles.from_bottom else index.row)
    if name in _FLIPPED:
        return str(flipped)
    if name in _KEY:
        return quadkey(_level_of(tiles, index), index.col, index.row)
    if name in _RATIO:
        return "@2x" if matrix.tile_width == 512 else ""
    shifted = _SHIFTED.fullmatch(name)
    if shifted is not None:
        return str(_level_of(tiles, index) + int(shifted[1]))
    servers = _servers(written, tiles.servers)
    return servers[(index.col + index.row) % len(servers)]


def _level_of(tiles: RemoteTiles, index: TileIndex) -> int:
    """Return a matrix's number: its name if that is one, else its place."""
    if index.matrix.isascii() and index.matrix.isdigit():
        return int(index.matrix)
    return tiles.matrix_set.ordinal(index.matrix)


def _servers(written: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a variable for a server stands for; at least one."""
    if written.lower().startswith("switch="):
        return tuple(part.strip() for part in written[7:].split(","))
    between = _RANGE.fullmatch(written)
    if between is None:
        return usual
    first, last = sorted((ord(between[1]), ord(between[2])))
    return tuple(map(chr, range(first, last + 1)))
