"""The legends that sources have themselves: fetched when asked for, and kept for an hour."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from tuilerie.errors import NotFound
from tuilerie.sources.base import LegendSource

__all__ = ["CARRIED_BYTES", "CARRIED_S", "CarriedLegends"]

CARRIED_BYTES: Final = 8 * 2**20
"""Pictures of other servers that one process keeps: of some ten kilobytes, so some hundred."""
CARRIED_S: Final = 3600.0
"""Seconds for which one is not asked for again."""


class CarriedLegends:
    """Hands on the legends of the sources of one published state.

    Failures are not kept: the source's own client knows when to leave a server alone.

    Args:
        sources: by layer, those that have legends.
        max_bytes: of pictures that are kept.
        clock: seconds, never going back.
    """

    def __init__(
        self,
        sources: Mapping[str, LegendSource],
        max_bytes: int = CARRIED_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, int], tuple[float, bytes]] = OrderedDict()
        self._size = 0

    async def legend(self, layer: str, style: str, number: int) -> bytes:
        """Return the picture of a legend that the catalogue announces as the source's.

        Raises: NotFound: the source does not have it, or no more. UpstreamError.
        """
        key = (layer, style, number)
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            self._kept.move_to_end(key)
            return kept[1]
        source = self._sources.get(layer)
        picture = None if source is None else await source.fetch_legend(style, number)
        if picture is None:
            raise NotFound("The server that this layer comes from has no such legend.")
        self._keep(key, picture)
        return picture

    def _keep(self, key: tuple[str, str, int], picture: bytes) -> None:
        _, before = self._kept.pop(key, (0.0, b""))
        self._kept[key] = (self._clock() + CARRIED_S, picture)
        self._size += len(picture) - len(before)
        while self._size > self._max_bytes:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= len(gone)
