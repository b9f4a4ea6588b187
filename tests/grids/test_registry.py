"""Named sets: against morecantile, and against what national services print."""

from __future__ import annotations

import math
import random
from concurrent.futures import ThreadPoolExecutor

import morecantile
import pytest

from tuilerie.grids import (
    WGS84,
    BoundingBox,
    Crs,
    TileIndex,
    from_matrices,
    named_matrix_set,
    named_matrix_sets,
    tile_range,
    transform_bounds,
)
from tuilerie.grids.registry import _made

SHARED = [
    "WebMercatorQuad",
    "WorldCRS84Quad",
    "WGS1984Quad",
    "WorldMercatorWGS84Quad",
    "EuropeanETRS89_LAEAQuad",
    "CanadianNAD83_LCC",
    "NZTM2000Quad",
    "LINZAntarticaMapTilegrid",
    "UPSArcticWGS84Quad",
    "UPSAntarcticWGS84Quad",
    "UTM31WGS84Quad",
]


@pytest.mark.parametrize("identifier", SHARED)
def test_tiles_lie_where_morecantile_has_them(identifier: str) -> None:
    """Our tiles would not fit those of other servers in the same set."""
    ours, theirs = named_matrix_set(identifier), morecantile.tms.get(identifier)
    assert [matrix.identifier for matrix in ours.matrices] == [m.id for m in theirs.tileMatrices]
    chosen = random.Random(identifier)
    for matrix in ours.matrices:
        other = theirs.matrix(int(matrix.identifier))
        assert (matrix.matrix_width, matrix.matrix_height) == (
            other.matrixWidth,
            other.matrixHeight,
        )
        # The registry's UPS sets print cell sizes with 7 digits and scales with 10; we believe
        # the scales, as clients of WMTS do, and morecantile the cell sizes.
        rounded = 1e-7 * matrix.cell_size * matrix.tile_width * matrix.matrix_width
        for _ in range(20):
            col = chosen.randrange(matrix.matrix_width)
            row = chosen.randrange(matrix.matrix_height)
            expected = theirs.xy_bounds(morecantile.Tile(col, row, int(matrix.identifier)))
            bounds = ours.bounds(TileIndex(matrix.identifier, col, row))
            tolerance = (
                rounded
                if identifier.startswith("UPS")
                else 2e-6 * matrix.cell_size * matrix.tile_width
            )
            assert bounds == pytest.approx(tuple(expected), rel=0, abs=tolerance)


@pytest.mark.parametrize("identifier", SHARED)
def test_crs_is_that_of_morecantile(identifier: str) -> None:
    """Tiles would lie at the right numbers in the wrong projection."""
    theirs = morecantile.tms.get(identifier).crs._pyproj_crs
    assert named_matrix_set(identifier).crs.pyproj == theirs


@pytest.mark.parametrize("identifier", named_matrix_sets())
def test_every_named_set_keeps_the_rules_for_custom_ones(identifier: str) -> None:
    """A contradiction that we refuse from operators would ship with the program."""
    tms = named_matrix_set(identifier)
    assert tms.identifier == identifier
    assert tms.title
    again = from_matrices(identifier, Crs.parse(tms.crs.text), tms.matrices)
    assert again.matrices == tms.matrices
    assert tms is named_matrix_set(identifier)
    assert identifier.isprintable()
    assert "/" not in identifier


def test_no_other_name_is_known() -> None:
    """A typing error in a catalogue would not be told from a set."""
    for identifier in ("", "webmercatorquad", "UTM61WGS84Quad", "UTM1WGS84Quad", "../NOTICE"):
        with pytest.raises(KeyError):
            named_matrix_set(identifier)


def test_a_set_is_made_once_whichever_thread_asks() -> None:
    """Two objects of one name would not be equal."""
    _made.pop("LAMB93", None)
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(named_matrix_set, ["LAMB93"] * 64))
    assert len(made) == 1


@pytest.mark.parametrize("zone", [1, 21, 31, 60])
def test_utm_zones_cover_the_same_ground_in_both_hemispheres(zone: int) -> None:
    """A southern image would not be in the southern set."""
    north = named_matrix_set(f"UTM{zone:02d}WGS84Quad")
    south = named_matrix_set(f"UTM{zone:02d}WGS84QuadSouth")
    assert (north.crs.text, south.crs.text) == (f"EPSG:326{zone:02d}", f"EPSG:327{zone:02d}")
    for one, other in zip(north.matrices, south.matrices, strict=True):
        assert other.left == one.left
        assert other.top == one.top + 10_000_000
        assert other.cell_size == one.cell_size
    # The equator on the central meridian: northing 0 and 10,000,000.
    index = TileIndex("10", 100, 300)
    bounds = north.bounds(index)
    assert south.bounds(index) == pytest.approx(
        (bounds.left, bounds.bottom + 1e7, bounds.right, bounds.top + 1e7)
    )
    assert north.uri.endswith(f"/UTM{zone:02d}WGS84Quad")
    assert south.uri == ""


# Identifier, EPSG code, then of some matrices: scale denominator, TopLeftCorner in the order of the
# CRS, matrix width and height; typed from the agencies' capabilities documents.
TOPPLUS = (-3803165.98427299, 8805908.08284866)
PRINTED = [
    ("LAMB93", 2154, "0", 748982857.1428572500590235, (0.0, 12000000.0), 1, 1),
    ("LAMB93", 2154, "10", 731428.5714285715332608, (0.0, 12000000.0), 25, 206),
    ("LAMB93", 2154, "21", 357.1428571428571940, (0.0, 12000000.0), 50400, 420409),
    ("2056_28", 2056, "17", 357143.764287, (2420000.0, 1350000.0), 19, 13),
    ("2056_28", 2056, "28", 357.143764287, (2420000.0, 1350000.0), 18750, 12500),
    ("NetherlandsRDNewQuad", 28992, "0", 12288000.0, (-285401.92, 903402.0), 1, 1),
    ("NetherlandsRDNewQuad", 28992, "16", 187.5, (-285401.92, 903402.0), 65536, 65536),
    ("ETRS-TM35FIN", 3067, "0", 29257142.857142858, (-548576.0, 8388608.0), 1, 1),
    ("ETRS-TM35FIN", 3067, "15", 892.8571428571429, (-548576.0, 8388608.0), 32768, 32768),
    ("SWEREF99TM", 3006, "0", 14628571.42857142910361, (8500000.0, -1200000.0), 4, 4),
    ("SWEREF99TM", 3006, "7", 114285.71428571428987, (8500000.0, -1200000.0), 512, 512),
    ("EU_EPSG_25832_TOPPLUS", 25832, "0", 17471320.750897426, TOPPLUS, 6, 5),
    ("EU_EPSG_25832_TOPPLUS", 25832, "13", 2132.729583849782, TOPPLUS, 49152, 40960),
    ("BPL72VL", 31370, "0", 3657142.85714285720583, (9928.0, 329072.0), 1, 1),
    ("BPL72VL", 31370, "15", 111.60714285714286, (9928.0, 329072.0), 32768, 32768),
    ("NorwayUTM33", 25833, "0", 77371428.57142858, (-2500000.0, 9045984.0), 1, 1),
    ("NorwayUTM33", 25833, "18", 295.1485770089286, (-2500000.0, 9045984.0), 262144, 262144),
]  # fmt: skip


@pytest.mark.parametrize(
    ("identifier", "code", "matrix", "scale", "corner", "width", "height"), PRINTED
)
def test_national_sets_are_those_that_the_agencies_print(
    identifier: str,
    code: int,
    matrix: str,
    scale: float,
    corner: tuple[float, float],
    width: int,
    height: int,
) -> None:
    """Our tiles would not lie on the agency's own."""
    tms = named_matrix_set(identifier)
    assert tms.crs.text == f"EPSG:{code}"
    grid = tms.matrix(matrix)
    # swisstopo prints a scale that is 2.5e-6 too large for its cell sizes; PDOK's GeoWebCache
    # a corner rounded up by 8 cm from Geonovum's.
    assert grid.scale_denominator == pytest.approx(scale, rel=3e-6 if code == 2056 else 1e-12)
    assert tms.crs.to_wire(grid.left, grid.top) == pytest.approx(corner, abs=0.081, rel=0)
    assert (grid.matrix_width, grid.matrix_height) == (width, height)


@pytest.mark.parametrize("identifier", ["LAMB93", "2056_28", "OSGB", "SWEREF99TM", "ETRS-TM35FIN"])
def test_a_national_set_covers_its_country(identifier: str) -> None:
    """Corsica, or Shetland, could not be asked for."""
    land = {
        "LAMB93": (-4.8, 41.33, 9.57, 51.1),
        "2056_28": (5.95, 45.81, 10.5, 47.81),
        "OSGB": (-6.5, 49.95, 1.77, 60.86),
        "SWEREF99TM": (10.95, 55.33, 24.17, 69.06),
        "ETRS-TM35FIN": (19.3, 59.7, 31.6, 70.1),
    }[identifier]
    tms = named_matrix_set(identifier)
    finest = tms.matrices[-1]
    bounds = transform_bounds(BoundingBox(*land), WGS84, tms.crs)
    covered = tile_range(tms, finest.identifier, bounds)
    assert covered is not None
    assert math.isclose(
        (covered.max_col - covered.min_col + 1) * finest.span_x, bounds.width, rel_tol=1e-3
    )
    assert math.isclose(
        (covered.max_row - covered.min_row + 1) * finest.span_y, bounds.height, rel_tol=1e-3
    )
