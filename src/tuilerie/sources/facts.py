"""What must be known of an open raster to read pixels from it: place, sizes, bands, gaps.

Everything is derived from the handle, not from a description made earlier: a file that was
replaced while serving is read by what it is now.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags

from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.around import period_of
from tuilerie.sources.control_points import apply
from tuilerie.sources.georeference import find_affine, find_crs
from tuilerie.sources.levels import Level, levels_of
from tuilerie.sources.settings import RasterFile

__all__ = ["RasterFacts", "read_facts"]

_WHOLE_TURN_SLACK_PX = 0.02
_SEVERAL_BANDS = 2
_LARGEST_BLOCK_PX = 1 << 28


@dataclass(frozen=True, slots=True, eq=False)
class RasterFacts:
    """An open raster, as reading needs it.

    Attributes:
        affine: (column, row) of full-size pixel corners -> CRS units.
        levels: from full size down to a thumbnail; each at most about half the one before.
        shown: 1-based bands that are colours or values when none are asked for; never the alpha.
        alpha: the band that holds transparency, 0 if none.
        masked: whether the file has a mask of its own, beside nodata and alpha.
        nodata: per band of the file.
        nodata_known: whether GDAL knows the nodata values, and so leaves them out of averages.
        scaling: per band of the file, (scale, offset): what is shown is value * scale + offset.
        palette: (256, 4) uint8 RGBA where the shown band holds indices.
        period_px: columns after which the same places come again, 0 if they never do.
        turn_px: the same as a whole number if the raster goes once around the Earth, else 0.
    """

    crs: Crs
    affine: Affine
    width: int
    height: int
    levels: tuple[Level, ...]
    dtype: np.dtype[Any]
    count: int
    shown: tuple[int, ...]
    alpha: int
    masked: bool
    nodata: tuple[float | None, ...]
    nodata_known: bool
    scaling: tuple[tuple[float, float], ...]
    palette: NDArray[np.uint8] | None
    period_px: float
    turn_px: int

    def turn_at(self, level: Level) -> int:
        """Return the columns of a level that go once around the Earth."""
        return max(1, round(self.turn_px * level.width / self.width))

    @property
    def transparent(self) -> bool:
        """Return whether what it shows may have gaps."""
        return bool(
            self.alpha
            or self.masked
            or not self.upright
            or any(self.nodata[band - 1] is not None for band in self.shown)
            or (self.palette is not None and (self.palette[:, 3] < 255).any())
        )

    @property
    def upright(self) -> bool:
        """Return whether rows and columns run along the axes of the CRS (either way)."""
        return bool(self.affine.b == 0 and self.affine.d == 0)

    @property
    def bounds(self) -> BoundingBox:
        """Return the smallest rectangle around the raster, CRS units."""
        corners = [
            apply(self.affine, col, row) for col in (0, self.width) for row in (0, self.height)
        ]
        xs, ys = zip(*corners, strict=True)
        return BoundingBox(min(xs), min(ys), max(xs), max(ys))

    @property
    def cell_size(self) -> float:
        """Return the CRS units per pixel of the finer axis."""
        return min(*self.cell_sizes)

    @property
    def cell_sizes(self) -> tuple[float, float]:
        """Return the CRS units per pixel along a row and along a column."""
        return (
            math.hypot(self.affine.a, self.affine.d),
            math.hypot(self.affine.b, self.affine.e),
        )


def read_facts(dataset: Any, file: RasterFile) -> RasterFacts:
    """Return what must be known of an open dataset.

    Raises: CatalogueError: all that keeps it from being a map, at once.
    """
    problems: list[Problem] = []
    crs = find_crs(dataset, file, problems)
    affine = find_affine(dataset, problems)
    if not dataset.count or not dataset.width or not dataset.height:
        problems.append(_empty(dataset))
    dtypes = tuple(dataset.dtypes)
    if any(dtype.startswith("complex") for dtype in dtypes):
        problems.append(
            Problem(
                f"the bands hold complex numbers ({dtypes[0]})",
                "make a file of the amplitude or phase and serve that",
            )
        )
    elif len(set(dtypes)) > 1:
        problems.append(
            Problem(
                f"the bands have different data types ({', '.join(sorted(set(dtypes)))})",
                "make them one type with gdal_translate -ot",
            )
        )
    block = max(rows * cols for rows, cols in dataset.block_shapes) if dataset.count else 0
    if block > _LARGEST_BLOCK_PX:
        problems.append(
            Problem(
                f"its pixels come in blocks of {block / 1e6:,.0f} million, too large for memory",
                "rewrite it in tiles with gdal_translate -of COG",
            )
        )
    bands = _given_bands(dataset, file, problems)
    if problems or crs is None or affine is None:
        raise CatalogueError(problems)

    period_px = _period_px(crs, affine)
    alpha = _alpha(dataset)
    shown = tuple(band for band in bands if band != alpha) or _shown(dataset, alpha)
    return RasterFacts(
        crs=crs,
        affine=affine,
        width=dataset.width,
        height=dataset.height,
        levels=levels_of(dataset),
        dtype=np.dtype(dtypes[0]),
        count=dataset.count,
        shown=shown,
        alpha=alpha,
        masked=_masked(dataset),
        nodata=_nodata(dataset, file),
        nodata_known=_nodata_known(dataset, file),
        scaling=tuple(zip(dataset.scales, dataset.offsets, strict=True)),
        palette=_palette(dataset, shown),
        period_px=period_px,
        turn_px=_turn_px(period_px, dataset.width),
    )


def _empty(dataset: Any) -> Problem:
    inner = [name.rsplit(":", 1)[-1] for name in dataset.subdatasets]
    if inner:
        return Problem(
            "the file is a container of several rasters",
            f"choose one as `subdataset`: {', '.join(inner[:20])}",
        )
    return Problem("the file has no bands or no pixels", "give a raster file")


def _given_bands(dataset: Any, file: RasterFile, problems: list[Problem]) -> tuple[int, ...]:
    wrong = [band for band in file.bands if not 1 <= band <= dataset.count]
    if wrong:
        problems.append(
            Problem(
                f"there is no band {wrong[0]}: the file has {dataset.count}",
                f"use numbers from 1 to {dataset.count}",
            )
        )
    return file.bands


def _alpha(dataset: Any) -> int:
    if dataset.count < _SEVERAL_BANDS or ColorInterp.alpha not in dataset.colorinterp:
        return 0
    return int(dataset.colorinterp.index(ColorInterp.alpha)) + 1


def _shown(dataset: Any, alpha: int) -> tuple[int, ...]:
    """Choose bands to show: the colours by their names, else the first three bytes, else one."""
    named = dataset.colorinterp
    colours = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in named for colour in colours):
        return tuple(named.index(colour) + 1 for colour in colours)
    others = tuple(band for band in range(1, dataset.count + 1) if band != alpha)
    if len(others) >= len(colours) and dataset.dtypes[0] == "uint8":
        return others[: len(colours)]
    return others[:1]


def _masked(dataset: Any) -> bool:
    flags = dataset.mask_flag_enums[0]
    return MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags


def _nodata(dataset: Any, file: RasterFile) -> tuple[float | None, ...]:
    if file.nodata is not None:
        return (file.nodata,) * int(dataset.count)
    own: tuple[float | None, ...] = tuple(dataset.nodatavals)
    return own


def _nodata_known(dataset: Any, file: RasterFile) -> bool:
    own: tuple[float | None, ...] = tuple(dataset.nodatavals)
    if file.nodata is not None and any(not _same(value, file.nodata) for value in own):
        return False
    # NaN is a gap whether declared or not; undeclared, GDAL spreads it over every average.
    return not (dataset.dtypes[0].startswith("float") and any(value is None for value in own))


def _same(value: float | None, other: float) -> bool:
    return value is not None and (value == other or (math.isnan(value) and math.isnan(other)))


def _palette(dataset: Any, shown: Sequence[int]) -> NDArray[np.uint8] | None:
    band = shown[0]
    if dataset.dtypes[band - 1] != "uint8" or len(shown) != 1:
        return None
    if dataset.colorinterp[band - 1] is not ColorInterp.palette:
        return None
    table = np.zeros((256, 4), np.uint8)
    for index, colour in dataset.colormap(band).items():
        if index < len(table):
            table[index] = colour
    return table


def _period_px(crs: Crs, affine: Affine) -> float:
    period = None if affine.b or affine.d else period_of(crs)
    return 0.0 if period is None else period / abs(affine.a)


def _turn_px(period_px: float, width: int) -> int:
    """Return the columns of a full turn if the raster makes one: then its edges are neighbours."""
    columns = round(period_px)
    slack = max(_WHOLE_TURN_SLACK_PX, 1e-6 * columns)
    return columns if 0 < columns <= width and abs(period_px - columns) <= slack else 0
