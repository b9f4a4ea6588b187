"""What was found at a place: a layer's attributes made of the values that a source gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tuilerie.catalogue.info import Attribute, Value
from tuilerie.catalogue.model import Layer
from tuilerie.grids import WGS84, BoundingBox, Crs, transform_points

__all__ = ["Feature", "Found", "Place", "features_of", "place_of"]

Feature = tuple[tuple[Attribute, Value], ...]
"""Attributes with their values, all of the layer's in its order."""

_DEGREE_DIGITS = 8
"""A millimetre on the ground."""
_LENGTH_DIGITS = 3


class Place(NamedTuple):
    """A position.

    Attributes:
        x, y: in `crs`, the layer's own, x first.
        longitude, latitude: WGS 84, degrees.
    """

    x: float
    y: float
    crs: Crs
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be written.

    Attributes:
        place: None where the map has no place on the Earth.
        features: the topmost first; none where there is no data, or no place.
    """

    layer: Layer
    place: Place | None
    features: tuple[Feature, ...]


def place_of(bounds: BoundingBox, crs: Crs, layer: Layer) -> Place | None:
    """Return the centre of a pixel as a position; None if it is nowhere on the Earth.

    Args:
        bounds: outer edges of the pixel in units of `crs`, x first.
        crs: of the map that the client looks at.
        layer: in whose CRS the position is wanted too.
    """
    own = Crs.parse(layer.crs)
    middle = (bounds.left + bounds.right) / 2, (bounds.bottom + bounds.top) / 2
    x, y = transform_points(*middle, crs, own)
    longitude, latitude = transform_points(*middle, crs, WGS84)
    if not all(abs(number) < float("inf") for number in (x, y, longitude, latitude)):
        return None
    digits = _DEGREE_DIGITS if own.is_geographic else _LENGTH_DIGITS
    # A map that goes round the Earth twice shows the same place at 190° and at -170°.
    turned = (longitude + 180.0) % 360.0 - 180.0
    return Place(
        round(x, digits),
        round(y, digits),
        own,
        round(turned, _DEGREE_DIGITS),
        round(latitude, _DEGREE_DIGITS),
    )


def features_of(layer: Layer, found: tuple[Mapping[str, Value], ...]) -> tuple[Feature, ...]:
    """Return features with the layer's attributes, of the values that its source gave by key."""
    return tuple(
        tuple((attribute, _made(attribute, values)) for attribute in layer.info.attributes)
        for values in found
    )


def _made(attribute: Attribute, values: Mapping[str, Value]) -> Value:
    given = [values.get(key) for key in attribute.keys]
    match attribute.role:
        case "value":
            return given[0]
        case "word":
            return dict[Value, str](attribute.words).get(given[0])
        case "colour":
            levels = [value for value in given if isinstance(value, int)]
            if len(levels) != len(given):
                return None
            return "#" + "".join(f"{level:02x}" for level in (levels * 3)[:3])
