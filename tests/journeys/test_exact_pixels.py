"""Rasters that lie on the pixels of their matrix set come out as they are, whatever the CRS."""

from __future__ import annotations

import numpy as np
import pytest

from tests.journeys.blocks import Block, fetch
from tests.journeys.noise import GRIDS, SIDE_PX, TILE_PX, Grid, noise
from tests.journeys.published import Capabilities
from tests.journeys.running import Server


def whole(capabilities: Capabilities, grid: Grid, matrix: str) -> Block:
    """Return all tiles of a matrix, which must lie where the grid says."""
    matrix_set = capabilities.matrix_sets[grid.name]
    found = matrix_set.matrices[matrix]
    assert found.tile_width == found.tile_height == TILE_PX
    block = Block(
        capabilities.layers[grid.name], matrix_set, found, 0, 0, found.width, found.height
    )
    assert block.bounds == pytest.approx(grid.extent, abs=1e-6 * grid.cell)
    return block


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
def test_fine_pixels_are_the_rasters_own(
    noise_server: Server, noise_capabilities: Capabilities, grid: Grid
) -> None:
    """Half a pixel of shift, swapped axes, rows from the wrong end, a wrong corner of the set."""
    drawn = fetch(noise_server, whole(noise_capabilities, grid, "fine"))
    assert drawn.seen.all()
    assert drawn.colours.shape == (SIDE_PX, SIDE_PX, 3)
    assert np.array_equal(drawn.colours, np.moveaxis(noise(grid), 0, -1))


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.name)
def test_coarse_pixels_are_the_means_of_four(
    noise_server: Server, noise_capabilities: Capabilities, grid: Grid
) -> None:
    """An overview that is made or read beside its place, or made by leaving pixels out."""
    drawn = fetch(noise_server, whole(noise_capabilities, grid, "coarse"))
    quarters = noise(grid).reshape(3, SIDE_PX // 2, 2, SIDE_PX // 2, 2).astype(np.float64)
    means = np.moveaxis(quarters.mean(axis=(2, 4)), 0, -1)
    assert drawn.seen.all()
    assert np.abs(drawn.colours - means).max() <= 1.0
