"""What is rendered for a missing tile, decided without a pixel."""

from __future__ import annotations

from dataclasses import replace

from tests.tiles.conftest import address
from tuilerie.grids import Crs, pyramid
from tuilerie.tiles.plan import batch_key, plan


def test_a_metatile_is_cut_to_the_limits_of_the_layer(layer, tms):
    """Tiles that the layer does not serve are not rendered."""
    metatile = plan(address(1, 2), layer, tms).metatile
    assert (metatile.col, metatile.row, metatile.cols, metatile.rows) == (1, 2, 3, 2)


def test_the_rectangle_includes_the_buffer(layer, tms):
    render = plan(address(5, 5), layer, tms)
    assert (render.width, render.height) == (3 * 256 + 4, 2 * 256 + 4)
    cell = tms.cell_size("3")
    first = tms.bounds(address(4, 4).index)
    assert abs(render.bounds.left - (first.left - 2 * cell)) < 1e-6
    assert abs(render.bounds.top - (first.top + 2 * cell)) < 1e-6


def test_a_style_names_the_bands_that_it_looks_at(layer, tms):
    assert plan(address(1, 2), layer, tms).bands == ()
    assert plan(address(1, 2, "relief"), layer, tms).bands == (2,)


def test_every_tile_is_in_the_metatile_that_its_key_names(layer, tms):
    """Two tiles of one metatile must share a key, or both would render it."""
    limits = layer.links["WebMercatorQuad"].limits["3"]
    for col in range(limits.min_col, limits.max_col + 1):
        for row in range(limits.min_row, limits.max_row + 1):
            tile = address(col, row)
            metatile = plan(tile, layer, tms).metatile
            key = batch_key(tile, layer, tms)
            assert tile.index in set(metatile.indices())
            assert key.index in set(metatile.indices())
            assert plan(key, layer, tms).metatile == metatile


def test_large_tiles_make_small_metatiles(layer):
    """16 x 16 tiles of 4096 pixels would take more memory than the machine has."""
    tms = pyramid(
        "large",
        Crs.parse("EPSG:3857"),
        origin=(-20_000_000.0, 20_000_000.0),
        cell_sizes=[1000.0],
        matrix_sizes=[(10, 10)],
        identifiers=["3"],
        tile_width=2048,
        tile_height=4096,
    )
    wide = replace(layer, metatile_cols=16, metatile_rows=16)
    metatile = plan(address(5, 5), wide, tms).metatile
    assert (metatile.cols, metatile.rows) == (2, 1)
