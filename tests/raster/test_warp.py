"""Warping: what must be exact, and what must never be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raster.making import raster
from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.coordinates import north_up, plan_warp
from tuilerie.raster.warp import margin_px, warp

KERNELS = ["nearest", "bilinear", "cubic", "lanczos", "average"]
SMOOTH_KERNELS = KERNELS[1:]


def plan(bounds, crs, size, source_crs):
    return plan_warp(
        bounds=BoundingBox(*bounds),
        crs=Crs.parse(crs),
        width=size[0],
        height=size[1],
        source_crs=Crs.parse(source_crs),
    )


def ramp_in_x(width, height, dtype=np.float32):
    """Return a raster whose values are the x of its pixel centres, 0 to width."""
    values = np.broadcast_to(np.arange(width) + 0.5, (height, width)).astype(dtype)
    return raster(values, (0, 0, width, height), "EPSG:3857")


@pytest.mark.parametrize("kernel", ["bilinear", "cubic", "average"])
@pytest.mark.parametrize("scale", [0.37, 1.0, 1.6])
@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5])
def test_no_shift(kernel, scale, offset):
    """A shift of a quarter pixel would move every value by 0.25."""
    left = 20 + offset
    grid = plan((left, 20, left + 40 * scale, 20 + 40 * scale), "EPSG:3857", (40, 40), "EPSG:3857")
    got = warp(ramp_in_x(100, 100), grid, resampling=kernel)
    wanted = left + (np.arange(40) + 0.5) * scale
    assert got.mask is None
    assert np.abs(got.array[0] - wanted).max() < 1e-3


def test_no_shift_of_lanczos():
    """OpenCV's lanczos knows positions to 1/32 pixel: still far from half a pixel."""
    grid = plan((20.3, 20, 50.3, 50), "EPSG:3857", (40, 40), "EPSG:3857")
    got = warp(ramp_in_x(100, 100), grid, resampling="lanczos")
    assert np.abs(got.array[0] - (20.3 + (np.arange(40) + 0.5) * 0.75)).max() < 0.06


def test_no_shift_when_many_pixels_are_averaged():
    """Averaging by a factor that does not divide the size must not move the picture."""
    grid = plan((0, 0, 1000, 1000), "EPSG:3857", (61, 61), "EPSG:3857")
    got = warp(ramp_in_x(1000, 1000), grid, resampling="average").array[0]
    wanted = (np.arange(61) + 0.5) * (1000 / 61)
    assert np.abs(got - wanted)[:, 2:-2].max() < 0.2


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_same_grid_is_copied(kernel):
    """A target that lies on the source's pixels must have them, whatever the kernel."""
    values = np.random.default_rng(1).integers(0, 255, (3, 30, 40)).astype(np.uint8)
    source = raster(values, (0, 0, 40, 30), "EPSG:3857")
    grid = plan((5, 10, 25, 25), "EPSG:3857", (20, 15), "EPSG:3857")
    got = warp(source, grid, resampling=kernel)
    np.testing.assert_array_equal(got.array, values[:, 5:20, 5:25])
    assert got.mask is None
    assert got.array.flags.c_contiguous


def catmull_rom(t):
    t = np.abs(t)
    inner = 1.5 * t**3 - 2.5 * t**2 + 1
    outer = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, inner, np.where(t < 2, outer, 0))


def test_cubic_is_catmull_rom_even_on_noise():
    """OpenCV's own cubic (a = -0.75) would differ by 8 % of the range, and turn slopes to steps."""
    noise = np.random.default_rng(2).random((40, 40)).astype(np.float32)
    source = raster(noise, (0, 0, 40, 40), "EPSG:3857")
    got = warp(source, plan((5, 5, 35, 35), "EPSG:3857", (77, 77), "EPSG:3857"), resampling="cubic")
    at = 5 + (np.arange(77) + 0.5) * (30 / 77) - 0.5
    weights = catmull_rom(at[:, None] - np.arange(40))
    assert np.abs(got.array[0] - weights @ noise @ weights.T).max() < 0.01


@pytest.mark.parametrize("kernel", SMOOTH_KERNELS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_invalid_pixels_do_not_bleed(kernel, dtype):
    """A black (or -9999) hole in a level picture: every valid pixel must keep the level."""
    values = np.full((3, 60, 60), 200, dtype)
    mask = np.full((60, 60), 255, np.uint8)
    mask[20:40, 25:37] = 0
    values[:, mask == 0] = 0 if dtype == "uint8" else -9999
    source = raster(values, (0, 0, 60, 60), "EPSG:3857", mask)
    for size in (97, 23):
        grid = plan((0, 0, 60, 60), "EPSG:3857", (size, size), "EPSG:3857")
        got = warp(source, grid, resampling=kernel)
        assert got.mask is not None
        seen = got.array[:, got.mask != 0]
        assert seen.min() >= 199
        assert seen.max() <= 201
        assert not got.array[:, got.mask == 0].any()
        hidden = (got.mask == 0).mean()
        assert hidden == pytest.approx(20 * 12 / 3600, abs=0.02)


@pytest.mark.parametrize("kernel", SMOOTH_KERNELS)
def test_see_through_pixels_do_not_darken(kernel):
    """Alpha is interpolated premultiplied: a white disc has no grey rim, its alpha is soft."""
    y, x = np.mgrid[:64, :64]
    alpha = np.where(np.hypot(x - 32, y - 32) < 20, 255, 0).astype(np.uint8)
    values = np.stack([np.where(alpha, 255, 0)] * 3 + [alpha]).astype(np.uint8)
    grid = plan((0, 0, 64, 64), "EPSG:3857", (150, 150), "EPSG:3857")
    got = warp(raster(values, (0, 0, 64, 64), "EPSG:3857"), grid, resampling=kernel)
    assert got.array[:3, got.array[3] > 0].min() >= 254
    assert ((got.array[3] > 0) & (got.array[3] < 255)).any()


def test_little_alpha_keeps_its_tone():
    """Premultiplying in 8 bits would make (200, 100, 50) at alpha 3 something else."""
    values = np.empty((4, 20, 20), np.uint8)
    values[:] = np.array([200, 100, 50, 3], np.uint8)[:, None, None]
    grid = plan((0, 0, 20, 20), "EPSG:3857", (33, 33), "EPSG:3857")
    got = warp(raster(values, (0, 0, 20, 20), "EPSG:3857"), grid, resampling="bilinear")
    np.testing.assert_array_equal(got.array[:, 16, 16], [200, 100, 50, 3])


def test_four_bands_of_values_are_not_taken_for_alpha():
    """Near infrared is no alpha: where it is 0 the other bands must survive."""
    values = np.full((4, 20, 20), 90, np.uint8)
    values[3, :, 10:] = 0
    grid = plan((0, 0, 20, 20), "EPSG:3857", (33, 33), "EPSG:3857")
    got = warp(raster(values, (0, 0, 20, 20), "EPSG:3857"), grid, alpha=False)
    assert (got.array[:3] == 90).all()
    assert got.mask is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_palette_is_never_interpolated(kernel):
    """Between class 3 and class 200 lies no class 101."""
    rng = np.random.default_rng(3)
    values = rng.choice(np.array([3, 200, 17], np.uint8), (50, 50))
    palette = rng.integers(0, 255, (256, 4)).astype(np.uint8)
    source = raster(values, (-10, 40, 10, 60), "EPSG:4326", palette=palette)
    grid = plan((-1e6, 5e6, 1e6, 8e6), "EPSG:3857", (300, 300), "EPSG:4326")
    got = warp(source, grid, resampling=kernel)
    assert set(np.unique(got.array)) <= {3, 200, 17}
    assert got.palette is palette


@pytest.mark.parametrize("kernel", SMOOTH_KERNELS)
def test_nan_is_no_data(kernel):
    """NaN in float data without a mask would spread over its neighbours."""
    values = np.full((30, 30), 5, np.float32)
    values[10, 10] = np.nan
    values[20, 20] = np.inf
    grid = plan((0, 0, 30, 30), "EPSG:3857", (45, 45), "EPSG:3857")
    got = warp(raster(values, (0, 0, 30, 30), "EPSG:3857"), grid, resampling=kernel)
    assert np.isfinite(got.array).all()
    np.testing.assert_allclose(got.array[0][got.mask != 0], 5, rtol=1e-5)


ALL_DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ALL_DTYPES)
@pytest.mark.parametrize("masked", [False, True])
def test_integers_of_every_size_stay_in_range(kernel, dtype, masked):
    """Overshoot beside the extremes must be cut, not wrapped around to the other end."""
    info = np.iinfo(dtype)
    values = np.full((40, 40), info.min, dtype)
    values[:, 20:] = info.max
    mask = None
    if masked:
        mask = np.full((40, 40), 255, np.uint8)
        mask[:5] = 0
    grid = plan((0.3, 0.3, 39.7, 39.7), "EPSG:3857", (90, 90), "EPSG:3857")
    got = warp(raster(values, (0, 0, 40, 40), "EPSG:3857", mask), grid, resampling=kernel)
    assert got.array.dtype == np.dtype(dtype)
    row = got.array[0, 60].astype(np.float64) / (float(info.max) - float(info.min))
    low = float(info.min) / (float(info.max) - float(info.min))
    np.testing.assert_allclose(row[:30], low, atol=0.1)
    np.testing.assert_allclose(row[-30:], low + 1, atol=0.1)


def test_large_integers_are_exact_by_the_nearest_pixel():
    """Identifiers of 64 bits must not go through floats."""
    values = np.array([[2**63 - 1, 2**53 + 1], [-(2**63), 7]], np.int64)
    grid = plan((0, 0, 2, 2), "EPSG:3857", (8, 8), "EPSG:3857")
    got = warp(raster(values, (0, 0, 2, 2), "EPSG:3857"), grid, resampling="nearest")
    np.testing.assert_array_equal(got.array[0], np.kron(values, np.ones((4, 4), np.int64)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "int32", "uint64", "float64"])
@pytest.mark.parametrize("bands", [1, 3, 5])
def test_the_nearest_pixel_is_copied_bit_by_bit(dtype, bands):
    """Between two projections pixels travel through OpenCV under another name: bits must stay."""
    rng = np.random.default_rng(6)
    size = np.dtype(dtype).itemsize
    values = rng.integers(0, 256, (bands, 90, 80 * size)).astype(np.uint8).view(dtype)
    values = np.where(np.isfinite(values), values, 1).astype(dtype)
    source = raster(values, (2e5, 4.6e6, 8e5, 5.2e6), "EPSG:32631")
    grid = plan((2e5, 5.2e6, 6e5, 5.6e6), "EPSG:3857", (150, 140), "EPSG:32631")
    got = warp(source, grid, resampling="nearest")
    x, y = grid.with_pixels(north_up(source.bounds, 80, 90))
    col, row = np.rint(x).astype(int), np.rint(y).astype(int)
    inside = (col >= 0) & (col < 80) & (row >= 0) & (row < 90)
    chosen = np.where(inside, values[:, row.clip(0, 89), col.clip(0, 79)], 0)
    wanted = np.ascontiguousarray(chosen, dtype)
    differ = (got.array.view(np.uint8) != wanted.view(np.uint8)).any(axis=0)
    assert differ.mean() < 1e-3  # float32 positions on the line between two pixels


def test_complex_numbers_are_refused():
    """A radar image as it is has no picture; the error must be ours, not NumPy's."""
    grid = plan((0, 0, 2, 2), "EPSG:3857", (8, 8), "EPSG:3857")
    with pytest.raises(RenderError, match="complex64"):
        warp(raster(np.ones((2, 2), np.complex64), (0, 0, 2, 2), "EPSG:3857"), grid)


@pytest.mark.parametrize("kernel", SMOOTH_KERNELS)
@pytest.mark.parametrize("bands", [1, 2, 3, 4, 5, 7])
def test_any_number_of_bands(kernel, bands):
    """Bands go through OpenCV in fours: none may be lost or exchanged."""
    levels = np.arange(1, bands + 1, dtype=np.uint16) * 100
    values = np.broadcast_to(levels[:, None, None], (bands, 20, 20)).copy()
    grid = plan((1, 1, 19, 19), "EPSG:3857", (31, 31), "EPSG:3857")
    got = warp(raster(values, (0, 0, 20, 20), "EPSG:3857"), grid, resampling=kernel)
    np.testing.assert_array_equal(got.array[:, 15, 15], levels)
    assert got.array.shape == (bands, 31, 31)


@pytest.mark.parametrize("kernel", KERNELS)
def test_windows_larger_than_opencv_takes(kernel):
    """OpenCV counts to 32766: wider rasters go in parts, and show no seam."""
    wide = np.broadcast_to(np.arange(40_000, dtype=np.float32), (4, 40_000))
    source = raster(wide, (0, 0, 40_000, 4), "EPSG:3857")
    grid = plan((100, 0, 39_900, 4), "EPSG:3857", (500, 4), "EPSG:3857")
    got = warp(source, grid, resampling=kernel).array[0, 1]
    wanted = 100 + (np.arange(500) + 0.5) * 79.6 - 0.5
    assert np.abs(got - wanted).max() <= 0.51 if kernel != "average" else 40
    tall = plan((0, 0, 40_000, 4), "EPSG:3857", (33_000, 1), "EPSG:3857")
    assert warp(source, tall, resampling=kernel).array.shape == (1, 1, 33_000)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("left", [-180.0, 0.0])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_no_line_at_the_antimeridian(kernel, left, crs):
    """A world raster closes on itself, wherever it is cut."""
    lon = np.radians(left + (np.arange(720) + 0.5) / 2)
    lat = np.linspace(1, -1, 360)
    values = (128 + 60 * np.cos(lon)[None] + 40 * np.sin(lon)[None] * lat[:, None]).astype("f4")
    edge = 180 if crs == "EPSG:4326" else 20037508.342789244
    shift = left / 180 * edge
    top = 90 if crs == "EPSG:4326" else edge
    source = raster(values, (shift, -top, shift + 2 * edge, top), crs)
    grid = plan((-1.5e6, 1.5e6, 1.5e6, 4.5e6), "EPSG:3413", (200, 200), crs)
    got = warp(source, grid, resampling=kernel)
    assert got.mask is None
    plane = got.array[0].astype(np.float64)
    steps = np.abs(np.diff(plane, axis=0)).max(), np.abs(np.diff(plane, axis=1)).max()
    assert max(steps) < (4 if kernel == "nearest" else 2.5)


def test_data_that_cross_the_antimeridian_are_found_from_both_sides():
    """A file from 170 to 190 degrees lies at -175 too."""
    values = np.arange(20, dtype=np.float32)[None].repeat(10, 0)
    source = raster(values, (170, -5, 190, 5), "EPSG:4326")
    west = warp(source, plan((-180, -5, -170, 5), "EPSG:4326", (10, 10), "EPSG:4326"))
    east = warp(source, plan((170, -5, 180, 5), "EPSG:4326", (10, 10), "EPSG:4326"))
    np.testing.assert_array_equal(west.array[0, 0], np.arange(10, 20))
    np.testing.assert_array_equal(east.array[0, 0], np.arange(10))
    assert west.mask is None
    outside = warp(source, plan((-170, -5, -160, 5), "EPSG:4326", (10, 10), "EPSG:4326"))
    assert outside.mask is not None
    assert not outside.mask.any()


def test_outside_is_masked_and_edges_are_whole():
    """Data end at the outer edge of their pixels, not at the centres."""
    source = raster(np.full((10, 10), 9, np.uint8), (0, 0, 10, 10), "EPSG:3857")
    grid = plan((-5, -5, 15, 15), "EPSG:3857", (80, 80), "EPSG:3857")
    got = warp(source, grid, resampling="bilinear")
    assert got.mask is not None
    wanted = np.zeros((80, 80), np.uint8)
    wanted[20:60, 20:60] = 255
    np.testing.assert_array_equal(got.mask, wanted)
    np.testing.assert_array_equal(got.array[0], np.where(wanted, 9, 0))


def test_a_rotated_raster_by_its_transform():
    """Rotated by 30 degrees, each target pixel must still find its value."""
    angle = np.radians(30)
    a, d = np.cos(angle), np.sin(angle)
    transform = (a, d, 100.0, d, -a, 200.0)
    rows, cols = np.mgrid[:80, :80]
    x = a * (cols + 0.5) + d * (rows + 0.5) + 100
    y = d * (cols + 0.5) - a * (rows + 0.5) + 200
    source = raster(np.stack([x, y]).astype(np.float32), (0, 0, 1, 1), "EPSG:3857")
    grid = plan((125, 185, 165, 210), "EPSG:3857", (40, 25), "EPSG:3857")
    got = warp(source, grid, resampling="bilinear", transform=transform)
    inside = np.ones((25, 40), bool) if got.mask is None else got.mask != 0
    assert inside.mean() > 0.5
    wanted_x = np.broadcast_to(125 + np.arange(40) + 0.5, (25, 40))
    wanted_y = np.broadcast_to((210 - np.arange(25) - 0.5)[:, None], (25, 40))
    assert np.abs(got.array[0] - wanted_x)[inside].max() < 0.6  # half a pixel at the edge
    assert np.abs(got.array[1] - wanted_y)[inside].max() < 0.6
    assert np.median(np.abs(got.array[0] - wanted_x)[inside]) < 1e-3


def test_average_counts_every_pixel():
    """A chessboard from afar is grey; a kernel that skips pixels would show moiré."""
    board = (np.indices((512, 512)).sum(0) % 2 * 200).astype(np.uint8)
    grid = plan((0, 0, 512, 512), "EPSG:3857", (40, 40), "EPSG:3857")
    got = warp(raster(board, (0, 0, 512, 512), "EPSG:3857"), grid, resampling="average")
    assert got.array.min() >= 97
    assert got.array.max() <= 103


def test_margin_covers_the_kernels():
    """A source that reads too little has its own window's edge in the picture."""
    assert [margin_px(kernel) for kernel in KERNELS] == [2, 2, 3, 5, 2]


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-30, 30), st.floats(-30, 30), st.floats(0.2, 40), st.integers(1, 40),
    st.integers(1, 40), st.sampled_from(KERNELS), st.booleans(),
)  # fmt: skip
def test_any_window_gives_a_sound_raster(left, bottom, span, width, height, kernel, masked):
    """Whatever is asked: the right size, and values within those of the source where valid."""
    rng = np.random.default_rng(5)
    values = rng.integers(100, 110, (12, 15)).astype(np.uint8)
    mask = np.where(rng.random((12, 15)) < 0.3, 0, 255).astype(np.uint8) if masked else None
    source = raster(values, (0, 0, 15, 12), "EPSG:3857", mask)
    grid = plan((left, bottom, left + span, bottom + span), "EPSG:3857", (width, height),
                "EPSG:3857")  # fmt: skip
    got = warp(source, grid, resampling=kernel)
    assert got.array.shape == (1, height, width)
    assert got.mask is None or got.mask.shape == (height, width)
    seen = got.array[0] if got.mask is None else got.array[0][got.mask != 0]
    if seen.size:
        assert 90 <= seen.min() <= seen.max() <= 120
