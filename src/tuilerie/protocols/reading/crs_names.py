"""Names of coordinate reference systems as servers write them, beyond what `Crs.parse` reads."""

from __future__ import annotations

import re
from functools import lru_cache

from tuilerie.grids import WGS84, Crs

__all__ = ["read_crs"]

_LONGEST = 400
# Codes that software gave to CRSs which EPSG calls otherwise; who has used them, in brackets.
_OTHER_CODES = {
    "41001": "EPSG:3395",  # (OSGeo, TileCache: a Mercator on the ellipsoid)
    "54004": "ESRI:54004",
    "42304": "EPSG:3978",  # (CubeWerx, DM Solutions: Canada's Lambert conformal conic)
    "54003": "ESRI:54003",
}
_PROSE = {
    "wgs84": "EPSG:4326",
    "wgs 84": "EPSG:4326",
    "crs84": "OGC:CRS84",
    "lambert 93": "EPSG:2154",
    "lambert93": "EPSG:2154",
    "lambert-93": "EPSG:2154",
    "google": "EPSG:3857",
    "googlemercator": "EPSG:3857",
    "google mercator": "EPSG:3857",
    "spherical mercator": "EPSG:3857",
    "web mercator": "EPSG:3857",
    "webmercator": "EPSG:3857",
    "pseudo-mercator": "EPSG:3857",
    "lv95": "EPSG:2056",
    "lv03": "EPSG:21781",
    "rd new": "EPSG:28992",
    "etrs89": "EPSG:4258",
    "british national grid": "EPSG:27700",
    "osgb": "EPSG:27700",
}
_CODE_WITHIN = re.compile(r"\b(EPSG|ESRI)\b", re.I)
# What PROJ reads without searching all its names.
_FORMAL = re.compile(
    r"(?:\+?init=)?(?:EPSG|ESRI|IGNF|OGC|CRS|IAU\w*|NKG):[\w.-]+$|urn:(?:x-)?og[cp]|urn:opengis"
    r"|https?://(?:www\.)?opengis\.net/|\d{4,6}$|CRS\d\d$|\w+\[|\+proj",
    re.I,
)
_EPSG_WITHIN = re.compile(r"EPSG\D{0,20}?(\d{4,6})(?!\d)", re.I)


@lru_cache(maxsize=2048)
def read_crs(text: str, *, search: bool = False) -> Crs | None:
    """Return the CRS that a server means by a name, None if nobody can know.

    Beyond the spellings of `Crs.parse`: codes of ESRI said to be EPSG's ("EPSG:102066"), codes
    that servers made up before EPSG had one, a code within a sentence, names in prose; with
    `search` any name that EPSG knows, which costs PROJ 150 ms where it knows none.
    """
    text = text.strip()[:_LONGEST]
    if not text:
        return None
    prose = _PROSE.get(text.lower())
    formal = text if search or _FORMAL.match(text) else None
    for candidate in (prose, formal, *_guesses(text)):
        if candidate is None:
            continue
        try:
            return Crs.parse(candidate)
        except ValueError:
            continue
    return None


def _guesses(text: str) -> list[str]:
    """Return what a text that is no spelling of a CRS may mean, the likeliest first."""
    found = _CODE_WITHIN.search(text)
    code = re.search(r"(\d{3,6})\D*$", text)
    guesses = []
    if code is not None:
        if code[1] in _OTHER_CODES:
            guesses.append(_OTHER_CODES[code[1]])
        if found is not None and found[1].upper() in {"EPSG", "ESRI"}:
            # EPSG's codes end at 32766; what is larger is ESRI's.
            authority = "ESRI" if int(code[1]) > 32767 else "EPSG"
            guesses.append(f"{authority}:{code[1]}")
    within = _EPSG_WITHIN.search(text)
    if within is not None:
        guesses.append(f"EPSG:{within[1]}")
    if re.search(r"CRS:?\s?84\b", text, re.I):
        guesses.append(WGS84.text)
    return guesses
