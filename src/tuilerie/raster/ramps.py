"""Named colour ramps, as lists of stops; where they come from is in data/NOTICE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["Rgba", "named_ramp", "named_ramps", "parse_colour", "ramp_names", "ramp_stops"]

Rgba = tuple[int, int, int, int]
"""Red, green, blue, alpha, 0…255 each; alpha 0 is transparent."""

_SHORT, _SHORT_ALPHA, _LONG, _LONG_ALPHA = 3, 4, 6, 8


def parse_colour(text: str) -> Rgba:
    """Return the colour of "#rgb", "#rgba", "#rrggbb" or "#rrggbbaa".

    Raises: ValueError: it is none of these.
    """
    digits = text.removeprefix("#")
    if len(digits) in (_SHORT, _SHORT_ALPHA):
        digits = "".join(2 * digit for digit in digits)
    if (
        not text.startswith("#")
        or len(digits) not in (_LONG, _LONG_ALPHA)
        or not all(digit in "0123456789abcdefABCDEF" for digit in digits)
    ):
        raise ValueError(f"{text[:40]!r} is no colour; write e.g. #fa0, #ffaa00 or #ffaa0080")
    red, green, blue, alpha = bytes.fromhex(digits.ljust(_LONG_ALPHA, "f"))
    return red, green, blue, alpha


@cache
def named_ramps() -> Mapping[str, tuple[tuple[float, Rgba], ...]]:
    """Return every named ramp: stops from 0 to 1 with their colours, by lower-case name."""
    text = files("tuilerie.raster").joinpath("data/ramps.json").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            name: tuple((float(position), parse_colour(colour)) for position, colour in stops)
            for name, stops in json.loads(text).items()
        }
    )


def ramp_names() -> frozenset[str]:
    """Return every name that `named_ramp` knows in lower case, reversed ramps included."""
    return frozenset(named_ramps()) | {f"{name}_r" for name in named_ramps()}


def named_ramp(name: str) -> tuple[tuple[float, Rgba], ...]:
    """Return the stops from 0 to 1 of a ramp; a name with "_r" at its end is the ramp reversed.

    Raises: KeyError: no ramp has this name.
    """
    key = name.lower()
    ramps = named_ramps()
    if key not in ramps and key.endswith("_r"):
        return tuple((1 - position, colour) for position, colour in reversed(ramps[key[:-2]]))
    return ramps[key]


def ramp_stops(name: str, minimum: float, maximum: float) -> tuple[tuple[float, Rgba], ...]:
    """Return the stops of a named ramp spread over the values from minimum to maximum.

    Raises: KeyError: no ramp has this name.
    """
    return tuple(
        (minimum + position * (maximum - minimum), colour) for position, colour in named_ramp(name)
    )
