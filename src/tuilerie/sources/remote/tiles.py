"""Tiles at addresses that a template makes: what they are, and where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tuilerie.catalogue.fingerprint import fingerprint, matrix_set_fingerprint
from tuilerie.catalogue.model import MatrixLimits, SourceDescription
from tuilerie.catalogue.remote_sources import XyzSource
from tuilerie.errors import CatalogueError, Problem
from tuilerie.formats import JPEG, PNG, ImageFormat
from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet, tile_range
from tuilerie.grids.build import from_matrices, scale_denominator_of
from tuilerie.protocols.xyz import RemoteTiles, tile_address
from tuilerie.sources.base import TileOffer
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.extents import (
    WORLD,
    degrees_in,
    extent_of_limits,
    picture_description,
)
from tuilerie.sources.remote.formats_of_remote import really
from tuilerie.sources.remote.from_options import error_pictures
from tuilerie.sources.remote.relayed_tiles import RemoteTileSource
from tuilerie.sources.remote.wmts import TOLERANCE_PX

__all__ = ["LAST_MATRIX", "describe_tiles", "template_tiles"]

LAST_MATRIX = 19
"""Place of the finest matrix that is asked for where nobody says which there are."""


def describe_tiles(settings: XyzSource, service: RemoteTiles) -> SourceDescription:
    """Return what the tiles of a template are.

    Raises: CatalogueError: they are no pictures, or the settings leave none of them.
    """
    if service.vector:
        raise CatalogueError(
            [Problem("the remote's tiles are vector tiles", "give the address of pictures", "url")]
        )
    tms = _grid(settings, service)
    limits = _limits(settings, service, tms)
    if not limits:
        raise CatalogueError(
            [Problem("no matrix has any tiles", "check min_matrix, max_matrix and bounds", "url")]
        )
    formats = _formats(settings, service)
    if not formats:
        raise CatalogueError(
            [Problem(f"tiles of {service.format[:60]!r} cannot be read here", "", "url")]
        )
    extent = extent_of_limits(tms, limits)
    degrees = _degrees(settings, service)
    box = degrees_in(degrees, tms.crs) or extent
    finest = [matrix for matrix in tms.matrices if matrix.identifier in limits][-1]
    described = picture_description(
        tms.crs,
        box.intersection(extent) or extent,
        finest.cell_size,
        degrees=degrees,
        transparent=formats != (JPEG,),
        fingerprint=fingerprint("xyz", matrix_set_fingerprint(tms)),
        tile_formats=formats,
    )
    return replace(
        described,
        title=service.title,
        abstract=service.abstract,
        attribution=settings.attribution or service.attribution,
        warnings=tuple(map(str, service.warnings)),
        remote=replace(service, warnings=()),
    )


def template_tiles(
    settings: XyzSource, service: RemoteTiles, identifier: str, client: RemoteClient
) -> RemoteTileSource:
    """Return the tiles of a template.

    Args:
        service: that they were described by.
        identifier: of the source in the catalogue.
    """
    tms = _grid(settings, service)
    asked = replace(service, matrix_set=tms)

    def address_of(index: TileIndex, style: str, dimensions: Mapping[str, str]) -> str:
        return tile_address(asked, index)

    return RemoteTileSource(
        TileOffer(
            identifier,
            tms,
            _formats(settings, service),
            _limits(settings, service, tms),
            side_by_side=2 * settings.options.max_connections,
            remote=True,
            tolerance_px=TOLERANCE_PX,
        ),
        client,
        address_of,
        media_type="",
        styles={},
        spellings={},
        error_pictures=error_pictures(settings.options),
    )


def _formats(settings: XyzSource, service: RemoteTiles) -> tuple[ImageFormat, ...]:
    if settings.format is not None:
        return really(settings.format.media_type)
    return really(service.format) if service.format else (PNG,)


def _degrees(settings: XyzSource, service: RemoteTiles) -> BoundingBox | None:
    return BoundingBox(*settings.bounds) if settings.bounds else service.wgs84_bounds


def _grid(settings: XyzSource, service: RemoteTiles) -> TileMatrixSet:
    """Return the grid, with the tile size that the operator says."""
    tms = service.matrix_set
    if settings.tile_size is None:
        return tms
    width, height = settings.tile_size
    matrices = []
    for matrix in tms.matrices:
        cell_size = matrix.cell_size * matrix.tile_width / width
        if (width, height) == (matrix.tile_width, matrix.tile_height):
            return tms
        matrices.append(
            replace(
                matrix,
                cell_size=cell_size,
                scale_denominator=scale_denominator_of(cell_size, tms.crs),
                tile_width=width,
                tile_height=height,
            )
        )
    return from_matrices(f"{tms.identifier}@{width}", tms.crs, matrices)


def _limits(
    settings: XyzSource, service: RemoteTiles, tms: TileMatrixSet
) -> Mapping[str, MatrixLimits]:
    first, last = settings.min_matrix or 0, settings.max_matrix
    if last is None:
        last = len(tms.matrices) if service.limits else LAST_MATRIX
    box = degrees_in(_degrees(settings, service), tms.crs)
    if settings.bounds is None and _degrees(settings, service) == WORLD:
        box = None
    found = {}
    for place, matrix in enumerate(tms.matrices):
        said = service.limits.get(matrix.identifier)
        if not first <= place <= last or (said is None and service.restricted):
            continue
        whole = MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
        covered: tuple[int, int, int, int] | None = whole
        if box is not None:
            covered = tile_range(tms, matrix.identifier, box)
        if covered is None:
            continue
        if said is not None:
            covered = (
                max(covered[0], said[0]), min(covered[1], said[1]),
                max(covered[2], said[2]), min(covered[3], said[3]),
            )  # fmt: skip
        if covered[0] <= covered[1] and covered[2] <= covered[3]:
            found[matrix.identifier] = MatrixLimits(*covered)
    return found
