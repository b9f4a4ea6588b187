"""A raster file as a source of maps: any rectangle of it, in any CRS."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor

from rasterio.errors import RasterioError

from tuilerie.catalogue.info import Value
from tuilerie.errors import CatalogueError, RenderError
from tuilerie.raster.image import Raster
from tuilerie.sources.base import MapRequest, PointRequest
from tuilerie.sources.datasets import DatasetPool, shared_pool
from tuilerie.sources.filereader import draw_file
from tuilerie.sources.point import values_at
from tuilerie.sources.settings import RasterFile

__all__ = ["RasterFileSource"]


class RasterFileSource:
    """Draws maps from one raster file.

    Args:
        file: the file and what the catalogue says of it.
        identifier: the source's name in the catalogue, for messages: paths stay private.
        executor: threads in which pixels are made; None = the event loop's own.
        pool: where open handles are kept; None = the one that all sources share.
    """

    def __init__(
        self,
        file: RasterFile,
        *,
        identifier: str = "",
        executor: Executor | None = None,
        pool: DatasetPool | None = None,
    ) -> None:
        self._file = file
        self._identifier = identifier or file.path.stem
        self._executor = executor
        self._pool = pool or shared_pool()

    async def read(self, request: MapRequest) -> Raster | None:
        """Return exactly the rectangle asked; None if nothing of it has data.

        Raises: RenderError: the file is damaged, gone, or no raster any more.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.read_sync, request)

    def read_sync(self, request: MapRequest) -> Raster | None:
        """Do what `read` does, in the calling thread.

        Raises: RenderError: as `read`.
        """
        try:
            with self._pool.borrow(self._file) as handle:
                return draw_file(handle, request)
        except (RasterioError, OSError, CatalogueError, ValueError) as error:
            raise self._fault(error) from error

    async def query(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        """Return the values of the pixel at a place; nothing outside of the raster.

        Raises: RenderError: as `read`.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self.query_sync, request)

    def query_sync(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        """Do what `query` does, in the calling thread.

        Raises: RenderError: as `read`.
        """
        try:
            with self._pool.borrow(self._file) as handle:
                found = values_at(handle, request)
        except (RasterioError, OSError, CatalogueError, ValueError) as error:
            raise self._fault(error) from error
        return () if found is None else (found,)

    async def close(self) -> None:
        """Close the file's idle handles; idempotent."""
        self._pool.forget(self._file)

    def _fault(self, error: Exception) -> RenderError:
        # The message goes to clients and logs: the source's name, never its path.
        return RenderError(
            f"source {self._identifier!r} could not be read ({type(error).__name__})"
        )
