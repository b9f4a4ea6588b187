"""The small capabilities that a source may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tuilerie.catalogue.address import Dimensions
from tuilerie.catalogue.info import Value
from tuilerie.catalogue.model import Resampling
from tuilerie.formats import EncodedTile
from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet
from tuilerie.raster.image import Raster

__all__ = [
    "InfoDocumentSource",
    "InfoSource",
    "MapRequest",
    "MapSource",
    "PointRequest",
    "RasterMapSource",
    "TileSource",
]


@dataclass(frozen=True, slots=True)
class MapRequest:
    """A rectangle of pixels.

    Attributes:
        bounds: in units of `crs`, x first; the outer edges of the picture.
        crs: as `grids.crs.Crs.parse` reads it.
        width, height: pixels.
        bands: 1-based band numbers wanted, in this order; () = what the source shows by default.
    """

    bounds: BoundingBox
    crs: str
    width: int
    height: int
    resampling: Resampling = "bilinear"
    bands: tuple[int, ...] = ()
    style: str = ""
    dimensions: Dimensions = ()


class MapSource(Protocol):
    """A source that can be asked for any rectangle in any CRS."""

    async def read(self, request: MapRequest) -> Raster | None:
        """Return exactly the rectangle asked, in its CRS and size; None if nothing of it has data.

        Raises: RenderError (a damaged file), UpstreamError (a remote).
        """
        ...

    async def close(self) -> None:
        """Release files and connections; idempotent."""
        ...


class TileSource(Protocol):
    """A source that keeps tiles of its own in one matrix set."""

    matrix_set: TileMatrixSet

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> EncodedTile | None:
        """Return one tile's bytes as the source has them, None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class PointRequest:
    """A place: the centre of one pixel of a map.

    Attributes:
        bounds: outer edges of the pixel in units of `crs`, x first: how exactly the client
            could point, and what a remote server is to be asked for.
        crs: as `grids.crs.Crs.parse` reads it.
        bands: 1-based band numbers wanted of a raster; () = all that hold values.
    """

    bounds: BoundingBox
    crs: str
    bands: tuple[int, ...] = ()
    style: str = ""
    dimensions: Dimensions = ()


class InfoSource(Protocol):
    """A source that knows what is at a place."""

    async def query(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        """Return what is there, the topmost first, each by the source's own keys.

        Nothing where the source has no data; None for what has no value there. The keys of a
        raster are its band numbers ("1"); its values are those of the nearest pixel, as they
        were measured: scale and offset of the file applied, nothing interpolated.

        Raises: RenderError (a damaged file), UpstreamError (a remote).
        """
        ...


class RasterMapSource(MapSource, InfoSource, Protocol):
    """A source of pixels that can be drawn, and asked for their values."""


class InfoDocumentSource(Protocol):
    """A source that writes documents about places itself: a remote server."""

    @property
    def info_formats(self) -> tuple[str, ...]:
        """Return the media types in which it writes."""
        ...

    async def fetch_info(self, request: PointRequest, info_format: str) -> bytes:
        """Return its document about a place in one of its formats, untouched.

        Raises: UpstreamError.
        """
        ...
