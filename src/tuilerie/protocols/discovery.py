"""What a pasted address may mean: candidates to fetch, the likeliest first, and what each may be.

People paste what they have: an address without its scheme, with blanks or in angle brackets, with
keys in any order and case, the address of a tile or a map, a vendor's path, a template. Nothing is
fetched here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

from tuilerie.protocols.reading.addresses import with_query
from tuilerie.protocols.xyz.templates import is_template, normalised

__all__ = ["Candidate", "candidates"]

MAX_ADDRESS: Final = 8_192
_Add = Callable[[str, str, str], None]
_WMTS = (("SERVICE", "WMTS"), ("REQUEST", "GetCapabilities"))
_WMS = (("SERVICE", "WMS"), ("REQUEST", "GetCapabilities"))
_REQUEST_KEYS: Final = frozenset(
    {
        *("service", "request", "version", "wmtver", "acceptversions", "sections"),
        *("updatesequence", "layer", "layers", "style", "styles", "format", "tilematrixset"),
        *("tilematrix", "tilerow", "tilecol", "bbox", "width", "height", "crs", "srs"),
        *("transparent", "query_layers", "info_format", "infoformat", "i", "j", "x", "y"),
        *("exceptions", "bgcolor", "feature_count", "time", "elevation", "tiled"),
        *("sld_version", "dpi", "map_resolution", "format_options"),
    }
)
_ARCGIS = re.compile(r"(.*/(?:MapServer|ImageServer))(?:/.*)?$", re.I)
_REST_TILE = re.compile(r"^(.*?/1\.0\.0)/.+?/[^/]+/\d+/\d+(?:/\d+/\d+)?\.\w{2,5}$", re.I)
_XYZ_TILE = re.compile(r"^(.*)/(\d{1,2})/(\d{1,8})/(\d{1,8})(@2x)?(\.\w{2,5})?$")
_TMS = re.compile(r"^(.*?/tms/1\.0\.0)(?:/.*)?$", re.I)
_LOCAL = re.compile(
    r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]|[\w-]+:\d+)(?:[:/?]|$)", re.I
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address to try.

    Attributes:
        address: to fetch; of a "template" to be filled.
        kind: what is expected: "wmts", "wms", "tilejson", "arcgis", "tms-service", "tms-map",
            "ogc-tiles", "template", or "any": whatever `recognise` finds.
        reason: how the address was understood.
    """

    address: str
    kind: str
    reason: str


def candidates(pasted: str) -> tuple[Candidate, ...]:
    """Return what a pasted text may mean, the likeliest first; never empty.

    Raises: ValueError: it is no address of HTTP at all; with a sentence that says why.
    """
    text = _cleaned(pasted)
    if is_template(text):
        return (Candidate(_with_scheme(normalised(text)), "template", "a template of tiles"),)
    parts = _split(_with_scheme(text))
    found: dict[str, Candidate] = {}

    def add(address: str, kind: str, reason: str) -> None:
        found.setdefault(address, Candidate(address, kind, reason))

    _by_query(parts, add)
    _by_path(parts, add)
    if not found:
        _by_guess(parts, add)
    # The scheme was guessed: the other one comes last.
    if "://" not in text[:12]:
        for candidate in tuple(found.values()):
            scheme, rest = candidate.address.split(":", 1)
            other = "http" if scheme == "https" else "https"
            add(f"{other}:{rest}", candidate.kind, f"{candidate.reason}, by {other.upper()}")
    return tuple(found.values())


def _cleaned(pasted: str) -> str:
    text = pasted.strip().strip("<>\"'`").strip()
    text = re.sub(r"^URL:\s*|\s+", "", text, flags=re.I).replace("&amp;", "&")
    if not text:
        raise ValueError("There is no address.")
    if len(text) > MAX_ADDRESS:
        raise ValueError(f"An address is at most {MAX_ADDRESS:,} characters long.")
    return text


def _with_scheme(text: str) -> str:
    if "://" in text[:12]:
        return text
    if text.startswith("//"):
        return f"https:{text}"
    return f"{'http' if _LOCAL.match(text) else 'https'}://{text}"


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError("The address has a host or port that cannot be.") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValueError(f"Servers are asked by http or https, not by {parts.scheme[:20]!r}.")
    if not parts.hostname:
        raise ValueError("The address names no host.")
    return parts._replace(fragment="")


def _keys(parts: SplitResult) -> dict[str, str]:
    return {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}


def _service(parts: SplitResult) -> str:
    """Return the address without the parameters of a request; keys and map files stay."""
    kept = [
        part
        for part in parts.query.split("&")
        if part and unquote(part.partition("=")[0]).lower() not in _REQUEST_KEYS
    ]
    return urlunsplit(parts._replace(query="&".join(kept)))


def _by_query(parts: SplitResult, add: _Add) -> None:
    keys = _keys(parts)
    service, request = keys.get("service", "").upper(), keys.get("request", "").lower()
    base = _service(parts)
    if service == "WMTS" or "tilematrixset" in keys or request == "gettile":
        add(with_query(base, _WMTS), "wmts", "parameters of a WMTS")
    elif service == "WMS" or request in {"getmap", "map", "getfeatureinfo"} or "wmtver" in keys:
        pairs = list(_WMS)
        if keys.get("version", "") in {"1.0.0", "1.1.0", "1.1.1", "1.3.0"}:
            pairs.append(("VERSION", keys["version"]))
        add(with_query(base, pairs), "wms", "parameters of a WMS")
    elif request in {"getcapabilities", "capabilities"}:
        add(with_query(base, _WMTS), "wmts", "a request for capabilities")
        add(with_query(base, _WMS), "wms", "a request for capabilities")
    elif service in {"WFS", "WCS", "CSW"}:
        add(urlunsplit(parts), "any", f"parameters of a {service}")


def _by_path(parts: SplitResult, add: _Add) -> None:
    path, bare = parts.path, urlunsplit(parts._replace(query=""))
    lower = path.lower()
    arcgis = _ARCGIS.match(bare)
    rest, tile, tms = _REST_TILE.match(bare), _XYZ_TILE.match(bare), _TMS.match(bare)
    if lower.endswith((".xml", "/wmtscapabilities")) and "request" not in _keys(parts):
        add(urlunsplit(parts), "any", "a document")
    if arcgis is not None:
        if "/wmts" in lower:
            add(f"{arcgis[1]}/WMTS/1.0.0/WMTSCapabilities.xml", "wmts", "a WMTS of ArcGIS")
        add(with_query(arcgis[1], [("f", "json")]), "arcgis", "a service of ArcGIS")
        add(f"{arcgis[1]}/WMTS/1.0.0/WMTSCapabilities.xml", "wmts", "a WMTS of ArcGIS")
    elif tms is not None:
        add(bare, "tms-map" if bare.rstrip("/") != tms[1] else "tms-service", "a path of TMS")
        add(f"{tms[1]}/", "tms-service", "a path of TMS")
    elif rest is not None:
        add(f"{rest[1]}/WMTSCapabilities.xml", "wmts", "a tile of a WMTS")
    elif tile is not None:
        template = f"{tile[1]}/{{z}}/{{x}}/{{y}}{tile[5] or ''}{tile[6] or ''}"
        query = f"?{parts.query}" if parts.query else ""
        add(template + query, "template", "a tile by level, column and row")
        add(f"{tile[1]}.json{query}", "tilejson", "a tile by level, column and row")
    elif lower.endswith((".json", "/tilejson")) or "/tiles/" in lower:
        add(urlunsplit(parts), "any", "a document")
    elif "/gwc/service/wmts" in lower or re.search(r"/wmts/?$", lower):
        add(with_query(_service(parts), _WMTS), "wmts", "a path of a WMTS")
        add(f"{bare.rstrip('/')}/1.0.0/WMTSCapabilities.xml", "wmts", "a path of a WMTS")
    elif re.search(r"/wmts/1\.0\.0/?$", lower):
        add(f"{bare.rstrip('/')}/WMTSCapabilities.xml", "wmts", "a path of a WMTS")
    elif re.search(r"/wms/?$", lower):
        add(with_query(_service(parts), _WMS), "wms", "a path of a WMS")


def _by_guess(parts: SplitResult, add: _Add) -> None:
    base = _service(parts)
    add(with_query(base, _WMTS), "wmts", "the address of some service")
    add(with_query(base, _WMS), "wms", "the address of some service")
    add(urlunsplit(parts), "any", "the address as it is")
    bare = urlunsplit(parts._replace(query="")).rstrip("/")
    add(f"{bare}/1.0.0/WMTSCapabilities.xml", "wmts", "a service by REST")
