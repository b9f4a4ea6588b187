"""Say what is at a place: hand a source's own document on, or write what it knows.

As with tiles, `plan_info` decides, and is pure; the rest obeys. Pixels are never made for it, and
nothing is kept: a place costs the reading of one pixel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from tuilerie.catalogue.info import Value
from tuilerie.catalogue.model import Layer
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.errors import FeatureInfoError, RenderError
from tuilerie.grids import BoundingBox, Crs, TileMatrixSet
from tuilerie.protocols.feature_info.found import Found, features_of, place_of
from tuilerie.protocols.feature_info.write import write_found
from tuilerie.sources.base import InfoDocumentSource, InfoSource, PointRequest

__all__ = ["LayerInformant", "RelayInfo", "WriteInfo", "plan_info"]


@dataclass(frozen=True, slots=True)
class RelayInfo:
    """Hand on the source's own document, untouched."""

    request: PointRequest
    info_format: str


@dataclass(frozen=True, slots=True)
class WriteInfo:
    """Ask the source what it knows, and write that."""

    request: PointRequest


def plan_info(
    address: InfoAddress, layer: Layer, tms: TileMatrixSet, relayed: Collection[str] = ()
) -> RelayInfo | WriteInfo:
    """Return how a place is asked about.

    A document that the source writes itself in the very format that was asked for knows best.

    Args:
        address: a resolved address of `layer`.
        layer: of the catalogue.
        tms: the matrix set that the address names.
        relayed: media types in which the source writes documents itself.
    """
    request = PointRequest(
        bounds=_pixel(address, tms),
        crs=tms.crs.text,
        bands=layer.info.bands,
        style=address.tile.style,
        dimensions=address.tile.dimensions,
    )
    media_type = address.info_format.media_type
    return RelayInfo(request, media_type) if media_type in relayed else WriteInfo(request)


def _pixel(address: InfoAddress, tms: TileMatrixSet) -> BoundingBox:
    """Return the outer edges of a pixel, each reckoned from the matrix's corner."""
    _, col, row = address.tile.index
    matrix = tms.matrix(address.tile.index.matrix)
    across = col * matrix.tile_width + address.i
    down = row * matrix.tile_height + address.j
    return BoundingBox(
        matrix.left + across * matrix.cell_size,
        matrix.top - (down + 1) * matrix.cell_size,
        matrix.left + (across + 1) * matrix.cell_size,
        matrix.top - down * matrix.cell_size,
    )


class LayerInformant:
    """Answers about the places of one layer.

    Args:
        source: what knows the values; None = nobody.
        matrix_sets: those that the layer links to, by identifier.
        executor: threads for what is not done in a moment.
        documents: what writes documents itself; None = nobody.
    """

    def __init__(
        self,
        layer: Layer,
        source: InfoSource | None,
        matrix_sets: Mapping[str, TileMatrixSet],
        *,
        executor: Executor,
        documents: InfoDocumentSource | None = None,
    ) -> None:
        self._layer = layer
        self._source = source
        self._matrix_sets = matrix_sets
        self._executor = executor
        self._documents = documents

    async def document(
        self, address: InfoAddress, *, base_url: str, languages: tuple[str, ...]
    ) -> bytes:
        """Return the document about a place, in the format that the address names.

        Raises: FeatureInfoError (a damaged file, a template that failed), UpstreamError.
        """
        tms = self._matrix_sets[address.tile.matrix_set]
        documents = self._documents
        relayed = () if documents is None else documents.info_formats
        plan = plan_info(address, self._layer, tms, relayed)
        if isinstance(plan, RelayInfo) and documents is not None:
            return await documents.fetch_info(plan.request, plan.info_format)
        try:
            values = () if self._source is None else await self._source.query(plan.request)
        except RenderError as error:
            raise FeatureInfoError(str(error)) from error

        def write() -> bytes:
            found = _found(self._layer, plan.request, values)
            return write_found(found, address.info_format, base_url=base_url, languages=languages)

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, write)


def _found(layer: Layer, request: PointRequest, values: tuple[Mapping[str, Value], ...]) -> Found:
    place = place_of(request.bounds, Crs.parse(request.crs), layer)
    return Found(layer, place, () if place is None else features_of(layer, values))
