"""Styles: the colour of every value, at every type, and of what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raster.making import raster
from tuilerie.errors import RenderError
from tuilerie.raster.colour import (
    Bands,
    Default,
    Grey,
    Hillshade,
    PaletteColours,
    Ramp,
    colour,
    named_ramps,
)
from tuilerie.raster.ramps import named_ramp, parse_colour, ramp_stops

B = (0, 0, 10, 10)
RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)


def one(values, mask=None):
    return raster(np.atleast_2d(np.asarray(values)), B, "EPSG:2154", mask)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_grey_stretches_from_minimum_to_maximum(dtype):
    """The same values must look the same whatever their type."""
    values = np.array([0, 10, 60, 110, 120], dtype)
    got = colour(one(values), Grey(10, 110))
    np.testing.assert_array_equal(got.array[0, 0], [0, 0, 128, 255, 255])
    assert got.array.dtype == np.uint8
    negative = colour(one(values), Grey(110, 10))
    np.testing.assert_array_equal(negative.array[0, 0], [255, 255, 128, 0, 0])


def test_grey_of_negative_integers_and_of_a_range_without_width():
    """A table of 16 bits is in the order of the bits; equal ends must not divide by zero."""
    values = np.array([-32768, -100, 0, 100, 32767], np.int16)
    got = colour(one(values), Grey(-100, 100)).array[0, 0]
    np.testing.assert_array_equal(got, [0, 0, 128, 255, 255])
    step = colour(one(values), Grey(0, 0)).array[0, 0]
    np.testing.assert_array_equal(step, [0, 0, 255, 255, 255])


def test_nodata_stays_masked():
    """A style must not paint what is missing."""
    mask = np.array([[255, 0, 255]], np.uint8)
    for how in (Grey(0, 10), Bands((1, 1, 1), ((0, 10),) * 3), PaletteColours(((5, RED),))):
        got = colour(one(np.array([5, 5, 5], np.uint8), mask), how)
        np.testing.assert_array_equal(got.mask, mask)
    ramp = colour(one(np.array([5.0, 5.0, np.nan], np.float32), mask), Ramp(((0, RED), (9, BLUE))))
    np.testing.assert_array_equal(ramp.array[3], [[255, 0, 0]])


STOPS = ((0.0, RED), (10.0, GREEN), (20.0, BLUE))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize(
    ("interpolation", "wanted"),
    [
        ("linear", [RED, (128, 128, 0, 255), GREEN, (0, 128, 128, 255), BLUE, BLUE]),
        ("discrete", [RED, RED, GREEN, GREEN, BLUE, BLUE]),
        ("exact", [RED, (0, 0, 0, 0), GREEN, (0, 0, 0, 0), BLUE, (0, 0, 0, 0)]),
    ],
)
def test_ramp(dtype, interpolation, wanted):
    """Tables and searches must agree on stops, on what lies between and outside."""
    values = one(np.array([0, 5, 10, 15, 20, 30], dtype))
    got = colour(values, Ramp(STOPS, interpolation=interpolation)).array
    expected = np.array(wanted)[:, : len(got)]
    assert np.abs(got[:, 0].T.astype(int) - expected).max() <= 1


def test_ramp_below_above_and_nodata():
    """Sea below the first stop, snow above the last, grey where nothing is known."""
    ramp = Ramp(STOPS, below=(1, 2, 3, 255), above=(4, 5, 6, 255), nodata=(7, 7, 7, 255))
    for dtype in ("int16", "float32"):
        mask = np.array([[255, 255, 255, 0]], np.uint8)
        got = colour(one(np.array([-1, 10, 21, 5], dtype), mask), ramp)
        np.testing.assert_array_equal(
            got.array[:, 0].T, [(1, 2, 3), (0, 255, 0), (4, 5, 6), (7, 7, 7)]
        )
        assert got.mask is None


def test_a_hard_edge_is_where_it_was_put():
    """The coast at 0 m in a ramp of 20 km: a table of equal steps would flood 5 m of land."""
    stops = ((-11000, BLUE), (0, BLUE), (0, GREEN), (9000, RED))
    values = one(np.array([-0.01, 0.0, 0.01, 2.0], np.float32))
    got = colour(values, Ramp(stops)).array[:, 0].T
    np.testing.assert_array_equal(got[0], BLUE[:3])
    assert (got[1:, 1] > 250).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-5000, 5000).map(lambda n: n / 5), min_size=2, max_size=9, unique=True),
    st.sampled_from(["linear", "discrete"]),
    st.integers(0, 2**32 - 1),
)
def test_float_ramps_match_interpolation(positions, interpolation, seed):
    """The fast table against the definition: at most two levels apart, edges exact."""
    rng = np.random.default_rng(seed)
    stops = tuple((value, (*map(int, rng.integers(0, 256, 3)), 255)) for value in sorted(positions))
    values = rng.uniform(-1200, 1200, (20, 20)).astype(np.float32)
    got = colour(one(values), Ramp(stops, interpolation=interpolation)).array
    at = np.array([value for value, _ in stops])
    for band in range(3):
        levels = np.array([rgba[band] for _, rgba in stops])
        if interpolation == "linear":
            wanted = np.interp(values.astype(np.float64), at, levels)
            assert np.abs(got[band] - wanted).max() <= 2
        else:
            index = np.maximum(np.searchsorted(at, values, side="right") - 1, 0)
            np.testing.assert_array_equal(got[band], levels[index])


@pytest.mark.parametrize("stops", [(), ((2, RED), (1, BLUE)), ((float("nan"), RED),)])
def test_impossible_ramps_are_refused(stops):
    """Stops in disorder would give any colour."""
    with pytest.raises(ValueError, match="ramp"):
        Ramp(stops)


def test_bands_of_sixteen_bits():
    """False colour: band order and each band's own range."""
    values = np.stack([np.full((2, 2), v, np.uint16) for v in (1000, 2000, 3000, 4000)])
    how = Bands((4, 2, 1), ((0, 4000), (0, 4000), (1000, 2000)))
    got = colour(raster(values, B, "EPSG:2154"), how)
    np.testing.assert_array_equal(got.array[:, 0, 0], [255, 128, 0])


def test_alpha_survives_a_stretch_unless_it_is_shown():
    """An aerial photograph with alpha must not get black corners by a stretch."""
    values = np.full((4, 2, 2), 100, np.uint8)
    values[3] = [[0, 0], [255, 255]]
    picture = raster(values, B, "EPSG:2154")
    kept = colour(picture, Bands((1, 2, 3), ((0, 200),) * 3))
    np.testing.assert_array_equal(kept.array[3], values[3])
    shown = colour(picture, Bands((4, 2, 1)))
    assert len(shown.array) == 3
    grey = colour(picture, Grey(0, 200))
    np.testing.assert_array_equal(grey.mask, [[0, 0], [255, 255]])


def test_palette_colours():
    """8-bit classes keep their indices; larger ones become colours; unknown ones vanish."""
    how = PaletteColours(((1, RED), (300, BLUE)))
    eight = colour(one(np.array([1, 2], np.uint8)), how)
    assert eight.palette is not None
    np.testing.assert_array_equal(eight.palette[[1, 2]], [RED, (0, 0, 0, 0)])
    wide = colour(one(np.array([1, 2, 300], np.int32)), how)
    np.testing.assert_array_equal(wide.array[:, 0].T, [RED, (0, 0, 0, 0), BLUE])


def test_default_passes_pictures_and_refuses_values():
    """A picture must not be copied; measurements have no colours of their own."""
    picture = one(np.array([1, 2], np.uint8))
    assert colour(picture, Default()) is picture
    many = raster(np.zeros((6, 2, 2), np.uint8), B, "EPSG:2154")
    assert len(colour(many, Default()).array) == 3
    with pytest.raises(RenderError, match="float32"):
        colour(one(np.array([1.5], np.float32)), Default())
    with pytest.raises(RenderError, match="band 3 of 1"):
        colour(picture, Grey(0, 1, band=3))
    with pytest.raises(RenderError, match="range"):
        colour(one(np.array([1], np.uint16)), Bands((1, 1, 1)))


def test_named_ramps_are_complete():
    """Every named ramp runs from 0 to 1; its reverse runs back."""
    names = {"viridis", "magma", "inferno", "plasma", "cividis", "turbo", "terrain", "greys",
             "blues", "spectral", "rdylgn", "bathymetry"}  # fmt: skip
    assert names <= set(named_ramps())
    for name, stops in named_ramps().items():
        positions = [position for position, _ in stops]
        assert positions[0] == 0
        assert positions[-1] == 1
        assert positions == sorted(set(positions))
        assert named_ramp(f"{name}_r")[0][1] == stops[-1][1]
        Ramp(ramp_stops(name.upper(), -50, 3000))
    assert named_ramp("viridis")[0][1] == parse_colour("#440154")
    with pytest.raises(KeyError):
        named_ramp("nonsense_r")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#fa0", (255, 170, 0, 255)),
        ("#FA08", (255, 170, 0, 136)),
        ("#ffaa00", (255, 170, 0, 255)),
        ("#ffaa0080", (255, 170, 0, 128)),
    ],
)
def test_colours(text, wanted):
    """The four spellings of CSS."""
    assert parse_colour(text) == wanted


@pytest.mark.parametrize("text", ["", "fa0", "#", "#ff", "#fffff", "#ggg", "#١٢٣", "red", "#fff\n"])
def test_wrong_colours(text):
    """Nothing else is a colour."""
    with pytest.raises(ValueError, match="no colour"):
        parse_colour(text)


def test_shade_over_a_ramp_leaves_level_ground_as_it_is():
    """A relief map of the plains must have the legend's colours."""
    ramp = Ramp(((0.0, (200, 100, 50, 255)), (10.0, (200, 100, 50, 255))))
    got = colour(one(np.full((9, 9), 5.0, np.float32)), Hillshade(ramp=ramp))
    assert np.abs(got.array[:, 4, 4].astype(int) - (200, 100, 50)).max() <= 1
