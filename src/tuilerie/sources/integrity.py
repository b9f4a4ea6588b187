"""Find out in milliseconds whether a file is all there: copies that broke off are the usual fault.

A truncated file opens like a whole one and fails where its pixels are missing, which a map server
would notice at some visitor's request. Reading everything is no way for large files, but the last
bytes of a file are missing from every truncated copy, whatever they hold.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from tuilerie.errors import CatalogueError, Problem

__all__ = ["check_whole"]

_MOST_OFFSETS = 1024
_LARGEST_BLOCK_PX = 1 << 24
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
_END_BYTES = 4096


def check_whole(dataset: Any, path: Path) -> None:
    """Check that the pixels at the beginning, in the middle and at the end can be read.

    Args:
        dataset: open; of one file, not rectified or virtual, else only blocks are read.
        path: the dataset's file, absolute.

    Raises: CatalogueError: they cannot.
    """
    beyond = _beyond_end(dataset, path)
    if beyond:
        raise _damaged(beyond)
    end = _ENDS.get(dataset.driver)
    if end is not None and _ends_with(path, end):
        # These must be decoded from the top: reaching the last row may take seconds.
        return
    try:
        for window in _windows(dataset):
            dataset.read(1, window=window)
            if dataset.count > 1:
                dataset.read(dataset.count, window=window)
    except RasterioIOError as error:
        raise _damaged(_reason(error)) from error


def _beyond_end(dataset: Any, path: Path) -> str:
    """Say which part of a TIFF lies beyond its end, "" if none does."""
    if dataset.driver not in {"GTiff", "COG"} or dataset.name != str(path):
        return ""
    size = path.stat().st_size
    for overview in (None, *range(len(dataset.overviews(1)))):
        for band in {1, dataset.count}:
            for col, row in _some_blocks(dataset, overview):
                start = _tag(dataset, f"BLOCK_OFFSET_{col}_{row}", band, overview)
                length = _tag(dataset, f"BLOCK_SIZE_{col}_{row}", band, overview)
                if start + length > size:
                    part = "its pixels" if overview is None else f"overview {overview + 1}"
                    return f"{part} should reach to byte {start + length}, it ends at {size}"
    return ""


def _some_blocks(dataset: Any, overview: int | None) -> list[tuple[int, int]]:
    """Return blocks spread evenly over a level, the first and the last among them."""
    factor = 1 if overview is None else dataset.overviews(1)[overview]
    height, width = dataset.block_shapes[0]
    cols = max(1, -(-dataset.width // (factor * width)))
    rows = max(1, -(-dataset.height // (factor * height)))
    step = max(1, cols * rows // _MOST_OFFSETS)
    numbers = [*range(0, cols * rows, step), cols * rows - 1]
    return [(number % cols, number // cols) for number in numbers]


def _tag(dataset: Any, name: str, band: int, overview: int | None) -> int:
    value = dataset.get_tag_item(name, "TIFF", bidx=band, ovr=overview)
    # Sparse files have no bytes for empty blocks.
    return int(value) if value else 0


def _windows(dataset: Any) -> list[Window]:
    """Return a pixel in the first, the middle and the last block."""
    height, width = dataset.block_shapes[0]
    if height * width > _LARGEST_BLOCK_PX:
        return []
    corners = [
        (0, 0),
        (dataset.width // 2, dataset.height // 2),
        (dataset.width - 1, dataset.height - 1),
    ]
    return [Window(col, row, 1, 1) for col, row in corners]


def _ends_with(path: Path, end: bytes) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES), os.SEEK_SET)
        return end in file.read()


def _reason(error: RasterioIOError) -> str:
    return str(error.__cause__ or error)


def _damaged(reason: str) -> CatalogueError:
    return CatalogueError(
        [
            Problem(
                f"the file is damaged or was not copied completely: {reason}",
                "copy it again, and compare sizes or checksums with the original",
            )
        ]
    )
