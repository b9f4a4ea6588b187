"""Say of a folder of rasters what a catalogue must know, from headers and a few samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rasterio.errors import RasterioError

from tuilerie.catalogue.model import BandDescription, SourceDescription
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import BoundingBox, Crs, transform_bounds, wgs84_bounds
from tuilerie.sources.describe import describe_raster
from tuilerie.sources.settings import SheetFolder
from tuilerie.sources.sheet_index import Sheet, SheetIndex, sheet_index

__all__ = ["SheetFolder", "describe_folder", "describe_index", "describe_mosaic", "leaves_gaps"]

_SAMPLED_SHEETS = 5
_MANY_SHEETS = 1000
_LISTED_WARNINGS = 20
_FULL = 0.999
_OVERVIEWS_FROM_PX = 1024


def describe_mosaic(
    path: str | Path,
    *,
    pattern: str = "*.tif",
    recursive: bool = False,
    crs: str | None = None,
    nodata: float | None = None,
    bands: Sequence[int] | None = None,
    trusted_folders: Sequence[Path] = (),
) -> SourceDescription:
    """Return what a folder of rasters is as one map.

    Files that cannot be served are left out and listed in the warnings.

    Args:
        path: the folder.
        pattern: of file names, as shells have it.
        recursive: whether folders below count.
        crs: of all files, for those that have none.
        nodata: the value of missing pixels in all files.
        bands: 1-based numbers of the bands to show by default.
        trusted_folders: where members of VRTs may lie, besides the VRT's own folder.

    Raises: CatalogueError: no folder, or no file in it that can be served.
    """
    return describe_folder(
        SheetFolder(
            path=Path(path),
            pattern=pattern,
            recursive=recursive,
            crs=crs or "",
            nodata=nodata,
            bands=tuple(bands or ()),
            trusted_folders=tuple(trusted_folders),
        )
    )


def describe_folder(folder: SheetFolder) -> SourceDescription:
    """Return what a folder of rasters is as one map; see `describe_mosaic`."""
    index = sheet_index(folder)
    step = max(1, len(index.sheets) // _SAMPLED_SHEETS)
    return describe_index(index, index.sheets[::step])


def describe_index(index: SheetIndex, sampled: Sequence[Sheet]) -> SourceDescription:
    """Return what sheets are as one map.

    Args:
        index: the sheets.
        sampled: those whose pixels tell the statistics and colours; not empty.

    Raises: CatalogueError: none of them has a place on the Earth, or can be read.
    """
    crs = _commonest(index.sheets)
    bounds, degrees, unplaced = _bounds(index.sheets, crs)
    samples, damaged = _samples(sampled)
    cell_size = min(min(sheet.cell_sizes) for sheet in index.sheets if sheet.crs == crs)
    gaps = leaves_gaps(index.sheets, bounds)
    warnings = [*index.warnings, *unplaced, *damaged]
    return replace(
        samples[0],
        crs=crs.text,
        bounds=bounds,
        wgs84_bounds=degrees,
        cell_size=cell_size,
        width=max(1, round(bounds.width / cell_size)),
        height=max(1, round(bounds.height / cell_size)),
        bands=tuple(_together(bands) for bands in zip(*(s.bands for s in samples), strict=False)),
        transparent=gaps or any(sheet.transparent for sheet in index.sheets),
        fingerprint=index.fingerprint,
        warnings=(*_shortened(warnings), *_advice(index)),
    )


def _commonest(sheets: Sequence[Sheet]) -> Crs:
    counts: dict[Crs, int] = {}
    for sheet in sheets:
        counts[sheet.crs] = counts.get(sheet.crs, 0) + 1
    return max(counts, key=lambda crs: counts[crs])


def _bounds(sheets: tuple[Sheet, ...], crs: Crs) -> tuple[BoundingBox, BoundingBox, list[str]]:
    """Return the bounds of all sheets in one CRS, in degrees, and which could not be placed."""
    union: BoundingBox | None = None
    warnings = []
    for sheet in sheets:
        try:
            found = transform_bounds(sheet.bounds, sheet.crs, crs)
        except ValueError as error:
            warnings.append(f"{sheet.name} is nowhere on the map: {error}")
            continue
        union = found if union is None else union.union(found)
    if union is None:
        raise CatalogueError(
            [Problem("no sheet lies on the Earth in its CRS", "give the right one as `crs`")]
        )
    if crs.is_geographic and union.width >= crs.full_turn:
        half = crs.full_turn / 2
        union = BoundingBox(-half, union.bottom, half, union.top)
    return union, wgs84_bounds(union, crs), warnings


def leaves_gaps(sheets: Sequence[Sheet], bounds: BoundingBox) -> bool:
    """Tell whether sheets cannot fill a rectangle in the CRS of most; overlaps count twice."""
    crs = _commonest(sheets)
    covered = sum(each.bounds.width * each.bounds.height for each in sheets if each.crs == crs)
    return covered < _FULL * bounds.width * bounds.height


def _samples(sheets: Sequence[Sheet]) -> tuple[list[SourceDescription], list[str]]:
    """Describe a few sheets in full, for statistics and colours."""
    found = []
    warnings = []
    for sheet in sheets:
        try:
            found.append(describe_raster(sheet.file))
        except (CatalogueError, RasterioError, OSError) as error:
            warnings.append(f"{sheet.name}: {error}")
    if not found:
        return [describe_raster(sheets[0].file)], warnings
    return found, warnings


def _together(bands: Sequence[BandDescription]) -> BandDescription:
    """Return one band's description from several sheets': the widest limits."""
    return replace(
        bands[0],
        # Where one sheet has a scale, its whole numbers stand for others.
        dtype=next((band.dtype for band in bands if "float" in band.dtype), bands[0].dtype),
        minimum=_least([band.minimum for band in bands]),
        maximum=_most([band.maximum for band in bands]),
        percentile_2=_least([band.percentile_2 for band in bands]),
        percentile_98=_most([band.percentile_98 for band in bands]),
    )


def _least(values: Sequence[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _shortened(warnings: list[str]) -> list[str]:
    if len(warnings) <= _LISTED_WARNINGS:
        return warnings
    rest = len(warnings) - _LISTED_WARNINGS
    return [*warnings[:_LISTED_WARNINGS], f"and {rest} more warnings of this kind"]


def _advice(index: SheetIndex) -> Iterator[str]:
    if len(index.sheets) > _MANY_SHEETS:
        yield (
            f"coarse matrices open all {len(index.sheets)} sheets for one tile:"
            " serve them from a reduced copy (gdal_translate of a VRT), the sheets from a finer one"
        )
    if not all(
        sheet.overviews or max(_size(sheet)) <= _OVERVIEWS_FROM_PX for sheet in index.sheets
    ):
        yield "some sheets have no overviews: coarse matrices read all of their pixels"


def _size(sheet: Sheet) -> tuple[float, float]:
    return (
        sheet.bounds.width / sheet.cell_sizes[0],
        sheet.bounds.height / sheet.cell_sizes[1],
    )
