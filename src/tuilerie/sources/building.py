"""From what the catalogue says of its sources to sources that draw: the room's own assembly.

What speaks to other servers is imported where a source needs it: without any of these a server
starts a tenth of a second earlier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tuilerie.catalogue.document import (
    MosaicSource,
    RasterSource,
    SeriesSource,
    SourceSettings,
)
from tuilerie.catalogue.model import Catalogue, Layer, SourceDescription
from tuilerie.catalogue.remote_sources import WmsSource, WmtsSource, XyzSource
from tuilerie.catalogue.series import QuerySettings
from tuilerie.catalogue.tile_sources import (
    ByMatrixSource,
    FallbackSource,
    LayerSource,
    MBTilesSource,
    PMTilesSource,
    TiledSettings,
)
from tuilerie.errors import CatalogueError
from tuilerie.grids import TileMatrixSet, named_matrix_set
from tuilerie.sources.archive import describe_archive
from tuilerie.sources.base import MapSource, RasterMapSource, TileSource
from tuilerie.sources.combined import CellSizePart, SourceByCellSize
from tuilerie.sources.combined import FallbackSource as FallbackMapSource
from tuilerie.sources.describe import describe_raster
from tuilerie.sources.fingerprint import sidecars_of
from tuilerie.sources.layer_tiles import GetTile, LayerTileSource
from tuilerie.sources.matrix_choice import MatrixRule
from tuilerie.sources.mbtiles import MBTilesSource as MBTilesTileSource
from tuilerie.sources.mbtiles import read_mbtiles
from tuilerie.sources.mosaic import MosaicSource as MosaicMapSource
from tuilerie.sources.pmtiles import open_pmtiles, read_pmtiles
from tuilerie.sources.rasterfile import RasterFileSource
from tuilerie.sources.series import SeriesSource as SeriesMapSource
from tuilerie.sources.series import describe_series
from tuilerie.sources.series_files import places_like
from tuilerie.sources.settings import RasterFile, SeriesFolder, SeriesQuery, SheetFolder
from tuilerie.sources.sheet_index import folder_files
from tuilerie.sources.sheets import describe_folder
from tuilerie.sources.tile_fetching import TileFetcher
from tuilerie.sources.tiled import TiledSource, TilingRules
from tuilerie.telemetry import Meters

if TYPE_CHECKING:
    from tuilerie.sources.remote.descriptions import RemoteDescriptions

__all__ = [
    "build_sources",
    "data_files",
    "describe_source",
    "series_files",
    "series_query",
    "series_source",
]


def describe_source(
    identifier: str,
    settings: SourceSettings,
    descriptions: Callable[[], RemoteDescriptions],
    matrix_sets: Mapping[str, TileMatrixSet],
) -> SourceDescription:
    """Return what a source with data of its own is.

    Args:
        descriptions: returns what other servers say of themselves; called for one of these.
        matrix_sets: the document's own.

    Raises: CatalogueError: all that keeps it from being served.
    """
    match settings:
        case RasterSource():
            return describe_raster(_raster_file(settings))
        case MosaicSource():
            return describe_folder(_sheet_folder(settings))
        case SeriesSource():
            return describe_series(_series_folder(settings))
        case MBTilesSource():
            return describe_archive(read_mbtiles(Path(settings.path)))
        case PMTilesSource(path=str(path)):
            return describe_archive(read_pmtiles(Path(path)))
        case PMTilesSource():
            from tuilerie.sources.remote.pmtiles import describe_pmtiles

            return describe_pmtiles(identifier, settings.url or "", settings.options)
        case WmtsSource() | WmsSource():
            from tuilerie.sources.remote.opening import describe_remote

            return describe_remote(identifier, settings, descriptions())
        case XyzSource():
            from tuilerie.sources.remote.opening import describe_remote

            name = settings.matrix_set
            tms = None if name is None else matrix_sets.get(name) or named_matrix_set(name)
            return describe_remote(identifier, settings, descriptions(), tms)
        case LayerSource() | FallbackSource() | ByMatrixSource():
            raise TypeError(f"a source of kind {settings.kind} is described by its members")


def data_files(settings: SourceSettings) -> list[Path]:
    """Return the files whose change means another picture; none of a source made of others."""
    match settings:
        case RasterSource():
            path = Path(settings.path)
            return [path, *(sidecar for sidecar in sidecars_of(path) if sidecar.exists())]
        case MosaicSource():
            try:
                return folder_files(_sheet_folder(settings))
            except CatalogueError:  # gone since it was described: its coming back is a change
                return [Path(settings.path)]
        case SeriesSource():
            return _series_places(settings)
        case MBTilesSource():
            return [Path(settings.path)]
        case PMTilesSource():
            return [] if settings.path is None else [Path(settings.path)]
        case WmtsSource() | WmsSource() | XyzSource():
            return []  # whether it changed is asked on a schedule
        case LayerSource() | FallbackSource() | ByMatrixSource():
            return []


def build_sources(
    catalogue: Catalogue, *, executor: Executor, get_tile: GetTile, meters: Meters
) -> dict[str, MapSource]:
    """Return all sources of a catalogue by identifier, but for series.

    Args:
        catalogue: its sources stand behind those that they are made of.
        executor: threads in which files are read and pixels made.
        get_tile: serves the tiles of the catalogue's layers; called when tiles are made.
        meters: told of every request to another server.

    Raises: CatalogueError: data that were described are gone.
    """
    built: dict[str, MapSource] = {}
    for identifier, settings in catalogue.sources.items():
        match settings:
            case FallbackSource():
                members = [built[name] for name in settings.sources]
                built[identifier] = FallbackMapSource(members, frozenset(settings.next_on))
            case ByMatrixSource():
                tms = catalogue.source_matrix_sets[settings.matrix_set]
                built[identifier] = _by_cell_size(settings, tms, built)
            case SeriesSource():
                continue  # which maps it has is each layer's matter: see `series_source`
            case WmtsSource() | WmsSource() | XyzSource():
                from tuilerie.sources.remote.opening import open_remote

                built[identifier] = open_remote(
                    identifier,
                    settings,
                    catalogue.remotes[identifier],
                    access=catalogue.remote_access,
                    executor=executor,
                    meters=meters,
                )
            case PMTilesSource(url=str(url)):
                from tuilerie.sources.remote.pmtiles import remote_pmtiles

                archive = remote_pmtiles(
                    identifier,
                    url,
                    settings.options,
                    catalogue.remotes[identifier],
                    access=catalogue.remote_access,
                    meters=meters,
                )
                built[identifier] = _tiled(archive, settings, executor)
            case LayerSource():
                tiles = _layer_tiles(identifier, settings, catalogue, get_tile)
                built[identifier] = _tiled(tiles, settings, executor)
            case _:
                built[identifier] = _source(identifier, settings, executor)
    return built


def series_source(layer: Layer, settings: SeriesSource, executor: Executor) -> SeriesMapSource:
    """Return the source of a layer that has maps by values; opening files waits for tiles."""

    def open_map(files: tuple[str, ...]) -> RasterMapSource:
        if len(files) > 1:
            sheets = SheetFolder(
                path=Path(settings.path),
                crs=settings.crs or "",
                nodata=settings.nodata,
                bands=settings.bands or (),
                files=files,
            )
            return MosaicMapSource(sheets, identifier=layer.source, executor=executor)
        file = RasterFile(
            path=Path(settings.path, files[0]),
            crs=settings.crs or "",
            nodata=settings.nodata,
            bands=settings.bands or (),
        )
        return RasterFileSource(file, identifier=layer.source, executor=executor)

    return SeriesMapSource(layer.series, open_map)


def series_files(catalogue: Catalogue) -> list[Path]:
    """Return the files of maps, which a database may have named."""
    files: dict[Path, None] = {}
    for layer in catalogue.layers.values():
        for found in layer.series.values():
            folder = catalogue.sources[layer.source].path
            files |= dict.fromkeys(Path(folder, name) for name in found.files)
    return list(files)


def series_query(settings: QuerySettings) -> SeriesQuery:
    """Return the question that tells a series its files."""
    return SeriesQuery(settings.database, settings.sql, settings.is_postgresql)


def _series_folder(settings: SeriesSource) -> SeriesFolder:
    return SeriesFolder(
        path=Path(settings.path),
        pattern=settings.files,
        query=None if settings.query is None else series_query(settings.query),
        crs=settings.crs or "",
        nodata=settings.nodata,
        bands=settings.bands or (),
    )


def _series_places(settings: SeriesSource) -> list[Path]:
    """Return where a new file of a series would show: folders, or the database's file."""
    path = Path(settings.path)
    if settings.files is None:
        return [path]
    try:
        return places_like(path, settings.files)
    except CatalogueError:  # gone since it was described: its coming back is a change
        return [path]


def _source(identifier: str, settings: SourceSettings, executor: Executor) -> MapSource:
    match settings:
        case RasterSource():
            return RasterFileSource(
                _raster_file(settings), identifier=identifier, executor=executor
            )
        case MosaicSource():
            return MosaicMapSource(
                _sheet_folder(settings), identifier=identifier, executor=executor
            )
        case MBTilesSource():
            facts = read_mbtiles(Path(settings.path))
            tiles = MBTilesTileSource(facts, identifier=identifier, executor=executor)
            return _tiled(tiles, settings, executor)
        case PMTilesSource(path=str(path)):
            opened = open_pmtiles(Path(path), identifier=identifier, executor=executor)
            return _tiled(opened, settings, executor)
        case _:
            raise TypeError(f"a source of kind {settings.kind} is not built by itself")


def _tiled(tiles: TileSource, settings: TiledSettings, executor: Executor) -> TiledSource:
    rules = TilingRules(
        matrix=MatrixRule(settings.choose_matrix, settings.cell_size_factor),
        max_tiles=settings.max_tiles,
        on_error=settings.on_error,
    )
    return TiledSource(TileFetcher(tiles), rules, executor=executor)


def _layer_tiles(
    identifier: str, settings: LayerSource, catalogue: Catalogue, get_tile: GetTile
) -> LayerTileSource:
    if settings.style is None or settings.format is None or settings.matrix_set is None:
        raise TypeError("a compiled catalogue says style, format and matrix set of a layer source")
    return LayerTileSource(
        catalogue.layers[settings.layer],
        identifier=identifier,
        style=settings.style,
        image_format=settings.format,
        tms=catalogue.matrix_sets[settings.matrix_set],
        get_tile=get_tile,
    )


def _by_cell_size(
    settings: ByMatrixSource, tms: TileMatrixSet, built: Mapping[str, MapSource]
) -> SourceByCellSize:
    """Return the parts by cell size; between two of them the geometric mean is the border."""
    ends = [
        (tms.cell_size(part.matrices[0]), tms.cell_size(part.matrices[1]))
        for part in settings.parts
    ]
    borders = [
        math.inf,
        *(math.sqrt(coarse[1] * fine[0]) for coarse, fine in pairwise(ends)),
        0.0,
    ]
    parts = [
        CellSizePart(built[part.source], above=borders[n + 1], below=borders[n])
        for n, part in enumerate(settings.parts)
    ]
    return SourceByCellSize(parts, tms.crs)


def _raster_file(settings: RasterSource) -> RasterFile:
    return RasterFile(
        path=Path(settings.path),
        crs=settings.crs or "",
        nodata=settings.nodata,
        bands=settings.bands or (),
        subdataset=settings.subdataset,
    )


def _sheet_folder(settings: MosaicSource) -> SheetFolder:
    return SheetFolder(
        path=Path(settings.path),
        pattern=settings.pattern,
        recursive=settings.recursive,
        crs=settings.crs or "",
        nodata=settings.nodata,
        bands=settings.bands or (),
    )
