"""Points between CRS: x first on both sides, against GDAL, in threads."""

from __future__ import annotations

import math
import subprocess
from array import array
from concurrent.futures import ThreadPoolExecutor

import pytest
import rasterio.warp

from tuilerie.grids import WGS84, Crs, transform_points

PLACES = {  # longitude and latitude inside each CRS
    "EPSG:2154": (2.35, 48.85),
    "EPSG:4326": (2.35, 48.85),
    "EPSG:3857": (-157.8, 21.3),
    "EPSG:3035": (13.4, 52.5),
    "EPSG:2180": (21.0, 52.2),
    "EPSG:31467": (9.2, 48.8),
    "EPSG:5514": (14.4, 50.1),
    "EPSG:3006": (18.1, 59.3),
    "EPSG:3413": (-45.0, 75.0),
    "EPSG:3031": (166.7, -77.8),
    "EPSG:5041": (120.0, 88.0),
    "EPSG:32661": (120.0, 88.0),
    "EPSG:32721": (-56.2, -34.9),
    "EPSG:2193": (174.8, -41.3),
    "EPSG:2964": (-150.0, 61.2),
    "EPSG:3832": (-175.0, -21.1),
    "EPSG:4807": (2.35, 48.85),
    "EPSG:2222": (-110.0, 34.0),
    "EPSG:2048": (19.2, -30.0),
    "EPSG:5513": (14.4, 50.1),
}


@pytest.mark.parametrize("text", PLACES)
def test_x_comes_first_as_in_gdal(text: str) -> None:
    """Data and tiles would be mirrored in the CRS that prescribe y first."""
    lon, lat = PLACES[text]
    ours = transform_points([lon], [lat], WGS84, Crs.parse(text))
    theirs = rasterio.warp.transform("OGC:CRS84", text, [lon], [lat])
    # Different databases of grids may choose another datum shift of some metres.
    tolerance = 20 / Crs.parse(text).metres_per_unit
    assert (ours[0][0], ours[1][0]) == pytest.approx((theirs[0][0], theirs[1][0]), abs=tolerance)
    back = transform_points(*ours, Crs.parse(text), WGS84)
    assert (back[0][0], back[1][0]) == pytest.approx((lon, lat), abs=1e-6)


@pytest.mark.gdal
@pytest.mark.parametrize("text", ["EPSG:3857", "EPSG:3035", "EPSG:3413", "EPSG:32721"])
def test_gdaltransform_agrees(text: str) -> None:
    """Tiles would not lie where the system's GDAL puts them."""
    lon, lat = PLACES[text]
    done = subprocess.run(
        ["gdaltransform", "-s_srs", "EPSG:4326", "-t_srs", text, "-output_xy"],
        input=f"{lon} {lat}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    x, y = transform_points(lon, lat, Crs("EPSG:4326"), Crs(text))
    assert (x, y) == pytest.approx(tuple(map(float, done.stdout.split())), abs=1e-3)


def test_what_comes_in_goes_out() -> None:
    """Callers would have to convert lists, arrays and numbers."""
    lambert = Crs("EPSG:2154")
    x, y = transform_points(3.0, 46.5, WGS84, lambert)
    assert (x, y) == pytest.approx((700000, 6600000), abs=1e-6)
    xs, ys = transform_points(array("d", [3.0, 3.0]), array("d", [46.5, 46.5]), WGS84, lambert)
    assert isinstance(xs, array)
    assert list(xs) == [x, x]
    assert list(ys) == [y, y]
    xs, ys = transform_points([3.0], [46.5], WGS84, lambert)
    assert (xs, ys) == ([x], [y])


def test_the_same_crs_changes_nothing() -> None:
    """Coordinates would lose their last bits for nothing."""
    crs = Crs("EPSG:2154")
    assert transform_points([0.1], [0.2], crs, Crs.parse("urn:ogc:def:crs:EPSG::2154")) == (
        [0.1],
        [0.2],
    )


def test_impossible_points_are_infinite_and_possible_ones_beside_them_right() -> None:
    """One corner of a satellite picture in space would fail the whole picture."""
    disc = Crs.parse("+proj=geos +h=35785831 +lon_0=0 +sweep=y +ellps=GRS80")
    xs, ys = transform_points([0.0, 5.5e6, 0.0], [0.0, 5.5e6, 1e6], disc, WGS84)
    assert math.isinf(xs[1])
    assert math.isinf(ys[1])
    assert (xs[0], ys[0]) == pytest.approx((0, 0), abs=1e-9)
    assert 9 < ys[2] < 10


def test_heights_are_left_alone() -> None:
    """A compound CRS whose geoid is not installed would refuse every tile."""
    flat, compound = Crs("EPSG:28992"), Crs("EPSG:7415")
    here = transform_points(5.0, 52.0, WGS84, flat)
    assert transform_points(5.0, 52.0, WGS84, compound) == here
    assert transform_points(*here, compound, WGS84) == pytest.approx((5.0, 52.0), abs=1e-8)


def test_no_way_between_planets() -> None:
    """An operator would see infinities instead of being told that the Moon is not the Earth."""
    with pytest.raises(ValueError, match="no way from"):
        transform_points(1.0, 1.0, Crs.parse("IAU_2015:30100"), WGS84)


def test_many_threads_and_many_pairs() -> None:
    """Transformers shared between threads, or dropped while in use, would mix up numbers."""
    zones = [Crs(f"EPSG:326{zone:02d}") for zone in range(1, 61)]
    zones += [Crs(f"EPSG:327{zone:02d}") for zone in range(1, 21)]

    def easting(crs: Crs) -> float:
        zone = int(crs.text[-2:])
        return float(transform_points(zone * 6 - 183.0, 10.0, WGS84, crs)[0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(easting, zones * 3)) == pytest.approx([500000.0] * 240)
