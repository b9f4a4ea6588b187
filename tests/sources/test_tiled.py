"""Maps drawn from tiles: the right ones, each once, all at once, and sharp."""

from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.sources.archives import cut, image, pyramid_of_world, world, write_mbtiles
from tests.sources.fake_tiles import FakeTiles
from tests.sources.oracle import difference, gdalwarp, valid
from tuilerie.errors import RenderError, UpstreamError
from tuilerie.grids import BoundingBox, Crs, TileIndex, named_matrix_set, transform_bounds
from tuilerie.sources.base import MapRequest
from tuilerie.sources.matrix_choice import MatrixRule, choose_matrix
from tuilerie.sources.tile_fetching import TileFetcher
from tuilerie.sources.tiled import TiledSource, TilingRules

MERCATOR = Crs("EPSG:3857")
DEGREES = Crs("OGC:CRS84")
EQUATOR_M = 2 * 20037508.342789244


def source(tiles: FakeTiles, **rules) -> TiledSource:
    return TiledSource(TileFetcher(tiles), TilingRules(**rules))


def request(
    bounds: BoundingBox, crs: Crs = MERCATOR, size: int = 512, how="cubic", height: int = 0
) -> MapRequest:
    return MapRequest(bounds, crs.text, size, height or size, how)


def at(lon: float, lat: float, cell_m: float, size: int = 512) -> BoundingBox:
    """A square of Web Mercator around a place."""
    point = transform_bounds(BoundingBox(lon, lat, lon + 1e-9, lat + 1e-9), DEGREES, MERCATOR)
    half = cell_m * size / 2
    return BoundingBox(
        point.left - half, point.bottom - half, point.left + half, point.bottom + half
    )


@pytest.fixture(scope="module")
def tiles():
    return pyramid_of_world(4, compress_level=1)


@pytest.mark.gdal
@pytest.mark.parametrize(
    ("crs", "lon", "lat", "cell", "level"),
    [
        ("EPSG:2154", 3, 46.5, 10_000, 3),
        ("EPSG:3035", 10, 45, 19_000, 3),
        ("EPSG:3035", 10, 52, 13_000, 3),
        ("EPSG:4326", 20, 10, 0.09, 4),
        ("EPSG:4326", 20, 60, 0.1, 3),
        ("EPSG:32633", 15, 60, 5_000, 4),
        ("EPSG:3857", 2, 48, 10_500, 4),
    ],
)
async def test_a_reprojected_map_is_that_of_gdal(tmp_path: Path, tiles, crs, lon, lat, cell, level):
    """GDAL reads the same tiles from MBTiles, the level alone that ours should choose."""
    target, size = Crs.parse(crs), 240
    place = transform_bounds(BoundingBox(lon, lat, lon + 1e-9, lat + 1e-9), DEGREES, target)
    half = cell * size / 2
    bounds = BoundingBox(
        place.left - half, place.bottom - half, place.left + half, place.bottom + half
    )
    fake = FakeTiles(tiles, last=4)
    ours = await source(fake).read(request(bounds, target, size))
    assert {index.matrix for index in fake.fetched} == {str(level)}
    alone = {where: data for where, data in tiles.items() if where[0] == level}
    path = write_mbtiles(
        tmp_path / "one.mbtiles",
        alone,
        name="one",
        format="png",
        minzoom=str(level),
        maxzoom=str(level),
        bounds="-180,-85.0511287798066,180,85.0511287798066",
    )
    theirs, there = gdalwarp(path, MERCATOR, target, bounds, size, "cubic", tmp_path)
    both = there & valid(ours, size)
    assert both.mean() > 0.95
    assert difference(ours.array[:3], theirs[:3], both) < 0.6
    worst = np.abs(ours.array[:3].astype(int) - theirs[:3].astype(int)).max(axis=0)
    assert np.quantile(worst[both], 0.999) <= 6


def test_the_choice_of_a_matrix_is_by_ratio():
    grid = named_matrix_set("WebMercatorQuad")
    names = [matrix.identifier for matrix in grid.matrices]
    cell = grid.cell_size("8")

    def chosen(ratio: float, **rule) -> str:
        return choose_matrix(grid, cell * ratio, MatrixRule(**rule), names).identifier

    assert [chosen(ratio) for ratio in (0.72, 1.0, 1.4, 1.42)] == ["8", "8", "8", "7"]
    assert [chosen(ratio, choosing="finer") for ratio in (0.9, 1.0, 1.1, 1.99)] == [*"9888"]
    assert [chosen(ratio, choosing="coarser") for ratio in (0.6, 1.0, 1.1, 1.99)] == [*"8877"]
    assert chosen(1.0, factor=2) == "7"
    assert chosen(1e-9, choosing="finer") == names[-1]
    assert chosen(1e9, choosing="coarser") == "0"


def letters() -> np.ndarray:
    """Thin lines and small letters, black on white, as maps have them."""
    side = 256 * 16
    page = np.full((side, side), 255, np.uint8)
    for x in range(10, side, 24):
        cv2.line(page, (x, 0), (x, side), 0, 1)
    for y in range(20, side, 36):
        cv2.putText(page, "Rue de la Tuilerie 42 " * 12, (5, y), 0, 0.4, 0, 1, cv2.LINE_AA)
    return page


def steepest(pixels: np.ndarray) -> float:
    """How steep the steepest 2 % of edges are."""
    steps = np.sort(np.abs(np.diff(pixels.astype(float), axis=1)).ravel())
    return float(steps[-len(steps) // 50 :].mean())


@pytest.mark.parametrize("ratio", [1 / 1.15, 0.95, 1.05, 1.15])
async def test_letters_and_thin_lines_stay_sharp_where_cell_sizes_are_near(ratio):
    """Edges keep nine tenths of their contrast, and more than bilinear interpolation leaves."""
    page = letters()
    fake = FakeTiles(cut(page, 4), first=4, last=4)
    cell = EQUATOR_M / 256 / 16
    bounds = at(10.123, 40.321, cell * ratio, 700)
    drawn = await source(fake).read(request(bounds, size=700))
    soft = await source(fake).read(request(bounds, size=700, how="bilinear"))
    kept = steepest(drawn.array[0]) / steepest(page)
    assert kept > 0.9
    assert kept > steepest(soft.array[0]) / steepest(page)


async def test_pixels_of_an_equal_grid_are_copied(tiles):
    """No interpolation, and no tile beyond the edge is fetched for it."""
    fake = FakeTiles(tiles, last=4)
    grid = named_matrix_set("WebMercatorQuad")
    bounds = grid.bounds(TileIndex("4", 5, 6))
    drawn = await source(fake).read(request(bounds, size=256))
    assert dict(fake.fetched) == {TileIndex("4", 5, 6): 1}
    picture = world(4)[6 * 256 : 7 * 256, 5 * 256 : 6 * 256]
    assert np.array_equal(np.moveaxis(drawn.array[:3], 0, -1), picture)


@pytest.mark.parametrize("crs", [MERCATOR, DEGREES])
async def test_the_antimeridian_is_no_edge(tiles, crs):
    """A map across it is that of the other side of the world put together."""
    fake = FakeTiles(tiles, last=4)
    half = 20037508.342789244 if crs is MERCATOR else 180.0
    width, height = half / 20, half / 40
    drawn = await source(fake).read(
        request(BoundingBox(half - width, -height, half + width, height), crs, height=256)
    )
    assert drawn.mask is None
    assert {index.col for index in fake.fetched} == {15, 0} or len(fake.fetched) > 2
    sides = [
        await source(fake).read(request(box, crs, 256, height=256))
        for box in (
            BoundingBox(half - width, -height, half, height),
            BoundingBox(-half, -height, -half + width, height),
        )
    ]
    put = np.concatenate([side.array for side in sides], axis=2)
    off = np.abs(put.astype(int) - drawn.array.astype(int))
    off[:, :, 250:262] = 0  # the drawn colours are not the same on both sides
    assert off.max() <= 1


async def test_missing_tiles_are_gaps(tiles):
    some = {where: data for where, data in tiles.items() if where != (4, 8, 5)}
    bounds = at(11.25, 55, EQUATOR_M / 4096, 700)
    drawn = await source(FakeTiles(some, last=4)).read(request(bounds, size=700))
    assert 0.02 < (drawn.mask == 0).mean() < 0.3
    assert (drawn.array[:, drawn.mask == 0] == 0).all()
    assert await source(FakeTiles({}, last=4)).read(request(bounds)) is None


async def test_transparent_tiles_stay_transparent():
    soft = np.zeros((256, 256, 4), np.uint8)
    soft[..., 0], soft[..., 3] = 200, 128
    drawn = await source(FakeTiles(lambda *_: image(soft), last=4)).read(
        request(at(10, 50, EQUATOR_M / 4096 * 1.1))
    )
    assert drawn.array.shape[0] == 4
    assert set(np.unique(drawn.array[3])) == {128}
    assert set(np.unique(drawn.array[0])) == {200}


async def test_beyond_the_coarsest_matrix_all_pixels_count():
    """Black and white pixels in turn are grey from afar, not a pattern of chance."""
    checked = np.indices((256, 256)).sum(axis=0) % 2 * 255
    fake = FakeTiles(lambda *_: image(checked.astype(np.uint8)), first=4, last=4)
    drawn = await source(fake).read(
        request(at(10, 20, EQUATOR_M / 4096 * 6.3, 300), size=300, how="cubic")
    )
    inner = drawn.array[0][20:-20, 20:-20].astype(int)
    assert np.abs(inner - 127).max() <= 25


async def test_one_failing_tile_fails_the_map(tiles):
    fake = FakeTiles(tiles, last=4)
    fake.failing = {TileIndex("4", 8, 5)}
    with pytest.raises(UpstreamError, match="no answer"):
        await source(fake).read(request(at(11.25, 55, EQUATOR_M / 4096, 700), size=700))


async def test_or_leaves_a_gap_that_is_not_to_be_kept(tiles):
    fake = FakeTiles(tiles, last=4)
    fake.failing = {TileIndex("4", 8, 5)}
    bounds = at(11.25, 55, EQUATOR_M / 4096, 700)
    drawn = await source(fake, on_error="blank").read(request(bounds, size=700))
    assert not drawn.complete
    assert 0.02 < (drawn.mask == 0).mean() < 0.3
    fake.failing = set(fake.fetched)
    nothing = await source(fake, on_error="blank").read(request(bounds, size=700))
    assert not nothing.complete
    assert not nothing.mask.any()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<ServiceExceptionReport/>", "no PNG, JPEG, WebP or AVIF"),
        (image(np.zeros((128, 256), np.uint8)), "256 × 128 pixels instead of 256 × 256"),
        (image(np.zeros((256, 256), np.uint8))[:-30], "ends too early"),
        (b"", "no PNG"),
    ],
)
async def test_wrong_bytes_are_an_error_and_not_kept(data, words):
    fake = FakeTiles(lambda *_: data, last=4)
    fetcher = TileFetcher(fake)
    for _ in range(2):
        with pytest.raises(UpstreamError, match=words):
            await fetcher.fetch(TileIndex("4", 1, 1), style="", dimensions=())
    assert fake.fetched[TileIndex("4", 1, 1)] == 2


async def test_a_map_of_too_many_tiles_says_what_to_set(tiles):
    fake = FakeTiles(tiles, first=4, last=4)
    with pytest.raises(RenderError, match=r"more than 20 tiles \(max_tiles\)"):
        await source(fake, max_tiles=20).read(request(at(0, 0, EQUATOR_M / 512)))
    assert not fake.fetched


async def test_two_hundred_maps_fetch_each_tile_once(tiles):
    fake = FakeTiles(tiles, last=4)
    fake.gate = asyncio.Event()
    one = source(fake)
    maps = [
        asyncio.create_task(one.read(request(at(10 + n % 4, 45, 9000), size=256)))
        for n in range(200)
    ]
    await fake.until_waiting(4)
    fake.gate.set()
    drawn = await asyncio.gather(*maps)
    assert all(each.mask is None for each in drawn)
    assert set(fake.fetched.values()) == {1}


async def test_all_tiles_of_a_map_are_fetched_in_one_round(tiles):
    """Every fetch is under way before the first one is answered."""
    bounds = at(5, 45, 9000, 1800)
    free = FakeTiles(tiles, last=4)
    await source(free).read(request(bounds, Crs.parse("EPSG:3857"), 1800))
    assert len(free.fetched) >= 40
    fake = FakeTiles(tiles, last=4)
    fake.gate = asyncio.Event()
    drawing = asyncio.create_task(source(fake).read(request(bounds, size=1800)))
    await fake.until_waiting(len(free.fetched))
    fake.gate.set()
    assert (await drawing).mask is None


async def test_no_more_fetches_are_under_way_than_the_source_allows(tiles):
    fake = FakeTiles(tiles, last=4, side_by_side=6)
    fake.gate = asyncio.Event()
    drawing = asyncio.create_task(source(fake).read(request(at(5, 45, 9000), size=1200)))
    await fake.until_waiting(6)
    for _ in range(50):
        await asyncio.sleep(0)
    assert fake.waiting == 6
    fake.gate.set()
    await drawing


async def test_fetched_tiles_are_kept_for_a_while_in_bounds(tiles):
    now = [0.0]
    fake = FakeTiles(tiles, last=4)
    size = max(len(data) for data in tiles.values())
    fetcher = TileFetcher(fake, kept_bytes=2 * (size + 200), kept_s=60, clock=lambda: now[0])

    async def fetch(col: int) -> int:
        index = TileIndex("4", col, 7)
        await fetcher.fetch(index, style="", dimensions=())
        return fake.fetched[index]

    assert [await fetch(1), await fetch(1)] == [1, 1]
    now[0] = 61
    assert await fetch(1) == 2
    for col in range(2, 10):
        assert await fetch(col) == 1
    assert await fetch(1) == 3
    await fetcher.close()
    assert fake.closed
