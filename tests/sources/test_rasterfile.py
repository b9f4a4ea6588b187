"""A raster file is shown where it lies, with its gaps, at every size, in any thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.enums import Resampling

from tests.sources.making import ramp, write_raster, write_with_points
from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox, Crs, transform_points
from tuilerie.sources.base import MapRequest, MapSource
from tuilerie.sources.datasets import DatasetPool
from tuilerie.sources.rasterfile import RasterFileSource
from tuilerie.sources.settings import RasterFile


def source(path: Path, **given_: object) -> RasterFileSource:
    return RasterFileSource(RasterFile(path, **given_), pool=DatasetPool())


def request(bounds, width=64, height=64, crs="EPSG:4326", **more) -> MapRequest:
    return MapRequest(BoundingBox(*bounds), crs, width, height, **more)


def valid(raster, shape=(64, 64)) -> np.ndarray:
    if raster is None:
        return np.zeros(shape, bool)
    return np.ones(raster.array.shape[1:], bool) if raster.mask is None else raster.mask > 0


def test_pixels_of_its_own_grid_come_back_as_they_are(tmp_path: Path) -> None:
    """Where the map is the raster's grid nothing may be interpolated, nor shifted."""
    array = np.random.default_rng(1).integers(0, 255, (3, 40, 60), np.uint8)
    path = write_raster(tmp_path / "a.tif", array, (10, 40, 16, 44), photometric="RGB")
    drawn = source(path).read_sync(request((11, 41, 15, 43), 40, 20))
    assert drawn.mask is None
    assert (drawn.array == array[:, 10:30, 10:50]).all()
    assert (drawn.bounds, drawn.crs) == (BoundingBox(11, 41, 15, 43), "EPSG:4326")


@pytest.mark.parametrize(
    "bounds", [(100, 0, 101, 1), (-180, -90, -170, -80), (16, 40, 17, 41), (9, 40, 10, 41)]
)
def test_elsewhere_is_nothing(tmp_path: Path, bounds) -> None:
    """None lets a blank tile be made without an image; touching edges share no area."""
    path = write_raster(tmp_path / "a.tif", ramp(60, 40), (10, 40, 16, 44))
    assert source(path).read_sync(request(bounds)) is None


def test_beyond_its_edges_is_no_data(tmp_path: Path) -> None:
    """The mask ends where the raster does, to the pixel."""
    path = write_raster(tmp_path / "a.tif", ramp(60, 40), (10, 40, 16, 44))
    drawn = source(path).read_sync(request((8, 39, 18, 45), 100, 60))
    expected = np.zeros((60, 100), bool)
    expected[10:50, 20:80] = True
    assert (valid(drawn) == expected).all()
    assert not drawn.array[:, ~expected].any()


@pytest.mark.parametrize(
    ("flip_x", "flip_y"), [(False, True), (True, False), (True, True), (False, False)]
)
@pytest.mark.parametrize("factor", [0.5, 1, 3, 7.3])
def test_any_order_of_rows_and_columns(tmp_path: Path, flip_x, flip_y, factor) -> None:
    """South-up and mirrored rasters show the same map, at any size."""
    array = cv2.blur(np.random.default_rng(2).integers(0, 255, (120, 160), np.uint8), (9, 9))
    plain = write_raster(tmp_path / "plain.tif", array, (500, 500, 660, 620), "EPSG:32631")
    turned = write_raster(
        tmp_path / "turned.tif",
        array[:: -1 if flip_y else 1, :: -1 if flip_x else 1].copy(),
        transform=Affine(
            *(-1 if flip_x else 1, 0, 660 if flip_x else 500),
            *(0, 1 if flip_y else -1, 500 if flip_y else 620),
        ),
        crs="EPSG:32631",
    )
    asked = request((510, 510, 510 + 20 * factor, 510 + 14 * factor), 20, 14, "EPSG:32631")
    one, other = (source(path).read_sync(asked).array.astype(int) for path in (plain, turned))
    assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize("angle", [30, 45, 90, 180, 200])
def test_rotated_rasters(tmp_path: Path, angle: float) -> None:
    """Each pixel of the map shows the pixel of the raster that the affine puts there."""
    array = ramp(100, 80, 2)[:1] // 2 + ramp(100, 80, 2)[1:] // 2
    transform = Affine.translation(5e5, 4.5e6) @ Affine.rotation(angle) @ Affine.scale(10, -10)
    path = write_raster(tmp_path / "a.tif", array, transform=transform, crs="EPSG:32631")
    bounds = (5e5 - 1200, 4.5e6 - 1200, 5e5 + 1200, 4.5e6 + 1200)
    drawn = source(path).read_sync(request(bounds, 240, 240, "EPSG:32631", resampling="nearest"))
    inverse = ~transform
    x, y = np.meshgrid(
        bounds[0] + (np.arange(240) + 0.5) * 10, bounds[3] - (np.arange(240) + 0.5) * 10
    )
    col = inverse.a * x + inverse.b * y + inverse.c
    row = inverse.d * x + inverse.e * y + inverse.f
    inside = (col > 0) & (col < 100) & (row > 0) & (row < 80)
    assert (valid(drawn) == inside).mean() > 0.995
    both = valid(drawn) & inside
    wanted = array[0, row[both].astype(int), col[both].astype(int)]
    assert np.abs(drawn.array[0][both].astype(int) - wanted).max() <= 2


def test_control_points_that_no_affine_fits(tmp_path: Path) -> None:
    """A raster that GDAL rectifies while it is read is shown at its points."""
    drawn = source(write_with_points(tmp_path / "a.tif", 0.02)).read_sync(
        request((5e5, 4.5e6 - 2400, 5e5 + 3000, 4.5e6), 100, 80, "EPSG:32631")
    )
    assert valid(drawn).mean() > 0.9
    # The ramp rises to the right: at half the width it is half of 250.
    assert drawn.array[0, 10, 50] == pytest.approx(125, abs=4)


@pytest.mark.parametrize("factor", [1, 2, 3.7, 16])
def test_nodata_does_not_bleed(tmp_path: Path, factor: float) -> None:
    """Neither overviews, nor averages, nor the kernel may mix -9999 into a height."""
    array = np.full((256, 256), 100, np.float32)
    array[::7] = -9999
    array[100:110] = np.nan
    path = write_raster(tmp_path / "a.tif", array, (0, 0, 256, 256), "EPSG:32631", nodata=-9999)
    size = int(256 / factor)
    drawn = source(path).read_sync(request((0, 0, 256, 256), size, size, "EPSG:32631"))
    held = drawn.array[0][valid(drawn)]
    assert held.size
    assert held == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("overviews", [(), (2, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_the_catalogues_nodata_is_left_out_of_averages(tmp_path: Path, dtype, overviews) -> None:
    """A value that only the catalogue calls missing is unknown to GDAL's averaging."""
    array = np.full((200, 200), 100, dtype)
    array[:, 90:] = 0
    path = write_raster(tmp_path / "a.tif", array, (0, 0, 200, 200), "EPSG:32631")
    drawn = source(path, nodata=0).read_sync(request((0, 0, 200, 200), 25, 25, "EPSG:32631"))
    # The boundary lies in column 11.25.
    assert valid(drawn)[:, :11].all()
    assert not valid(drawn)[:, 12:].any()
    assert (drawn.array[0][valid(drawn)] == 100).all()


def test_a_picture_is_missing_where_all_its_colours_are(tmp_path: Path) -> None:
    """Pure red is no gap in a picture whose nodata is 0."""
    array = np.zeros((3, 8, 8), np.uint8)
    array[0, :4] = 200
    path = write_raster(tmp_path / "a.tif", array, (0, 0, 8, 8), nodata=0, photometric="RGB")
    drawn = source(path).read_sync(request((0, 0, 8, 8), 8, 8))
    assert valid(drawn)[:4].all()
    assert not valid(drawn)[4:].any()


def test_alpha_comes_along(tmp_path: Path) -> None:
    """Half-transparent pixels stay so; wholly transparent ones are no data."""
    array = np.full((4, 8, 8), 200, np.uint8)
    array[3, :, :4], array[3, :, 4:6], array[3, :, 6:] = 255, 128, 0
    path = write_raster(tmp_path / "a.tif", array, (0, 0, 8, 8), photometric="RGB", alpha="YES")
    drawn = source(path).read_sync(request((0, 0, 8, 8), 8, 8))
    assert drawn.array.shape == (4, 8, 8)
    assert drawn.array[3, 0].tolist() == [255] * 4 + [128] * 2 + [0] * 2
    assert valid(drawn)[0].tolist() == [True] * 6 + [False] * 2
    chosen = source(path).read_sync(request((0, 0, 8, 8), 8, 8, bands=(2,)))
    assert chosen.array.shape == (1, 8, 8)
    assert (valid(chosen) == valid(drawn)).all()


@pytest.mark.parametrize("inside", [True, False])
def test_masks_count(tmp_path: Path, inside: bool) -> None:
    """A mask in the file or in a .msk beside it makes gaps."""
    mask = np.full((8, 8), 255, np.uint8)
    mask[:, 5:] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=inside):
        path = write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 0, 8, 8), mask=mask)
    assert Path(f"{path}.msk").exists() is not inside
    drawn = source(path).read_sync(request((0, 0, 8, 8), 8, 8))
    assert (valid(drawn) == (mask > 0)).all()


def test_classes_are_never_mixed(tmp_path: Path) -> None:
    """Between class 1 (water) and 3 (town) lies no class 2, whatever resampling is asked for."""
    array = np.where(np.indices((200, 200)).sum(axis=0) // 30 % 2, 1, 3).astype(np.uint8)
    colours = {1: (1, 1, 1, 255), 2: (2, 2, 2, 255), 3: (3, 3, 3, 255)}
    path = write_raster(tmp_path / "a.tif", array, (0, 0, 200, 200), "EPSG:32631", palette=colours)
    for resampling in ("bilinear", "cubic", "lanczos", "average", "nearest"):
        for size in (37, 150, 700):
            drawn = source(path).read_sync(
                request((0, 0, 200, 200), size, size, "EPSG:32631", resampling=resampling)
            )
            assert set(np.unique(drawn.array)) == {1, 3}
            assert drawn.palette[3].tolist() == [3, 3, 3, 255]


def test_scale_and_offset(tmp_path: Path) -> None:
    """Styles are given real units."""
    path = write_raster(tmp_path / "a.tif", np.full((8, 8), 100, np.int16), (0, 0, 8, 8), nodata=-1)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (-5.0,)
    drawn = source(path).read_sync(request((0, 0, 8, 8), 8, 8))
    assert drawn.array.dtype == np.float32
    assert drawn.array[0, 0, 0] == pytest.approx(5)


def test_bands_by_number(tmp_path: Path) -> None:
    """False colours ask for any bands in any order; a number too high is a fault of ours."""
    array = np.stack([np.full((8, 8), value, np.uint16) for value in (10, 20, 30, 40)])
    path = write_raster(tmp_path / "a.tif", array, (0, 0, 8, 8))
    drawn = source(path).read_sync(request((0, 0, 8, 8), 8, 8, bands=(4, 1, 1)))
    assert drawn.array[:, 0, 0].tolist() == [40, 10, 10]
    assert source(path, bands=(3,)).read_sync(request((0, 0, 8, 8))).array[0, 0, 0] == 30
    with pytest.raises(RenderError):
        source(path).read_sync(request((0, 0, 8, 8), bands=(5,)))


def world(width: int, height: int, left: float) -> np.ndarray:
    """Return a picture whose red is the cosine, green the sine of longitude, blue the latitude."""
    lon = np.radians(left + (np.arange(width) + 0.5) * 360 / width)
    lat = 90 - (np.arange(height) + 0.5) * 180 / height
    red, _ = np.meshgrid(127 + 120 * np.cos(lon), lat)
    green, blue = np.meshgrid(127 + 120 * np.sin(lon), 127 + lat)
    return np.rint(np.stack([red, green, blue])).astype(np.uint8)


def expected_world(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    lon = np.radians(lon)
    return np.stack([127 + 120 * np.cos(lon), 127 + 120 * np.sin(lon), 127 + lat])


@pytest.mark.parametrize("left", [-180.0, 0.0, -0.25, 37.0])
@pytest.mark.parametrize(
    ("crs", "bounds"),
    [
        ("EPSG:4326", (-180, -90, 180, 90)),
        ("EPSG:4326", (170, -20, 180, 20)),
        ("EPSG:4326", (-5, -20, 5, 20)),
        ("OGC:CRS84", (-180, 0, -90, 90)),
        ("EPSG:3857", (-20037508.34, -20037508.34, 20037508.34, 20037508.34)),
        ("EPSG:3857", (19e6, -1e6, 20037508.34, 1e6)),
        ("EPSG:3857", (-1e6, -1e6, 1e6, 1e6)),
        ("EPSG:3413", (-4e6, -4e6, 4e6, 4e6)),
        ("EPSG:3031", (-3e6, -3e6, 3e6, 3e6)),
        ("EPSG:32760", (2e5, 6e6, 8e5, 8e6)),
        ("EPSG:3832", (-3e6, -3e6, 3e6, 3e6)),
        ("EPSG:8857", (-1e7, -6e6, 1e7, 6e6)),
    ],
)
def test_the_whole_world_wherever_it_begins(tmp_path: Path, left, crs, bounds) -> None:
    """Neither the antimeridian, nor Greenwich in a file from 0 to 360, nor a pole is a seam."""
    path = write_raster(
        tmp_path / "a.tif", world(720, 360, left), (left, -90, left + 360, 90), photometric="RGB"
    )
    size = 96
    drawn = source(path).read_sync(request(bounds, size, size, crs))
    x, y = np.meshgrid(
        bounds[0] + (np.arange(size) + 0.5) * (bounds[2] - bounds[0]) / size,
        bounds[3] - (np.arange(size) + 0.5) * (bounds[3] - bounds[1]) / size,
    )
    lon, lat = transform_points(x, y, Crs.parse(crs), Crs.parse("EPSG:4326"))
    assert valid(drawn, (size, size)).all()
    wanted = expected_world(lon, lat)
    # Right at the pole longitudes turn within a pixel of the source.
    off = np.abs(drawn.array - wanted)[:, np.abs(lat) < 88]
    assert off.mean() < 2
    assert off.max() < 20


@pytest.mark.parametrize("left", [170.0, -190.0])
def test_a_raster_across_the_antimeridian(tmp_path: Path, left: float) -> None:
    """170 to 190 degrees is shown at both ends of a world map, and in one piece around Fiji."""
    path = write_raster(
        tmp_path / "a.tif", np.full((40, 40), 9, np.uint8), (left, -20, left + 20, 0)
    )
    whole = valid(source(path).read_sync(request((-180, -90, 180, 90), 360, 180)))
    assert whole[90:110, :10].all()
    assert whole[90:110, 350:].all()
    assert whole.sum() == 400
    east = source(path).read_sync(request((-180, -20, -170, 0), 32, 32))
    assert valid(east).all()
    fiji = source(path).read_sync(request((1.9e6, 3.9e6, 2.1e6, 4.1e6), 32, 32, "EPSG:3460"))
    assert valid(fiji).all()


def test_off_the_earth_is_no_data(tmp_path: Path) -> None:
    """The corners of a world in the Equal Earth projection lie beside it."""
    path = write_raster(tmp_path / "a.tif", world(360, 180, -180), (-180, -90, 180, 90))
    drawn = source(path).read_sync(
        request((-17243959, -8392927, 17243959, 8392927), 200, 100, "EPSG:8857")
    )
    held = valid(drawn)
    assert not held[0, 0]
    assert not held[-1, -1]
    assert held[50, 100]


@given(
    x=st.floats(0, 900),
    y=st.floats(0, 900),
    cell=st.floats(0.1, 40),
    resampling=st.sampled_from(["nearest", "bilinear", "cubic", "average"]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_slope_stays_a_slope(tmp_path_factory, x, y, cell, resampling) -> None:
    """At any place and size, a pixel shows the value that the slope has at its centre."""
    folder = tmp_path_factory.getbasetemp() / "slope"
    path = folder / "a.tif"
    if not path.exists():
        folder.mkdir()
        cols, rows = np.meshgrid(np.arange(1000) + 0.5, np.arange(1000) + 0.5)
        array = (cols + 2 * rows).astype(np.float32)
        write_raster(path, array, (0, 0, 1000, 1000), "EPSG:32631", overviews=(2, 4))
    bounds = (x, y, x + 30 * cell, y + 20 * cell)
    drawn = source(path).read_sync(request(bounds, 30, 20, "EPSG:32631", resampling=resampling))
    px, py = np.meshgrid(x + (np.arange(30) + 0.5) * cell, bounds[3] - (np.arange(20) + 0.5) * cell)
    wanted = px + 2 * (1000 - py)
    reach = max(2.0, 2 * cell)
    inside = (px > reach) & (px < 1000 - reach) & (py > reach) & (py < 1000 - reach)
    if inside.any():
        slack = 3 * max(1.0, cell) if resampling == "nearest" else 0.3 + 0.05 * cell
        assert np.abs(drawn.array[0] - wanted)[inside].max() <= slack


def test_overviews_are_read(tmp_path: Path) -> None:
    """A coarse map comes from the overview, not from the pixels below it."""
    path = write_raster(tmp_path / "a.tif", ramp(512, 512), (0, 0, 512, 512), "EPSG:32631")
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4, 8], Resampling.nearest)
    with rasterio.open(path, "r+", overview_level=1) as overview:
        assert overview.width == 128
    drawn = source(path).read_sync(request((0, 0, 512, 512), 128, 128, "EPSG:32631"))
    with rasterio.open(path, overview_level=1) as overview:
        assert (drawn.array == overview.read()).all()


def test_any_thread_and_many_at_once(tmp_path: Path) -> None:
    """Eight threads on one file give what one gives, with at most one handle each."""
    array = np.random.default_rng(3).integers(0, 255, (3, 600, 600), np.uint8)
    path = write_raster(
        tmp_path / "a.tif", array, (0, 0, 600, 600), "EPSG:32631",
        tiled=True, blockxsize=64, blockysize=64, compress="deflate",
    )  # fmt: skip
    pool = DatasetPool(max_open=4)
    shared_source = RasterFileSource(RasterFile(path), pool=pool)
    asked = [
        request((x, y, x + 150, y + 150), 100, 100, "EPSG:32631")
        for x in range(0, 450, 90)
        for y in range(0, 450, 90)
    ] * 4
    alone = [source(path).read_sync(one).array for one in asked]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(shared_source.read_sync, asked))
    assert all((one == other.array).all() for one, other in zip(alone, together, strict=True))
    assert pool.open_count <= 4


async def test_the_event_loop_stays_free(tmp_path: Path) -> None:
    """Reading happens in threads, and side by side."""
    path = write_raster(tmp_path / "a.tif", ramp(64, 64), (0, 0, 64, 64))
    one: MapSource = source(path)
    drawn = await asyncio.gather(*(one.read(request((0, 0, 64, 64))) for _ in range(8)))
    assert all(raster is not None for raster in drawn)
    await one.close()
    await one.close()
    assert (await one.read(request((0, 0, 64, 64)))) is not None


def test_a_file_replaced_while_serving(tmp_path: Path) -> None:
    """After an atomic rename the next map is of the new file, even if its place and size differ."""
    path = write_raster(tmp_path / "a.tif", np.full((8, 8), 1, np.uint8), (0, 0, 8, 8))
    one = source(path)
    assert one.read_sync(request((0, 0, 8, 8))).array.max() == 1
    other = write_raster(tmp_path / "b.tif", np.full((30, 30), 2, np.uint8), (0, 0, 16, 16))
    other.replace(path)
    drawn = one.read_sync(request((0, 0, 16, 16)))
    assert valid(drawn).all()
    assert drawn.array.max() == 2


def test_a_damaged_file_is_named_without_its_path(tmp_path: Path) -> None:
    """What clients may see must not tell them about the server's folders."""
    noise = np.random.default_rng(1).integers(0, 255, (3, 300, 300), np.uint8)
    path = write_raster(tmp_path / "a.tif", noise, (0, 0, 300, 300), "EPSG:32631")
    one = RasterFileSource(RasterFile(path), identifier="ortho", pool=DatasetPool())
    assert one.read_sync(request((0, 0, 300, 300), crs="EPSG:32631")) is not None
    with path.open("r+b") as file:
        file.truncate(100_000)
    for _ in range(2):
        with pytest.raises(RenderError, match="ortho") as caught:
            one.read_sync(request((0, 0, 300, 300), crs="EPSG:32631"))
        assert str(tmp_path) not in str(caught.value)
    path.unlink()
    with pytest.raises(RenderError, match="ortho") as caught:
        one.read_sync(request((0, 0, 300, 300), crs="EPSG:32631"))
    assert str(tmp_path) not in str(caught.value)
