"""The layers of a remote WMTS (Tables 6 to 9, 30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lxml import etree

from tuilerie.grids import BoundingBox, Crs, TileMatrixSet
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.crs_names import read_crs
from tuilerie.protocols.reading.elements import attribute, child, children, href, text_of, texts_of
from tuilerie.protocols.reading.numbers import number, pair, whole
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.wmts.reading.limits import read_limits
from tuilerie.protocols.wmts.reading.model import (
    RemoteDimension,
    RemoteLayer,
    RemoteLegend,
    RemoteLink,
    RemoteStyle,
    RemoteTemplate,
)

__all__ = ["MAX_LAYERS", "MAX_VALUES", "read_layers", "wgs84_box"]

MAX_LAYERS: Final = 20_000
MAX_VALUES: Final = 20_000
"""Of one dimension."""
_MOST: Final = 1_000
"""Styles, formats, links, keywords, templates or dimensions of one layer."""

_KINDS = {
    "tile": "tile",
    "simpleprofiletile": "tile",
    "simpleprofilecrs84tile": "tile",
    "featureinfo": "FeatureInfo",
}
_STANDARD = frozenset(
    {"style", "tilematrixset", "tilematrix", "tilerow", "tilecol", "layer", "i", "j", "format"}
)


def read_layers(
    elements: Sequence[etree._Element],
    matrix_sets: Mapping[str, TileMatrixSet],
    document: str,
    remarks: Remarks,
) -> dict[str, RemoteLayer]:
    """Return the layers that have a name and tiles in a sound matrix set, by identifier.

    `document` is where the document was fetched. Told are "layer-left-out", "layer-duplicate",
    "layer-incomplete" and what addresses need.
    """
    found: dict[str, RemoteLayer] = {}
    for element in elements[:MAX_LAYERS]:
        identifier = text_of(element, "Identifier")
        where = f"Layer {identifier or text_of(element, 'Title')}"
        if not identifier:
            remarks.add("layer-left-out", "a layer was left out", "it has no identifier", where)
            continue
        if identifier in found:
            remarks.add("layer-duplicate", "the first of two layers was taken", "same name", where)
            continue
        links = _links(element, matrix_sets, remarks, where)
        if not links:
            reason = "it links to no matrix set that can be used"
            remarks.add("layer-left-out", "a layer was left out", reason, where)
            continue
        found[identifier] = _layer(element, identifier, links, document, remarks)
    if len(elements) > MAX_LAYERS:
        remarks.add("layer-left-out", "layers were left out", f"there are more than {MAX_LAYERS}")
    return found


def _layer(
    element: etree._Element,
    identifier: str,
    links: tuple[RemoteLink, ...],
    document: str,
    remarks: Remarks,
) -> RemoteLayer:
    where = f"Layer {identifier}"
    dimensions = _dimensions(element, remarks, where)
    templates = _templates(element, dimensions, document, remarks, where)
    formats = dict.fromkeys(texts_of(element, "Format", _MOST))
    for template in templates:
        if template.kind == "tile" and template.format:
            formats.setdefault(template.format)
    if not formats:
        remarks.add("layer-incomplete", "image/png was assumed", "no format is listed", where)
        formats["image/png"] = None
    info = dict.fromkeys(texts_of(element, "InfoFormat", _MOST))
    for template in templates:
        if template.kind == "FeatureInfo" and template.format:
            info.setdefault(template.format)
    return RemoteLayer(
        identifier=identifier,
        title=text_of(element, "Title") or identifier,
        abstract=text_of(element, "Abstract"),
        keywords=_keywords(element),
        wgs84_bounds=wgs84_box(element),
        bounds=_boxes(element),
        styles=_styles(element, document, remarks, where),
        formats=tuple(formats),
        info_formats=tuple(info),
        dimensions=dimensions,
        links=links,
        templates=templates,
    )


def _keywords(element: etree._Element) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for holder in children(element, "Keywords"):
        found.update(dict.fromkeys(texts_of(holder, "Keyword", _MOST)))
    return tuple(found)[:_MOST]


def wgs84_box(element: etree._Element) -> BoundingBox | None:
    """Return the WGS84BoundingBox of a layer, degrees; None if it is missing or senseless.

    left > right says that it crosses the antimeridian.
    """
    holder = child(element, "WGS84BoundingBox")
    corners = None if holder is None else _corners(holder)
    if corners is None:
        return None
    (west, south), (east, north) = corners
    if south > north:
        south, north = north, south
    south, north = max(south, -90.0), min(north, 90.0)
    if not south <= north or west < -540 or east > 540:
        return None
    if east - west >= 360:
        west, east = -180.0, 180.0
    return BoundingBox(west, south, east, north)


def _corners(box: etree._Element) -> tuple[tuple[float, float], tuple[float, float]] | None:
    lower, upper = pair(text_of(box, "LowerCorner")), pair(text_of(box, "UpperCorner"))
    return None if lower is None or upper is None else (lower, upper)


def _boxes(element: etree._Element) -> dict[Crs, BoundingBox]:
    """Return the boxes whose CRS is known, x first by the rule of that CRS."""
    found: dict[Crs, BoundingBox] = {}
    for box in list(children(element, "BoundingBox"))[:_MOST]:
        crs, corners = read_crs(attribute(box, "crs")), _corners(box)
        if crs is None or corners is None or crs in found:
            continue
        (left, bottom), (right, top) = (crs.from_wire(*corner) for corner in corners)
        if left <= right and bottom <= top:
            found[crs] = BoundingBox(left, bottom, right, top)
    return found


def _styles(
    element: etree._Element, document: str, remarks: Remarks, where: str
) -> tuple[RemoteStyle, ...]:
    found: dict[str, RemoteStyle] = {}
    for style in list(children(element, "Style"))[:_MOST]:
        identifier = text_of(style, "Identifier")
        if identifier in found:
            continue
        found[identifier] = RemoteStyle(
            identifier,
            text_of(style, "Title"),
            text_of(style, "Abstract"),
            attribute(style, "isDefault").lower() in {"true", "1"},
            _legends(style, document, remarks, where),
        )
    return tuple(found.values())


def _legends(
    style: etree._Element, document: str, remarks: Remarks, where: str
) -> tuple[RemoteLegend, ...]:
    found = []
    for element in list(children(style, "LegendURL"))[:_MOST]:
        address = addresses.mended(href(element), document, remarks, f"{where}, LegendURL")
        if address:
            found.append(
                RemoteLegend(
                    address,
                    attribute(element, "format"),
                    whole(attribute(element, "width")) or 0,
                    whole(attribute(element, "height")) or 0,
                    number(attribute(element, "minScaleDenominator")),
                    number(attribute(element, "maxScaleDenominator")),
                )
            )
    return tuple(found)


def _dimensions(
    element: etree._Element, remarks: Remarks, where: str
) -> tuple[RemoteDimension, ...]:
    found: dict[str, RemoteDimension] = {}
    for dimension in list(children(element, "Dimension"))[:_MOST]:
        identifier = text_of(dimension, "Identifier")
        if not identifier or identifier.lower() in found:
            continue
        # Some write all values into one element, with commas.
        values = [
            value.strip()
            for text in texts_of(dimension, "Value", MAX_VALUES)
            for value in text.split(",")
        ]
        read = RemoteDimension(
            identifier,
            text_of(dimension, "Title"),
            text_of(dimension, "UOM"),
            text_of(dimension, "UnitSymbol"),
            text_of(dimension, "Default"),
            text_of(dimension, "Current").lower() in {"true", "1"},
            tuple(value for value in values if value)[:MAX_VALUES],
        )
        if not read.default:
            remarks.add(
                "dimension-without-default",
                f"{read.value!r} is asked for where nobody says otherwise",
                "the dimension has no default",
                f"{where}, Dimension {identifier}",
            )
        found[identifier.lower()] = read
    return tuple(found.values())


def _links(
    element: etree._Element,
    matrix_sets: Mapping[str, TileMatrixSet],
    remarks: Remarks,
    where: str,
) -> tuple[RemoteLink, ...]:
    found: dict[str, RemoteLink] = {}
    for link in list(children(element, "TileMatrixSetLink"))[:_MOST]:
        name = text_of(link, "TileMatrixSet")
        tms = matrix_sets.get(name)
        if tms is None:
            remarks.add(
                "link-left-out", "a link was left out", f"no usable matrix set {name[:80]!r}", where
            )
        elif name not in found:
            limits, restricted = read_limits(link, tms, remarks, f"{where}, {name}")
            found[name] = RemoteLink(name, limits, restricted)
    return tuple(found.values())


def _templates(
    element: etree._Element,
    dimensions: Sequence[RemoteDimension],
    document: str,
    remarks: Remarks,
    where: str,
) -> tuple[RemoteTemplate, ...]:
    known = _STANDARD | {dimension.identifier.lower() for dimension in dimensions}
    found: dict[RemoteTemplate, None] = {}
    for resource in list(children(element, "ResourceURL"))[:_MOST]:
        kind = _KINDS.get(attribute(resource, "resourceType").lower())
        if kind is None:
            continue
        place = f"{where}, ResourceURL"
        template = addresses.mended(attribute(resource, "template"), document, remarks, place)
        variables = addresses.fill_names(template)
        if not template:
            continue
        needed = {"tilematrix", "tilerow", "tilecol"} | ({"i", "j"} if kind != "tile" else set())
        if not variables <= known or not needed <= variables:
            odd = ", ".join(sorted(variables - known) or sorted(needed - variables))
            remarks.add(
                "template-left-out",
                "a template was left out",
                f"its variables are unknown or missing: {odd}",
                place,
            )
            continue
        found[RemoteTemplate(kind, attribute(resource, "format"), template, variables)] = None
    return tuple(found)
