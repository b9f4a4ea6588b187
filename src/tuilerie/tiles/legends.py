"""The legends that this server draws: their sizes at once, their pictures when asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Final

from tuilerie.catalogue.model import Layer, StylePlan
from tuilerie.errors import NotFound
from tuilerie.raster.legend import Drawing, lay_out
from tuilerie.raster.legend_picture import legend_png
from tuilerie.tiles.legend_contents import legend_content
from tuilerie.tiles.legend_svg import legend_svg

__all__ = ["LEGEND_BYTES", "LegendPainter", "legend_size"]

LEGEND_BYTES: Final = 4 * 2**20
"""Pictures that one process keeps: of a kilobyte or two, so some thousand."""

_SVG: Final = "image/svg+xml"


def legend_size(plan: StylePlan, language: str) -> tuple[int, int]:
    """Return width and height in pixels of a style's legend in a language.

    Raises: ValueError: the style has none.
    """
    drawing = _drawing(plan, language)
    return drawing.width, drawing.height


class LegendPainter:
    """Draws the legends of one published state, and keeps the latest ones.

    Args:
        layers: by identifier.
        executor: where it draws; None = in the loop's own threads.
        max_bytes: of pictures that are kept.
    """

    def __init__(
        self,
        layers: Mapping[str, Layer],
        executor: Executor | None = None,
        max_bytes: int = LEGEND_BYTES,
    ) -> None:
        self._layers = layers
        self._executor = executor
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, str, str, str], bytes] = OrderedDict()
        self._size = 0

    async def legend(self, layer: str, style: str, language: str, media_type: str) -> bytes:
        """Return the picture of a legend that the catalogue announces.

        Raises: NotFound: it announces none for this layer and style.
        """
        key = (layer, style, language, media_type)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        plan = self._plan(layer, style)
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._executor, _picture, plan, language, media_type)
        self._keep(key, made)
        return made

    @property
    def kept_bytes(self) -> int:
        """Bytes of the pictures that are kept."""
        return self._size

    def _plan(self, layer: str, style: str) -> StylePlan:
        published = self._layers.get(layer)
        plans = published.styles if published is not None else ()
        for plan in plans:
            if plan.identifier == style and plan.key is not None:
                return plan
        raise NotFound("The style has no such legend here.")

    def _keep(self, key: tuple[str, str, str, str], picture: bytes) -> None:
        self._size += len(picture) - len(self._kept.get(key, b""))
        self._kept[key] = picture
        while self._size > self._max_bytes and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)


def _picture(plan: StylePlan, language: str, media_type: str) -> bytes:
    drawing = _drawing(plan, language)
    return legend_svg(drawing, language) if media_type == _SVG else legend_png(drawing)


def _drawing(plan: StylePlan, language: str) -> Drawing:
    if plan.key is None:
        raise ValueError(f"the style {plan.identifier!r} has no legend")
    return lay_out(legend_content(plan, plan.key, language))
