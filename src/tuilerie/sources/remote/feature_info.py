"""What a remote writes about places: asked for at its own pixel, and handed on untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tuilerie.catalogue.info import GEOJSON, HTML, JSON
from tuilerie.grids import Crs, TileIndex, closest_matrix, transform_points
from tuilerie.grids.bounds import BoundingBox
from tuilerie.protocols.recognise import recognise
from tuilerie.protocols.wms.reading import MapQuery
from tuilerie.protocols.wms.reading.addresses import feature_info_address as wms_address
from tuilerie.protocols.wmts.reading import RemoteLayer, RemoteWmts
from tuilerie.protocols.wmts.reading import feature_info_address as wmts_address
from tuilerie.sources.base import PointRequest, TileOffer
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.carried_styles import Spellings
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.quoting import quote_body
from tuilerie.sources.remote.wms import WmsPlan

__all__ = ["INFO_BYTES", "RemoteInfo", "ask_wms", "ask_wmts"]

INFO_BYTES: Final = 2 * 2**20
"""Bytes of a document about a place; a longer one is refused."""
_WINDOW_PX = 101
"""Width and height of the map whose middle pixel a WMS is asked about."""

_NOTHING: Mapping[str, bytes] = {
    HTML.media_type: b"<!DOCTYPE html><title></title>",
    GEOJSON.media_type: b'{"type":"FeatureCollection","features":[]}',
    JSON.media_type: b'{"type":"FeatureCollection","features":[]}',
}
_NO_DOCUMENT: Final = frozenset({"service-exception", "login-page"})


Address = Callable[[PointRequest, str], str | None]
"""From a place and the remote's media type to the address; None where the remote has nothing.
Raises: ValueError: it cannot be asked."""


@dataclass(frozen=True, slots=True)
class RemoteInfo:
    """Asks a remote about places.

    Attributes:
        source: identifier in the catalogue, for errors.
        formats: the remote's names by ours.
        address: of a question.
    """

    source: str
    formats: Mapping[str, str]
    address: Address
    client: RemoteClient

    async def fetch(self, request: PointRequest, info_format: str) -> bytes:
        """Return the remote's document about a place. Raises: UpstreamError."""
        theirs = self.formats[info_format]
        try:
            address = self.address(request, theirs)
        except ValueError as error:
            raise upstream_fault(self.source, "address", str(error)) from error
        if address is None:
            return _NOTHING.get(info_format, b"")
        fetched = await self.client.get(address, accept=theirs, max_bytes=INFO_BYTES)
        if fetched.missing:
            return _NOTHING.get(info_format, b"")
        if recognise(fetched.data, fetched.media_type) in _NO_DOCUMENT:
            words = self.client.redact(quote_body(fetched.data, fetched.charset))
            what = f"it tells nothing of a place, but an error: “{words}”"
            raise upstream_fault(self.source, "exception", what)
        return fetched.data


def ask_wmts(
    service: RemoteWmts,
    layer: RemoteLayer,
    offers: Sequence[TileOffer],
    media_type: str,
    styles: Mapping[str, str],
    spellings: Spellings,
) -> Address:
    """Return how a WMTS is asked: in the tile that shows the place at about the same size.

    Args:
        offers: its matrix sets, the preferred first; named as in the service.
        media_type: of tiles.
    """

    def address(request: PointRequest, info_format: str) -> str | None:
        crs = Crs.parse(request.crs)
        offer = next((each for each in offers if each.matrix_set.crs == crs), offers[0])
        x, y, cell = _placed(request, crs, offer.matrix_set.crs)
        matrix = closest_matrix(offer.matrix_set, cell, among=offer.limits.keys())
        across = int((x - matrix.left) // matrix.cell_size)
        down = int((matrix.top - y) // matrix.cell_size)
        index = TileIndex(
            matrix.identifier, across // matrix.tile_width, down // matrix.tile_height
        )
        if not offer.has(index):
            return None
        return wmts_address(
            service,
            layer,
            styles.get(request.style, ""),
            media_type,
            layer.link(offer.matrix_set.identifier),
            index,
            (across % matrix.tile_width, down % matrix.tile_height),
            info_format,
            {name: spellings.get((name, value), value) for name, value in request.dimensions},
        )

    return address


def ask_wms(plan: WmsPlan, parameters: Mapping[str, str], spellings: Spellings) -> Address:
    """Return how a WMS is asked: in the middle of a small map around the place."""

    def address(request: PointRequest, info_format: str) -> str | None:
        crs = Crs.parse(request.crs)
        theirs = crs if crs.text in plan.offered else plan.candidates[0]
        x, y, cell = _placed(request, crs, theirs)
        half = cell * _WINDOW_PX / 2
        query = MapQuery(
            layers=plan.layers,
            crs=theirs,
            bounds=BoundingBox(x - half, y - half, x + half, y + half),
            width=_WINDOW_PX,
            height=_WINDOW_PX,
            format=plan.media_type,
            styles=plan.styles.get(request.style, ()),
            dimensions={
                name: spellings.get((name, value), value) for name, value in request.dimensions
            },
            parameters=parameters,
        )
        middle = (_WINDOW_PX // 2, _WINDOW_PX // 2)
        return wms_address(plan.service, query, middle, info_format, 10)

    return address


def _placed(request: PointRequest, crs: Crs, theirs: Crs) -> tuple[float, float, float]:
    """Return a pixel's centre and its size in another CRS. Raises: ValueError: no place there."""
    bounds = request.bounds
    x, y = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    if crs == theirs:
        return x, y, (bounds.width * bounds.height) ** 0.5
    xs, ys = transform_points([x, x + bounds.width, x], [y, y, y + bounds.height], crs, theirs)
    area = abs((xs[1] - xs[0]) * (ys[2] - ys[0]) - (xs[2] - xs[0]) * (ys[1] - ys[0]))
    if not 0 < area < float("inf"):
        raise ValueError(f"the place has no coordinates in {theirs.text}")
    return xs[0], ys[0], area**0.5
