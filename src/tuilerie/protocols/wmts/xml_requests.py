"""XML elements into requests: what stands in the body of an envelope, or alone (7.1.1.1.1).

Names are taken exactly as the schemas spell them and in the schemas' order, as A.3.1.4 demands;
all that is wrong is told at once. Values have the blanks around them taken off: the standard's
own examples (9.2.2) have some, and identifiers have none.

Where the standard leaves room, or careless clients need it:
- The operation may be in the namespace of WMTS or in that of OWS, and so may what is in it: the
  standard's example of GetCapabilities (9.1.2) stands in OWS altogether, the schema has it in WMTS.
- Versions, sections and formats are read from whatever elements their list holds: the official
  suite spells `<ows:AcceptVersions><ows:AcceptVersions>`.
- `version` is mandatory for GetTile (Table 22) only if strict, as by KVP; on GetCapabilities,
  which has none, it is ignored.
- Attributes of other namespaces (xsi:schemaLocation) are ignored; an unknown one of no namespace
  is a misspelt parameter, and refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from tuilerie.catalogue.address import TileQuery
from tuilerie.catalogue.resolve_info import InfoQuery
from tuilerie.errors import InvalidParameter, MissingParameter, RequestError
from tuilerie.protocols import ows
from tuilerie.protocols.wmts.exceptions import Rejection
from tuilerie.protocols.wmts.requests import (
    NAMESPACE,
    VERSION,
    FaultyTile,
    GetCapabilities,
    GetFeatureInfo,
    GetTile,
)
from tuilerie.protocols.xml_reading import Element

__all__ = ["read_request"]

_SPOKEN: Final = frozenset({NAMESPACE, ows.NAMESPACE})
_DIMENSION: Final = "DimensionNameValue"
_TILE: Final = (
    "Layer",
    "Style",
    "Format",
    _DIMENSION,
    "TileMatrixSet",
    "TileMatrix",
    "TileRow",
    "TileCol",
)
"""The elements of GetTile in the order of the schema, which is the one that counts."""
_INFO: Final = ("GetTile", "J", "I", "InfoFormat")
"""The elements of GetFeatureInfo, the first of which holds those of GetTile."""
_CAPABILITIES: Final = ("AcceptVersions", "Sections", "AcceptFormats")
_MAX_TOLD: Final = 20
"""Errors in one report: a document can have thousands."""


_Request = GetCapabilities | GetTile | GetFeatureInfo


def read_request(element: Element, *, strict: bool = False) -> _Request:
    """Return the request that an element makes.

    Raises:
        MissingParameter, InvalidParameter: with the locators of Tables 17, 22 and 25.
        Rejection: several of them. A FaultyTile where others may be at fault too.
    """
    errors: list[RequestError] = []
    service = element.attribute("service")
    if not service:
        errors.append(MissingParameter("{name} is missing.", "service", name="service"))
    elif service != "WMTS":
        errors.append(InvalidParameter('service must be "WMTS".', "service"))
    read = _READERS.get(element.name) if element.namespace in _SPOKEN else None
    if read is None:
        # As by KVP: the official suite and A.3.1.6 want InvalidParameterValue.
        errors.append(
            InvalidParameter(
                "There is no request {value} in {namespace}.",
                "request",
                value=repr(element.name[:80]),
                namespace=NAMESPACE,
            )
        )
    _raise_if_any(errors)
    assert read is not None
    return read(element, strict)


def _get_capabilities(element: Element, _: bool) -> GetCapabilities:
    found, errors = _in_order(element, _CAPABILITIES, mandatory=())
    errors += _unknown_attributes(element, ("service", "version", "updateSequence"))
    if "Sections" in found and not _listed(found["Sections"]):
        # As by KVP, where the official suite wants it.
        errors.append(MissingParameter("Sections names no section.", "Sections"))
    _raise_if_any(errors)
    return GetCapabilities(
        accept_versions=_listed(found.get("AcceptVersions", ())),
        sections=_listed(found.get("Sections", ())),
        update_sequence=element.attribute("updateSequence"),
        accept_formats=_listed(found.get("AcceptFormats", ())),
    )


def _get_tile(element: Element, strict: bool) -> GetTile:
    mandatory = [name for name in _TILE if name != _DIMENSION]
    found, errors = _in_order(element, _TILE, mandatory)
    errors = _with_attributes(element, strict, errors)
    dimensions = found.get(_DIMENSION, [])
    if not all(dimension.attribute("name") for dimension in dimensions):
        errors.append(MissingParameter("A dimension has no name.", _DIMENSION))
    values = dict.fromkeys(_TILE, "") | {name: parts[0].text for name, parts in found.items()}
    tile = TileQuery(
        layer=values["Layer"],
        style=values["Style"],
        format=values["Format"],
        matrix_set=values["TileMatrixSet"],
        matrix=values["TileMatrix"],
        row=values["TileRow"],
        col=values["TileCol"],
        dimensions=tuple((one.attribute("name"), one.text) for one in dimensions),
    )
    if errors:
        # A missing parameter wins over what is wrong with another, as by KVP.
        order = sorted(errors, key=lambda error: not isinstance(error, MissingParameter))
        raise FaultyTile(order[:_MAX_TOLD], tile)
    return GetTile(tile)


def _get_feature_info(element: Element, strict: bool) -> GetFeatureInfo:
    found, errors = _in_order(element, _INFO, mandatory=_INFO)
    errors = _with_attributes(element, strict, errors)
    tile: TileQuery | None = None
    if "GetTile" in found:
        # The outer element has spoken for the version.
        try:
            tile = _get_tile(found["GetTile"][0], strict=False).tile
        except RequestError as error:
            errors += error.errors if isinstance(error, Rejection) else [error]
    _raise_if_any(sorted(errors, key=lambda error: not isinstance(error, MissingParameter)))
    assert tile is not None
    return GetFeatureInfo(InfoQuery(tile, *[found[name][0].text for name in _INFO[1:]]))


_READERS: Final[Mapping[str, Callable[[Element, bool], _Request]]] = MappingProxyType(
    {
        "GetCapabilities": _get_capabilities,
        "GetTile": _get_tile,
        "GetFeatureInfo": _get_feature_info,
    }
)


def _with_attributes(
    element: Element, strict: bool, errors: Sequence[RequestError]
) -> list[RequestError]:
    """Return errors with those of the attributes of a request for a tile or for feature info."""
    version = element.attribute("version")
    first: list[RequestError] = []
    if version not in ("", VERSION):
        first = [InvalidParameter("version must be {version}.", "version", version=VERSION)]
    elif strict and not version:
        first = [MissingParameter("{name} is missing.", "version", name="version")]
    return [*first, *errors, *_unknown_attributes(element, ("service", "version"))]


def _in_order(
    element: Element, names: Sequence[str], mandatory: Sequence[str]
) -> tuple[dict[str, list[Element]], list[RequestError]]:
    """Return the children by name, and what is wrong with their names and order.

    Each comes once, DimensionNameValue any number of times, in the order of `names`.
    """
    found: dict[str, list[Element]] = {}
    errors: list[RequestError] = []
    reached = 0
    for child in element.children:
        name = child.name
        if name not in names or child.namespace not in _SPOKEN:
            shown = name[:80]
            errors.append(
                InvalidParameter(
                    "{parent} has no element {value} in {namespace}.",
                    shown,
                    parent=element.name,
                    value=repr(shown),
                    namespace=NAMESPACE,
                )
            )
            continue
        place = names.index(name)
        if name in found and name != _DIMENSION:
            errors.append(InvalidParameter("{name} is given more than once.", name, name=name))
        elif place < reached:
            errors.append(InvalidParameter("{name} stands in the wrong place.", name, name=name))
        reached = max(reached, place)
        found.setdefault(name, []).append(child)
    missing: list[RequestError] = [
        MissingParameter("{name} is missing.", name, name=name)
        for name in mandatory
        if name not in found
    ]
    return found, missing + errors


def _unknown_attributes(element: Element, known: Sequence[str]) -> list[RequestError]:
    return [
        InvalidParameter(
            "{parent} has no attribute {value}.",
            name[:80],
            parent=element.name,
            value=repr(name[:80]),
        )
        for name in element.plain_attributes
        if name not in known
    ]


def _listed(elements: Sequence[Element]) -> tuple[str, ...]:
    """Return the values of a list, in order: its children's, whatever they are called."""
    return tuple(child.text for element in elements for child in element.children if child.text)


def _raise_if_any(errors: Sequence[RequestError]) -> None:
    if len(errors) > 1:
        raise Rejection(errors[:_MAX_TOLD])
    if errors:
        raise errors[0]
