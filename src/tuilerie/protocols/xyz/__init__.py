"""Tiles of others by addresses alone, and the documents that describe such addresses.

templates.py   addresses with variables: XYZ, TMS, quadkeys, ArcGIS, subdomains
quadkeys.py    keys of tiles in a quadtree
tilejson.py    TileJSON 1 to 3
arcgis.py      the JSON of an ArcGIS map or image service with a cache of tiles
tms.py         TileMapService and TileMap of OSGeo's TMS
ogc_tiles.py   the metadata of a tileset of OGC API Tiles

Each gives a `RemoteTiles`, of which `tile_address` makes the address of any tile.
"""

from tuilerie.protocols.xyz.templates import RemoteTiles, read_template, tile_address

__all__ = ["RemoteTiles", "read_template", "tile_address"]
