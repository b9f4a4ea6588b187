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

__all__ = ["Difference", "Picture", "compare", "decode", "expand", "gdalwarp", "join", "stretch"]


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


def decode(body: bytes) -> Picture:
    """Read a tile, whatever its format."""
    pixels = np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))
    return Picture(pixels[..., :3].astype(np.float64), pixels[..., 3] >= 128)


def join(tiles: Sequence[Sequence[bytes]]) -> Picture:
    """Put rows of tiles together."""
    pictures = [[decode(body) for body in row] for row in tiles]
    return Picture(
        np.concatenate([np.concatenate([p.colours for p in row], 1) for row in pictures]),
        np.concatenate([np.concatenate([p.seen for p in row], 1) for row in pictures]),
    )


def gdalwarp(
    source: Path, crs: str, bounds: Bounds, size: tuple[int, int], how: str, *extra: str
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the bands (bands, rows, columns) and the validity that GDAL makes of a file."""
    run = subprocess.run(
        [
            "gdalwarp", "-q", "-et", "0", "-r", how, "-t_srs", crs, "-dstalpha",
            "-te", *map(repr, bounds), "-ts", *map(str, size), "-of", "GTiff", *extra,
            str(source), "/vsistdout/",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with rasterio.MemoryFile(run.stdout) as memory, memory.open() as dataset:
        bands = dataset.read()
    return bands[:-1], bands[-1] > bands[-1].max() // 2


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
