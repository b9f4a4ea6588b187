"""Coordinate reference systems: what maps must know of them, and their axis order.

A `Crs` is a text; PROJ is asked only when something about it must be known, so that a process
which serves stored tiles never loads PROJ. Inside the program coordinates are x first: what PROJ
calls the order for visualisation (easting or longitude before northing or latitude). The order
that the CRS itself prescribes exists in `to_wire` and `from_wire` alone.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from tuilerie.grids.bounds import BoundingBox
from tuilerie.grids.spelling import canonical_text, definition_of, horizontal_of, proj4_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyproj.crs import CRS as ProjCrs  # noqa: N811 (the attribute Crs.pyproj hides the module)

__all__ = ["WGS84", "Crs"]

EARTH_RADIUS_M = 6378137.0
"""Equatorial radius of WGS 84, by which degrees become metres. Source: OGC 07-057r7, Annex E."""


class Crs:
    """A coordinate reference system; immutable, equal by canonical text.

    Attributes:
        text: "EPSG:2154", "OGC:CRS84", or WKT 2 where no authority has a code for it.
    """

    text: str

    def __init__(self, text: str) -> None:
        """Take a text that is canonical already; `parse` takes any."""
        self.__dict__["text"] = text

    @staticmethod
    def parse(text: str) -> Crs:
        """Return the CRS that a text names or defines.

        Understood are authority codes ("EPSG:2154", "epsg:2154", "OGC:CRS84", "CRS:84",
        "IGNF:LAMB93"), URNs and URIs of the OGC in all their spellings (also the
        "urn:ogc:def:crs:EPSG:6.18:3:3857" of Annex E), WKT 1 and 2, PROJJSON, PROJ strings and
        the names of EPSG. Codes of the time before EPSG:3857 (900913, 102100, 102113) are
        EPSG:3857. A definition that an authority knows becomes its code: GeoTIFF's WKT of
        Lambert 93 is "EPSG:2154".

        Raises: ValueError: not understood; or not two axes on the Earth's surface (geocentric,
            vertical, local).
        """
        return _interned(canonical_text(text))

    @cached_property
    def authority_code(self) -> tuple[str, str] | None:
        """Return e.g. ("EPSG", "2154"); None if the text is a definition."""
        authority, colon, code = self.text.partition(":")
        return (authority, code) if colon and "[" not in self.text else None

    @cached_property
    def urn(self) -> str:
        """Return the URN for documents, e.g. "urn:ogc:def:crs:EPSG::2154".

        A definition without a code has none in the OGC's namespace: it gets a name-based
        "urn:uuid:…", stable and unique, from which a client can learn nothing.
        """
        if self.authority_code is None:
            from uuid import NAMESPACE_URL, uuid5

            return uuid5(NAMESPACE_URL, self.text).urn
        authority, code = self.authority_code
        authority, version = _versioned(authority)
        return f"urn:ogc:def:crs:{authority}:{version}:{code}"

    @cached_property
    def uri(self) -> str:
        """Return the URI for documents, e.g. "http://www.opengis.net/def/crs/EPSG/0/2154"."""
        if self.authority_code is None:
            return self.urn
        authority, code = self.authority_code
        authority, version = _versioned(authority)
        return f"http://www.opengis.net/def/crs/{authority}/{version or 0}/{code}"

    @cached_property
    def pyproj(self) -> ProjCrs:
        """Return PROJ's view of the whole CRS, heights included."""
        return definition_of(self.text)

    @cached_property
    def horizontal(self) -> ProjCrs:
        """Return PROJ's view of the two horizontal axes, which is what maps are made in."""
        return horizontal_of(self.pyproj)

    @property
    def name(self) -> str:
        """Return the CRS's name, e.g. "RGF93 v1 / Lambert-93"."""
        return self.pyproj.name

    @cached_property
    def is_geographic(self) -> bool:
        """Return whether coordinates are angles: longitude and latitude."""
        return bool(self.horizontal.is_geographic)

    @cached_property
    def axes_swapped(self) -> bool:
        """Return whether the CRS prescribes y (latitude, northing) before x.

        By the same rule on the directions of PROJ's axes by which PROJ itself swaps for
        visualisation: north before east; or, where both axes of a polar projection point the
        same way, a northing before an easting. South and west axes (Krovak, Lo) stay as they
        are, with PROJ and GDAL.
        """
        first, second = self.horizontal.axis_info[:2]
        directions = (first.direction, second.direction)
        return directions == ("north", "east") or (
            directions in {("north", "north"), ("south", "south")}
            and first.name.lower().startswith("northing")
        )

    @property
    def unit(self) -> str:
        """Return the name of the unit of both axes, e.g. "metre", "degree", "US survey foot"."""
        return str(self.horizontal.axis_info[0].unit_name)

    @cached_property
    def metres_per_unit(self) -> float:
        """Return the metres that one CRS unit stands for in scale denominators.

        Angles are measured on the equator of WGS 84, whatever the ellipsoid: a degree is
        2π · 6378137 m / 360.

        Source: OGC 07-057r7, 6.1 and Annex E.
        """
        factor = float(self.horizontal.axis_info[0].unit_conversion_factor)
        return factor * EARTH_RADIUS_M if self.is_geographic else factor

    @cached_property
    def full_turn(self) -> float:
        """Return the units of a geographic CRS that go around the Earth: 360 where degrees."""
        radians = float(self.horizontal.axis_info[0].unit_conversion_factor)
        return round(2 * math.pi / radians, 9)

    @cached_property
    def area_of_use(self) -> BoundingBox | None:
        """Return where the CRS is meant to be used, degrees; left > right across the antimeridian.

        None if PROJ knows none.
        """
        area = self.pyproj.area_of_use or self.horizontal.area_of_use
        return None if area is None else BoundingBox(*area.bounds)

    @cached_property
    def proj4(self) -> str:
        """Return the definition as a PROJ string, for browsers; "" if none says it."""
        return proj4_of(self.horizontal)

    def to_wire(self, x: float, y: float) -> tuple[float, float]:
        """Return a position in the axis order that the CRS prescribes."""
        return (y, x) if self.axes_swapped else (x, y)

    def from_wire(self, a: float, b: float) -> tuple[float, float]:
        """Return (x, y) of a position that is in the axis order of the CRS."""
        return (b, a) if self.axes_swapped else (a, b)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Crs) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Crs({self.text!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Crs is immutable: {name}")

    def __reduce__(self) -> tuple[Callable[[str], Crs], tuple[str]]:
        return _interned, (self.text,)


@lru_cache(maxsize=1024)
def _interned(text: str) -> Crs:
    # What PROJ said of a CRS is kept in it: the same object serves all who name it.
    return Crs(text)


WGS84 = Crs("OGC:CRS84")
"""Longitude and latitude, degrees, in that order also on the wire."""


def _versioned(authority: str) -> tuple[str, str]:
    """Return the authority and version that the OGC's URNs separate, e.g. IAU_2015."""
    if authority == "OGC":
        return authority, "1.3"
    authority, _, version = authority.partition("_")
    return authority, version
