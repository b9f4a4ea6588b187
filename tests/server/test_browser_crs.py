"""The CRS definitions that the map in the browser gets."""

from __future__ import annotations

import math
import re

import pytest
from pyproj import Transformer

from tuilerie.grids import WGS84, Crs, transform_points
from tuilerie.server.browser_crs import browser_definition


@pytest.mark.parametrize(
    ("text", "within_m"),
    [
        ("EPSG:2056", 2),
        ("EPSG:2154", 0.1),
        ("EPSG:27572", 4),  # a prime meridian of its own, angles in grads
        ("EPSG:27700", 15),
        ("EPSG:28992", 2),
        ("EPSG:26912", 0.1),
        ("EPSG:3413", 0.1),
        ("EPSG:3571", 0.1),
        ("EPSG:31467", 4),
        ("EPSG:5514", 6),
    ],
)
def test_degrees_in_the_browser_are_those_of_proj(text: str, within_m: float) -> None:
    """Coordinates read off the map would be 100 to 200 m beside the truth in national CRS."""
    crs = Crs.parse(text)
    definition = browser_definition(crs)
    area = crs.area_of_use
    assert area is not None
    right = area.right + (360 if area.right < area.left else 0)
    for fraction in (0.3, 0.5, 0.7):
        lon = area.left + (right - area.left) * fraction
        lat = area.bottom + (area.top - area.bottom) * fraction
        xs, ys = transform_points([lon], [lat], WGS84, crs)
        seen_lon, seen_lat = as_proj4js(definition, xs[0], ys[0])
        east = ((seen_lon - lon + 180) % 360 - 180) * math.cos(math.radians(lat)) * 111_320
        assert math.hypot(east, (seen_lat - lat) * 111_320) < within_m


def as_proj4js(definition: str, x: float, y: float) -> tuple[float, float]:
    """Return the degrees that a definition alone gives: projection and three-parameter shift."""
    shift = re.search(r" \+towgs84=([-\d.]+),([-\d.]+),([-\d.]+)", definition)
    bare = re.sub(r" \+(?:towgs84|type|no_defs)\S*", "", definition)
    figure = " ".join(re.findall(r"\+(?:ellps|datum|a|b|rf|R)=\S+", bare)).replace("datum", "ellps")
    bare = bare.replace("+datum=", "+ellps=").replace("+ellps=NAD83", "+ellps=GRS80")
    moves = ""
    if shift:
        parameters = "+x={} +y={} +z={}".format(*shift.groups())
        moves = (
            f" +step +proj=cart {figure} +step +proj=helmert {parameters}"
            " +step +inv +proj=cart +ellps=WGS84"
        )
    pipeline = (
        f"+proj=pipeline +step +inv {bare}{moves} +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    lon, lat, _ = Transformer.from_pipeline(pipeline).transform(x, y, 0.0)
    return lon, lat


@pytest.mark.parametrize("text", ["EPSG:3857", "OGC:CRS84", "EPSG:32631", "EPSG:3413"])
def test_world_wide_datums_stay_as_they_are(text: str) -> None:
    """A shift of nothing would only add noise."""
    crs = Crs.parse(text)
    assert browser_definition(crs) == crs.proj4
