"""The well-known scale sets, against the text of OGC 07-057r7, Annex E, typed here again."""

from __future__ import annotations

import math

import pytest

from tuilerie.grids import TileIndex, named_matrix_set, named_matrix_sets

# fmt: off
# Scale denominator and pixel size as the tables print them.
E1 = [  # degrees
    (500e6, "1.25764139776733"), (250e6, "0.628820698883665"), (100e6, "0.251528279553466"),
    (50e6, "0.125764139776733"), (25e6, "6.28820698883665e-2"), (10e6, "2.51528279553466e-2"),
    (5e6, "1.25764139776733e-2"), (2.5e6, "6.28820698883665e-3"), (1e6, "2.51528279553466e-3"),
    (500e3, "1.25764139776733e-3"), (250e3, "6.28820698883665e-4"),
    (100e3, "2.51528279553466e-4"), (50e3, "1.25764139776733e-4"), (25e3, "6.28820698883665e-5"),
    (10e3, "2.51528279553466e-5"), (5e3, "1.25764139776733e-5"), (2.5e3, "6.28820698883665e-6"),
    (1e3, "2.51528279553466e-6"), (500, "1.25764139776733e-6"), (250, "6.28820698883665e-7"),
    (100, "2.51528279553466e-7"),
]
E2 = [  # degrees
    (795139219.9519541, "2"), (397569609.9759771, "1"), (198784804.9879885, "0.5"),
    (132523203.3253257, "0.333333333333333"), (66261601.66266284, "0.166666666666667"),
    (33130800.83133142, "8.333333333333333e-2"), (13252320.33253257, "3.333333333333333e-2"),
    (6626160.166266284, "1.666666666666667e-2"), (3313080.083133142, "8.333333333333333e-3"),
    (1656540.041566571, "4.166666666666667e-3"), (552180.0138555236, "1.388888888888889e-3"),
    (331308.0083133142, "8.333333333333333e-4"), (110436.0027711047, "2.777777777777778e-4"),
    (55218.00138555237, "1.388888888888889e-4"), (33130.80083133142, "8.333333333333333e-5"),
    (11043.60027711047, "2.777777777777778e-5"), (3313.080083133142, "8.333333333333333e-6"),
    (1104.360027711047, "2.777777777777778e-6"),
]
E3 = [  # degrees
    (559082264.0287178, "1.40625000000000"), (279541132.0143589, "0.703125000000000"),
    (139770566.0071794, "0.351562500000000"), (69885283.00358972, "0.175781250000000"),
    (34942641.50179486, "8.78906250000000e-2"), (17471320.75089743, "4.39453125000000e-2"),
    (8735660.375448715, "2.19726562500000e-2"), (4367830.187724357, "1.09863281250000e-2"),
    (2183915.093862179, "5.49316406250000e-3"), (1091957.546931089, "2.74658203125000e-3"),
    (545978.7734655447, "1.37329101562500e-3"), (272989.3867327723, "6.86645507812500e-4"),
    (136494.6933663862, "3.43322753906250e-4"), (68247.34668319309, "1.71661376953125e-4"),
    (34123.67334159654, "8.58306884765625e-5"), (17061.83667079827, "4.29153442382812e-5"),
    (8530.918335399136, "2.14576721191406e-5"), (4265.459167699568, "1.07288360595703e-5"),
    (2132.729583849784, "5.36441802978516e-6"),
]
E4 = [  # metres
    (559082264.0287178, "156543.0339280410"), (279541132.0143589, "78271.51696402048"),
    (139770566.0071794, "39135.75848201023"), (69885283.00358972, "19567.87924100512"),
    (34942641.50179486, "9783.939620502561"), (17471320.75089743, "4891.969810251280"),
    (8735660.375448715, "2445.984905125640"), (4367830.187724357, "1222.992452562820"),
    (2183915.093862179, "611.4962262814100"), (1091957.546931089, "305.7481131407048"),
    (545978.7734655447, "152.8740565703525"), (272989.3867327723, "76.43702828517624"),
    (136494.6933663862, "38.21851414258813"), (68247.34668319309, "19.10925707129406"),
    (34123.67334159654, "9.554628535647032"), (17061.83667079827, "4.777314267823516"),
    (8530.918335399136, "2.388657133911758"), (4265.459167699568, "1.194328566955879"),
    (2132.729583849784, "0.5971642834779395"),
]
# fmt: on
CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"
TABLES = {
    "GlobalCRS84Scale": (CRS84, E1),
    "GlobalCRS84Pixel": (CRS84, E2),
    "GoogleCRS84Quad": (CRS84, E3),
    "GoogleMapsCompatible": ("urn:ogc:def:crs:EPSG:6.18:3:3857", E4),
}


@pytest.mark.parametrize("identifier", TABLES)
def test_numbers_and_names_are_those_of_the_annex(identifier: str) -> None:
    """The official test suite, and clients that compare, would not recognise the set."""
    supported_crs, table = TABLES[identifier]
    tms = named_matrix_set(identifier)
    assert tms.identifier == identifier
    assert tms.well_known_scale_set == f"urn:ogc:def:wkss:OGC:1.0:{identifier}"
    assert tms.supported_crs == supported_crs
    assert [matrix.scale_denominator for matrix in tms.matrices] == [row[0] for row in table]
    for matrix, (_, printed) in zip(tms.matrices, table, strict=True):
        assert matrix.cell_size == pytest.approx(float(printed), rel=1e-14)
        derived = matrix.scale_denominator * 0.28e-3 / tms.crs.metres_per_unit
        assert matrix.cell_size == pytest.approx(derived, rel=1e-14)
    assert [matrix.identifier for matrix in tms.matrices] == [str(n) for n in range(len(table))]


@pytest.mark.parametrize("identifier", TABLES)
def test_the_whole_earth_is_in_every_matrix_and_no_tile_beyond(identifier: str) -> None:
    """Parts of the Earth could not be asked for."""
    tms = named_matrix_set(identifier)
    half = math.pi * 6378137 if identifier == "GoogleMapsCompatible" else 180.0
    south = -90.0 if "Global" in identifier else -half
    for matrix in tms.matrices:
        last = tms.bounds(
            TileIndex(matrix.identifier, matrix.matrix_width - 1, matrix.matrix_height - 1)
        )
        assert matrix.left == -half
        assert matrix.top == -south
        assert last.left < half - 1e-9
        assert last.right >= half - 1e-9 * half
        assert last.top > south + 1e-9
        assert last.bottom <= south + 1e-9 * half


def test_google_crs84_quad_begins_with_one_square_tile() -> None:
    """E.3: "Level 0 allows representing the whole world in a single 256x256 pixels"."""
    tms = named_matrix_set("GoogleCRS84Quad")
    assert tms.bounds(TileIndex("0", 0, 0)) == (-180, -180, 180, 180)
    assert [(m.matrix_width, m.matrix_height) for m in tms.matrices[:3]] == [(1, 1), (2, 2), (4, 4)]


def test_only_these_four_claim_a_well_known_scale_set() -> None:
    """WebMercatorQuad with the literal claim fails the official suite: its CRS is EPSG::3857."""
    claims = {n for n in named_matrix_sets() if named_matrix_set(n).well_known_scale_set}
    assert claims == set(TABLES)
    assert named_matrix_set("WebMercatorQuad").supported_crs == "urn:ogc:def:crs:EPSG::3857"
