"""Which of a remote's formats are asked for, and what we call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tuilerie.catalogue.info import GEOJSON, GML, HTML, INFO_FORMATS, JSON, PLAIN, InfoFormat
from tuilerie.formats import JPEG, MIXED, PNG, PNG8, ImageFormat, format_by_media_type

__all__ = ["info_formats", "pictures_among", "really", "their_formats"]

_WRITTEN: Mapping[InfoFormat, tuple[str, ...]] = {
    GML: ("application/gml+xml;version=3.1", "application/vnd.ogc.gml/3.1.1"),
    HTML: ("text/html",),
    GEOJSON: ("application/geo+json", "application/geojson", "application/json"),
    JSON: ("application/json", "application/geo+json", "application/geojson"),
    PLAIN: ("text/plain",),
}
"""The names that servers have for what we call so."""


def really(media_type: str) -> tuple[ImageFormat, ...]:
    """Return what the bytes of a media type may be, the usual one first; () if not read here."""
    try:
        found = format_by_media_type(media_type)
    except KeyError:
        # Some name their own variants: "image/png; mode=24bit", "image/png8".
        bare = media_type.partition(";")[0].strip().lower()
        if bare in {"image/png24", "image/png32"}:
            return (PNG,)
        try:
            found = format_by_media_type(bare)
        except KeyError:
            return ()
    if found is MIXED:
        return (JPEG, PNG)
    return (PNG,) if found is PNG8 else (found,)


def pictures_among(offered: Sequence[str], wanted: str | None) -> tuple[str, ...]:
    """Return the media types to ask for, as the remote spells them, the best first.

    The remote's own order counts: the first is what it has at hand. Of several that give the
    same bytes the first is taken.
    """
    if wanted is not None:
        return (wanted,) if really(wanted) else ()
    found: dict[tuple[ImageFormat, ...], str] = {}
    for media_type in offered:
        bytes_of_it = really(media_type)
        if bytes_of_it:
            found.setdefault(bytes_of_it, media_type)
    return tuple(found.values())


def their_formats(offered: Sequence[str]) -> dict[str, str]:
    """Return by our media type what a remote calls it, of those that it offers."""
    plain = {"".join(text.lower().split()): text for text in reversed(offered)}
    return {
        ours.media_type: next(plain[name] for name in names if name in plain)
        for ours, names in _WRITTEN.items()
        if any(name in plain for name in names)
    }


def info_formats(offered: Sequence[str]) -> tuple[InfoFormat, ...]:
    """Return our formats in which a remote can be asked, HTML first: people read it."""
    usable = their_formats(offered)
    found = [each for each in INFO_FORMATS if each.media_type in usable]
    return tuple(sorted(found, key=lambda each: each is not HTML))
