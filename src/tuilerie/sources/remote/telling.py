"""What a remote tells beside its maps: of places, and by legends; alike for all its kinds."""

from __future__ import annotations

from tuilerie.sources.base import PointRequest
from tuilerie.sources.remote.feature_info import RemoteInfo
from tuilerie.sources.remote.legends import RemoteLegends

__all__ = ["TellingSource"]


class TellingSource:
    """The part of a remote source that is an `InfoDocumentSource` and a source of legends.

    Args:
        info: asks the remote about places; None = it knows nothing of them.
        legends: fetches those of its styles; None = they have none.
    """

    def __init__(self, info: RemoteInfo | None, legends: RemoteLegends | None) -> None:
        self._info = info
        self._legends = legends

    @property
    def info_formats(self) -> tuple[str, ...]:
        """Return our media types in which the remote writes of places."""
        return () if self._info is None else tuple(self._info.formats)

    async def fetch_info(self, request: PointRequest, info_format: str) -> bytes:
        """Return the remote's document about a place. Raises: UpstreamError."""
        if self._info is None:
            raise TypeError("a remote is asked about places in the formats that it has")
        return await self._info.fetch(request, info_format)

    async def fetch_legend(self, style: str, number: int) -> bytes | None:
        """Return the remote's legend of a style. Raises: UpstreamError."""
        return None if self._legends is None else await self._legends.fetch(style, number)
