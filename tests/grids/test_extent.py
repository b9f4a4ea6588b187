"""Rectangles between CRS: dense sampling by GDAL as the oracle, and the places where it is hard."""

from __future__ import annotations

import math

import pytest
import rasterio.warp
from hypothesis import given, settings
from hypothesis import strategies as st

from tuilerie.grids import (
    WGS84,
    BoundingBox,
    Crs,
    TileIndex,
    named_matrix_set,
    tile_range,
    transform_bounds,
    wgs84_bounds,
)
from tuilerie.grids.arcs import short_arc, widest_gap
from tuilerie.grids.guard import guard_of

EPSG4326 = Crs("EPSG:4326")
WORLD = BoundingBox(-180, -90, 180, 90)
SQUARE = 20037508.342789244
METEOSAT = Crs.parse("+proj=geos +h=35785831 +lon_0=0 +sweep=y +a=6378169 +rf=295.488065897014")
HIMAWARI = Crs.parse("+proj=geos +h=35785863 +lon_0=140.7 +sweep=y +a=6378137 +b=6356752.3")
SINUSOIDAL = Crs.parse("+proj=sinu +R=6371007.181")
DISC = BoundingBox(-5.57e6, -5.57e6, 5.57e6, 5.57e6)


def dense(bounds: BoundingBox, source: str, target: str, lines: int = 81) -> BoundingBox:
    """The bounds of many points inside and at the edges, by GDAL."""
    xs, ys = zip(
        *(
            (bounds.left + i / lines * bounds.width, bounds.bottom + j / lines * bounds.height)
            for i in range(lines + 1)
            for j in range(lines + 1)
        ),
        strict=True,
    )
    us, vs = rasterio.warp.transform(source, target, xs, ys)
    good = [(u, v) for u, v in zip(us, vs, strict=True) if math.isfinite(u) and math.isfinite(v)]
    return BoundingBox(
        min(u for u, _ in good),
        min(v for _, v in good),
        max(u for u, _ in good),
        max(v for _, v in good),
    )


def assert_same(ours: BoundingBox, theirs: BoundingBox, tolerance: float) -> None:
    """Ours contains theirs but for the tolerance, and is not larger by more than it."""
    assert ours == pytest.approx(theirs, abs=tolerance * max(theirs.width, theirs.height), rel=0)


# fmt: off
AREAS = [  # left, bottom, right, top in the first CRS
    ((100e3, 6.05e6, 1.24e6, 7.11e6), "EPSG:2154", "EPSG:3857"),
    ((100e3, 6.05e6, 1.24e6, 7.11e6), "EPSG:2154", "EPSG:4326"),
    ((2e6, 1e6, 6.5e6, 5.5e6), "EPSG:3035", "EPSG:4326"),
    ((-10, 35, 30, 70), "EPSG:4326", "EPSG:3035"),
    ((166e3, 1.1e6, 834e3, 9.99e6), "EPSG:32721", "EPSG:4326"),
    ((166e3, 1.1e6, 834e3, 9.99e6), "EPSG:32721", "EPSG:3857"),
    ((-60, -40, -54, 0), "EPSG:4326", "EPSG:32721"),
    ((-3e6, -3e6, -1e6, -1e6), "EPSG:3413", "EPSG:4326"),
    ((-2e6, -1e6, 3e6, 2e6), "EPSG:3413", "EPSG:3573"),
    ((0.5e6, -3e6, 2e6, 3e6), "EPSG:3031", "EPSG:4326"),
    ((-2e6, 1e6, 2e6, 6e6), "EPSG:2964", "EPSG:3338"),
    ((-1e6, 0, 1e6, 3e6), "EPSG:2964", "EPSG:4326"),
    ((1.2e6, 4.8e6, 2.1e6, 6.2e6), "EPSG:2193", "EPSG:3857"),
    ((600e3, 4.5e6, 1000e3, 5e6), "EPSG:26912", "EPSG:4326"),
    ((150e3, 120e3, 880e3, 775e3), "EPSG:2180", "EPSG:3857"),
]
# fmt: on


@pytest.mark.parametrize(("bounds", "source", "target"), AREAS)
def test_bounds_are_those_of_a_dense_sample(
    bounds: tuple[float, float, float, float], source: str, target: str
) -> None:
    """The bulge of an edge would be cut off, or tiles offered where there is nothing."""
    box = BoundingBox(*bounds)
    theirs = dense(box, source, target)
    assert_same(transform_bounds(box, Crs(source), Crs(target)), theirs, 2e-4)
    assert_same(transform_bounds(box, Crs(source), Crs(target), densify=5), theirs, 2e-4)


@settings(deadline=None, max_examples=40)
@given(
    st.floats(-8, 9), st.floats(42, 50), st.floats(0.001, 1.5), st.floats(0.001, 1.5),
    st.sampled_from(["EPSG:3857", "EPSG:2154", "EPSG:3035", "EPSG:32631", "EPSG:3413"]),
)  # fmt: skip
def test_there_and_back_contains_what_it_started_from(
    left: float, bottom: float, width: float, height: float, target: str
) -> None:
    """A metatile's source window would miss pixels at its edge."""
    box = BoundingBox(left, bottom, left + width, bottom + height)
    there = transform_bounds(box, WGS84, Crs(target))
    back = transform_bounds(there, Crs(target), WGS84)
    slack = 1e-5 * max(width, height) + 1e-9
    assert back.left <= box.left + slack
    assert back.bottom <= box.bottom + slack
    assert back.right >= box.right - slack
    assert back.top >= box.top - slack


def test_corners_are_exact_between_latitudes_and_mercator() -> None:
    """Tiles that fit a source's blocks exactly would need a row more."""
    tms = named_matrix_set("WebMercatorQuad")
    assert transform_bounds(tms.matrix_bounds("0"), tms.crs, EPSG4326) == pytest.approx(
        (-180, -85.0511287798066, 180, 85.0511287798066), abs=1e-12
    )
    east = transform_bounds(tms.bounds(TileIndex("1", 1, 0)), tms.crs, WGS84)
    assert east == pytest.approx((0, 0, 180, 85.0511287798066), abs=1e-12)
    west = transform_bounds(tms.bounds(TileIndex("5", 0, 16)), tms.crs, WGS84)
    assert (west.left, west.right) == pytest.approx((-180, -168.75), abs=1e-12)


def test_degrees_stay_as_they_are() -> None:
    """Capabilities would print 2.3000000000000114."""
    for box in [(2.3, 48.1, 2.7, 49.3), (-180, -90, 0, 90), (0, 0, 180, 1), (179.9, 0, 180, 0.1)]:
        assert wgs84_bounds(BoundingBox(*box), EPSG4326) == box
        assert transform_bounds(BoundingBox(*box), EPSG4326, WGS84) == box


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((-180, -90, 180, 90), (-180, -90, 180, 90)),
        ((0, -90, 360, 90), (-180, -90, 180, 90)),
        ((-0.25, -90.25, 359.75, 90.25), (-180, -90, 180, 90)),
        ((0, -10, 359.5, 10), (0, -10, -0.5, 10)),
        ((170, -20, 190, -10), (170, -20, -170, -10)),
        ((170, -20, -170, -10), (170, -20, -170, -10)),
        ((-190, 0, -180, 1), (170, 0, 180, 1)),
        ((180, 0, 190, 1), (-180, 0, -170, 1)),
        ((190, 0, 200, 1), (-170, 0, -160, 1)),
        ((-180, 0, 179.99, 1), (-180, 0, 179.99, 1)),
        ((5, 5, 5, 5), (5, 5, 5, 5)),
        ((0, 90, 10, 90), (-180, 90, 180, 90)),
    ],
)
def test_longitudes_are_a_circle(
    box: tuple[float, float, float, float], expected: tuple[float, float, float, float]
) -> None:
    """Models from 0 to 360 degrees, Fiji, and half pixels beyond the poles would be misplaced."""
    assert wgs84_bounds(BoundingBox(*box), EPSG4326) == pytest.approx(expected, abs=1e-9)
    whole = transform_bounds(BoundingBox(*box), EPSG4326, WGS84)
    if expected[0] > expected[2]:
        expected = (-180, expected[1], 180, expected[3])
    assert whole == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("box", "crs", "west", "east"),
    [
        # The mosaic of Alaska's land cover begins west of the antimeridian.
        ((-1e7, 0, 5e6, 8e6), "EPSG:2964", 145.5, -116.0),
        ((0, -5e6, 5e6, 5e6), "EPSG:3832", 150.0, -165.1),
        ((19e6, -3e6, 21e6, -2e6), "EPSG:3857", 170.7, -171.4),
        ((166e3, 0, 834e3, 5e6), "EPSG:32660", 172.75, -178.75),
        ((166e3, 0, 834e3, 5e6), "EPSG:32601", 178.75, -172.75),
    ],
)
def test_data_across_the_antimeridian(
    box: tuple[float, float, float, float], crs: str, west: float, east: float
) -> None:
    """Alaska's layer would be 359 degrees wide, or lie in Russia alone."""
    found = wgs84_bounds(BoundingBox(*box), Crs(crs))
    assert (found.left, found.right) == pytest.approx((west, east), abs=0.06)
    whole = transform_bounds(BoundingBox(*box), Crs(crs), EPSG4326)
    assert (whole.left, whole.right) == (-180, 180)
    assert (whole.bottom, whole.top) == (found.bottom, found.top)


@pytest.mark.parametrize(
    ("box", "crs", "expected"),
    [
        ((-3.85e6, -5.35e6, 3.75e6, 5.85e6), "EPSG:3413", (-180, 30.98, 180, 90)),
        ((-4e6, -4e6, 4e6, 4e6), "EPSG:3031", (-180, -90, 180, -41.03)),
        ((1e6, 1e6, 4e6, 4e6), "EPSG:5041", (-180, 64.92, 180, 90)),
        # The pole at a corner, in the middle of an edge, and a kilometre outside.
        ((0, 0, 1e6, 1e6), "EPSG:3413", (45, 77.00, 135, 90)),
        ((-1e6, 0, 1e6, 1e6), "EPSG:3413", (45, 77.00, -135, 90)),
        ((-1e6, 1e3, 1e6, 1e6), "EPSG:3413", (45.06, 77.00, -135.06, 89.99)),
        ((-1e6, -1e3, 1e6, 1e6), "EPSG:3413", (-180, 77.00, 180, 90)),
        ((-1e6, -1e6, 1e6, 1e6), "EPSG:3572", (-180, 77.31, 180, 90)),
        # A pole that is a line is no pole inside.
        ((0, 5e6, 1e6, 10018754.17), "EPSG:4087", (0, 44.92, 8.98, 90)),
    ],
)
def test_poles(
    box: tuple[float, float, float, float], crs: str, expected: tuple[float, float, float, float]
) -> None:
    """The ice around a pole would be cut out of the layer, or a quarter of it be all around."""
    assert wgs84_bounds(BoundingBox(*box), Crs(crs)) == pytest.approx(expected, abs=0.01)


def test_a_full_disc_seen_from_space() -> None:
    """Its corners are in space: no corner transforms, and the limb lies between any samples."""
    seen = wgs84_bounds(DISC, METEOSAT)
    # From h above the equator the limb is at acos(a / (a + h)).
    limb = math.degrees(math.acos(6378169 / (6378169 + 35785831)))
    assert seen.right == pytest.approx(limb, abs=0.02)
    assert seen.left == pytest.approx(-limb, abs=0.02)
    assert seen.top == -seen.bottom == pytest.approx(81.3, abs=0.1)
    assert wgs84_bounds(BoundingBox(0, 0, 5.57e6, 5.57e6), METEOSAT) == pytest.approx(
        (0, 0, limb, seen.top), abs=0.02
    )
    japan = wgs84_bounds(DISC, HIMAWARI)
    assert (japan.left, japan.right) == pytest.approx((140.7 - limb, limb + 140.7 - 360), abs=0.02)
    mercator = transform_bounds(DISC, METEOSAT, Crs("EPSG:3857"))
    assert mercator.right == pytest.approx(math.radians(limb) * 6378137, rel=1e-3)


def test_the_world_as_a_satellite_sees_it() -> None:
    """A world map's layer in a satellite's set would have no tiles."""
    seen = transform_bounds(WORLD, EPSG4326, METEOSAT)
    disc = dense(BoundingBox(-55, -55, 55, 55), "EPSG:4326", METEOSAT.proj4)
    assert seen.left < disc.left < disc.right < seen.right < 5.57e6
    assert seen.top == pytest.approx(-seen.bottom)


@pytest.mark.parametrize("target", ["EPSG:3857", "EPSG:3395"])
def test_the_world_in_mercator_has_no_poles(target: str) -> None:
    """Infinite bounds would give no limits, and the wrong level of overviews."""
    found = transform_bounds(WORLD, EPSG4326, Crs(target))
    assert (found.left, found.right) == pytest.approx((-SQUARE, SQUARE), abs=1e-6)
    # The square of the tile matrix set is covered, and not by much more.
    assert SQUARE - 20_000 < found.top < 1.01 * SQUARE
    assert found.bottom == pytest.approx(-found.top)
    name = "WebMercatorQuad" if target == "EPSG:3857" else "WorldMercatorWGS84Quad"
    tms = named_matrix_set(name)
    assert tile_range(tms, "4", found) == (0, 15, 0, 15)


@pytest.mark.parametrize(
    ("target", "farthest"),
    [
        ("EPSG:2154", 12e6),
        ("EPSG:32631", 12e6),
        ("EPSG:32721", 20e6),
        ("EPSG:28992", 12e6),
        ("EPSG:2193", 16e6),
        ("EPSG:3413", 30e6),
        ("EPSG:3031", 30e6),
        ("EPSG:3035", 20e6),
        ("EPSG:3978", 20e6),
        ("EPSG:31467", 12e6),
        ("EPSG:2964", 120e6),  # feet
        ("EPSG:3832", 20.1e6),
        ("ESRI:54009", 18.1e6),
    ],
)
def test_the_world_elsewhere_is_bounded_and_holds_the_area_of_use(
    target: str, farthest: float
) -> None:
    """Lambert 93 puts the South Pole at 10^10 m: no scale would fit a layer of the world."""
    crs = Crs(target) if target.startswith("EPSG") else Crs.parse(target)
    found = transform_bounds(WORLD, EPSG4326, crs)
    assert max(map(abs, found)) < farthest
    area = crs.area_of_use
    assert area is not None
    inner = transform_bounds(area, EPSG4326, crs)
    slack = 1e-5 * max(inner.width, inner.height)
    assert found.left <= inner.left + slack
    assert found.bottom <= inner.bottom + slack
    assert found.right >= inner.right - slack
    assert found.top >= inner.top - slack


def test_data_beyond_the_area_of_use_are_not_cut() -> None:
    """A UTM file that spans three zones, or lies south of the equator in a northern zone."""
    for box in [(0, 40, 20, 60), (8, -50, 10, -40)]:
        theirs = dense(BoundingBox(*box), "EPSG:4326", "EPSG:32632")
        assert_same(transform_bounds(BoundingBox(*box), EPSG4326, Crs("EPSG:32632")), theirs, 1e-3)


def test_a_rectangle_wholly_outside_the_guard_still_has_bounds() -> None:
    """Whoever puts Chile into Lambert 93 gets numbers, not an error."""
    chile = BoundingBox(-75, -50, -70, -20)
    theirs = dense(chile, "EPSG:4326", "EPSG:2154")
    assert_same(transform_bounds(chile, EPSG4326, Crs("EPSG:2154")), theirs, 1e-3)


def test_positions_beyond_the_edge_of_a_map_do_not_count() -> None:
    """Half-empty tiles of MODIS would reach around the Earth from the map's curved edge."""
    tile = 1111950.519667
    outer = BoundingBox(17 * tile, 4 * tile, 18 * tile, 5 * tile)
    with pytest.raises(ValueError, match="nothing of the rectangle"):
        wgs84_bounds(outer, SINUSOIDAL)
    edge = wgs84_bounds(BoundingBox(13 * tile, 4 * tile, 14 * tile, 5 * tile), SINUSOIDAL)
    assert edge == pytest.approx((169.7, 40, 180, 43.76), abs=0.1)
    world = wgs84_bounds(BoundingBox(-18 * tile, -9 * tile, 18 * tile, 9 * tile), SINUSOIDAL)
    assert world == pytest.approx((-180, -90, 180, 90), abs=1e-6)


def test_a_set_much_larger_than_its_projection() -> None:
    """The top tiles of the registry's UTM sets reach beyond the poles."""
    tms = named_matrix_set("UTM31WGS84Quad")
    assert wgs84_bounds(tms.matrix_bounds("1"), tms.crs) == (-180, -90, 180, 90)


def test_what_cannot_be_shown_is_said() -> None:
    """Infinite bounds would travel on."""
    with pytest.raises(ValueError, match="nothing of the rectangle"):
        transform_bounds(BoundingBox(100, 0, 120, 10), EPSG4326, METEOSAT)
    with pytest.raises(ValueError, match="nothing of the rectangle"):
        wgs84_bounds(BoundingBox(5e6, 5e6, 5.5e6, 5.5e6), METEOSAT)
    with pytest.raises(ValueError, match="no way from"):
        transform_bounds(WORLD, Crs.parse("IAU_2015:30100"), EPSG4326)


@pytest.mark.parametrize(
    "box",
    [
        (1, 0, 0, 1),
        (0, 1, 1, 0),
        (math.nan, 0, 1, 1),
        (0, 0, math.inf, 1),
        (-math.inf, 0, math.inf, 1),
    ],
)
def test_what_is_no_rectangle_is_refused(box: tuple[float, float, float, float]) -> None:
    """Upside-down bounds would become empty layers."""
    for ask in (
        lambda bounds: wgs84_bounds(bounds, Crs("EPSG:2154")),
        lambda bounds: transform_bounds(bounds, Crs("EPSG:2154"), EPSG4326),
        lambda bounds: transform_bounds(bounds, Crs("EPSG:2154"), Crs("EPSG:2154")),
    ):
        with pytest.raises(ValueError, match="no rectangle"):
            ask(BoundingBox(*box))


def test_grads_from_paris() -> None:
    """Longitudes count from Paris and go around in 400."""
    paris = Crs("EPSG:4807")
    found = wgs84_bounds(BoundingBox(0, 50, 1, 51), paris)
    assert found == pytest.approx((2.3365, 45, 3.2367, 45.9), abs=0.01)
    assert transform_bounds(WORLD, EPSG4326, paris) == pytest.approx(
        (-200, -100, 200, 100), abs=0.01
    )
    # Across the antimeridian of Greenwich, not across that of Paris.
    fiji = transform_bounds(BoundingBox(178, 40, -178.5, 50), EPSG4326, paris)
    assert (fiji.left, fiji.right) == pytest.approx(
        ((178 - 2.3372) / 0.9, (181.5 - 2.3372) / 0.9), abs=0.01
    )


@given(st.lists(st.tuples(st.integers(0, 359), st.integers(0, 200)), min_size=1, max_size=12))
def test_the_widest_gap_between_arcs(arcs: list[tuple[int, int]]) -> None:
    """A layer would be said to lie where it leaves free."""
    covered = {(west + step) % 360 for west, width in arcs for step in range(width)}
    touched = covered | {end % 360 for west, width in arcs for end in (west, west + width)}
    gap = widest_gap([(float(west), float(width)) for west, width in arcs], 360.0)
    free = 360 - len(covered)
    if gap is None:
        assert free == 0
        return
    west, east = gap
    assert 0 < east - west <= 360
    assert all((int(west) + step) % 360 not in covered for step in range(int(east - west)))
    assert {int(west) % 360, int(east) % 360} <= touched
    assert east - west <= free or len(arcs) == 1


@given(st.floats(-720, 720), st.floats(0, 150))
def test_the_short_arc_does_not_depend_on_the_order(west: float, width: float) -> None:
    """Coverage would depend on the direction in which a rectangle is walked."""
    one, other = short_arc(west, west + width, 360), short_arc(west + width, west, 360)
    assert one is not None
    assert other is not None
    assert one[1] == pytest.approx(width, abs=1e-9)
    assert other[1] == pytest.approx(width, abs=1e-9)
    assert short_arc(0, 180, 360) is None
    assert short_arc(0, math.nan, 360) is None


def test_the_guard_follows_the_area_of_use() -> None:
    """A guard that is too tight cuts data; none lets nonsense in."""
    mercator = guard_of(Crs("EPSG:3857"))
    assert mercator is not None
    assert (mercator.width, mercator.south, mercator.north) == (360, -85.1, 85.1)
    arctic = guard_of(Crs("EPSG:3413"))
    assert arctic is not None
    assert arctic.holds(0, 90)
    assert arctic.holds(10, -29)
    assert not arctic.holds(10, -31)
    alaska = guard_of(Crs("EPSG:2964"))
    assert alaska is not None
    assert alaska.holds(180, 60)
    assert alaska.holds(-100, 60)
    assert not alaska.holds(0, 60)
    assert not alaska.holds(math.inf, 60)
    assert not alaska.holds(math.nan, math.nan)
    assert guard_of(EPSG4326) is None
    assert guard_of(METEOSAT) is None
