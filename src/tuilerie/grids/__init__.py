"""Tile matrix mathematics: coordinate reference systems, tile matrix sets, rectangles and indices.

Imports the standard library and, when first asked something about a CRS, pyproj.
"""

from tuilerie.grids.bounds import BoundingBox, TileIndex
from tuilerie.grids.build import cell_size_of, from_matrices, pyramid, scale_denominator_of
from tuilerie.grids.cover import TileRange, closest_matrix, tile_range, tiles_covering
from tuilerie.grids.crs import WGS84, Crs
from tuilerie.grids.extent import transform_bounds, wgs84_bounds
from tuilerie.grids.interchange import from_json, to_json
from tuilerie.grids.matrix import PIXEL_M, TileMatrix, TileMatrixSet
from tuilerie.grids.metatile import MetaTile
from tuilerie.grids.registry import named_matrix_set, named_matrix_sets
from tuilerie.grids.same import Shift, tile_shift
from tuilerie.grids.transform import transform_points

__all__ = [
    "PIXEL_M",
    "WGS84",
    "BoundingBox",
    "Crs",
    "MetaTile",
    "Shift",
    "TileIndex",
    "TileMatrix",
    "TileMatrixSet",
    "TileRange",
    "cell_size_of",
    "closest_matrix",
    "from_json",
    "from_matrices",
    "named_matrix_set",
    "named_matrix_sets",
    "pyramid",
    "scale_denominator_of",
    "tile_range",
    "tile_shift",
    "tiles_covering",
    "to_json",
    "transform_bounds",
    "transform_points",
    "wgs84_bounds",
]
