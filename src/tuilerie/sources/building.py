"""From what the catalogue says of its sources to sources that draw: the room's own assembly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Executor
from itertools import pairwise
from pathlib import Path

from tuilerie.catalogue.document import MosaicSource, RasterSource, SourceSettings
from tuilerie.catalogue.model import Catalogue, SourceDescription
from tuilerie.catalogue.tile_sources import (
    ByMatrixSource,
    FallbackSource,
    LayerSource,
    MBTilesSource,
    PMTilesSource,
    TiledSettings,
)
from tuilerie.errors import CatalogueError
from tuilerie.grids import TileMatrixSet
from tuilerie.sources.archive import describe_archive
from tuilerie.sources.base import MapSource, TileSource
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
from tuilerie.sources.settings import RasterFile, SheetFolder
from tuilerie.sources.sheet_index import folder_files
from tuilerie.sources.sheets import describe_folder
from tuilerie.sources.tile_fetching import TileFetcher
from tuilerie.sources.tiled import TiledSource, TilingRules

__all__ = ["build_sources", "data_files", "describe_source"]


def describe_source(settings: SourceSettings) -> SourceDescription:
    """Return what a source with data of its own is.

    Raises: CatalogueError: all that keeps it from being served.
    """
    match settings:
        case RasterSource():
            return describe_raster(_raster_file(settings))
        case MosaicSource():
            return describe_folder(_sheet_folder(settings))
        case MBTilesSource():
            return describe_archive(read_mbtiles(Path(settings.path)))
        case PMTilesSource():
            return describe_archive(read_pmtiles(Path(settings.path)))
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
        case MBTilesSource() | PMTilesSource():
            return [Path(settings.path)]
        case LayerSource() | FallbackSource() | ByMatrixSource():
            return []


def build_sources(
    catalogue: Catalogue, *, executor: Executor, get_tile: GetTile
) -> dict[str, MapSource]:
    """Return all sources of a catalogue by identifier.

    Args:
        catalogue: its sources stand behind those that they are made of.
        executor: threads in which files are read and pixels made.
        get_tile: serves the tiles of the catalogue's layers; called when tiles are made.

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
            case LayerSource():
                tiles = _layer_tiles(identifier, settings, catalogue, get_tile)
                built[identifier] = _tiled(tiles, settings, executor)
            case _:
                built[identifier] = _source(identifier, settings, executor)
    return built


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
        case PMTilesSource():
            opened = open_pmtiles(Path(settings.path), identifier=identifier, executor=executor)
            return _tiled(opened, settings, executor)
        case LayerSource() | FallbackSource() | ByMatrixSource():
            raise TypeError(f"a source of kind {settings.kind} is built of its members")


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
