"""Cutting and pasting: nothing lost, nothing moved, nothing copied in vain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raster.making import raster
from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox, Crs, TileIndex, TileMatrix, TileMatrixSet
from tuilerie.raster.mosaic import crop, paste, split


def matrix_set(tile_width, tile_height, cell_size=10.0):
    matrix = TileMatrix("m", cell_size / 0.00028, cell_size, 1000.0, 5000.0,
                        tile_width, tile_height, 9, 7)  # fmt: skip
    return TileMatrixSet("test", "test", Crs.parse("EPSG:2154"), (matrix,))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 20), st.integers(1, 20), st.integers(1, 4), st.integers(1, 4),
    st.integers(0, 5), st.integers(0, 8), st.integers(0, 6), st.booleans(), st.integers(1, 4),
)  # fmt: skip
def test_split_then_paste_is_identity(
    tile_width, tile_height, cols, rows, buffer, col, row, masked, bands
):
    """A metatile cut into tiles and put together again must be itself, buffer aside."""
    tms = matrix_set(tile_width, tile_height)
    metatile = tms.metatile(TileIndex("m", col, row), cols, rows, buffer)
    width, height = tms.metatile_size(metatile)
    rng = np.random.default_rng(col)
    values = rng.integers(0, 255, (bands, height, width)).astype(np.uint8)
    mask = np.where(rng.random((height, width)) < 0.5, 255, 0).astype(np.uint8) if masked else None
    if mask is not None:
        values[:, mask == 0] = 0
    whole = raster(values, tms.metatile_bounds(metatile), "EPSG:2154", mask)
    tiles = split(whole, metatile, tms)
    assert list(tiles) == list(metatile.indices())
    for index, tile in tiles.items():
        assert tile.bounds == tms.bounds(index)
        assert np.shares_memory(tile.array, whole.array)
    inner = crop(whole, buffer, buffer, width - 2 * buffer, height - 2 * buffer)
    back = paste(tiles.values(), inner.bounds, "EPSG:2154", width - 2 * buffer, height - 2 * buffer)
    assert back is not None
    np.testing.assert_array_equal(back.array, inner.array)
    if inner.mask is None or inner.mask.all():
        assert back.mask is None
    else:
        np.testing.assert_array_equal(back.mask, inner.mask)


def test_split_refuses_another_size():
    """A renderer that returns too few pixels must not yield shifted tiles."""
    tms = matrix_set(8, 8)
    metatile = tms.metatile(TileIndex("m", 0, 0), 2, 2, 1)
    with pytest.raises(RenderError, match="18 × 18"):
        split(raster(np.zeros((16, 16), np.uint8), (0, 0, 1, 1), "EPSG:2154"), metatile, tms)


def test_crop_has_the_bounds_of_its_pixels():
    """Bounds that do not follow the pixels would shift everything after it."""
    whole = raster(np.arange(50, dtype=np.uint8).reshape(5, 10), (0, 0, 20, 10), "EPSG:2154")
    part = crop(whole, 3, 1, 4, 2)
    assert part.bounds == BoundingBox(6, 4, 14, 8)
    np.testing.assert_array_equal(part.array[0], [[13, 14, 15, 16], [23, 24, 25, 26]])
    for wrong in [(-1, 0, 2, 2), (0, 0, 0, 1), (8, 0, 3, 1), (0, 4, 1, 2)]:
        with pytest.raises(ValueError, match="are not in"):
            crop(whole, *wrong)


def test_paste_lets_lower_rasters_show_through_holes():
    """The sheet above has data only in its middle."""
    below = raster(np.full((4, 4), 10, np.uint8), (0, 0, 4, 4), "EPSG:2154")
    mask = np.zeros((4, 4), np.uint8)
    mask[1:3, 1:3] = 255
    above = raster(np.where(mask, 99, 0).astype(np.uint8), (2, 0, 6, 4), "EPSG:2154", mask)
    got = paste([below, above], BoundingBox(0, 0, 6, 4), "EPSG:2154", 6, 4)
    assert got is not None
    assert got.mask is not None
    np.testing.assert_array_equal(got.array[0, 1], [10, 10, 10, 99, 99, 0])
    np.testing.assert_array_equal(got.mask[1], [255, 255, 255, 255, 255, 0])


def test_paste_cuts_what_reaches_beyond():
    """Tiles at the edge of a window lie partly outside it."""
    tile = raster(np.arange(16, dtype=np.uint8).reshape(4, 4), (-2, -2, 2, 2), "EPSG:2154")
    far = raster(np.ones((4, 4), np.uint8), (100, 100, 104, 104), "EPSG:2154")
    got = paste([tile, far], BoundingBox(0, 0, 3, 3), "EPSG:2154", 3, 3)
    assert got is not None
    np.testing.assert_array_equal(got.array[0], [[0, 0, 0], [2, 3, 0], [6, 7, 0]])
    assert paste([], BoundingBox(0, 0, 3, 3), "EPSG:2154", 3, 3) is None


def test_paste_refuses_what_does_not_fit():
    """Mixed bands, types, palettes or pixel sizes would be nonsense in one array."""
    bounds = BoundingBox(0, 0, 4, 4)
    one = raster(np.zeros((4, 4), np.uint8), bounds, "EPSG:2154")
    palette = np.zeros((256, 4), np.uint8)
    for other in (
        raster(np.zeros((3, 4, 4), np.uint8), bounds, "EPSG:2154"),
        raster(np.zeros((4, 4), np.uint16), bounds, "EPSG:2154"),
        raster(np.zeros((4, 4), np.uint8), bounds, "EPSG:2154", palette=palette),
        raster(np.zeros((2, 2), np.uint8), bounds, "EPSG:2154"),
    ):
        with pytest.raises(RenderError):
            paste([one, other], bounds, "EPSG:2154", 4, 4)
