"""Positions in 1/32 pixel, and the ease that is a table of them."""

from __future__ import annotations

import numpy as np

from tuilerie.raster.fixed_positions import FixedPositions, eased_positions, fixed_positions

STEP = 1 / 32
POSITIONS = np.random.default_rng(20261121).uniform(-40, 3000, (2, 70, 90)).astype(np.float32)


def _places(fixed: FixedPositions) -> tuple[np.ndarray, np.ndarray]:
    whole, part = fixed
    return whole[..., 0] + part % 32 * STEP, whole[..., 1] + part // 32 * STEP


def test_positions_are_kept_to_the_nearest_32nd():
    for found, wanted in zip(_places(fixed_positions(tuple(POSITIONS))), POSITIONS, strict=True):
        assert np.abs(found - wanted).max() <= STEP / 2


def test_eased_positions_are_those_of_the_formula():
    fixed = fixed_positions(tuple(POSITIONS))
    for found, place in zip(_places(eased_positions(fixed)), _places(fixed), strict=True):
        t = place - np.floor(place)
        assert np.abs(found - np.floor(place) - t * t * (3 - 2 * t)).max() <= STEP / 2


def test_a_fraction_that_becomes_one_is_the_next_pixel():
    x = np.array([[-0.03125, 6.96875]], np.float32)  # 31/32 beyond -1 and 6
    found, _ = _places(eased_positions(fixed_positions((x, x))))
    assert found.tolist() == [[0.0, 7.0]]
