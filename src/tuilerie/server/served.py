"""Which values of dimensions a tile is for, as its headers say them.

`Tuilerie-Dimensions: time=2026-03-01&elevation=10`: the canonical values in the layer's order,
escaped as in a query. It stands on every tile of a layer with dimensions, so that a client that
asked for `default`, `current`, a neighbour or another spelling learns what it was given.

How long a tile may be kept is said by the address as much as by the layer: one that does not
name its value (`default`, `current`, a neighbour) may be another tile's soon.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote

from tuilerie.catalogue.address import Dimensions
from tuilerie.server.message import CROSS_ORIGIN, Header

__all__ = ["Served", "served_values", "telling"]

_DIMENSIONS: Final = b"tuilerie-dimensions"
_EXPOSE: Final = b"access-control-expose-headers"
_EXPOSED: Final[tuple[Header, ...]] = tuple(
    (name, value + b", " + _DIMENSIONS if name == _EXPOSE else value)
    for name, value in CROSS_ORIGIN
)
"""CROSS_ORIGIN of a layer with dimensions: pages of other sites may read the values too."""


class Served(NamedTuple):
    """What was served for what was asked.

    Attributes:
        dimensions: the canonical values.
        max_age_s: for how long clients may keep the tile at most; None = as the layer says.
    """

    dimensions: Dimensions
    max_age_s: int | None = None

    def shortest(self, max_age_s: int | None) -> int | None:
        """Return the layer's max-age, or a shorter one; None = nothing is said."""
        if self.max_age_s is None:
            return max_age_s
        return self.max_age_s if max_age_s is None else min(max_age_s, self.max_age_s)


_PLAIN: Final = "-._~:/,"


def telling(dimensions: Dimensions) -> tuple[Header, ...]:
    """Return the headers with which pages of other sites may read a tile, its values included."""
    return (served_values(dimensions), *_EXPOSED) if dimensions else CROSS_ORIGIN


def served_values(dimensions: Dimensions) -> Header:
    """Return the header that says which values were served; ASCII whatever they are."""
    pairs = (f"{name}={quote(value, safe=_PLAIN)}" for name, value in dimensions)
    return _DIMENSIONS, "&".join(pairs).encode("ascii")
