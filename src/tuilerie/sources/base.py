"""The small capabilities that a source may have: to draw any rectangle, to give tiles, to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from tuilerie.catalogue.address import Dimensions
from tuilerie.catalogue.info import Value
from tuilerie.catalogue.model import MatrixLimits, Resampling
from tuilerie.errors import RenderError, UpstreamError
from tuilerie.formats import ImageFormat
from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet
from tuilerie.grids.same import TOLERANCE_PX
from tuilerie.raster.image import Raster

__all__ = [
    "FetchedTile",
    "InfoDocumentSource",
    "InfoSource",
    "LegendSource",
    "MapRequest",
    "MapSource",
    "PointRequest",
    "RasterMapSource",
    "RelaySource",
    "RenewingSource",
    "TileOffer",
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


class FetchedTile(NamedTuple):
    """A tile as its source has it.

    Attributes:
        data: the bytes.
        format: what they are said to be; looked at before anybody relies on it.
        etag, modified, expires: what the source says of their age, for conditional requests:
            its validator, and seconds since the epoch; "" and None where it says nothing.
    """

    data: bytes
    format: ImageFormat
    etag: str = ""
    modified: float | None = None
    expires: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TileOffer:
    """What tiles a source has.

    Attributes:
        source: the source's identifier in the catalogue, for messages.
        matrix_set: the grid of the tiles; its identifiers are the source's own.
        formats: what tiles may be, the usual one first.
        limits: per matrix the tiles that may exist; matrices not listed have none.
        side_by_side: how many fetches may be under way at once.
        remote: whether a fault is another server's, or of a file here.
        tolerance_px: how far a tile may lie from ours and still be the same one.
    """

    source: str
    matrix_set: TileMatrixSet
    formats: tuple[ImageFormat, ...]
    limits: Mapping[str, MatrixLimits] = field(default_factory=dict)
    side_by_side: int = 16
    remote: bool = False
    tolerance_px: float = TOLERANCE_PX

    def has(self, index: TileIndex) -> bool:
        """Return whether a tile may exist."""
        limits = self.limits.get(index.matrix)
        return (
            limits is not None
            and limits.min_col <= index.col <= limits.max_col
            and limits.min_row <= index.row <= limits.max_row
        )

    def fault(self, what: str) -> RenderError | UpstreamError:
        """Return the error for something wrong with a tile, by who must act."""
        text = f"source {self.source!r}: {what}"
        return UpstreamError(text, self.source) if self.remote else RenderError(text)


class TileSource(Protocol):
    """A source that keeps tiles of its own in one matrix set."""

    @property
    def offer(self) -> TileOffer:
        """Return what it has."""
        ...

    async def fetch(
        self, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return one tile's bytes as the source has them, None if there is none.

        Raises: UpstreamError, RenderError: whether there is one cannot be told.
        """
        ...

    async def close(self) -> None:
        """Release files and connections; idempotent."""
        ...


@runtime_checkable
class RelaySource(MapSource, Protocol):
    """A source of maps that can also give tiles untouched, where the grids are equal."""

    @property
    def offers(self) -> tuple[TileOffer, ...]:
        """Return the tiles that may be relayed, those preferred first."""
        ...

    @property
    def has_alternative(self) -> bool:
        """Return whether `read` may show something where `relay` fails or has nothing."""
        ...

    async def relay(
        self, offer: TileOffer, index: TileIndex, *, style: str, dimensions: Dimensions
    ) -> FetchedTile | None:
        """Return a tile of one of the offers, looked at: an image of the offer's tile size.

        Raises: UpstreamError, RenderError: as `fetch`, or the bytes are no such image.
        """
        ...


@runtime_checkable
class RenewingSource(RelaySource, Protocol):
    """A source that can tell whether a tile of it is still what it was."""

    async def renew(
        self,
        offer: TileOffer,
        index: TileIndex,
        known: FetchedTile,
        *,
        style: str,
        dimensions: Dimensions,
    ) -> FetchedTile | None:
        """Return as `relay`; with `known`'s own data where the tile is still the same.

        Args:
            known: what was fetched before, by its `etag` and `modified`; `data` need not be it.

        Raises: UpstreamError, RenderError.
        """
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


@runtime_checkable
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


@runtime_checkable
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


@runtime_checkable
class LegendSource(Protocol):
    """A source whose styles have legends of their own: a remote server."""

    async def fetch_legend(self, style: str, number: int) -> bytes | None:
        """Return the picture of a legend that the source described; None if it is gone.

        Args:
            style: as of a `MapRequest`.
            number: among the legends of that style, from 0.

        Raises: UpstreamError: it cannot be had, or is no picture of the type that was described.
        """
        ...
