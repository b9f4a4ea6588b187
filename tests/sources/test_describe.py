"""A raster is described in full, or refused with what to do about it."""

from __future__ import annotations

import contextlib
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from tests.sources.making import ramp, write_raster, write_with_points
from tuilerie.errors import CatalogueError
from tuilerie.sources.describe import describe_file

PALETTE = {0: (0, 0, 0, 0), 1: (200, 10, 10, 255), 2: (10, 200, 10, 255)}
WGS84_PRJ = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def test_a_picture(tmp_path: Path) -> None:
    """Everything the catalogue asks for must be there, in its units."""
    path = write_raster(tmp_path / "a.tif", ramp(20, 10, 3), (0, 40, 20, 50), photometric="RGB")
    found = describe_file(path)
    assert (found.kind, found.crs, found.width, found.height) == ("picture", "EPSG:4326", 20, 10)
    assert found.bounds == found.wgs84_bounds == (0, 40, 20, 50)
    assert found.cell_size == 1
    assert [band.description for band in found.bands] == ["red", "green", "blue"]
    assert not found.transparent
    assert found.warnings == ()


def test_a_palette_with_names(tmp_path: Path) -> None:
    """Classes keep their colours, transparency and names."""
    # A TIFF keeps no transparency of colours; the value for missing pixels becomes transparent.
    path = write_raster(tmp_path / "a.tif", np.ones((4, 4), np.uint8), palette=PALETTE, nodata=0)
    Path(f"{path}.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><CategoryNames><Category>gap</Category>"
        "<Category>wood</Category></CategoryNames></PAMRasterBand></PAMDataset>"
    )
    found = describe_file(path)
    assert found.kind == "palette"
    assert {value: found.palette[value] for value in PALETTE} == PALETTE
    assert found.category_names == {0: "gap", 1: "wood"}
    assert found.transparent


def test_names_from_an_attribute_table(tmp_path: Path) -> None:
    """ArcGIS and GDAL keep class names in a table whose columns may come in any order."""
    path = write_raster(tmp_path / "a.tif", np.ones((4, 4), np.uint8), palette=PALETTE)
    Path(f"{path}.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><GDALRasterAttributeTable>"
        "<FieldDefn index='0'><Name>Label</Name><Type>2</Type><Usage>2</Usage></FieldDefn>"
        "<FieldDefn index='1'><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn>"
        "<Row index='0'><F>water</F><F>7</F></Row><Row index='1'><F>wood</F><F>x</F></Row>"
        "</GDALRasterAttributeTable></PAMRasterBand></PAMDataset>"
    )
    assert describe_file(path).category_names == {7: "water"}


def test_values_have_statistics_without_their_nodata(tmp_path: Path) -> None:
    """An automatic stretch must not be spoilt by the value that means nothing."""
    array = np.linspace(100, 200, 100 * 100, dtype=np.float32).reshape(100, 100)
    array[:10] = -9999
    array[10, 0] = np.nan
    band = describe_file(write_raster(tmp_path / "a.tif", array, nodata=-9999)).bands[0]
    assert (band.dtype, band.nodata) == ("float32", -9999)
    assert band.minimum == pytest.approx(110, abs=0.1)
    assert band.maximum == pytest.approx(200, abs=0.1)
    assert band.percentile_2 == pytest.approx(111.8, abs=0.2)
    assert band.percentile_98 == pytest.approx(198.2, abs=0.2)


def test_statistics_in_the_file_are_believed(tmp_path: Path) -> None:
    """A producer who computed exact limits knows better than a sample."""
    path = write_raster(tmp_path / "a.tif", np.full((50, 50), 5, np.uint16))
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(1, STATISTICS_MINIMUM="-3", STATISTICS_MAXIMUM="4000")
    band = describe_file(path).bands[0]
    assert (band.minimum, band.maximum) == (-3, 4000)


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    """Values stored as tenths of a degree are degrees to the operator's colour ramp."""
    path = write_raster(tmp_path / "a.tif", np.full((50, 50), 100, np.int16))
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (-5.0,)
    found = describe_file(path)
    assert found.kind == "values"
    assert (found.bands[0].dtype, found.bands[0].maximum) == ("float32", 5.0)


def test_all_missing_has_no_statistics(tmp_path: Path) -> None:
    """An empty raster must not divide by nothing."""
    band = describe_file(
        write_raster(tmp_path / "a.tif", np.zeros((9, 9), np.uint16), nodata=0)
    ).bands[0]
    assert (band.minimum, band.percentile_98) == (None, None)


@pytest.mark.parametrize(
    ("made", "transparent"),
    [
        ({"nodata": 0}, True),
        ({"mask": np.full((8, 8), 255, np.uint8)}, True),
        ({}, False),
    ],
)
def test_what_can_be_missing(tmp_path: Path, made: dict, transparent: bool) -> None:
    """JPEG is the default format only where nothing can be missing."""
    assert (
        describe_file(write_raster(tmp_path / "a.tif", ramp(8, 8), **made)).transparent
        is transparent
    )


def test_alpha_is_no_colour(tmp_path: Path) -> None:
    """The fourth band of an RGBA picture is its transparency."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8, 4), photometric="RGB", alpha="YES")
    found = describe_file(path)
    assert found.transparent
    assert found.bands[3].description == "alpha"


def test_four_bits_are_a_measurement(tmp_path: Path) -> None:
    """0 to 15 shown as they are would be black beside nearly black."""
    assert (
        describe_file(write_raster(tmp_path / "a.tif", ramp(8, 8) // 17, nbits=4)).kind == "values"
    )


@pytest.mark.parametrize("name", ["a.prj", "a.PRJ", "a.jpg.prj"])
def test_a_picture_with_world_file_and_prj(tmp_path: Path, name: str) -> None:
    """The commonest way to georeference a JPEG; GDAL itself does not look for the .prj."""
    path = write_raster(tmp_path / "a.jpg", ramp(8, 8, 3), None, None, driver="JPEG")
    (tmp_path / "a.jgw").write_text("1\n0\n0\n-1\n10.5\n49.5\n")
    (tmp_path / name).write_text(WGS84_PRJ)
    found = describe_file(path)
    assert (found.crs, found.bounds) == ("EPSG:4326", (10, 42, 18, 50))


@pytest.mark.parametrize("world", ["tfw", "wld", "TFW"])
def test_world_files_of_tiffs(tmp_path: Path, world: str) -> None:
    """.tfw and .wld count for a TIFF without a transform of its own."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8), None, None)
    (tmp_path / f"a.{world}").write_text("2\n0\n0\n-2\n1\n49\n")
    assert describe_file(path, crs="EPSG:4326").bounds == (0, 34, 16, 50)


def test_south_up_and_mirrored(tmp_path: Path) -> None:
    """Rows may run from south to north: netCDF's habit."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8), transform=Affine(1, 0, 10, 0, 1, 40))
    assert describe_file(path).bounds == (10, 40, 18, 48)


def test_rotated(tmp_path: Path) -> None:
    """A rotated raster is supported; its bounds are those of its corners."""
    transform = Affine.translation(100, 100) @ Affine.rotation(45) @ Affine.scale(1, -1)
    path = write_raster(tmp_path / "a.tif", ramp(10, 10), transform=transform, crs="EPSG:32631")
    found = describe_file(path)
    half = 10 * np.sqrt(0.5)
    assert found.bounds == pytest.approx((100, 100 - half, 100 + 2 * half, 100 + half))
    assert found.cell_size == pytest.approx(1)
    assert found.transparent
    assert "rotated" in found.warnings[0]


@pytest.mark.parametrize("bend", [0.0, 0.02])
def test_control_points(tmp_path: Path, bend: float) -> None:
    """Points that an affine fits are a transform; others are rectified by GDAL."""
    found = describe_file(write_with_points(tmp_path / "a.tif", bend))
    assert any("rectified while it is read" in text for text in found.warnings) is (bend > 0)
    assert found.crs == "EPSG:32631"
    assert found.bounds == pytest.approx(
        (5e5, 4.5e6 - 2400, 5e5 + 3000 + bend * 8000, 4.5e6), abs=40
    )


def test_heights_are_no_part_of_a_map(tmp_path: Path) -> None:
    """Compound CRSs are common in elevation models."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8), (7e5, 6e6, 8e5, 6.1e6), "EPSG:2154+5720")
    assert describe_file(path).crs == "EPSG:2154"


@pytest.mark.parametrize(
    ("bounds", "shown", "degrees"),
    [
        ((0, -90, 360, 90), (-180, -90, 180, 90), (-180, -90, 180, 90)),
        ((-180, -90, 180, 90), (-180, -90, 180, 90), (-180, -90, 180, 90)),
        ((-0.5, -90.25, 359.5, 90.25), (-180, -90, 180, 90), (-180, -90, 180, 90)),
        ((170, -20, 190, 0), (170, -20, 190, 0), (170, -20, -170, 0)),
        ((190, -20, 200, 0), (-170, -20, -160, 0), (-170, -20, -160, 0)),
        ((-200, -20, -190, 0), (160, -20, 170, 0), (160, -20, 170, 0)),
    ],
)
def test_longitudes_beyond_180(tmp_path: Path, bounds, shown, degrees) -> None:
    """0 to 360 is the other way around the Earth; limits of matrices need the usual one."""
    cells = 0.5
    array = np.zeros(
        (round((bounds[3] - bounds[1]) / cells), round((bounds[2] - bounds[0]) / cells))
    )
    found = describe_file(write_raster(tmp_path / "a.tif", array.astype(np.uint8), bounds))
    assert found.bounds == pytest.approx(shown)
    assert found.wgs84_bounds == pytest.approx(degrees)


@pytest.mark.parametrize(
    ("made", "given", "message"),
    [
        ({"crs": None}, {}, "does not say its coordinate reference system.*crs: EPSG"),
        ({"bounds": None, "crs": None}, {}, "not georeferenced.*world file"),
        ({}, {"crs": "EPSG:999999"}, "EPSG:999999"),
        ({"bounds": (0, 6e6, 1e5, 7e6)}, {}, "not longitudes and latitudes"),
        ({"bounds": (-1e300, 0, -9e299, 1)}, {}, "not longitudes and latitudes"),
        ({}, {"bands": [2]}, "no band 2: the file has 1"),
        ({}, {"bands": [0]}, "no band 0"),
        ({}, {"subdataset": "sst"}, "no subdataset 'sst'"),
        ({"transform": Affine(0, 0, 1, 0, 0, 1)}, {}, "no area"),
    ],
)
def test_what_is_refused(tmp_path: Path, made: dict, given: dict, message: str) -> None:
    """Each fault is said in words, with the file and what to do."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8), **made)
    with pytest.raises(CatalogueError, match=f"(?s)a.tif: .*{message}"):
        describe_file(path, **given)


def test_all_faults_at_once(tmp_path: Path) -> None:
    """The operator must not mend one fault after the other."""
    path = write_raster(tmp_path / "a.tif", np.zeros((4, 4), np.complex64), None, None)
    with pytest.raises(CatalogueError) as caught:
        describe_file(path)
    assert len(caught.value.problems) == 3


def test_a_place_off_the_earth(tmp_path: Path) -> None:
    """Coordinates in a projection that cannot hold them mean a wrong CRS."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8), (1e30, 1e30, 2e30, 2e30), "EPSG:32631")
    with pytest.raises(CatalogueError, match="nowhere on the Earth"):
        describe_file(path)


@pytest.mark.parametrize("content", [b"", b"not a raster", b"II*\0", b"\x89PNG\r\n\x1a\n"])
def test_files_that_are_no_rasters(tmp_path: Path, content: bytes) -> None:
    """Whatever the bytes, the answer is a CatalogueError."""
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match="not a raster"):
        describe_file(path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize(
    "made",
    [
        {"driver": "GTiff"},
        {
            "driver": "GTiff",
            "tiled": True,
            "blockxsize": 64,
            "blockysize": 64,
            "compress": "deflate",
        },
        {"driver": "GTiff", "tiled": True, "blockxsize": 64, "blockysize": 64, "overviews": (2, 4)},
        {"driver": "PNG"},
        {"driver": "JPEG"},
    ],
)
def test_truncated_files(tmp_path: Path, share: float, made: dict) -> None:
    """A copy that broke off must be found when it is loaded, not at a visitor's request."""
    noise = np.random.default_rng(1).integers(0, 255, (3, 300, 300), np.uint8)
    whole = write_raster(tmp_path / "whole.tif", noise, **made)
    data = whole.read_bytes()
    broken = tmp_path / "broken.tif"
    broken.write_bytes(data[: int(len(data) * share)])
    (tmp_path / "broken.wld").write_text("0.01\n0\n0\n-0.01\n10\n49\n")
    with pytest.raises(CatalogueError, match=r"damaged|not a raster"):
        describe_file(broken, crs="EPSG:4326")


def test_a_large_file_is_described_fast(tmp_path: Path) -> None:
    """Describing reads samples: 400 million sparse pixels take no longer than a few."""
    path = tmp_path / "large.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=20_000,
        height=20_000,
        count=1,
        dtype="float32",
        crs="EPSG:2154",
        transform=Affine(1, 0, 6e5, 0, -1, 6.5e6),
        tiled=True,
        sparse_ok=True,
        compress="deflate",
    ) as dataset:
        dataset.write(np.ones((1, 256, 256), np.float32), window=((0, 256), (0, 256)))
    describe_file(path)
    start = time.perf_counter()
    found = describe_file(path)
    assert time.perf_counter() - start < 1.0
    assert (found.bands[0].minimum, found.bands[0].maximum) == (0, 1)
    assert "overviews" in found.warnings[0]


def test_the_fingerprint(tmp_path: Path) -> None:
    """Stored tiles are kept exactly as long as pixels and settings are the same."""
    path = write_raster(tmp_path / "a.tif", ramp(8, 8))
    first = describe_file(path).fingerprint
    assert describe_file(path).fingerprint == first
    assert describe_file(path, nodata=0).fingerprint != first
    (tmp_path / "moved").mkdir()
    shutil.copy2(path, tmp_path / "moved" / "a.tif")
    assert describe_file(tmp_path / "moved" / "a.tif").fingerprint == first
    write_raster(path, ramp(8, 8)[:, ::-1].copy())
    changed = describe_file(path).fingerprint
    assert changed != first
    Path(f"{path}.aux.xml").write_text("<PAMDataset/>")
    assert describe_file(path).fingerprint != changed


def test_a_likely_nodata_is_pointed_out(tmp_path: Path) -> None:
    """Elevation models with an undeclared -32767 look like abysses."""
    array = np.full((20, 20), 500, np.float32)
    array[0] = -32767
    assert any(
        "nodata: -32767" in text
        for text in describe_file(write_raster(tmp_path / "a.tif", array)).warnings
    )


def test_damaged_headers_are_messages(tmp_path: Path) -> None:
    """Whatever bytes a file has, describing ends soon, and in a description or a CatalogueError."""
    noise = np.random.default_rng(1).integers(0, 255, (3, 50, 50), np.uint8)
    whole = write_raster(tmp_path / "a.tif", noise, overviews=(2,), nodata=0).read_bytes()
    chance = random.Random(7)
    path = tmp_path / "b.tif"
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(chance.choice((16, 700, len(data))))] = chance.randrange(256)
        path.write_bytes(data)
        with contextlib.suppress(CatalogueError):
            describe_file(path, crs="EPSG:4326")
