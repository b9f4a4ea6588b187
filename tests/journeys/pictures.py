"""Pictures compared: ours, of whole tiles put together, and GDAL's of the same place."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from tests.journeys.published import Bounds

__all__ = [
    "Difference",
    "Picture",
    "compare",
    "decode",
    "expand",
    "gdalwarp",
    "join",
    "jumps",
    "mean_of_gdal",
    "picture",
    "stretch",
]


class Picture(NamedTuple):
    """Colours (rows, columns, 3) as numbers, and which pixels show anything."""

    colours: NDArray[np.float64]
    seen: NDArray[np.bool_]


class Difference(NamedTuple):
    """What compares two pictures.

    Attributes:
        agreeing: share of pixels that are seen in both, or in neither.
        common: share of pixels that are seen in both, away from edges.
        mean: mean absolute difference of the colours of these, of 255.
        off: share of them that differ by more than the threshold in any colour.
        shift: by how many pixels ours lies to the right of and below the other one.
    """

    agreeing: float
    common: float
    mean: float
    off: float
    shift: tuple[float, float]


def decode(body: bytes, size: tuple[int, int]) -> Picture:
    """Read a tile of this size (columns, rows), whatever its format; no bytes are an empty one."""
    if not body:
        return Picture(np.zeros((size[1], size[0], 3)), np.zeros((size[1], size[0]), bool))
    pixels = np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))
    assert pixels.shape[:2] == (size[1], size[0])
    return Picture(pixels[..., :3].astype(np.float64), pixels[..., 3] >= 128)


def join(tiles: Sequence[Sequence[bytes]], size: tuple[int, int]) -> Picture:
    """Put rows of tiles of one size together."""
    pictures = [[decode(body, size) for body in row] for row in tiles]
    return Picture(
        np.concatenate([np.concatenate([p.colours for p in row], 1) for row in pictures]),
        np.concatenate([np.concatenate([p.seen for p in row], 1) for row in pictures]),
    )


def gdalwarp(
    source: Path,
    crs: str,
    bounds: Bounds,
    size: tuple[int, int],
    how: str,
    *extra: str,
    error_px: float = 0.0,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the bands (bands, rows, columns) and the validity that GDAL makes of a file.

    Args:
        error_px: by how much GDAL may misplace a pixel; 0 = it transforms each exactly.
    """
    beside = source.with_suffix(".prj")  # of JPEG and PNG, GDAL does not look at it
    own = ["-s_srs", str(beside)] if beside.exists() else []
    run = subprocess.run(
        [
            "gdalwarp", "-q", *own, "-et", repr(error_px), "-r", how, "-t_srs", crs, "-dstalpha",
            "-te", *map(repr, bounds), "-ts", *map(str, size), "-of", "GTiff", *extra,
            str(source), "/vsistdout/",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with rasterio.MemoryFile(run.stdout) as memory, memory.open() as dataset:
        bands = dataset.read()
    return bands[:-1], bands[-1] > bands[-1].max() // 2


def mean_of_gdal(
    source: Path, crs: str, bounds: Bounds, size: tuple[int, int], factor: int = 3
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the mean of all that each pixel covers, where a map is coarser than the data.

    GDAL draws `factor` times finer, from the pixels at full size and without its own smoothing
    (whose width it guesses wrongly where the map reaches beyond the data); we average.
    """
    bands, seen = gdalwarp(
        source, crs, bounds, (size[0] * factor, size[1] * factor), "bilinear",
        "-ovr", "NONE", "-wo", "XSCALE=1", "-wo", "YSCALE=1", error_px=0.125,
    )  # fmt: skip
    weight = cv2.resize(seen.astype(np.float64), size, interpolation=cv2.INTER_AREA)
    means = [
        cv2.resize(band * seen, size, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-9)
        for band in bands.astype(np.float64)
    ]
    return np.stack(means), weight >= 0.5


def picture(bands: NDArray[Any], seen: NDArray[np.bool_]) -> Picture:
    """Return one or three bands of colours as a picture."""
    planes = np.broadcast_to(bands, (3, *bands.shape[1:]))
    return Picture(np.moveaxis(planes, 0, -1).astype(np.float64), seen)


def jumps(ours: Picture, theirs: Picture, axis: int) -> NDArray[np.float64]:
    """Return by how much each step from one column (axis 1) or row (0) to the next differs.

    A line between two tiles is a step that the other picture does not have. NaN where nothing
    is seen in both pictures.
    """
    both = ours.seen & theirs.seen
    first = both.take(range(both.shape[axis] - 1), axis)
    second = both.take(range(1, both.shape[axis]), axis)
    steps = np.diff(ours.colours - theirs.colours, axis=axis)
    known = (first & second)[..., None]
    across = (1 - axis, 2)
    count = known.sum(axis=across) * 3.0
    return (np.abs(steps) * known).sum(axis=across) / np.where(count > 0, count, np.nan)


def stretch(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """Return values as a picture shows them, black at `low` and white at `high`."""
    return np.clip((values.astype(np.float64) - low) / (high - low) * 255, 0, 255)


def expand(indices: NDArray[Any], source: Path) -> Picture:
    """Return the colours that a file's colour table gives to indices (1, rows, columns)."""
    with rasterio.open(source) as dataset:
        table = np.zeros((256, 4))
        for index, colour in dataset.colormap(1).items():
            table[index] = colour
    colours = table[indices[0]]
    return Picture(colours[..., :3], colours[..., 3] >= 128)


def compare(ours: Picture, theirs: Picture, threshold: float, edge_px: int = 2) -> Difference:
    """Compare two pictures of one size; edges of what is seen count for `agreeing` alone."""
    assert ours.colours.shape == theirs.colours.shape
    both = (ours.seen & theirs.seen).astype(np.uint8)
    kernel = np.ones((2 * edge_px + 1,) * 2, np.uint8)
    inner = cv2.erode(both, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    if not inner.any():
        return Difference(float((ours.seen == theirs.seen).mean()), 0.0, 0.0, 0.0, (0.0, 0.0))
    difference = np.abs(ours.colours - theirs.colours)[inner]
    return Difference(
        agreeing=float((ours.seen == theirs.seen).mean()),
        common=float(inner.mean()),
        mean=float(difference.mean()),
        off=float((difference.max(axis=-1) > threshold).mean()),
        shift=_shift(ours, theirs, inner),
    )


def _shift(ours: Picture, theirs: Picture, inner: NDArray[np.bool_]) -> tuple[float, float]:
    """Find the small shift that explains most of the difference: ours = theirs - shift·slope."""
    one, other = ours.colours.mean(axis=-1), theirs.colours.mean(axis=-1)
    slope_y, slope_x = np.gradient((one + other) / 2)
    slopes = np.stack([slope_x[inner], slope_y[inner]], axis=1)
    found, *_ = np.linalg.lstsq(slopes, (other - one)[inner], rcond=None)
    return float(found[0]), float(found[1])
