"""A tile with what the server that it comes from says of its age."""

from __future__ import annotations

from tuilerie.caches.lifetimes import Life
from tuilerie.formats import EncodedTile, ImageFormat

__all__ = ["LastingTile", "lasting"]


class LastingTile(EncodedTile):
    """A tile that is good until a time.

    Attributes:
        life: until when, and what its remote calls this state of it.
    """

    life: Life


def lasting(data: bytes, image_format: ImageFormat, life: Life | None) -> EncodedTile:
    """Return a tile, with its life if anything is known of it."""
    if life is None:
        return EncodedTile(data, image_format)
    tile = LastingTile(data, image_format)
    tile.life = life
    return tile
