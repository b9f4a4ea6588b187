"""Pictures of at most 256 colours as indices and a palette: exactly where possible."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tuilerie.raster.image import Raster
from tuilerie.raster.picture import OPAQUE, Picture

__all__ = ["Indexed", "exact_palette", "indexed_raster", "quantised"]

_COLOURS = 256
_HASHED = 1 << 16
_PROBES = (1024, 4096)
_MULTIPLIERS = (0x9E3779B1, 0x85EBCA77)
"""Odd numbers whose products spread neighbouring colours over the upper 16 bits."""


class Indexed(NamedTuple):
    """Indices (rows, columns) uint8 and their colours (n, 4) uint8 RGBA, n <= 256."""

    indices: NDArray[np.uint8]
    colours: NDArray[np.uint8]


def exact_palette(picture: Picture) -> Indexed | None:
    """Return the picture by its own colours; None if it has more than 256.

    A photograph is known by a few rows in 20 µs; the rest goes through a table of hashed
    colours, in a third of the time that sorting takes.
    """
    rows, cols = picture.shape
    for pixels in _PROBES:
        stride = max(rows * cols // pixels, 1)
        probe = Picture(
            [plane[::stride] for plane in picture.colours],
            None if picture.alpha is None else picture.alpha[::stride],
        )
        if len(np.unique(_packed(probe))) > _COLOURS:
            return None
    packed = _packed(picture)
    for multiplier in _MULTIPLIERS:
        places = ((packed * np.uint32(multiplier)) >> np.uint32(16)).astype(np.uint16)
        table = np.zeros(_HASHED, np.uint32)
        table[places] = packed
        if not np.array_equal(table[places], packed):
            continue  # two colours in one place
        taken = np.zeros(_HASHED, np.bool_)
        taken[places] = True
        used = np.flatnonzero(taken)
        if len(used) > _COLOURS:
            return None
        order = np.argsort(table[used])  # the same picture gives the same bytes
        numbers = np.zeros(_HASHED, np.uint8)
        numbers[used[order]] = np.arange(len(used), dtype=np.uint8)
        return Indexed(numbers[places].reshape(rows, cols), _unpacked(table[used[order]]))
    colours, indices = np.unique(packed, return_inverse=True)
    if len(colours) > _COLOURS:
        return None
    return Indexed(indices.astype(np.uint8).reshape(rows, cols), _unpacked(colours))


def indexed_raster(raster: Raster) -> Indexed | None:
    """Return a raster's own indices and palette, masked pixels as a transparent index.

    Indices stay as they are, so that a client still finds the classes. None if the raster has no
    palette, or no index is left for what is masked.
    """
    if raster.palette is None or raster.array.dtype != np.uint8:
        return None
    indices = raster.array[0]
    used = np.bincount(indices.reshape(-1), minlength=_COLOURS)
    colours = raster.palette
    if raster.mask is not None and not raster.mask.all():
        hidden = np.flatnonzero(colours[:, 3] == 0)
        free = hidden if hidden.size else np.flatnonzero(used == 0)
        if not free.size:
            return None
        clear = int(free[0])
        colours = colours.copy()
        colours[clear] = 0
        indices = np.where(raster.mask != 0, indices, np.uint8(clear))
        used[clear] = 1
    last = int(np.flatnonzero(used)[-1])
    return Indexed(np.ascontiguousarray(indices), np.ascontiguousarray(colours[: last + 1]))


def quantised(picture: Picture) -> Indexed:
    """Return the picture in 256 colours that are near its own, alpha among them."""
    rgb = picture.colours if len(picture.colours) == 3 else picture.colours * 3
    full = Picture(rgb, picture.alpha).pixels()
    image = Image.fromarray(full).quantize(
        _COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    mode = "RGB" if picture.alpha is None else "RGBA"
    flat = np.array(image.getpalette(mode), np.uint8).reshape(-1, len(mode))
    colours = np.full((len(flat), 4), OPAQUE, np.uint8)
    colours[:, : len(mode)] = flat
    colours[colours[:, 3] == 0] = 0
    return Indexed(np.asarray(image, np.uint8), colours)


def _packed(picture: Picture) -> NDArray[np.uint32]:
    """Return each pixel's colour as one number: grey alone, or red, green, blue, alpha bytes."""
    planes = picture.colours if len(picture.colours) == 3 else picture.colours * 3
    alpha = picture.alpha
    if alpha is None:
        alpha = np.full(picture.shape, OPAQUE, np.uint8)
    four = Picture([*planes], alpha).pixels()
    return np.ascontiguousarray(four).view(np.uint32).reshape(-1)


def _unpacked(colours: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(colours).view(np.uint8).reshape(-1, 4)
