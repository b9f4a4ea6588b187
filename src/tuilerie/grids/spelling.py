"""Every spelling of a CRS in, one canonical text out; the only place where PROJ parses."""

from __future__ import annotations

import math
import re
import threading
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyproj import CRS

__all__ = ["canonical_text", "definition_of", "horizontal_of", "proj4_of"]

_LONGEST_TEXT = 100_000
_SURE, _LIKELY = 90, 70
"""Percent of confidence from which PROJ's identification of a definition is considered."""

_CODE = re.compile(r"(?:[+]?init=)?([A-Za-z]\w*):([\w.-]+)", re.ASCII)
_BARE = re.compile(r"\d+|CRS(?:84|83|27)", re.I | re.ASCII)
_URN = re.compile(r"urn:(?:x-ogc|ogc|opengis):def:crs:(\w+):(?:[^,]*:)?([\w.-]+)", re.I | re.ASCII)
_URI = re.compile(
    r"https?://(?:www\.)?opengis\.net/(?:def/crs/(\w+)/[^/?#]+/([\w.-]+)/?"
    r"|gml/srs/(\w+)\.xml#([\w.-]+))",
    re.I | re.ASCII,
)
# Codes that were given to Web Mercator before EPSG had one; 3785 is not among them, PROJ knows it
# as a CRS of its own.
_WEB_MERCATOR_ALIASES = {"900913", "102100", "102113"}
# By this, in WKT or PROJ's words, files from that time say the same.
_SPHERICAL_MERCATOR = (
    "+proj=merc +lon_0=0 +k=1 +x_0=0 +y_0=0 +R=6378137 +nadgrids=@null +units=m +no_defs +type=crs"
)
_own_wkt: dict[str, None] = {}
"""WKT that was returned, the latest last: to look again for its code costs PROJ 0.1 s."""
_MOST_OWN_WKT = 1024
_proj4_lock = threading.Lock()


@lru_cache(maxsize=1024)
def canonical_text(text: str) -> str:
    """Return "AUTHORITY:CODE" of what a text names or defines, WKT 2 where there is no code.

    Raises: ValueError: as `Crs.parse`.
    """
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"a CRS of {len(text)} characters is not one")
    if "\0" in text:  # which would end the text for PROJ
        raise ValueError(f"the CRS {_shown(text)} has a NUL in it")
    text = text.strip()
    if text in _own_wkt:
        return text
    named = _named(text)
    definition = definition_of(text if named is None else named)
    if definition.is_geocentric or definition.is_engineering or len(definition.axis_info) < 2:
        raise ValueError(f"the CRS {_shown(text)} has no two axes on the Earth's surface")
    factor = horizontal_of(definition).axis_info[0].unit_conversion_factor
    if not 0 < factor < math.inf:
        raise ValueError(f"the CRS {_shown(text)} has a unit without length")
    return _code_or_wkt(definition) if named is None else named


def _named(text: str) -> str | None:
    """Return "AUTHORITY:CODE" if the text is one of its spellings."""
    match = _URN.fullmatch(text) or _URI.fullmatch(text) or _CODE.fullmatch(text)
    if match is not None:
        authority, code = (group for group in match.groups() if group is not None)
    elif _BARE.fullmatch(text):
        authority, code = ("EPSG" if text.isdigit() else "OGC"), text
    else:
        return None
    authority = authority.upper()
    if authority in {"CRS", "OGC"}:
        authority, code = "OGC", f"CRS{code.upper().removeprefix('CRS')}"
    if code in _WEB_MERCATOR_ALIASES:
        return "EPSG:3857"
    if authority == "IAU":  # the version is part of PROJ's name of this authority
        return None
    return f"{authority}:{code}"


def definition_of(text: str) -> CRS:
    """Return PROJ's view of a text that it understands.

    Raises: ValueError.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise ValueError(
            f"PROJ does not know the CRS {_shown(text)}; write e.g. EPSG:2154, OGC:CRS84, or WKT"
        ) from error


def horizontal_of(definition: CRS) -> CRS:
    """Return the part of a CRS that has two axes on the Earth's surface."""
    if definition.is_compound:
        definition = definition.sub_crs_list[0]
    return definition.to_2d() if len(definition.axis_info) > 2 else definition


def _code_or_wkt(definition: CRS) -> str:
    """Return the code of a definition if an authority has one that says the same, else WKT."""
    # The definition's own label first: PROJ identifies none whose projected axes are not in
    # the authority's order, as those of older WKT are. Then what PROJ is sure of; then what it
    # takes for the same under another name, as PROJ strings have none, but of EPSG alone.
    meaning = proj4_of(horizontal_of(definition))
    if meaning == _SPHERICAL_MERCATOR:
        return "EPSG:3857"
    for known in _identifications(definition):
        if proj4_of(horizontal_of(definition_of(known))) == meaning:
            return known
    wkt = definition.to_wkt()
    _own_wkt[wkt] = None
    if len(_own_wkt) > _MOST_OWN_WKT:
        _own_wkt.pop(next(iter(_own_wkt)), None)
    return wkt


def _identifications(definition: CRS) -> Iterator[str]:
    """Yield the codes that a definition may have, those for which PROJ must search last."""
    label = definition.to_json_dict().get("id", {})
    # A version is a part of the name of some authorities (IAU_2015): PROJ knows of which.
    if label and "version" not in label:
        yield f"{label['authority']}:{label['code']}"
    found = definition.list_authority(min_confidence=_LIKELY)
    sure = [match for match in found if match.confidence >= _SURE]
    likely = [match for match in found if match.auth_name == "EPSG"]
    for match in (*sure[:1], *likely[:1]):
        yield f"{match.auth_name}:{match.code}"


def proj4_of(definition: CRS) -> str:
    """Return a definition as a PROJ string, "" if none says it."""
    # pyproj warns each time that a PROJ string says less than WKT; the lock, because the
    # state that catch_warnings puts back is the whole process's.
    with _proj4_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return definition.to_proj4() or ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}…")
