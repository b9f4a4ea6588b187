"""Say of a raster file what a catalogue must know, or why it cannot be served and who mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT

from tuilerie.catalogue.model import BandDescription, DataKind, SourceDescription
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import BoundingBox, wgs84_bounds
from tuilerie.sources.categories import category_names
from tuilerie.sources.facts import RasterFacts, read_facts
from tuilerie.sources.fingerprint import file_fingerprint
from tuilerie.sources.integrity import check_whole
from tuilerie.sources.opening import open_raster
from tuilerie.sources.settings import RasterFile
from tuilerie.sources.statistics import BandStatistics, band_statistics

__all__ = ["describe_file", "describe_raster", "kind_of", "placed_bounds"]

_MOST_STATISTICS = 16
_NEEDS_OVERVIEWS_PX = 4096
_SEQUENTIAL_PX = 16_000_000
_SEQUENTIAL_DRIVERS = frozenset({"JPEG", "PNG", "GIF", "BMP"})
_WIDE_STRIP_PX = 8192
_USUAL_NODATA = frozenset({-9999.0, -99999.0, -32767.0, -32768.0})
_NO_MEASUREMENT = -1e30


def describe_file(
    path: str | Path,
    *,
    crs: str | None = None,
    nodata: float | None = None,
    bands: Sequence[int] | None = None,
    subdataset: str | None = None,
    trusted_folders: Sequence[Path] = (),
) -> SourceDescription:
    """Return what a raster file is, in milliseconds whatever its size.

    Its CRS is the one given, else the file's own, else that of a .prj beside it. World files
    and `.aux.xml` count as GDAL has them.

    Args:
        path: a local file.
        crs: as `grids.crs.Crs.parse` reads it; only for files that have none, or a wrong one.
        nodata: the value of missing pixels, for all bands, instead of the file's.
        bands: 1-based numbers of the bands to show by default.
        subdataset: the raster inside a container such as netCDF.
        trusted_folders: where a VRT's members may lie, besides its own folder.

    Raises: CatalogueError: everything that keeps the file from being served, each with what to
        do about it.
    """
    return describe_raster(
        RasterFile(
            path=Path(path),
            crs=crs or "",
            nodata=nodata,
            bands=tuple(bands or ()),
            subdataset=subdataset or "",
            trusted_folders=tuple(trusted_folders),
        )
    )


def describe_raster(file: RasterFile) -> SourceDescription:
    """Return what a raster file is; see `describe_file`."""
    try:
        with open_raster(file) as dataset:
            return _describe(dataset, file)
    except CatalogueError as error:
        raise CatalogueError([_naming(problem, file.path) for problem in error.problems]) from error
    except (RasterioError, OSError) as error:
        problem = Problem(
            f"it is not a raster that can be read: {error.__cause__ or error}",
            "check the file with gdalinfo",
        )
        raise CatalogueError([_naming(problem, file.path)]) from error


def kind_of(dataset: Any, facts: RasterFacts) -> DataKind:
    """Return how the pixels are to be understood."""
    if facts.palette is not None:
        return "palette"
    band = facts.shown[0]
    # One bit per pixel is a yes or no, not two all but equal blacks.
    bits = dataset.tags(band, ns="IMAGE_STRUCTURE").get("NBITS", "8")
    plain = facts.scaling[band - 1] == (1.0, 0.0)
    return "picture" if facts.dtype == "uint8" and plain and bits == "8" else "values"


def placed_bounds(facts: RasterFacts) -> tuple[BoundingBox, BoundingBox]:
    """Return the bounds in CRS units and in degrees.

    Longitudes that go once around the Earth are given from -180 to 180 wherever the file begins
    (0 to 360 are the usual other choice); narrower rasters lie by at least one of their edges
    within -180 to 180.

    Raises: CatalogueError: the CRS cannot be that of the raster.
    """
    bounds = facts.bounds
    if facts.crs.is_geographic:
        bounds = _on_the_globe(bounds, facts)
    try:
        return bounds, wgs84_bounds(bounds, facts.crs)
    except ValueError as error:
        raise CatalogueError(
            [
                Problem(
                    f"{_numbers(facts.bounds)} is nowhere on the Earth in {facts.crs.name}",
                    "give the CRS that the file's coordinates are in, e.g. `crs: EPSG:2154`",
                )
            ]
        ) from error


def _describe(dataset: Any, file: RasterFile) -> SourceDescription:
    facts = read_facts(dataset, file)
    bounds, degrees = placed_bounds(facts)
    check_whole(dataset, file.path.absolute())
    kind = kind_of(dataset, facts)
    numbers = range(1, facts.count + 1)
    wanted = [*dict.fromkeys([*facts.shown, *numbers])][:_MOST_STATISTICS]
    statistics = {} if kind != "values" else band_statistics(dataset, facts, wanted)
    return SourceDescription(
        kind=kind,
        crs=facts.crs.text,
        bounds=bounds,
        wgs84_bounds=degrees,
        cell_size=facts.cell_size,
        width=facts.width,
        height=facts.height,
        bands=tuple(_band(dataset, facts, band, kind, statistics) for band in numbers),
        transparent=facts.transparent,
        fingerprint=file_fingerprint(file, dataset.files),
        palette=_palette(facts),
        shown=facts.shown,
        alpha=facts.alpha,
        category_names=(
            category_names(dataset, file.path, facts.shown[0]) if kind == "palette" else {}
        ),
        warnings=(*_warnings(dataset, facts, file), *_suspicions(facts, statistics)),
    )


def _band(
    dataset: Any,
    facts: RasterFacts,
    band: int,
    kind: DataKind,
    statistics: dict[int, BandStatistics],
) -> BandDescription:
    nothing = BandStatistics(0.0, 255.0, 0.0, 255.0) if kind == "picture" else BandStatistics()
    found = statistics.get(band, nothing)
    scaled = facts.scaling[band - 1] != (1.0, 0.0)
    return BandDescription(
        dtype="float32" if scaled else dataset.dtypes[band - 1],
        nodata=facts.nodata[band - 1],
        minimum=found.minimum,
        maximum=found.maximum,
        percentile_2=found.percentile_2,
        percentile_98=found.percentile_98,
        description=dataset.descriptions[band - 1] or dataset.colorinterp[band - 1].name,
        unit=dataset.units[band - 1] or "",
    )


def _palette(facts: RasterFacts) -> dict[int, tuple[int, int, int, int]]:
    if facts.palette is None:
        return {}
    return {
        index: (int(red), int(green), int(blue), int(alpha))
        for index, (red, green, blue, alpha) in enumerate(facts.palette)
    }


def _on_the_globe(bounds: BoundingBox, facts: RasterFacts) -> BoundingBox:
    turn = facts.crs.full_turn
    pole = turn / 4
    slack = facts.cell_size
    beyond = max(abs(bounds.left), abs(bounds.right)) > turn * 1.5 or bounds.width > turn * 1.5
    if beyond or bounds.bottom < -pole - slack or bounds.top > pole + slack:
        raise CatalogueError(
            [
                Problem(
                    f"{_numbers(bounds)} are not longitudes and latitudes, as {facts.crs.name} has",
                    "give the CRS that the file's coordinates are in, e.g. `crs: EPSG:2154`",
                )
            ]
        )
    bottom, top = max(bounds.bottom, -pole), min(bounds.top, pole)
    if facts.turn_px:
        return BoundingBox(-turn / 2, bottom, turn / 2, top)
    shift = 0.0
    if bounds.left >= turn / 2:
        shift = -turn
    elif bounds.right <= -turn / 2:
        shift = turn
    return BoundingBox(bounds.left + shift, bottom, bounds.right + shift, top)


def _warnings(dataset: Any, facts: RasterFacts, file: RasterFile) -> Iterator[str]:
    pixels = facts.width * facts.height
    if not dataset.overviews(1) and max(facts.width, facts.height) > _NEEDS_OVERVIEWS_PX:
        yield (
            f"no overviews: coarse matrices read all of its {facts.width} x {facts.height} pixels;"
            " add them with gdaladdo, or make a COG with gdal_translate -of COG"
        )
    height, width = dataset.block_shapes[0]
    if dataset.driver in _SEQUENTIAL_DRIVERS and pixels > _SEQUENTIAL_PX:
        yield (
            f"a {dataset.driver} of this size is decoded from its beginning for most readings;"
            " gdal_translate -of COG makes a file that is read in parts"
        )
    elif width >= _WIDE_STRIP_PX and width == facts.width and height < _WIDE_STRIP_PX:
        yield "stored in strips as wide as the raster: tiles read faster from a tiled file (COG)"
    if file.crs and dataset.crs and dataset.crs.to_wkt():
        yield f"the catalogue's CRS is used instead of the file's own, {_name_of(dataset.crs)}"
    if isinstance(dataset, WarpedVRT):
        yield (
            "placed by control points that no affine fits: it is rectified while it is read;"
            " gdalwarp makes a file that reads faster"
        )
    if not facts.upright:
        yield "the raster is rotated against its CRS: its corners reach beyond its pixels"
    if file.nodata is not None and dataset.overviews(1) and not facts.nodata_known:
        yield "overviews were made without the catalogue's nodata, and may show it at edges"


def _suspicions(facts: RasterFacts, statistics: dict[int, BandStatistics]) -> Iterator[str]:
    lowest = statistics[facts.shown[0]].minimum if facts.shown[0] in statistics else None
    if lowest is None or facts.nodata[facts.shown[0] - 1] is not None:
        return
    if lowest in _USUAL_NODATA or lowest < _NO_MEASUREMENT:
        yield f"the lowest value, {lowest:g}, looks like missing pixels: give `nodata: {lowest:g}`"


def _name_of(crs: Any) -> str:
    code = crs.to_authority(100)
    return ":".join(code) if code else "a definition without a code"


def _naming(problem: Problem, path: Path) -> Problem:
    return Problem(f"{path}: {problem.message}", problem.hint)


def _numbers(bounds: BoundingBox) -> str:
    return f"x {bounds.left:g} to {bounds.right:g}, y {bounds.bottom:g} to {bounds.top:g}"
