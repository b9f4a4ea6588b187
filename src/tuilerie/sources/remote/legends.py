"""The legends of a remote's styles: which of them can be handed on, and their pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from tuilerie.catalogue.model import SourceLegend, SourceStyle
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.picture import check_picture

__all__ = ["LEGEND_BYTES", "LEGEND_PIXELS", "RemoteLegends", "carried_legends"]

LEGEND_BYTES: Final = 2 * 2**20
LEGEND_PIXELS: Final = 2048 * 2048
_MOST: Final = 20
"""Legends of one style."""
_MOST_SIDE: Final = 10_000

# No SVG: it may bring a script, which would run here as if it were ours.
_PICTURES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
_PNG: Final = re.compile(r"image/(?:x-)?png(?:8|24|32)?", re.ASCII)


class Announced(Protocol):
    """A legend as a document of a remote announces it, whichever the protocol."""

    @property
    def address(self) -> str:
        """Return where it is."""
        ...

    @property
    def format(self) -> str:
        """Return its media type, "" = not said."""
        ...

    @property
    def width(self) -> int:
        """Return its pixels across, 0 = not said."""
        ...

    @property
    def height(self) -> int:
        """Return its pixels down, 0 = not said."""
        ...


def carried_legends(legends: Iterable[Announced]) -> tuple[SourceLegend, ...]:
    """Return the legends of a style that can be handed on, of each address one.

    Those that are no picture, or of which nobody says what they are, are left out.
    """
    found: dict[str, SourceLegend] = {}
    for each in legends:
        media_type = _media_type(each)
        if not media_type or len(found) == _MOST:
            continue
        width, height = (
            side if 0 < side <= _MOST_SIDE else 0 for side in (each.width, each.height)
        )
        found.setdefault(
            each.address,
            SourceLegend(
                each.address,
                media_type,
                width,
                height,
                getattr(each, "min_scale_denominator", None),
                getattr(each, "max_scale_denominator", None),
            ),
        )
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class RemoteLegends:
    """Fetches the legends of a source's styles.

    Attributes:
        source: identifier in the catalogue, for errors.
        styles: as the source was described, the default first.
    """

    source: str
    styles: Sequence[SourceStyle]
    client: RemoteClient

    async def fetch(self, style: str, number: int) -> bytes | None:
        """Return a picture; None if there is none. Raises: UpstreamError."""
        named = {each.identifier: each for each in self.styles}
        chosen = named.get(style) or next(iter(self.styles), None)
        if chosen is None or number >= len(chosen.legends):
            return None
        legend = chosen.legends[number]
        fetched = await self.client.get(
            legend.address, accept=legend.format, max_bytes=LEGEND_BYTES
        )
        if fetched.missing:
            return None
        check_picture(
            fetched,
            self.source,
            self.client.redact,
            media_type=legend.format,
            believe_header=False,
            max_pixels=LEGEND_PIXELS,
        )
        return fetched.data


def _media_type(legend: Announced) -> str:
    """Return what a legend is: as is said, else by what is asked for, else by its ending."""
    parts = urlsplit(legend.address)
    query = {name.lower(): value for name, value in parse_qsl(parts.query)}
    said = (legend.format or query.get("format", "")).partition(";")[0].strip().lower()
    if not said:
        return _PICTURES.get(parts.path.rpartition(".")[2].lower(), "")
    if _PNG.fullmatch(said):
        return "image/png"
    usual = "image/jpeg" if said in {"image/jpg", "image/pjpeg"} else said
    return usual if usual in _PICTURES.values() else ""
