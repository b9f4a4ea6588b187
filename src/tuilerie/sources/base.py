"""The two small capabilities that a source may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tuilerie.catalogue.address import Dimensions
from tuilerie.catalogue.model import Resampling
from tuilerie.formats import EncodedTile
from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet
from tuilerie.raster.image import Raster

__all__ = ["MapRequest", "MapSource", "TileSource"]


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
