"""Which of a remote's picture formats are asked for, and what their bytes then are."""

from __future__ import annotations

from collections.abc import Sequence

from tuilerie.formats import JPEG, MIXED, PNG, PNG8, ImageFormat, format_by_media_type

__all__ = ["pictures_among", "really"]


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
