"""Where a tile's file lies: three layouts of a directory, all confined to it by construction.

    {layer}/{matrix set}/{style}/{extension}[/{dimension}={value}…]/{generation}/…

and below a generation

    tuilerie  {matrix}/{col // 64}-{row // 64}/{col}_{row}.{extension}   at most 4096 in a folder
    xyz       {matrix}/{col}/{row}.{extension}                          row 0 at the top
    tms       {matrix}/{col}/{row}.{extension}                          row 0 at the bottom

Every name is a `safe_name`. Names with a leading dot are the cache's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tuilerie.caches.naming import dimension_segment, safe_name
from tuilerie.catalogue.address import TileAddress, TilesetKey

__all__ = ["LAYOUTS", "LayoutName", "MatrixHeight", "TilePath", "tile_path", "tileset_path"]

LayoutName = Literal["tuilerie", "tms", "xyz"]
LAYOUTS: tuple[LayoutName, ...] = ("tuilerie", "tms", "xyz")

MatrixHeight = Callable[[str, str], int]
"""From matrix set and matrix identifiers to the rows of the matrix."""

TilePath = Callable[[TileAddress], str]
"""From an address to a path of three names below the tileset's."""


def tileset_path(tileset: TilesetKey, generation: str) -> str:
    """Return the relative path of a tileset's generation."""
    names = [safe_name(tileset.layer), safe_name(tileset.matrix_set), safe_name(tileset.style)]
    names.append(tileset.format.extension)
    names.extend(dimension_segment(name, value) for name, value in tileset.dimensions)
    names.append(safe_name(generation))
    return "/".join(names)


def tile_path(layout: LayoutName, matrix_height: MatrixHeight | None) -> TilePath:
    """Return the rule of a layout.

    Raises: ValueError: "tms" without the heights, which it needs to count from the bottom.
    """
    if layout == "tuilerie":
        return _tuilerie
    if layout == "xyz":
        return _xyz
    if matrix_height is None:
        raise ValueError("the layout tms needs the heights of matrices")

    def tms(address: TileAddress) -> str:
        matrix, col, row = address.index
        top = matrix_height(address.matrix_set, matrix) - 1
        return f"{safe_name(matrix)}/{col}/{top - row}.{address.format.extension}"

    return tms


def _tuilerie(address: TileAddress) -> str:
    matrix, col, row = address.index
    extension = address.format.extension
    return f"{safe_name(matrix)}/{col >> 6}-{row >> 6}/{col}_{row}.{extension}"


def _xyz(address: TileAddress) -> str:
    matrix, col, row = address.index
    return f"{safe_name(matrix)}/{col}/{row}.{address.format.extension}"
