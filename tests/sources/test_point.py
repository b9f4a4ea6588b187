"""The values at a place: those of the very pixel, as an independent program finds them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine

from tests.sources.making import write_raster
from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox
from tuilerie.sources.base import PointRequest
from tuilerie.sources.mosaic import MosaicSource
from tuilerie.sources.rasterfile import RasterFileSource
from tuilerie.sources.settings import RasterFile, SheetFolder

RNG = np.random.default_rng(7)


def at(x: float, y: float, crs: str = "EPSG:4326", cell: float = 1e-6, **more) -> PointRequest:
    """A pixel so small that it is a point."""
    half = cell / 2
    return PointRequest(BoundingBox(x - half, y - half, x + half, y + half), crs, **more)


def source(path: Path, **settings) -> RasterFileSource:
    return RasterFileSource(RasterFile(path, **settings))


def by_gdal(path: Path, places: list[tuple[float, float]]) -> list[list[str]]:
    """The raw values of all bands at degrees, by gdallocationinfo; [] outside."""
    found = []
    for lon, lat in places:
        command = ["gdallocationinfo", "-valonly", "-wgs84", str(path), repr(lon), repr(lat)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found.append(done.stdout.split())
    return found


@pytest.mark.gdal
@pytest.mark.skipif(shutil.which("gdallocationinfo") is None, reason="gdal-bin: make system")
@pytest.mark.parametrize(
    ("file", "map_crs", "area"),
    [
        ("france_utm31n.tif", "EPSG:3857", (-3.0, 41.0, 9.0, 50.0)),
        ("madagascar_utm38s.tif", "EPSG:3857", (43.0, -26.0, 51.0, -11.0)),
        ("arctic_polar.tif", "EPSG:4326", (-179.0, 55.0, 179.0, 89.5)),
        ("bering_strait.tif", "EPSG:3857", (-175.0, 55.0, -165.0, 66.0)),
        ("surface_classes.tif", "EPSG:3857", (-179.0, -84.0, 179.0, 84.0)),
        ("levant_reflectance_16bit.tif", "EPSG:3857", (25.0, 20.0, 55.0, 39.0)),
        ("cumberland_dem.tif", "EPSG:2264", (-84.5, 36.4, -84.0, 36.8)),
    ],
)
def test_values_are_those_of_gdallocationinfo(
    demo: Path, file: str, map_crs: str, area: tuple[float, float, float, float]
) -> None:
    """A value from beside the place, from an overview, or interpolated between two classes."""
    path = demo / "data" / file
    left, bottom, right, top = area
    lons, lats = RNG.uniform(left, right, 12).tolist(), RNG.uniform(bottom, top, 12).tolist()
    places = list(zip(lons, lats, strict=True))
    to_map = pyproj.Transformer.from_crs("EPSG:4326", map_crs, always_xy=True)
    asked = source(path)
    with rasterio.open(path) as dataset:
        alpha = [kind.name for kind in dataset.colorinterp]
        masks = dataset.read_masks()
        # Two JPEG decoders do not agree on every level.
        slack = 6 if "jpeg" in str(dataset.compression).lower() else 0
    some = 0
    for (lon, lat), theirs in zip(places, by_gdal(path, places), strict=True):
        x, y = to_map.transform(lon, lat)
        cell = 1e-7 if map_crs == "EPSG:4326" else 1e-3
        found = asked.query_sync(at(x, y, map_crs, cell))
        if not theirs:
            assert found == ()
            continue
        (values,) = found
        raw = [float(one) for one, kind in zip(theirs, alpha, strict=True) if kind != "alpha"]
        if all(value is None for value in values.values()):
            assert not masks.all(), "no value where everything has one"
            continue
        some += 1
        assert list(values.values()) == pytest.approx(raw, abs=slack, rel=0)
    assert some or file == "bering_strait.tif"


def test_the_nearest_pixel_at_edges_and_corners(tmp_path: Path) -> None:
    """A place at the edge would be told of the neighbour, or of nothing."""
    path = write_raster(tmp_path / "a.tif", np.arange(6, dtype="int16").reshape(2, 3))
    # Pixels of 10/3 by 5 degrees from (0, 50).
    asked = source(path)
    for x, y, value in (
        (0.0, 50.0, 0), (10 / 3 - 1e-6, 49.9, 0), (10 / 3 + 1e-6, 49.9, 1),
        (9.9999, 45.0001, 2), (9.9999, 44.9999, 5), (10.0, 40.0, 5), (0.0, 40.0, 3),
    ):  # fmt: skip
        assert asked.query_sync(at(x, y, cell=1e-9)) == ({"1": value},), (x, y)
    for x, y in ((-1e-3, 45.0), (10.001, 45.0), (5.0, 50.001), (5.0, 39.999), (190.0, 45.0)):
        assert asked.query_sync(at(x, y)) == ()


def test_measurements_have_scale_and_offset_and_no_noise(tmp_path: Path) -> None:
    """Counts of a sensor would be taken for degrees, or 0.1 told as 0.10000000149."""
    path = write_raster(tmp_path / "a.tif", np.full((2, 4, 4), 2731, "uint16"))
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1, 1.0), (-273.15, 0.0)
    assert source(path).query_sync(at(5, 45)) == ({"1": -0.05, "2": 2731},)
    path = write_raster(tmp_path / "b.tif", np.full((4, 4), 0.1, "float32"))
    assert source(path).query_sync(at(5, 45)) == ({"1": 0.1},)
    path = write_raster(tmp_path / "c.tif", np.full((4, 4), 2**63 + 1, "uint64"))
    assert source(path).query_sync(at(5, 45)) == ({"1": 2**63 + 1},)


def test_an_overview_is_never_asked(tmp_path: Path) -> None:
    """At a coarse matrix a mean of classes or heights would be told."""
    array = (np.indices((64, 64)).sum(axis=0) % 2 * 100).astype("uint8")
    path = write_raster(tmp_path / "a.tif", array, overviews=(2, 4))
    values = {
        source(path).query_sync(at(5.0 + n * 10 / 64, 45.01, cell=2.0))[0]["1"] for n in range(4)
    }
    assert values == {0, 100}


@pytest.mark.parametrize("nodata", [-9999.0, float("nan"), None])
def test_what_is_missing_has_no_value(tmp_path: Path, nodata: float | None) -> None:
    """-9999 would be told as a height."""
    array = np.full((2, 2, 2), 7.5, "float32")
    array[0, 0, 0] = np.nan if nodata is None else nodata
    array[:, 1, 1] = np.inf if nodata is None else nodata
    path = write_raster(tmp_path / "a.tif", array, nodata=nodata)
    asked = source(path)
    assert asked.query_sync(at(1, 49)) == ({"1": None, "2": 7.5},)
    assert asked.query_sync(at(9, 49)) == ({"1": 7.5, "2": 7.5},)
    assert asked.query_sync(at(9, 41)) == ({"1": None, "2": None},)
    own = source(path, nodata=7.5)
    assert own.query_sync(at(9, 49)) == ({"1": None, "2": None},)


def test_a_picture_is_missing_as_a_whole(tmp_path: Path) -> None:
    """Black water would lose its red."""
    array = np.zeros((3, 2, 2), "uint8")
    array[2, 0, 0] = 30
    path = write_raster(tmp_path / "a.tif", array, nodata=0)
    assert source(path).query_sync(at(1, 49)) == ({"1": 0, "2": 0, "3": 30},)
    assert source(path).query_sync(at(9, 49)) == (dict.fromkeys("123"),)


def test_masks_and_transparency_hide_values(tmp_path: Path) -> None:
    """What cannot be seen on the map would be told of it."""
    mask = np.full((2, 2), 255, "uint8")
    mask[0, 0] = 0
    path = write_raster(tmp_path / "a.tif", np.full((1, 2, 2), 9, "uint8"), mask=mask)
    assert source(path).query_sync(at(1, 49)) == ({"1": None},)
    assert source(path).query_sync(at(9, 49)) == ({"1": 9},)
    rgba = np.stack([*np.full((3, 2, 2), 9, "uint8"), mask])
    path = write_raster(tmp_path / "b.tif", rgba, photometric="RGB", alpha="YES")
    assert source(path).query_sync(at(1, 49)) == (dict.fromkeys("123"),)
    assert source(path).query_sync(at(9, 49)) == ({"1": 9, "2": 9, "3": 9},)


def test_files_that_begin_at_greenwich_or_cross_180(tmp_path: Path) -> None:
    """Half of the world would have no values."""
    array = np.arange(36, dtype="uint8").reshape(1, 36)
    path = write_raster(tmp_path / "a.tif", array, (0.0, -90.0, 360.0, 90.0))
    for lon, value in ((5, 0), (-5, 35), (175, 17), (-175, 18), (355, 35), (-185, 17)):
        assert source(path).query_sync(at(lon, 10)) == ({"1": value},), lon
    path = write_raster(tmp_path / "b.tif", array[:, :4], (170.0, -10.0, 190.0, 10.0))
    for lon, value in ((171, 0), (-171, 3), (189, 3)):
        assert source(path).query_sync(at(lon, 1)) == ({"1": value},), lon
    assert source(path).query_sync(at(100, 1)) == ()


def test_a_rotated_raster_ends_where_its_pixels_do(tmp_path: Path) -> None:
    """Its corners would be told of the wrong rows."""
    turned = Affine.translation(5e5, 4.5e6) @ Affine.rotation(30) @ Affine.scale(100, -100)
    array = np.arange(100, dtype="uint8").reshape(10, 10)
    path = write_raster(tmp_path / "a.tif", array, crs="EPSG:32631", transform=turned)
    for col, row in ((0, 0), (9, 0), (0, 9), (9, 9), (4, 7)):
        x = turned.a * (col + 0.5) + turned.b * (row + 0.5) + turned.c
        y = turned.d * (col + 0.5) + turned.e * (row + 0.5) + turned.f
        found = source(path).query_sync(at(x, y, "EPSG:32631", 1.0))
        assert found == ({"1": row * 10 + col},)
    assert source(path).query_sync(at(5e5 - 100, 4.5e6, "EPSG:32631", 1.0)) == ()


def test_a_place_beside_the_globe_has_nothing(tmp_path: Path) -> None:
    """PROJ comes back from there with a place on the other side of the Earth."""
    path = write_raster(tmp_path / "a.tif", np.ones((4, 4), "uint8"), (-180.0, -90.0, 180.0, 90.0))
    orthographic = "+proj=ortho +lat_0=45 +lon_0=5 +datum=WGS84 +units=m"
    assert source(path).query_sync(at(0, 0, orthographic, 1.0)) == ({"1": 1},)
    assert source(path).query_sync(at(6e6, 6e6, orthographic, 1.0)) == ()


def test_a_damaged_file_is_told_without_its_path(tmp_path: Path) -> None:
    """A client would learn where data lies on our disk."""
    path = write_raster(tmp_path / "a.tif", np.ones((64, 64), "uint8"), tiled=True, blockxsize=16,
                        blockysize=16, compress="deflate")  # fmt: skip
    asked = RasterFileSource(RasterFile(path), identifier="heights")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RenderError, match="source 'heights'") as caught:
        asked.query_sync(at(9.9, 40.1))
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(RenderError):
        asked.query_sync(at(5, 45, bands=(3,)))


def test_a_mosaic_tells_of_the_sheet_on_top(tmp_path: Path) -> None:
    """The value of another sheet than the one that is drawn."""
    low = np.full((4, 4), 1, "int16")
    high = np.full((4, 4), 2, "int16")
    high[0, 0] = -1
    write_raster(tmp_path / "a.tif", low, (0.0, 40.0, 10.0, 50.0), nodata=-1)
    write_raster(tmp_path / "b.tif", high, (5.0, 40.0, 15.0, 50.0), nodata=-1)
    write_raster(tmp_path / "c.tif", np.full((2, 2), -1, "int16"), (14.0, 40.0, 20.0, 50.0),
                 nodata=-1)  # fmt: skip
    asked = MosaicSource(SheetFolder(tmp_path))
    for lon, value in ((1, 1), (9, 2), (12, 2), (14.5, 2), (18, None)):
        assert asked.query_sync(at(lon, 45)) == ({"1": value},), lon
    assert asked.query_sync(at(6, 49)) == ({"1": 1},), "the gap in the upper sheet"
    assert asked.query_sync(at(30, 45)) == ()
    (tmp_path / "b.tif").unlink()
    assert asked.query_sync(at(9, 45)) == ({"1": 1},), "a sheet that is gone is not missed"


def test_a_mosaic_of_several_crss(tmp_path: Path) -> None:
    """A sheet in another zone would be looked for at the wrong place."""
    write_raster(tmp_path / "a.tif", np.full((4, 4), 1, "uint8"), (0.0, 40.0, 10.0, 50.0))
    utm = (500_000.0, 4_900_000.0, 600_000.0, 5_000_000.0)
    write_raster(tmp_path / "b.tif", np.full((4, 4), 2, "uint8"), utm, "EPSG:32631")
    asked = MosaicSource(SheetFolder(tmp_path))
    assert asked.query_sync(at(3.5, 44.7)) == ({"1": 2},)
    assert asked.query_sync(at(1.0, 44.7)) == ({"1": 1},)
    x, y = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(3.5, 44.7)
    assert asked.query_sync(at(x, y, "EPSG:3857", 1.0)) == ({"1": 2},)
