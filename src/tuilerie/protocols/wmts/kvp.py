"""Key-value pairs into requests (OGC 07-057r7, clause 8; OGC 06-121r3, 11.5).

Two readers agree: `parse_get_tile` reads the plain GetTile that clients send a thousand times a
second and hands everything unusual to `parse`, which says precisely what is wrong.

Where the standard leaves room, or careless clients need it ("strict" closes it again):
- An empty value is a missing parameter. Only an empty STYLE is passed on (the resolver takes the
  default style), as many clients send it so. Table 22 wants it filled: strict refuses it.
- VERSION is mandatory for GetTile (Table 22) if strict; a wrong one is always refused.
- The values of SERVICE and REQUEST may be in any case ("getcapabilities") unless strict.
- Of a repeated parameter a cache in front may see another than we do, so it is refused. OWS
  Common is silent on it. Repetition of the very same value does no harm, and clients that append
  to an address with a query produce it: only strict refuses that.
- "+" is a blank, as forms write it (11.5.1). In media types no blank can stand where "+" does,
  so there it is read as the "+" of "application/gml+xml" that the standard's own example (8.3.2)
  leaves unescaped.
- ";" never separates: it belongs to media types.
- By POST, clause 8 has "one pair per line" where everybody sends a form, "&" between the pairs. A
  body of several lines is read by the former, any other by the latter; see `parse_body`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from tuilerie.catalogue.address import Dimensions, TileQuery
from tuilerie.catalogue.resolve_info import InfoQuery
from tuilerie.errors import InvalidParameter, MissingParameter, RequestError
from tuilerie.protocols import percent
from tuilerie.protocols.wmts.exceptions import Rejection
from tuilerie.protocols.wmts.requests import (
    VERSION,
    FaultyTile,
    GetCapabilities,
    GetFeatureInfo,
    GetTile,
)

__all__ = ["MAX_PARAMETERS", "MAX_QUERY", "parse", "parse_body", "parse_get_tile"]

MAX_QUERY = 8192
"""Bytes of a query; the longest honest one is a tenth of it."""
MAX_PARAMETERS = 100

_COMMON = ("service", "request", "version")
_TILE = ("Layer", "Style", "Format", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol")
_INFO = ("J", "I", "InfoFormat")
_CAPABILITIES = ("AcceptVersions", "Sections", "updateSequence", "AcceptFormats")
_LANGUAGE = "LANGUAGE"
"""INSPIRE's parameter: unknown to WMTS, so nothing is ever wrong with it."""
_MEDIA_TYPES = frozenset({"Format", "AcceptFormats", "InfoFormat"})

_NAMES = {name.lower(): name for name in (*_COMMON, *_TILE, *_INFO, *_CAPABILITIES, _LANGUAGE)}
"""Lower case to the spelling of the standard, which locators use."""

_TAIL = {
    spelled(name): place
    for place, name in enumerate(_TILE[4:])
    for spelled in (str, str.lower, str.upper, str.capitalize)
}
"""TileMatrix, TileRow and TileCol as clients spell them, and their order in a TileQuery."""

_SHORT = 1024
"""Bytes of a query of which something is remembered."""

Query = bytes | Sequence[tuple[str, str]]


def parse(query: Query, *, strict: bool = False) -> GetCapabilities | GetTile | GetFeatureInfo:
    """Return the request that a query makes.

    Args:
        query: what stood behind "?", raw; or pairs that are decoded already.
        strict: whether to refuse what the standard forbids but careless clients do.

    Raises: RequestError; a Rejection where several parameters are at fault. Missing ones come
        before invalid ones. A FaultyTile where others may be at fault too.
    Source: OGC 07-057r7, Tables 17, 22, 25, 29 and 30.
    """
    values, faults = _read(query, strict=strict)
    request = _operation(values, faults, strict=strict)
    if request == "GetCapabilities":
        return _get_capabilities(values, faults)
    if request == "GetTile":
        return GetTile(_tile(values, faults, _TILE, query, strict=strict))
    tile = _tile(values, faults, (*_TILE, *_INFO), query, strict=strict)
    return GetFeatureInfo(InfoQuery(tile, *[values[name] for name in _INFO]))


def parse_body(body: bytes, *, strict: bool = False) -> GetCapabilities | GetTile | GetFeatureInfo:
    """Return the request that the body of a POST makes.

    Line breaks divide pairs as "&" does in a form; a form escapes those in values, so nothing is
    both. In lines "&" and "+" stand for themselves, but for a "&" at a line's end, which is left
    over from an address; escapes are resolved in either.

    Raises: RequestError, as `parse`.
    Source: OGC 07-057r7, clause 8.
    """
    lines = [line.strip(b" \t&") for line in body.replace(b"\r", b"\n").split(b"\n")]
    pairs = [line for line in lines if line]
    if len(pairs) > 1:
        pairs = [pair.replace(b"&", b"%26").replace(b"+", b"%2B") for pair in pairs]
    return parse(b"&".join(pairs), strict=strict)


def parse_get_tile(raw: bytes, *, strict: bool = False) -> TileQuery | None:
    """Return the tile that a raw query asks for, or None if it asks for something else.

    The queries of a map differ in their last three parameters alone: what stands before them is
    read once and remembered. Measured: 1.8 µs; 20 µs where the query is new or odd.

    Raises: RequestError, exactly as `parse`.
    """
    if len(raw) <= _SHORT and b"+" not in raw:
        try:
            head, first, second, third = raw.decode("utf-8").rsplit("&", 3)
            layer, style, form, matrix_set, others = _head(head, strict)
            found = ["", "", ""]
            for pair in (first, second, third):
                name, _, value = pair.partition("=")
                found[_TAIL[name]] = value
            if "" not in found:
                matrix, row, col = map(percent.decode, found) if b"%" in raw else found
                return TileQuery._make(
                    (layer, style, form, matrix_set, matrix, row, col, others, False)
                )
        except (ValueError, KeyError, RequestError):
            pass  # odd in some way: `parse` takes its time and says how
    request = parse(raw, strict=strict)
    return request.tile if isinstance(request, GetTile) else None


@lru_cache(maxsize=1024)
def _head(head: str, strict: bool) -> tuple[str, str, str, str, Dimensions]:
    """Return all that is in a GetTile query but its last three parameters.

    Raises: RequestError: it is not all that is needed, or more.
    """
    raw = head.encode("utf-8")
    values, _ = _read(raw, strict=strict)
    if not _TAIL.keys().isdisjoint(values):
        raise InvalidParameter("A parameter is given more than once.")
    request = parse(raw + b"&TileMatrix=0&TileRow=0&TileCol=0", strict=strict)
    if not isinstance(request, GetTile):
        raise InvalidParameter("This is no GetTile.", "request")
    return (*request.tile[:4], request.tile.dimensions)


def _read(query: Query, *, strict: bool) -> tuple[dict[str, str], dict[str, RequestError]]:
    """Return the known parameters by their standard names, and what is wrong with some of them.

    Unknown parameters are ignored, whatever they hold (7.1.2.2, 7.2.2.2).

    Raises: InvalidParameter: too long, or too many.
    """
    values: dict[str, str] = {}
    faults: dict[str, RequestError] = {}
    for name, value in _pairs(query):
        known = _NAMES.get(name.lower())
        if known is None:
            continue
        if isinstance(value, ValueError):
            faults[known] = InvalidParameter(
                "{name} is not percent-encoded UTF-8.", known, name=known
            )
            continue
        if known in _MEDIA_TYPES:
            value = _media_types(value)
        if known in values and (strict or values[known] != value):
            faults[known] = InvalidParameter("{name} is given more than once.", known, name=known)
        values[known] = value
    return values, faults


def _others(query: Query) -> Dimensions:
    """Return the parameters that are not the standard's: dimensions, perhaps.

    Which they are only the layer knows. A value that cannot be read is one that no layer has.
    """
    return tuple(
        (name, "\ufffd" if isinstance(value, ValueError) else value)
        for name, value in _pairs(query)
        if name and value and name.lower() not in _NAMES
    )


def _pairs(query: Query) -> Iterable[tuple[str, str | ValueError]]:
    """Yield names and values, decoded; the error in place of a value that cannot be."""
    if not isinstance(query, bytes):
        if len(query) > MAX_PARAMETERS or sum(len(n) + len(v) for n, v in query) > MAX_QUERY:
            raise _too_long()
        yield from query
        return
    if len(query) > MAX_QUERY or query.count(b"&") >= MAX_PARAMETERS:
        raise _too_long()
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        try:
            decoded_name = _decode(name)
        except ValueError:
            continue  # unknown for certain: the standard's names are ASCII
        try:
            yield decoded_name, _decode(value)
        except ValueError as error:
            yield decoded_name, error


def _decode(raw: bytes) -> str:
    return percent.decode(raw.replace(b"+", b" ").decode("utf-8"))


def _too_long() -> InvalidParameter:
    return InvalidParameter(
        "A query has at most {parameters} parameters and {size} bytes.",
        parameters=MAX_PARAMETERS,
        size=MAX_QUERY,
    )


def _media_types(value: str) -> str:
    """Return media types with the "+" that a form's decoding took for a blank.

    "application/gml xml; version=3.1" -> "application/gml+xml; version=3.1"; lists by comma.
    """
    if " " not in value:
        return value
    types = []
    for media_type in value.split(","):
        name, semicolon, parameters = media_type.partition(";")
        types.append(name.strip().replace(" ", "+") + semicolon + parameters)
    return ",".join(types)


def _operation(values: dict[str, str], faults: dict[str, RequestError], *, strict: bool) -> str:
    """Return the operation asked for, in the standard's spelling.

    Raises: RequestError. An unknown operation is InvalidParameterValue: the official suite and
        A.3.1.6 want it so, although Table 23 reads as if it were OperationNotSupported, which
        we keep for operations that the standard has and this server does not offer.
    """
    _raise_if_any(_missing(values, faults, ("service", "request")))
    _raise_if_any(_among(faults, ("service", "request")))
    if _folded(values["service"], strict=strict) != _folded("WMTS", strict=strict):
        raise InvalidParameter('service must be "WMTS".', "service")
    asked = _folded(values["request"], strict=strict)
    for operation in ("GetCapabilities", "GetTile", "GetFeatureInfo"):
        if asked == _folded(operation, strict=strict):
            return operation
    shown = repr(values["request"][:80])
    raise InvalidParameter("There is no request {value}.", "request", value=shown)


def _folded(text: str, *, strict: bool) -> str:
    return text if strict else text.lower()


def _get_capabilities(values: dict[str, str], faults: dict[str, RequestError]) -> GetCapabilities:
    # An empty list of sections is refused because the official suite does; other empty optional
    # parameters are as good as none.
    if values.get("Sections") == "":
        raise MissingParameter("Sections names no section.", "Sections")
    _raise_if_any(_among(faults, _CAPABILITIES))
    return GetCapabilities(
        accept_versions=_listed(values.get("AcceptVersions", "")),
        sections=_listed(values.get("Sections", "")),
        update_sequence=values.get("updateSequence", ""),
        accept_formats=_listed(values.get("AcceptFormats", "")),
        language=values.get(_LANGUAGE, ""),
    )


def _tile(
    values: dict[str, str],
    faults: dict[str, RequestError],
    names: Sequence[str],
    query: Query,
    *,
    strict: bool,
) -> TileQuery:
    """Return the tile that a request names, all of whose mandatory parameters are there.

    Raises: FaultyTile: something is wrong with one of the names.
    """
    mandatory = ("version", *names) if strict else names
    missing = _missing(values, faults, mandatory)
    if not strict and "Style" in values:
        missing = [error for error in missing if error.locator != "Style"]
    if values.get("version", VERSION) not in ("", VERSION) and "version" not in faults:
        faults["version"] = InvalidParameter(
            "version must be {version}.", "version", version=VERSION
        )
    others = _others(query)
    tile = TileQuery._make((*(values.get(name, "") for name in _TILE), others, False))
    errors = [*missing, *_among(faults, ("version", *names))]
    if errors:
        raise FaultyTile(errors, tile)
    return tile


def _missing(
    values: dict[str, str], faults: dict[str, RequestError], names: Iterable[str]
) -> list[RequestError]:
    return [
        MissingParameter("{name} is missing.", name, name=name)
        for name in names
        if not values.get(name) and name not in faults
    ]


def _among(faults: dict[str, RequestError], names: Iterable[str]) -> list[RequestError]:
    return [faults[name] for name in names if name in faults]


def _listed(value: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _raise_if_any(errors: Sequence[RequestError]) -> None:
    if len(errors) > 1:
        raise Rejection(errors)
    if errors:
        raise errors[0]
