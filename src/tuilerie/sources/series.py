"""A map for each combination of values of dimensions: what the series is, and its pixels."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace

from tuilerie.catalogue.address import Dimensions
from tuilerie.catalogue.dimensions import MapOfSeries, Series, SeriesDescription
from tuilerie.catalogue.info import Value
from tuilerie.catalogue.model import SourceDescription
from tuilerie.raster.image import Raster
from tuilerie.sources.base import MapRequest, PointRequest, RasterMapSource
from tuilerie.sources.series_files import FilesByValues, files_by_pattern
from tuilerie.sources.series_query import Answer, ask, files_by_query
from tuilerie.sources.settings import SeriesFolder, SeriesQuery, SheetFolder
from tuilerie.sources.sheet_index import Sheet, read_sheets
from tuilerie.sources.sheets import describe_index, leaves_gaps

__all__ = ["SeriesSource", "describe_series", "query_fingerprint"]

_SAMPLED = 5
_OPEN_MAPS = 64


def describe_series(folder: SeriesFolder) -> SourceDescription:
    """Return what a series is, and which maps it has.

    All files must be of one kind; those that are not, or cannot be read, are left out and listed
    in the warnings. Statistics are those of the first few files by name, so that they, and with
    them the colours of every tile, stay as they are when a value is added at the end.

    Raises: CatalogueError: no file that can be served, or no answer of the database.
    """
    warnings: list[str] = []
    query = ""
    if folder.query is None:
        dimensions, files = files_by_pattern(folder.path, folder.pattern or "")
    else:
        answer = ask(folder.query)
        dimensions, files, warnings = files_by_query(folder.path, answer)
        query = _digest(answer)
    names = sorted({name for each in files.values() for name in each})
    common = SheetFolder(
        path=folder.path,
        pattern=folder.pattern or "*",
        crs=folder.crs,
        nodata=folder.nodata,
        bands=folder.bands,
    )
    index = read_sheets(common, [folder.path / name for name in names])
    sheets = {sheet.name: sheet for sheet in index.sheets}
    maps = _maps(files, sheets)
    described = describe_index(index, index.sheets[:_SAMPLED])
    return replace(
        described,
        transparent=any(sheet.transparent for sheet in index.sheets)
        or _has_gaps(maps, sheets, described, len(dimensions)),
        fingerprint=hashlib.blake2b(
            repr((folder.crs, folder.nodata, folder.bands)).encode(), digest_size=16
        ).hexdigest(),
        warnings=(*warnings[:_SAMPLED], *described.warnings),
        series=SeriesDescription(dimensions, maps, query),
    )


def query_fingerprint(query: SeriesQuery) -> str:
    """Return what changes when a database says something else. Raises: CatalogueError."""
    return _digest(ask(query))


class SeriesSource:
    """Draws the map of the values that a request names.

    Args:
        series: by values in the order of the layer's dimensions.
        open_map: makes the source of one map's files.
    """

    def __init__(
        self, series: Series, open_map: Callable[[tuple[str, ...]], RasterMapSource]
    ) -> None:
        self._series = series
        self._open_map = open_map
        self._opened: OrderedDict[tuple[str, ...], RasterMapSource] = OrderedDict()

    async def read(self, request: MapRequest) -> Raster | None:
        """Return exactly the rectangle asked; None if these values have no map, or it no data.

        Raises: RenderError: a file is damaged or gone.
        """
        found = self._series.get(_values(request.dimensions))
        if found is None:
            return None
        return await (await self._map(found)).read(request)

    async def query(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        """Return the values at a place of one map; nothing if these values have no map.

        Raises: RenderError: a file is damaged or gone.
        """
        found = self._series.get(_values(request.dimensions))
        return () if found is None else await (await self._map(found)).query(request)

    async def close(self) -> None:
        """Close the files of all maps; idempotent."""
        while self._opened:
            _, source = self._opened.popitem()
            await source.close()

    async def _map(self, found: MapOfSeries) -> RasterMapSource:
        source = self._opened.get(found.files)
        if source is None:
            source = self._opened[found.files] = self._open_map(found.files)
            if len(self._opened) > _OPEN_MAPS:
                # Nothing of it is lost to a request that still reads: handles are only lent.
                _, oldest = self._opened.popitem(last=False)
                await oldest.close()
        else:
            self._opened.move_to_end(found.files)
        return source


def _values(dimensions: Dimensions) -> tuple[str, ...]:
    return tuple(value for _, value in dimensions)


def _maps(files: FilesByValues, sheets: dict[str, Sheet]) -> dict[tuple[str, ...], MapOfSeries]:
    maps = {}
    for values, names in files.items():
        known = tuple(name for name in names if name in sheets)
        if known:
            marks = [sheets[name].fingerprint for name in known]
            digest = hashlib.blake2b("\0".join(marks).encode(), digest_size=16)
            maps[values] = MapOfSeries(known, digest.hexdigest())
    return maps


def _has_gaps(
    maps: Series, sheets: dict[str, Sheet], described: SourceDescription, dimensions: int
) -> bool:
    """Tell whether some map does not fill the bounds of all, or some combination has none."""
    combinations = 1
    for place in range(dimensions):
        combinations *= len({values[place] for values in maps})
    return len(maps) < combinations or any(
        leaves_gaps([sheets[name] for name in found.files], described.bounds)
        for found in maps.values()
    )


def _digest(answer: Answer) -> str:
    digest = hashlib.blake2b(repr(answer.columns).encode(), digest_size=16)
    for row in answer.rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()
