"""Rasters cut and put side by side, pixel by pixel, without interpolation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox, MetaTile, TileIndex, TileMatrixSet
from tuilerie.raster.image import Raster

__all__ = ["crop", "paste", "split"]

_HALF_PIXEL = 0.5


def crop(raster: Raster, col: int, row: int, width: int, height: int) -> Raster:
    """Return a view of a rectangle of pixels; nothing is copied.

    The rectangle's first pixel is `col`, `row`, counted from the top left.

    Raises: ValueError: the rectangle is empty or reaches beyond the raster.
    """
    _, rows, cols = raster.array.shape
    if not (0 <= col < col + width <= cols and 0 <= row < row + height <= rows):
        raise ValueError(
            f"{width} × {height} pixels from {col}, {row} are not in {cols} × {rows} pixels"
        )
    cell_x, cell_y = raster.bounds.width / cols, raster.bounds.height / rows
    bounds = BoundingBox(
        raster.bounds.left + col * cell_x,
        raster.bounds.top - (row + height) * cell_y,
        raster.bounds.left + (col + width) * cell_x,
        raster.bounds.top - row * cell_y,
    )
    return _cut(raster, col, row, width, height, bounds)


def split(raster: Raster, metatile: MetaTile, tms: TileMatrixSet) -> dict[TileIndex, Raster]:
    """Return the tiles of a metatile, buffer cut away, as views: nothing is copied.

    Each tile has exactly the bounds that the matrix set says.

    Raises:
        RenderError: the raster has not the size of the metatile.
        RequestError: the metatile is not in the matrix set.
    """
    width, height = tms.metatile_size(metatile)
    if raster.array.shape[1:] != (height, width):
        raise RenderError(
            f"a metatile of {width} × {height} pixels was rendered "
            f"as {raster.array.shape[2]} × {raster.array.shape[1]}"
        )
    matrix = tms.matrix(metatile.matrix)
    tiles = {}
    for index in metatile.indices():
        col = metatile.buffer_px + (index.col - metatile.col) * matrix.tile_width
        row = metatile.buffer_px + (index.row - metatile.row) * matrix.tile_height
        tiles[index] = _cut(
            raster, col, row, matrix.tile_width, matrix.tile_height, tms.bounds(index)
        )
    return tiles


def paste(
    rasters: Iterable[Raster], bounds: BoundingBox, crs: str, width: int, height: int
) -> Raster | None:
    """Return one raster of those that lie on its grid of pixels; None if there are none.

    Later rasters lie above earlier ones; their pixels without data let the earlier ones show,
    and alpha is not blended: a pixel is as its topmost raster with data has it. Rasters are
    placed to the nearest pixel; what reaches beyond the bounds is cut.

    The result has the outer edges `bounds` (units of `crs`, x first) and width × height pixels.

    Raises: RenderError: a raster differs in bands, dtype, palette or pixel size from the others.
    """
    cell_x, cell_y = bounds.width / width, bounds.height / height
    array: NDArray[Any] | None = None
    mask = np.zeros((height, width), np.uint8)
    palette = None
    for raster in rasters:
        if array is None:
            array = np.zeros((len(raster.array), height, width), raster.array.dtype)
            palette = raster.palette
        _check_alike(raster, array, palette, (cell_x, cell_y))
        col = round((raster.bounds.left - bounds.left) / cell_x)
        row = round((bounds.top - raster.bounds.top) / cell_y)
        _, rows, cols = raster.array.shape
        left, right = max(col, 0), min(col + cols, width)
        top, bottom = max(row, 0), min(row + rows, height)
        if left >= right or top >= bottom:
            continue
        inner = (slice(top - row, bottom - row), slice(left - col, right - col))
        outer = (slice(top, bottom), slice(left, right))
        _lay(raster, inner, array, mask, outer)
    if array is None:
        return None
    return Raster(array, None if mask.all() else mask, bounds, crs, palette)


def _lay(
    raster: Raster,
    inner: tuple[slice, slice],
    array: NDArray[Any],
    mask: NDArray[np.uint8],
    outer: tuple[slice, slice],
) -> None:
    if raster.mask is None:
        array[:, *outer] = raster.array[:, *inner]
        mask[outer] = 255
        return
    valid = raster.mask[inner] != 0
    np.copyto(array[:, *outer], raster.array[:, *inner], where=valid)
    mask[outer][valid] = 255


def _check_alike(
    raster: Raster,
    array: NDArray[Any],
    palette: NDArray[np.uint8] | None,
    cell: tuple[float, float],
) -> None:
    if len(raster.array) != len(array) or raster.array.dtype != array.dtype:
        raise RenderError(
            f"rasters of {len(array)} bands of {array.dtype} and of {len(raster.array)} bands "
            f"of {raster.array.dtype} do not fit together"
        )
    if raster.palette is None or palette is None:
        same = raster.palette is palette
    else:
        same = np.array_equal(raster.palette, palette)
    if not same:
        raise RenderError("rasters with different palettes do not fit together")
    _, rows, cols = raster.array.shape
    wanted = (round(raster.bounds.width / cell[0]), round(raster.bounds.height / cell[1]))
    off_x = abs(raster.bounds.width / cell[0] - cols)
    off_y = abs(raster.bounds.height / cell[1] - rows)
    if off_x >= _HALF_PIXEL or off_y >= _HALF_PIXEL:
        raise RenderError(
            f"a raster of {cols} × {rows} pixels covers {wanted[0]} × {wanted[1]} of the mosaic's"
        )


def _cut(
    raster: Raster, col: int, row: int, width: int, height: int, bounds: BoundingBox
) -> Raster:
    rows, cols = slice(row, row + height), slice(col, col + width)
    mask = None if raster.mask is None else raster.mask[rows, cols]
    return Raster(raster.array[:, rows, cols], mask, bounds, raster.crs, raster.palette)
