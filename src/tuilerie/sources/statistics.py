"""What the values of a band are like, from the file's own words or a sample of at most 512² pixels.

A style that stretches "automatically" needs limits; exact ones are not worth reading a country's
elevation model for. The sample comes from an overview where there is one, else from blocks spread
evenly over the raster, so that describing takes milliseconds for a file of any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.windows import Window

from tuilerie.sources.facts import RasterFacts

__all__ = ["BandStatistics", "band_statistics"]

_SAMPLE_PX = 512
_FULL_READ_PX = 4_000_000
_BLOCKS_PER_SIDE = 6
_WIDEST_PIECE_PX = 256


class BandStatistics(NamedTuple):
    """Limits of a band, in the units that its scale and offset make; None if nothing is valid."""

    minimum: float | None = None
    maximum: float | None = None
    percentile_2: float | None = None
    percentile_98: float | None = None


def band_statistics(
    dataset: Any, facts: RasterFacts, bands: Sequence[int]
) -> dict[int, BandStatistics]:
    """Return the statistics of bands (1-based), each from the file's metadata and a sample."""
    samples = _sample(dataset, facts, bands)
    return {
        band: _summary(values, dataset.tags(band), facts, band) for band, values in samples.items()
    }


def _summary(
    values: NDArray[np.float64], tags: dict[str, str], facts: RasterFacts, band: int
) -> BandStatistics:
    scale, offset = facts.scaling[band - 1]
    low = _number(tags.get("STATISTICS_MINIMUM"))
    high = _number(tags.get("STATISTICS_MAXIMUM"))
    if low is None or high is None or low > high:
        low = high = None
    if not values.size:
        return BandStatistics(_scaled(low, scale, offset), _scaled(high, scale, offset))
    percentile_2, percentile_98 = (float(value) for value in np.percentile(values, (2, 98)))
    return BandStatistics(
        minimum=_scaled(float(values.min()) if low is None else low, scale, offset),
        maximum=_scaled(float(values.max()) if high is None else high, scale, offset),
        percentile_2=_scaled(percentile_2, scale, offset),
        percentile_98=_scaled(percentile_98, scale, offset),
    )


def _scaled(value: float | None, scale: float, offset: float) -> float | None:
    return None if value is None else value * scale + offset


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and np.isfinite(value) else None


def _sample(
    dataset: Any, facts: RasterFacts, bands: Sequence[int]
) -> dict[int, NDArray[np.float64]]:
    """Read some valid values of each band."""
    pieces = [
        (dataset.read(list(bands), **piece), _own_mask(dataset, facts, piece))
        for piece in _pieces(dataset, facts)
    ]
    return {
        band: np.concatenate(
            [_valid(array[at], mask, facts.nodata[band - 1]) for array, mask in pieces]
        )
        for at, band in enumerate(bands)
    }


def _pieces(dataset: Any, facts: RasterFacts) -> list[dict[str, Any]]:
    """Return the arguments of the readings that make up the sample."""
    coarse = [level for level in facts.levels if level.stored][-1]
    if coarse.width * coarse.height <= _FULL_READ_PX:
        shrink = max(1.0, coarse.width / _SAMPLE_PX, coarse.height / _SAMPLE_PX)
        shape = (max(1, int(coarse.height / shrink)), max(1, int(coarse.width / shrink)))
        # Averages would hide the extremes.
        return [{"out_shape": shape, "resampling": Resampling.nearest}]
    height, width = dataset.block_shapes[0]
    width, height = min(width, _WIDEST_PIECE_PX), min(height, _WIDEST_PIECE_PX)
    return [
        {"window": Window(col, row, width, height)}
        for row in _spread(facts.height, height, dataset.block_shapes[0][0])
        for col in _spread(facts.width, width, dataset.block_shapes[0][1])
    ]


def _spread(length: int, piece: int, block: int) -> list[int]:
    """Return starts of pieces at the beginnings of blocks, evenly from one end to the other."""
    last = max(0, length - piece)
    starts = np.linspace(0, last, _BLOCKS_PER_SIDE).astype(int)
    return sorted({min(last, int(start) // block * block) for start in starts})


def _own_mask(dataset: Any, facts: RasterFacts, piece: dict[str, Any]) -> NDArray[np.bool_] | None:
    if facts.alpha:
        return np.asarray(dataset.read(facts.alpha, **piece) > 0)
    if facts.masked:
        return np.asarray(dataset.read_masks(1, **piece) > 0)
    return None


def _valid(
    array: NDArray[Any], mask: NDArray[np.bool_] | None, nodata: float | None
) -> NDArray[np.float64]:
    values = array.astype(np.float64)
    valid = np.isfinite(values)
    if nodata is not None:
        valid &= array != nodata
    if mask is not None:
        valid &= mask
    return np.asarray(values[valid])
