"""What all archives of tiles have in common: a Web Mercator pyramid in one file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tuilerie.catalogue.model import BandDescription, MatrixLimits, SourceDescription
from tuilerie.errors import CatalogueError, Problem
from tuilerie.formats import JPEG, ImageFormat, sniff
from tuilerie.grids import (
    BoundingBox,
    Crs,
    TileMatrixSet,
    named_matrix_set,
    pyramid,
    tile_range,
    transform_points,
)
from tuilerie.grids.crs import EARTH_RADIUS_M, WGS84
from tuilerie.protocols.reading.plain_words import plain_words
from tuilerie.raster.measure import measure
from tuilerie.sources.base import TileOffer

__all__ = ["MAX_LEVEL", "ArchiveFacts", "archive_fault", "describe_archive", "offer_of", "sampled"]

MAX_LEVEL = 30
"""The finest level that an archive may have; at 24 a pixel is a centimetre."""
_MERCATOR = Crs("EPSG:3857")
_HALF_TURN_M = math.pi * EARTH_RADIUS_M
_MOST_NORTH = 85.0511287798066
_USUAL_PX = 256
_LARGEST_PX = 4096
_SIDE_BY_SIDE = 8
"""Reads of one file at once: enough for any disk, few enough for the threads of the machine."""


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What an archive says of itself, checked.

    Attributes:
        kind: "MBTiles" or "PMTiles 3".
        formats: that tiles were seen to have, the usual one first.
        tile_px: width and height of the tiles.
        first, last: coarsest and finest level.
        bounds: degrees, longitude first, -180 to 180.
        name, attribution, description: "" where it says none.
        fingerprint: of the file's name, size and time.
        warnings: what an operator should know.
    """

    path: Path
    kind: str
    formats: tuple[ImageFormat, ...]
    tile_px: int
    first: int
    last: int
    bounds: BoundingBox
    name: str = ""
    attribution: str = ""
    description: str = ""
    fingerprint: str = ""
    warnings: tuple[str, ...] = ()


def archive_fault(path: Path, message: str, hint: str = "") -> CatalogueError:
    """Return the error of an archive that cannot be served."""
    return CatalogueError([Problem(message, hint, file=str(path))])


def file_mark(path: Path) -> str:
    """Return what changes whenever the file may have: a hash of its name, size and time."""
    found = path.stat()
    mark = f"{path.name}\0{found.st_size}\0{found.st_mtime_ns}"
    return hashlib.blake2b(mark.encode(), digest_size=16).hexdigest()


def sampled(path: Path, tiles: Iterable[bytes]) -> tuple[tuple[ImageFormat, ...], int]:
    """Return the formats and the size in pixels of some tiles of an archive.

    Raises: CatalogueError: none of them, or not all of them, are images of one square size.
    """
    formats: dict[ImageFormat, None] = {}
    sizes: set[tuple[int, int]] = set()
    for data in tiles:
        found, really = measure(data), sniff(data)
        if found is None or really is None:
            if data[:2] == b"\x1f\x8b" or data[:1] == b"\x1a":
                raise archive_fault(path, *VECTOR)
            raise archive_fault(path, "its tiles are no PNG, JPEG, WebP or AVIF images")
        formats[really] = None
        sizes.add((found.width, found.height))
    if not sizes:
        raise archive_fault(path, "it has no tiles")
    width, height = next(iter(sizes))
    if len(sizes) > 1 or width != height or not 16 <= width <= _LARGEST_PX:
        listed = ", ".join(f"{w} × {h}" for w, h in sorted(sizes)[:5])
        raise archive_fault(path, f"its tiles are not all squares of one size: {listed} pixels")
    return tuple(formats), width


VECTOR = (
    "its tiles are vector tiles, which are not served yet",
    "give an archive of images, for example rendered from it",
)


def archive_grid(tile_px: int, last: int) -> TileMatrixSet:
    """Return the grid of an archive: the quadtree of the world in Web Mercator."""
    usual = named_matrix_set("WebMercatorQuad")
    if tile_px == _USUAL_PX and last < len(usual.matrices):
        return usual
    levels = range(last + 1)
    return pyramid(
        "archive",
        _MERCATOR,
        origin=(-_HALF_TURN_M, _HALF_TURN_M),
        cell_sizes=[2 * _HALF_TURN_M / tile_px / 2**level for level in levels],
        matrix_sizes=[(2**level, 2**level) for level in levels],
        tile_width=tile_px,
        tile_height=tile_px,
    )


def offer_of(
    facts: ArchiveFacts, source: str, *, remote: bool = False, side_by_side: int = _SIDE_BY_SIDE
) -> TileOffer:
    """Return an archive's tiles; `source` is its identifier in the catalogue."""
    tms = archive_grid(facts.tile_px, facts.last)
    bounds = _mercator(facts.bounds)
    limits: Mapping[str, MatrixLimits] = {
        str(level): MatrixLimits(*covered)
        for level in range(facts.first, facts.last + 1)
        if (covered := tile_range(tms, str(level), bounds)) is not None
    }
    return TileOffer(source, tms, facts.formats, limits, side_by_side=side_by_side, remote=remote)


def describe_archive(facts: ArchiveFacts) -> SourceDescription:
    """Return what the catalogue must know of an archive."""
    bounds = _mercator(facts.bounds)
    cell_size = archive_grid(facts.tile_px, facts.last).cell_size(str(facts.last))
    transparent = facts.formats != (JPEG,)
    return SourceDescription(
        kind="picture",
        crs=_MERCATOR.text,
        bounds=bounds,
        wgs84_bounds=facts.bounds,
        cell_size=cell_size,
        width=max(1, round(bounds.width / cell_size)),
        height=max(1, round(bounds.height / cell_size)),
        bands=(BandDescription("uint8"),) * (4 if transparent else 3),
        transparent=transparent,
        fingerprint=facts.fingerprint,
        warnings=facts.warnings,
        tells=False,
        tile_formats=facts.formats,
        title=facts.name,
        abstract=plain_words(facts.description),
        attribution=plain_words(facts.attribution),
    )


def usable_bounds(bounds: BoundingBox) -> BoundingBox | None:
    """Return degrees cut to the square of Web Mercator; None if they make no sense there."""
    if not all(map(math.isfinite, bounds)):
        return None
    return bounds.intersection(BoundingBox(-180.0, -_MOST_NORTH, 180.0, _MOST_NORTH))


WORLD = BoundingBox(-180.0, -_MOST_NORTH, 180.0, _MOST_NORTH)


def _mercator(degrees: BoundingBox) -> BoundingBox:
    xs, ys = transform_points(
        [degrees.left, degrees.right], [degrees.bottom, degrees.top], WGS84, _MERCATOR
    )
    square = BoundingBox(-_HALF_TURN_M, -_HALF_TURN_M, _HALF_TURN_M, _HALF_TURN_M)
    box = BoundingBox(xs[0], ys[0], xs[1], ys[1])
    return box.intersection(square) or square
