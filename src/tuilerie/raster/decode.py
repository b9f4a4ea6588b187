"""Bytes of unknown origin to pixels: bounded, and with one error for all that can be wrong."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox
from tuilerie.raster.image import Raster
from tuilerie.raster.planes import split_planes

__all__ = ["decode"]

_READ = ("PNG", "JPEG", "WEBP", "AVIF", "GIF")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = 256
_DEPTH_AT = 24
_GREY, _GREY_ALPHA = 0, 4
_END_OF_JPEG = b"\xff\xd9"
_AS_STORED = cv2.IMREAD_IGNORE_ORIENTATION

_DAMAGED = (
    OSError,  # Pillow: unidentified, truncated, most damage
    SyntaxError,  # Pillow: broken PNG chunks
    ValueError,
    EOFError,
    IndexError,
    OverflowError,
    RuntimeError,  # AVIF
    MemoryError,
    struct.error,
    zlib.error,
    cv2.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def decode(data: bytes, bounds: BoundingBox, crs: str, max_pixels: int = 4096 * 4096) -> Raster:
    """Return the pixels of an encoded image: PNG, JPEG, WebP, AVIF or GIF (first frame).

    16-bit channels stay uint16, palettes stay palettes; CMYK becomes RGB, a transparent colour
    becomes alpha.

    Args:
        data: the file.
        bounds: outer edges that the pixels cover, units of `crs`, x first.
        crs: as `grids.crs.Crs.parse` reads it.
        max_pixels: larger images are refused before their pixels are unpacked.

    Raises: RenderError: not one of these formats, damaged, truncated, or too large.
    """
    try:
        array, palette = _decoded(data, max_pixels)
    except _DAMAGED as error:
        raise RenderError(f"an image of {len(data)} bytes cannot be read: {error}") from error
    return Raster(array, None, bounds, crs, palette)


def _decoded(data: bytes, max_pixels: int) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    with Image.open(BytesIO(data), formats=_READ) as image:
        width, height = image.size
        if width * height > max_pixels:
            raise RenderError(f"an image of {width} × {height} pixels is larger than {max_pixels}")
        if _is_deep(data):
            return _deep(data), None
        if image.format == "JPEG" and image.mode in ("L", "RGB") and data.endswith(_END_OF_JPEG):
            plain = _plain_jpeg(data, image.mode == "L")
            if plain is not None:
                return plain, None
        image.load()
        return _pixels(image)


def _plain_jpeg(data: bytes, grey: bool) -> NDArray[np.uint8] | None:
    """Return a whole JPEG's pixels; None where OpenCV cannot read it.

    By the same library as Pillow's, which needs more than twice the time since its pixels reach
    NumPy in pieces. Of a JPEG that is cut short OpenCV returns what there is: that is not for it.
    """
    colours = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), colours | _AS_STORED)
    return None if pixels is None else _as_planes(np.asarray(pixels, np.uint8))


def _as_planes(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, cols = pixels.shape[:2]
    out = np.empty((1 if pixels.ndim == 2 else pixels.shape[2], rows, cols), np.uint8)
    split_planes(pixels, out)
    return out


def _pixels(image: Image.Image) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    if image.mode == "P":
        return _indexed(image)
    if "transparency" in image.info and image.mode in ("L", "RGB", "1"):
        image = image.convert("RGBA" if image.mode == "RGB" else "LA")
    elif image.mode not in ("L", "LA", "RGB", "RGBA", "I;16", "I", "F"):
        image = image.convert("L" if image.mode == "1" else "RGBA" if "A" in image.mode else "RGB")
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return np.array(pixels[None]), None
    return _as_planes(pixels), None


def _indexed(image: Image.Image) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    image.apply_transparency()
    flat = image.getpalette("RGBA") or []
    palette = np.zeros((_PALETTE, 4), np.uint8)
    colours = np.array(flat, np.uint8).reshape(-1, 4)
    palette[: len(colours)] = colours
    return np.array(np.asarray(image)[None]), palette


def _is_deep(data: bytes) -> bool:
    """Return whether this is a PNG of 16 bits with colours or alpha, of which Pillow makes 8."""
    return (
        data.startswith(_SIGNATURE)
        and len(data) > _DEPTH_AT + 1
        and data[_DEPTH_AT] == 16
        and data[_DEPTH_AT + 1] != _GREY
    )


def _deep(data: bytes) -> NDArray[np.uint16]:
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        image.verify()  # every chunk's checksum: OpenCV returns what it has of a broken file
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise RenderError("a PNG of 16 bits is damaged")
    if pixels.ndim == 2:
        return np.asarray(pixels[None], np.uint16)
    planes = list(cv2.split(pixels))
    planes[:3] = planes[2::-1]
    if data[_DEPTH_AT + 1] == _GREY_ALPHA:  # OpenCV repeats the grey three times
        planes = planes[2:]
    return np.asarray(np.stack(planes), np.uint16)
