"""Decoding what others sent: every kind of pixel, and every kind of lie."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox
from tuilerie.raster.decode import decode

B = BoundingBox(0, 0, 1, 1)


def saved(image, fmt, **options):
    out = BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)


@pytest.mark.parametrize(
    ("mode", "shape", "fmt"),
    [
        ("L", (9, 7), "PNG"),
        ("LA", (9, 7, 2), "PNG"),
        ("RGB", (9, 7, 3), "PNG"),
        ("RGBA", (9, 7, 4), "PNG"),
        ("RGB", (9, 7, 3), "WEBP"),
        ("RGBA", (9, 7, 4), "WEBP"),
    ],
)
def test_pictures(mode, shape, fmt):
    """Bands in their order, and only those that are there."""
    pixels = noise(*shape)
    data = saved(Image.fromarray(pixels), fmt, **({"lossless": True} if fmt == "WEBP" else {}))
    got = decode(data, B, "EPSG:3857")
    wanted = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    if mode == "RGBA" and fmt == "WEBP":
        wanted, array = wanted[:, pixels[..., 3] > 0], got.array[:, pixels[..., 3] > 0]
    else:
        array = got.array
    np.testing.assert_array_equal(array, wanted)
    assert got.palette is None
    assert got.array.flags.c_contiguous
    got.array[0, 0, 0] = 1  # writable


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_stay(channels):
    """Elevation in a PNG of 16 bits must not lose its lower byte."""
    pixels = noise(11, 13, channels, dtype=np.uint16)
    got = decode(deep_png(pixels), B, "EPSG:3857")
    assert got.array.dtype == np.uint16
    np.testing.assert_array_equal(got.array, np.moveaxis(pixels, -1, 0))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, kind, data, *extra):
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *extra, chunk(b"IDAT", data),
         chunk(b"IEND", b"")]
    )  # fmt: skip


def deep_png(pixels):
    rows, cols, channels = pixels.shape
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return png(cols, rows, 16, kind, zlib.compress(lines))


def test_palettes_stay():
    """A palette with transparent entries, as WMTS servers send it."""
    image = Image.new("P", (20, 20))
    image.putdata(list((noise(20, 20) % 5).reshape(-1)))
    image.putpalette([9, 8, 7, 6, 5, 4, 3, 2, 1, 10, 20, 30, 40, 50, 60])
    data = saved(image, "PNG", transparency=bytes([255, 0, 128]))
    got = decode(data, B, "EPSG:3857")
    np.testing.assert_array_equal(got.array[0], noise(20, 20) % 5)
    assert got.palette is not None
    np.testing.assert_array_equal(
        got.palette[:5],
        [(9, 8, 7, 255), (6, 5, 4, 0), (3, 2, 1, 128), (10, 20, 30, 255), (40, 50, 60, 255)],
    )
    gif = decode(saved(image, "GIF", transparency=1), B, "EPSG:3857")
    assert gif.palette is not None
    seen = gif.palette[gif.array[0]]
    assert (seen[noise(20, 20) % 5 == 1][:, 3] == 0).all()
    np.testing.assert_array_equal(seen[noise(20, 20) % 5 == 4][:, :3][0], (40, 50, 60))


def test_a_transparent_colour_becomes_alpha():
    """Old servers mark white as transparent in RGB."""
    pixels = np.full((4, 4, 3), 255, np.uint8)
    pixels[0, 0] = (1, 2, 3)
    got = decode(saved(Image.fromarray(pixels), "PNG", transparency=(255, 255, 255)), B, "")
    assert len(got.array) == 4
    np.testing.assert_array_equal(got.array[3], [[255, 0, 0, 0], *[[0] * 4] * 3])
    grey = decode(saved(Image.fromarray(pixels[..., 0]), "PNG", transparency=255), B, "")
    assert len(grey.array) == 2


def test_other_modes_become_colours():
    """CMYK JPEGs and pictures of one bit exist."""
    cmyk = decode(saved(Image.new("CMYK", (5, 5), (0, 255, 255, 0)), "JPEG"), B, "")
    assert len(cmyk.array) == 3
    assert cmyk.array[0].min() > 200
    assert cmyk.array[1].max() < 60
    bits = decode(saved(Image.new("1", (5, 5), 1), "PNG"), B, "")
    np.testing.assert_array_equal(bits.array, np.full((1, 5, 5), 255))


def bomb(width, height):
    """Return a PNG of a few bytes that says it is enormous."""
    return png(width, height, 8, 0, zlib.compress(b"\0" * 1000))


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (5_000, 5_000), (2**31 - 1, 1)])
def test_bombs_are_refused_before_they_unpack(width, height):
    """A few hundred bytes must not take gigabytes."""
    with pytest.raises(RenderError):
        decode(bomb(width, height), B, "", max_pixels=1 << 20)


def test_the_limit_is_exact():
    """What is allowed is read, one pixel more is not."""
    data = saved(Image.new("L", (100, 10)), "PNG")
    assert decode(data, B, "", max_pixels=1000).array.shape == (1, 10, 100)
    with pytest.raises(RenderError, match="larger than 999"):
        decode(data, B, "", max_pixels=999)


SAMPLES = {
    "png": saved(Image.fromarray(noise(40, 40, 3)), "PNG"),
    "deep png": deep_png(noise(20, 20, 3, dtype=np.uint16)),
    "palette": saved(Image.fromarray(noise(40, 40, 3)).quantize(16), "PNG"),
    "jpeg": saved(Image.fromarray(noise(40, 40, 3)), "JPEG"),
    "webp": saved(Image.fromarray(noise(40, 40, 3)), "WEBP"),
    "avif": saved(Image.fromarray(noise(40, 40, 3)), "AVIF", speed=9),
    "gif": saved(Image.fromarray(noise(40, 40)), "GIF"),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_truncated_files_are_refused(name, share):
    """Half a tile must never be cached as a whole one."""
    data = SAMPLES[name]
    assert decode(data, B, "").array.size
    with pytest.raises(RenderError):
        decode(data[: int(len(data) * share)], B, "")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_damaged_files_raise_one_error(name, data):
    """Whatever a remote sends: pixels, or RenderError; nothing else, and no crash."""
    damaged = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    try:
        got = decode(bytes(damaged), B, "", max_pixels=1 << 20)
    except RenderError:
        return
    assert got.array.ndim == 3
    assert got.array.size <= 4 << 20


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<ServiceException/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP",
        b"II*\0" + b"\0" * 100, b"%PDF-1.4", b"\0\0\0\x1cftypavif" + b"\0" * 20,
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(data):
    """An error message in place of a tile, and formats that we do not read."""
    with pytest.raises(RenderError, match="cannot be read"):
        decode(data, B, "")


def test_opencv_agrees_on_colours():
    """Red and blue must not be exchanged between the two libraries that read."""
    data = SAMPLES["png"]
    theirs = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), -1), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(np.moveaxis(decode(data, B, "").array, 0, -1), theirs)
