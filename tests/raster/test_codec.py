"""Encoding: what comes back, how large it is, and what is never spent."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.raster.making import raster
from tuilerie.errors import RenderError
from tuilerie.formats import AVIF, FORMATS, JPEG, MIXED, PNG, PNG8, WEBP, sniff
from tuilerie.grids import BoundingBox
from tuilerie.raster.codec import EncodeOptions, blank_tile, decode, encode, uniform_colour

B = (0, 0, 256, 256)
OPTIONS = EncodeOptions()


def tile(bands, seed=0, size=256):
    """Return a soft picture, as photographs are."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (bands, 8, 8)).astype(np.float32)
    grown = [np.asarray(Image.fromarray(b).resize((size, size), Image.Resampling.BICUBIC))
             for b in small]  # fmt: skip
    noise = rng.normal(0, 2, (bands, size, size))
    return np.clip(np.stack(grown) + noise, 0, 255).astype(np.uint8)


def read(data, mode):
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert(mode))


def as_rgba(array, mask=None):
    """Return what a client should see, transparent pixels black."""
    bands = len(array)
    rgb = array[[0, 0, 0]] if bands < 3 else array[:3]
    alpha = array[-1] if bands in (2, 4) else np.full(array.shape[1:], 255, np.uint8)
    if mask is not None:
        alpha = np.minimum(alpha, mask)
    seen = np.where(alpha > 0, rgb, 0)
    return np.moveaxis(np.concatenate([seen, alpha[None]]), 0, -1).astype(np.uint8)


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("level", [1, 6, 12])
def test_png_is_lossless(bands, masked, level):
    """Filters, palettes and fewer channels must not change a single pixel."""
    values = tile(bands)
    mask = np.where(tile(1, 7)[0] > 100, 255, 0).astype(np.uint8) if masked else None
    done = encode(raster(values, B, "EPSG:3857", mask), PNG, EncodeOptions(png_level=level))
    assert done.format is PNG
    np.testing.assert_array_equal(read(done.data, "RGBA"), as_rgba(values, mask))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 70), st.integers(1, 150), st.integers(1, 4),
    st.integers(1, 300), st.integers(0, 2**32 - 1), st.booleans(),
)  # fmt: skip
def test_any_png_reads_back(width, height, bands, colours, seed, masked):
    """Every size, number of colours and bit depth."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 256, (colours, bands)).astype(np.uint8)
    values = np.moveaxis(table[rng.integers(0, colours, (height, width))], -1, 0)
    mask = np.where(rng.random((height, width)) < 0.5, 0, 255).astype(np.uint8) if masked else None
    made = raster(values, (0, 0, width, height), "EPSG:3857", mask)
    for fmt in (PNG, PNG8):
        done = encode(made, fmt, OPTIONS)
        assert sniff(done.data) is PNG
        with Image.open(BytesIO(done.data)) as image:
            image.load()
            assert image.size == (width, height)
            if fmt is PNG8:
                assert image.mode in ("P", "1") or image.getcolors() is not None
    np.testing.assert_array_equal(
        read(encode(made, PNG, OPTIONS).data, "RGBA"), as_rgba(np.ascontiguousarray(values), mask)
    )


def png_header(data):
    """Return bit depth and colour type."""
    return data[24], data[25]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (tile(1), 0),
        (tile(2), 4),
        (tile(3), 2),
        (tile(4), 6),
        (tile(1)[[0, 0, 0]], 0),
        (np.concatenate([tile(3), np.full((1, 256, 256), 255, np.uint8)]), 2),
        (np.concatenate([tile(1)[[0, 0, 0]], tile(1, 3)]), 4),
    ],
)
def test_png_has_no_channel_that_says_nothing(values, kind):
    """Grey as RGB costs twice, an opaque alpha a tenth."""
    assert png_header(encode(raster(values, B, "EPSG:3857"), PNG, OPTIONS).data) == (8, kind)


@pytest.mark.parametrize(("colours", "depth"), [(2, 1), (4, 2), (16, 4), (17, 8), (256, 8)])
def test_few_colours_take_few_bits(colours, depth):
    """A map of 16 colours needs four bits per pixel, in PNG and in PNG8."""
    index = np.arange(256 * 256).reshape(256, 256) // 7 % colours
    table = np.random.default_rng(4).integers(0, 256, (colours, 3)).astype(np.uint8)
    table[:, 0] = np.arange(colours)
    values = np.moveaxis(table[index], -1, 0)
    for fmt in (PNG, PNG8):
        done = encode(raster(values, B, "EPSG:3857"), fmt, OPTIONS)
        assert png_header(done.data) == (depth, 3)
        np.testing.assert_array_equal(read(done.data, "RGB"), table[index])


def test_png8_of_many_colours_is_near_and_keeps_alpha():
    """Quantising must keep what is transparent transparent."""
    values = tile(4)
    values[3, :50] = 0
    values[3, 50:] = 255
    done = encode(raster(values, B, "EPSG:3857"), PNG8, OPTIONS)
    assert done.format is PNG8
    assert png_header(done.data) == (8, 3)
    got = read(done.data, "RGBA")
    assert (got[:50, :, 3] == 0).all()
    assert (got[50:, :, 3] == 255).all()
    assert np.abs(got[50:, :, :3].astype(int) - as_rgba(values)[50:, :, :3]).mean() < 12


def palette_raster(seed=0, used=200, mask=None):
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (256, 4)).astype(np.uint8)
    palette[:, 3] = 255
    palette[3, 3] = 128
    values = rng.integers(0, used, (1, 256, 256)).astype(np.uint8)
    return raster(values, B, "EPSG:3857", mask, palette)


@pytest.mark.parametrize("fmt", [PNG, PNG8])
@pytest.mark.parametrize("used", [2, 14, 200, 256])
def test_palettes_pass_through(fmt, used):
    """Classes keep their index and colour: clients count by them."""
    made = palette_raster(used=used)
    done = encode(made, fmt, OPTIONS)
    with Image.open(BytesIO(done.data)) as image:
        assert image.mode in ("P", "1")
    back = decode(done.data, made.bounds, made.crs)
    assert back.palette is not None
    assert made.palette is not None
    np.testing.assert_array_equal(back.array, made.array)
    np.testing.assert_array_equal(back.palette[:used], made.palette[:used])


@pytest.mark.parametrize("used", [200, 256])
def test_masked_palettes_are_transparent(used):
    """With all 256 indices in use there is none for nodata: then colours are written."""
    mask = np.full((256, 256), 255, np.uint8)
    mask[:100] = 0
    made = palette_raster(used=used, mask=mask)
    for fmt in (PNG, PNG8):
        got = read(encode(made, fmt, OPTIONS).data, "RGBA")
        assert (got[:100, :, 3] == 0).all()
        assert (got[100:, :, 3] >= 120).all()
    assert made.palette is not None
    wanted = made.palette[made.array[0, 100:]]
    exact = read(encode(made, PNG, OPTIONS).data, "RGBA")[100:]
    np.testing.assert_array_equal(exact, wanted)


@pytest.mark.parametrize("fmt", [JPEG, WEBP, AVIF])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_lossy_formats_are_near(fmt, bands):
    """Channels exchanged, or alpha lost, would be far off."""
    values = tile(bands)
    if bands in (2, 4):
        values[-1] = np.where(values[-1] > 120, 255, 0)
        values[:-1, values[-1] == 0] = 0
    done = encode(raster(values, B, "EPSG:3857"), fmt, OPTIONS)
    assert done.format is fmt
    assert sniff(done.data) is fmt
    wanted = as_rgba(values).astype(int)
    if fmt is JPEG:
        got = read(done.data, "RGB").astype(int)
        opaque = wanted[..., 3] == 255
        wanted[~opaque] = 255
        assert np.abs(got - wanted[..., :3]).mean() < 8
        return
    got = read(done.data, "RGBA").astype(int)
    assert np.abs(got[..., 3] - wanted[..., 3]).mean() < 6
    both = (got[..., 3] > 200) & (wanted[..., 3] > 200)
    assert np.abs(got - wanted)[both].mean() < 6


def test_grey_jpeg_has_one_channel():
    """A hillshade as RGB would be a third larger."""
    data = encode(raster(tile(1)[[0, 0, 0]], B, "EPSG:3857"), JPEG, OPTIONS).data
    with Image.open(BytesIO(data)) as image:
        assert image.mode == "L"


def test_jpeg_lies_on_the_background():
    """Nodata in JPEG is the background, not black; soft edges are mixed with it."""
    values = np.full((4, 64, 64), 255, np.uint8)
    values[:3] = 0
    values[3, :32] = 0
    values[3, 32:] = 128
    options = EncodeOptions(background=(200, 100, 0))
    got = read(encode(raster(values, (0, 0, 64, 64), "EPSG:3857"), JPEG, options).data, "RGB")
    assert np.abs(got[8, 8].astype(int) - (200, 100, 0)).max() <= 4
    assert np.abs(got[56, 8].astype(int) - (100, 50, 0)).max() <= 4


def test_mixed_is_jpeg_only_where_opaque():
    """One transparent pixel makes a PNG; and what it says it is, it is."""
    values = tile(4)
    values[3] = 255
    opaque = encode(raster(values, B, "EPSG:3857"), MIXED, OPTIONS)
    assert opaque.format is JPEG
    assert sniff(opaque.data) is JPEG
    values[3, 100, 100] = 0
    holed = encode(raster(values, B, "EPSG:3857"), MIXED, OPTIONS)
    assert holed.format is PNG
    assert sniff(holed.data) is PNG
    mask = np.full((256, 256), 255, np.uint8)
    mask[0, 0] = 0
    assert encode(raster(tile(3), B, "EPSG:3857", mask), MIXED, OPTIONS).format is PNG


@pytest.mark.parametrize("quality", [30, 95])
def test_quality_matters(quality):
    """Each format must obey its own setting."""
    made = raster(tile(3), B, "EPSG:3857")
    options = EncodeOptions(jpeg_quality=quality, webp_quality=quality, avif_quality=quality)
    for fmt in (JPEG, WEBP, AVIF):
        mine, usual = len(encode(made, fmt, options).data), len(encode(made, fmt, OPTIONS).data)
        assert (mine < usual) == (quality < 60)


def test_png_is_not_larger_than_zlib_s(shared):
    """Photographs, and maps with antialiased lines, against Pillow's level 6."""
    with Image.open(shared / "data" / "world_shadedrelief_10800x5400.jpg") as image:
        image.draft("RGB", image.size)
        part = np.asarray(image.crop((5300, 1000, 5812, 1512)))
    ours = theirs = 0
    for row in (0, 256):
        for col in (0, 256):
            pixels = np.ascontiguousarray(part[row : row + 256, col : col + 256])
            made = raster(np.moveaxis(pixels, -1, 0), B, "EPSG:3857")
            ours += len(encode(made, PNG, OPTIONS).data)
            out = BytesIO()
            Image.fromarray(pixels).save(out, "PNG")
            theirs += len(out.getvalue())
    assert ours <= theirs


def test_drawings_are_stored_without_filters():
    """The usual heuristic makes antialiased maps half as large again."""
    from PIL import ImageDraw

    image = Image.new("RGB", (1024, 1024), (242, 239, 233))
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(1)
    for n in range(40):
        points = [tuple(map(int, rng.integers(0, 1024, 2))) for _ in range(3)]
        draw.line(points, fill=(255, 255, 255) if n % 2 else (120, 90, 80), width=14)
    pixels = np.asarray(image.resize((256, 256), Image.Resampling.BOX))
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    made = raster(np.moveaxis(pixels, -1, 0), B, "EPSG:3857")
    assert len(encode(made, PNG, OPTIONS).data) < 0.85 * len(out.getvalue())


@pytest.mark.parametrize("fmt", FORMATS)
def test_values_are_no_picture(fmt):
    """Measurements must get colours first: an encoder that guesses would show nonsense."""
    for values in (np.zeros((1, 4, 4), np.float32), np.zeros((5, 4, 4), np.uint8)):
        with pytest.raises(RenderError, match="no picture"):
            encode(raster(values, B, "EPSG:3857"), fmt, OPTIONS)


@pytest.mark.parametrize("fmt", FORMATS)
def test_blank_tiles(fmt):
    """Encoded once, of the size and colour asked for."""
    for rgba in ((0, 0, 0, 0), (10, 200, 30, 255)):
        done = blank_tile(256, 128, rgba, fmt, OPTIONS)
        assert blank_tile(256, 128, rgba, fmt, OPTIONS) is done
        got = read(done.data, "RGBA")
        assert got.shape == (128, 256, 4)
        wanted = (255, 255, 255, 255) if fmt is JPEG and not rgba[3] else rgba
        if wanted[3]:
            assert np.abs(got.astype(int) - wanted).max() <= 6
        else:
            assert not got[..., 3].any()
    if fmt in (PNG, PNG8, MIXED):
        assert len(blank_tile(256, 256, (0, 0, 0, 0), fmt, OPTIONS).data) < 150


def test_tiles_of_a_metatile_encode_without_copies():
    """Views into a larger array are what `split` gives."""
    big = tile(3, size=512)
    whole = raster(big, B, "EPSG:3857")
    view = raster(np.zeros((3, 1, 1), np.uint8), B, "EPSG:3857")
    for fmt in FORMATS:
        part = type(view)(big[:, 100:356, 37:293], None, whole.bounds, whole.crs)
        alone = type(view)(part.array.copy(), None, whole.bounds, whole.crs)
        assert encode(part, fmt, OPTIONS).data == encode(alone, fmt, OPTIONS).data


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_uniform_colour(bands):
    """One pixel more or less decides between a blank and a tile."""
    values = np.empty((bands, 64, 64), np.uint8)
    levels = np.array([10, 20, 30, 40][:bands], np.uint8)
    values[:] = levels[:, None, None]
    wanted = {1: (10, 10, 10, 255), 2: (10, 10, 10, 20), 3: (10, 20, 30, 255), 4: (10, 20, 30, 40)}
    assert uniform_colour(raster(values, B, "EPSG:3857")) == wanted[bands]
    for row, col in ((0, 0), (0, 63), (63, 63), (31, 7)):
        other = values.copy()
        other[0, row, col] += 1
        assert uniform_colour(raster(other, B, "EPSG:3857")) is None


def test_what_is_hidden_is_clear():
    """Colours below alpha 0 or the mask do not make a tile."""
    noise = tile(4)
    noise[3] = 0
    assert uniform_colour(raster(noise, B, "EPSG:3857")) == (0, 0, 0, 0)
    empty = np.zeros((256, 256), np.uint8)
    assert uniform_colour(raster(tile(3), B, "EPSG:3857", empty)) == (0, 0, 0, 0)
    half = empty.copy()
    half[:128] = 255
    noise[3, 128:] = 255
    assert uniform_colour(raster(noise, B, "EPSG:3857", half)) == (0, 0, 0, 0)
    assert uniform_colour(raster(np.full((3, 256, 256), 7, np.uint8), B, "EPSG:3857", half)) is None
    full = np.full((256, 256), 255, np.uint8)
    level = raster(np.full((3, 256, 256), 7, np.uint8), B, "EPSG:3857", full)
    assert uniform_colour(level) == (7, 7, 7, 255)


def test_uniform_palettes():
    """The palette says what an index looks like; several clear classes are one clear tile."""
    palette = np.zeros((256, 4), np.uint8)
    palette[5] = (1, 2, 3, 255)
    fives = np.full((1, 8, 8), 5, np.uint8)
    assert uniform_colour(raster(fives, B, "EPSG:3857", palette=palette)) == (1, 2, 3, 255)
    clear = np.arange(64, dtype=np.uint8).reshape(1, 8, 8) + 100
    assert uniform_colour(raster(clear, B, "EPSG:3857", palette=palette)) == (0, 0, 0, 0)
    clear[0, 4, 4] = 5
    assert uniform_colour(raster(clear, B, "EPSG:3857", palette=palette)) is None
    assert uniform_colour(raster(np.zeros((8, 8), np.float32), B, "EPSG:3857")) is None


def test_bounds_and_crs_are_the_callers():
    """A decoded tile must know where it lies."""
    data = encode(raster(tile(3), B, "EPSG:3857"), PNG, OPTIONS).data
    back = decode(data, BoundingBox(1, 2, 3, 4), "EPSG:2154")
    assert back.bounds == BoundingBox(1, 2, 3, 4)
    assert back.crs == "EPSG:2154"
    np.testing.assert_array_equal(back.array, tile(3))
