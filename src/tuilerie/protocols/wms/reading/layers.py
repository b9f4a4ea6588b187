"""The tree of layers of a remote WMS: what each inherits, and what it adds or replaces.

CRSs, styles and authorities add up; boxes, dimensions, attribution and the attributes are
replaced (1.1.1, Table 5; 1.3.0, Table 6).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import BoundingBox, Crs
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.crs_names import read_crs
from tuilerie.protocols.reading.elements import attribute, child, children, href, text_of, texts_of
from tuilerie.protocols.reading.numbers import number, whole
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.wms.reading.model import (
    RemoteAttribution,
    RemoteExtent,
    RemoteMapLayer,
    RemoteMapLegend,
    RemoteMapStyle,
)

__all__ = ["MAX_LAYERS", "Tree", "read_tree"]

MAX_LAYERS: Final = 20_000
_MAX_DEPTH: Final = 50
_MOST: Final = 10_000
"""CRSs, values or styles of one layer; some servers list every code of EPSG."""
_UNREAD: Final = 100
_MOST_INHERITED: Final = 5_000_000
_LOOKED_UP: Final = 50
"""Names of CRSs that PROJ is asked about, of one layer."""
_PLAIN = re.compile(r"EPSG:([1-9]\d{3,5})", re.I | re.ASCII)
_WEB_MERCATOR = {"900913", "102100", "102113"}
_DIAGONAL_M: Final = 0.00028 * math.sqrt(2)


@dataclass(frozen=True, slots=True)
class _Inherited:
    crs: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    wgs84: BoundingBox | None = None
    bounds: Mapping[Crs, BoundingBox] = field(default_factory=dict)
    styles: tuple[RemoteMapStyle, ...] = ()
    dimensions: Mapping[str, RemoteExtent] = field(default_factory=dict)
    attribution: RemoteAttribution | None = None
    authorities: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    scales: tuple[float | None, float | None] = (None, None)
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class Tree:
    """What is found while the tree is walked; `swapped` is set for 1.3.0's axis order."""

    document: str
    modern: bool
    axis_order: str
    remarks: Remarks
    layers: dict[str, RemoteMapLayer] = field(default_factory=dict)
    headings: list[str] = field(default_factory=list)
    inherited: int = 0

    def count(self, values: int) -> None:
        """Count what is copied from layer to layer.

        Raises: UnreadableDocument: "too-large": a small document makes it very much.
        """
        self.inherited += values
        if self.inherited > _MOST_INHERITED:
            raise UnreadableDocument(
                "too-large", f"The layers inherit more than {_MOST_INHERITED:,} values."
            )


def read_tree(element: etree._Element, tree: Tree) -> None:
    """Read a layer and all within it into `tree`, the outermost first."""
    _read(element, _Inherited(), tree, 0)


def _read(element: etree._Element, outer: _Inherited, tree: Tree, depth: int) -> None:
    if depth > _MAX_DEPTH or len(tree.layers) >= MAX_LAYERS:
        tree.remarks.add("layer-left-out", "layers were left out", "too many, or too deep")
        return
    name, title = text_of(element, "Name"), text_of(element, "Title")
    where = f"Layer {name or title}"
    own = _merged(element, outer, title, tree, where)
    inner = list(children(element, "Layer"))
    if not name:
        tree.headings.append(title)
    elif name in tree.layers:
        tree.remarks.add("layer-duplicate", "the first of two layers was taken", "same name", where)
    else:
        tree.layers[name] = _layer(element, name, title, own, outer.path, inner, tree)
    for layer in inner:
        _read(layer, own, tree, depth + 1)


def _layer(
    element: etree._Element,
    name: str,
    title: str,
    own: _Inherited,
    path: tuple[str, ...],
    inner: Iterable[etree._Element],
    tree: Tree,
) -> RemoteMapLayer:
    flags = own.attributes
    names = (text_of(layer, "Name") for layer in inner)
    return RemoteMapLayer(
        name=name,
        title=title or name,
        abstract=text_of(element, "Abstract"),
        keywords=_keywords(element),
        path=path,
        crs=own.crs,
        crs_unread=own.unread,
        wgs84_bounds=own.wgs84,
        bounds=own.bounds,
        styles=own.styles,
        dimensions=tuple(own.dimensions.values()),
        attribution=own.attribution,
        authorities=own.authorities,
        identifiers=tuple(
            (attribute(found, "authority"), text_of(found))
            for found in children(element, "Identifier")
        )[:_UNREAD],
        metadata=_metadata(element, tree, f"Layer {name}"),
        queryable=_is_true(flags.get("queryable", "")),
        opaque=_is_true(flags.get("opaque", "")),
        no_subsets=_is_true(flags.get("noSubsets", "")),
        cascaded=max(whole(flags.get("cascaded", "")) or 0, 0),
        fixed_width=max(whole(flags.get("fixedWidth", "")) or 0, 0),
        fixed_height=max(whole(flags.get("fixedHeight", "")) or 0, 0),
        min_scale_denominator=own.scales[0],
        max_scale_denominator=own.scales[1],
        children=tuple(found for found in names if found),
    )


def _is_true(text: str) -> bool:
    return text.lower() in {"1", "true", "yes"}


def _keywords(element: etree._Element) -> tuple[str, ...]:
    holder = child(element, "KeywordList")
    if holder is not None:
        return texts_of(holder, "Keyword", 1_000)
    return tuple(text_of(element, "Keywords").split())[:1_000]  # 1.0.0


def _metadata(element: etree._Element, tree: Tree, where: str) -> tuple[str, ...]:
    found = (
        addresses.mended(href(link), tree.document, tree.remarks, where)
        for link in list(children(element, "MetadataURL"))[:_UNREAD]
    )
    return tuple(address for address in found if address)


def _merged(
    element: etree._Element, outer: _Inherited, title: str, tree: Tree, where: str
) -> _Inherited:
    crs, unread = _crs(element, outer)
    lists = child(element, "CRS") is not None or child(element, "SRS") is not None
    copied = len(crs) if lists else 0
    tree.count(copied + len(outer.styles) + len(outer.bounds) + len(outer.dimensions) + 1)
    styles = {style.name: style for style in outer.styles} | {
        style.name: style for style in _styles(element, tree, where)
    }
    box = _geographic_box(element)
    flags = {
        name: value
        for name in ("queryable", "opaque", "noSubsets", "cascaded", "fixedWidth", "fixedHeight")
        if (value := attribute(element, name))
    }
    low, high = _scales(element)
    return _Inherited(
        crs=crs,
        unread=unread,
        wgs84=box or outer.wgs84,
        bounds={**outer.bounds, **_boxes(element, tree, box or outer.wgs84, where)},
        styles=tuple(styles.values()),
        dimensions={**outer.dimensions, **_dimensions(element, outer.dimensions)},
        attribution=_attribution(element, tree, where) or outer.attribution,
        authorities={
            **outer.authorities,
            **{
                attribute(found, "name"): href(found) for found in children(element, "AuthorityURL")
            },
        },
        attributes={**outer.attributes, **flags},
        scales=(
            low if low is not None else outer.scales[0],
            high if high is not None else outer.scales[1],
        ),
        path=(*outer.path, title),
    )


def _crs(element: etree._Element, outer: _Inherited) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the CRSs of a layer; in one element there may be several, as 1.0.0 has it.

    A plain code of EPSG is its own canonical text: thousands of them cost nothing.
    """
    names = [
        name
        for tag in ("CRS", "SRS")
        for text in texts_of(element, tag, _MOST)
        for name in text.split()
    ]
    known = set(outer.unread).union(outer.crs.values()) if names else ()
    if all(name in known for name in names):
        return outer.crs, outer.unread
    found, unread, looked_up = dict(outer.crs), dict.fromkeys(outer.unread), 0
    for name in names[:_MOST]:
        plain = _PLAIN.fullmatch(name)
        if plain is not None:
            text = _plain_text(plain[1])
            # The modern code of what has several, so that nobody is asked for EPSG:900913.
            if text not in found or name.upper() == text:
                found[text] = name
            continue
        looked_up += 1
        usable = looked_up <= _LOOKED_UP and not name.upper().startswith("AUTO")
        crs = read_crs(name) if usable else None
        if crs is not None:
            found.setdefault(crs.text, name)
        elif len(unread) < _UNREAD:
            unread[name] = None
    return found, tuple(unread)


def _plain_text(code: str) -> str:
    """Return the text of the CRS that a code said to be EPSG's means."""
    if code in _WEB_MERCATOR:
        return "EPSG:3857"
    return f"{'ESRI' if int(code) > 32767 else 'EPSG'}:{code}"


def _geographic_box(element: etree._Element) -> BoundingBox | None:
    modern = child(element, "EX_GeographicBoundingBox")
    if modern is not None:
        sides = (
            "westBoundLongitude",
            "southBoundLatitude",
            "eastBoundLongitude",
            "northBoundLatitude",
        )
        edges = [number(text_of(modern, side)) for side in sides]
    else:
        old = child(element, "LatLonBoundingBox")
        if old is None:
            return None
        edges = [number(attribute(old, side)) for side in ("minx", "miny", "maxx", "maxy")]
    west, south, east, north = edges
    if west is None or south is None or east is None or north is None:
        return None
    south, north = max(min(south, north), -90.0), min(max(south, north), 90.0)
    if west < -540 or east > 540 or south > north:
        return None
    return BoundingBox(west, south, east, north)


def _boxes(
    element: etree._Element, tree: Tree, degrees: BoundingBox | None, where: str
) -> dict[Crs, BoundingBox]:
    found: dict[Crs, BoundingBox] = {}
    for box in list(children(element, "BoundingBox"))[:_MOST]:
        crs = read_crs(attribute(box, "CRS", "SRS"))
        edges = [number(attribute(box, side)) for side in ("minx", "miny", "maxx", "maxy")]
        if crs is None or None in edges:
            continue
        a, b, c, d = (edge for edge in edges if edge is not None)
        straight, swapped = BoundingBox(a, b, c, d), BoundingBox(b, a, d, c)
        order = tree.axis_order
        by_rule = crs.axes_swapped and tree.modern if order == "crs" else order == "yx"
        bounds, other = (swapped, straight) if by_rule else (straight, swapped)
        if tree.remarks.may("axis-order") and _is_rather(other, bounds, crs, degrees):
            tree.remarks.add(
                "axis-order",
                f"a box in {crs.text} was read in the other axis order",
                "read so, it is the layer's geographic box",
                where,
            )
            bounds = other
        if bounds.left <= bounds.right and bounds.bottom <= bounds.top:
            found[crs] = bounds
    return found


def _is_rather(
    other: BoundingBox, bounds: BoundingBox, crs: Crs, degrees: BoundingBox | None
) -> bool:
    """Return whether another reading of a geographic box is the layer's box, and this is not."""
    if degrees is None or not crs.is_geographic:
        return False
    return _distance(other, degrees) < _distance(bounds, degrees) / 4 - 1e-3


def _distance(one: BoundingBox, other: BoundingBox) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def _styles(element: etree._Element, tree: Tree, where: str) -> Iterable[RemoteMapStyle]:
    for style in list(children(element, "Style"))[:_MOST]:
        legends = []
        for link in list(children(style, "LegendURL"))[:_UNREAD]:
            address = addresses.mended(href(link), tree.document, tree.remarks, where)
            if address:
                width = max(whole(attribute(link, "width")) or 0, 0)
                height = max(whole(attribute(link, "height")) or 0, 0)
                legends.append(RemoteMapLegend(address, text_of(link, "Format"), width, height))
        yield RemoteMapStyle(
            text_of(style, "Name"),
            text_of(style, "Title"),
            text_of(style, "Abstract"),
            tuple(legends),
        )


def _dimensions(
    element: etree._Element, outer: Mapping[str, RemoteExtent]
) -> dict[str, RemoteExtent]:
    """Return the dimensions of a layer; before 1.3.0 their values stand in Extent elements."""
    found: dict[str, RemoteExtent] = {}
    for dimension in list(children(element, "Dimension"))[:_UNREAD]:
        name = attribute(dimension, "name").lower()
        if name:
            found[name] = _extent(dimension, name, None)
    for extent in list(children(element, "Extent"))[:_UNREAD]:
        name = attribute(extent, "name").lower()
        if name:
            found[name] = _extent(extent, name, found.get(name) or outer.get(name))
    return found


def _extent(element: etree._Element, name: str, declared: RemoteExtent | None) -> RemoteExtent:
    units: dict[str, Any] = {
        "units": attribute(element, "units") or (declared.units if declared else ""),
        "unit_symbol": attribute(element, "unitSymbol")
        or (declared.unit_symbol if declared else ""),
    }
    values = tuple(value.strip() for value in text_of(element).split(",") if value.strip())
    return RemoteExtent(
        name,
        default=attribute(element, "default"),
        values=values[:_MOST],
        multiple=_is_true(attribute(element, "multipleValues")),
        nearest=_is_true(attribute(element, "nearestValue")),
        current=_is_true(attribute(element, "current")),
        **units,
    )


def _attribution(element: etree._Element, tree: Tree, where: str) -> RemoteAttribution | None:
    found = child(element, "Attribution")
    if found is None:
        return None
    address, logo = href(found), href(child(found, "LogoURL"))
    return RemoteAttribution(
        text_of(found, "Title"),
        addresses.mended(address, tree.document, tree.remarks, where) if address else "",
        addresses.mended(logo, tree.document, tree.remarks, where) if logo else "",
    )


def _scales(element: etree._Element) -> tuple[float | None, float | None]:
    """Return the scale denominators between which a layer shows something.

    ScaleHint, before 1.3.0, is the diagonal of a pixel in metres.
    """
    low = number(text_of(element, "MinScaleDenominator"))
    high = number(text_of(element, "MaxScaleDenominator"))
    hint = child(element, "ScaleHint")
    if hint is not None and low is None and high is None:
        small, large = number(attribute(hint, "min")), number(attribute(hint, "max"))
        low = small / _DIAGONAL_M if small else None
        high = large / _DIAGONAL_M if large else None
    if low is not None and high is not None and low >= high:
        return None, None
    return low or None, high or None
