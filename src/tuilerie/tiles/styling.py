"""From a style as the catalogue plans it to the one that pixels obey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuilerie.catalogue.model import StylePlan
from tuilerie.raster.colour import (
    Bands,
    Default,
    Grey,
    Hillshade,
    PaletteColours,
    Ramp,
    Rgba,
    Style,
)
from tuilerie.raster.ramps import parse_colour, ramp_stops

__all__ = ["colouring"]


def colouring(plan: StylePlan) -> Style:
    """Return how a raster is coloured that has just the bands that the plan names, in its order.

    Raises: ValueError: a ramp or colour that the catalogue should have refused.
    """
    wanted = plan.parameters
    match plan.kind:
        case "default":
            return Default()
        case "grey":
            return Grey(minimum=wanted["minimum"], maximum=wanted["maximum"])
        case "rgb":
            return Bands(bands=(1, 2, 3), ranges=wanted["ranges"])
        case "ramp":
            return _ramp(wanted)
        case "hillshade":
            return Hillshade(
                azimuth=wanted["azimuth"],
                altitude=wanted["altitude"],
                z_factor=wanted["z_factor"],
            )
        case "palette":
            return PaletteColours(
                tuple((value, parse_colour(text)) for value, text in wanted["colours"])
            )
    raise ValueError(f"no way is known to draw a style of kind {plan.kind!r}")


def _ramp(wanted: Mapping[str, Any]) -> Ramp:
    stops: tuple[tuple[float, Rgba], ...]
    if wanted["stops"]:
        stops = tuple((value, parse_colour(text)) for value, text in wanted["stops"])
    else:
        stops = ramp_stops(wanted["ramp"], wanted["minimum"], wanted["maximum"])
    return Ramp(stops, interpolation=wanted["interpolation"])
