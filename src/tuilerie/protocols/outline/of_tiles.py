"""Tiles by a template in outline: a service of one layer."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from tuilerie.protocols.outline.grids import outline_matrix_set
from tuilerie.protocols.outline.model import LayerOutline
from tuilerie.protocols.xyz.templates import RemoteTiles, tile_address

__all__ = ["name_of_tiles", "outline_tiles"]

_LONGEST: Final = 60
_NO_NAMES: Final = frozenset(
    {
        *("tile", "tiles", "xyz", "tms", "map", "maps", "mapserver", "imageserver", "rest"),
        *("services", "1.0.0", "default", "arcgis", "v1", "v2", "v3", "tilemapservice"),
    }
)


def outline_tiles(tiles: RemoteTiles) -> LayerOutline:
    """Return the outline of the one layer that such tiles are."""
    return LayerOutline(
        name_of_tiles(tiles),
        tiles.title,
        tiles.abstract,
        (),
        tiles.attribution,
        tiles.wgs84_bounds,
        (),
        (tiles.format,) if tiles.format else (),
        (),
        False,
        (),
        (tiles.matrix_set.crs.text,),
        (
            outline_matrix_set(
                tiles.matrix_set,
                tiles.matrix_set.identifier,
                "template",
                tiles.limits,
                tiles.restricted,
                tiles.wgs84_bounds,
                lambda index: tile_address(tiles, index),
            ),
        ),
    )


def name_of_tiles(tiles: RemoteTiles) -> str:
    """Return what such a layer may be called: its title, else what its address tells."""
    if tiles.title:
        return "_".join(re.findall(r"\w+", tiles.title))[:_LONGEST] or "tiles"
    parts = urlsplit(tiles.templates[0])
    for segment in reversed(parts.path.split("/")):
        name = re.sub(r"\{[^}]*\}|@2x|\.\w{2,5}$", "", segment)
        if name.lower() not in _NO_NAMES and re.search(r"[A-Za-z]{2}", name):
            return "_".join(re.findall(r"[\w-]+", name))[:_LONGEST]
    labels = [label for label in parts.netloc.partition(":")[0].split(".") if "{" not in label]
    return labels[-2] if len(labels) > 1 and not labels[-1].isdigit() else "tiles"
