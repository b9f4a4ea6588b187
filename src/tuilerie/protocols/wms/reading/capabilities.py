"""A remote WMS out of its capabilities, 1.0.0 to 1.3.0: bytes to values."""

from __future__ import annotations

from typing import Final

from lxml import etree

from tuilerie.errors import UnreadableDocument
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.elements import (
    attribute,
    child,
    children,
    href,
    local_name,
    text_of,
    texts_of,
)
from tuilerie.protocols.reading.numbers import whole
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.reading.xml_document import open_document
from tuilerie.protocols.recognise import require_kind
from tuilerie.protocols.wms.reading.layers import Tree, read_tree
from tuilerie.protocols.wms.reading.model import RemoteWms
from tuilerie.protocols.wms.reading.tile_sets import read_tile_sets

__all__ = ["read_capabilities"]

_SPOKEN: Final = ("1.0.0", "1.1.0", "1.1.1", "1.3.0")
_OLD_FORMATS: Final = {
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "PPM": "image/ppm",
    "TIFF": "image/tiff",
    "GeoTIFF": "image/geotiff",
    "WebCGM": "image/cgm",
    "SVG": "image/svg+xml",
    "MIME": "text/plain",
    "GML.1": "application/vnd.ogc.gml",
    "INIMAGE": "application/vnd.ogc.se_inimage",
    "BLANK": "application/vnd.ogc.se_blank",
    "WMS_XML": "application/vnd.ogc.se_xml",
}
_OPERATIONS: Final = {
    "GetMap": ("GetMap", "Map"),
    "GetFeatureInfo": ("GetFeatureInfo", "FeatureInfo"),
    "GetLegendGraphic": ("GetLegendGraphic",),
}
"""Elements of an operation; 1.0.0 has no "Get"."""


def read_capabilities(
    data: bytes, *, address: str, overrides: ReadingOverrides = AS_READ
) -> RemoteWms:
    """Return the service that a capabilities document describes.

    Args, and what is raised, as for `wmts.reading.read_capabilities`. `overrides.axis_order` is
    that of boxes and of requests in 1.3.0.

    Source: OGC 06-042, 7.2.4; OGC 01-068r3, 7.1.4.
    """
    remarks = Remarks(overrides.literal)
    root = open_document(data, charset=overrides.charset, remarks=remarks)
    require_kind(root, "wms")
    version = _version(root, remarks)
    service = child(root, "Service")
    capability = child(root, "Capability")
    if capability is None:
        raise UnreadableDocument("not-capabilities", "The document has no Capability element.")
    order = overrides.axis_order or "crs"
    tree = Tree(address, version == "1.3.0", order, remarks)
    for layer in children(capability, "Layer"):
        read_tree(layer, tree)
    if not tree.layers:
        raise UnreadableDocument("no-layers", "The service has no layer with a name.")
    where_maps = _address(capability, "GetMap", address, service, remarks)
    formats = _formats(_operation(capability, "GetMap"))
    if not formats:
        remarks.add("format-missing", "image/png was assumed", "GetMap lists no format", "GetMap")
        formats = ("image/png",)
    return RemoteWms(
        address=address,
        version=version,
        title=text_of(service, "Title"),
        abstract=text_of(service, "Abstract"),
        keywords=_keywords(service),
        provider=_provider(service),
        fees=text_of(service, "Fees"),
        access_constraints=text_of(service, "AccessConstraints"),
        update_sequence=attribute(root, "updateSequence"),
        layers=tree.layers,
        headings=tuple(tree.headings),
        map_address=where_maps,
        info_address=_address(capability, "GetFeatureInfo", "", None, remarks, address),
        legend_address=_address(capability, "GetLegendGraphic", "", None, remarks, address),
        formats=formats,
        info_formats=_formats(_operation(capability, "GetFeatureInfo")),
        exception_formats=_formats(child(capability, "Exception")),
        max_width=_bound(service, "MaxWidth"),
        max_height=_bound(service, "MaxHeight"),
        layer_limit=_bound(service, "LayerLimit"),
        tile_sets=read_tile_sets(capability, remarks),
        axis_order=order,
        origin_crs=overrides.origin_crs,
        warnings=remarks.warnings,
    )


def _version(root: etree._Element, remarks: Remarks) -> str:
    """Return the version to ask in: of those spoken here, the one nearest to what is said."""
    said = attribute(root, "version")
    if said in _SPOKEN:
        return said
    modern = local_name(root) == "WMS_Capabilities"
    if said.startswith("1.3") or (not said and modern):
        taken = "1.3.0"
    elif said.startswith("1.0"):
        taken = "1.0.0"
    else:
        taken = "1.1.1"
    remarks.add(
        "version-odd", f"the service is asked in {taken}", f"it says {said[:20] or 'none'!r}"
    )
    return taken


def _keywords(service: etree._Element | None) -> tuple[str, ...]:
    holder = None if service is None else child(service, "KeywordList")
    return () if holder is None else texts_of(holder, "Keyword", 1_000)


def _provider(service: etree._Element | None) -> str:
    if service is None:
        return ""
    person = child(service, "ContactInformation", "ContactPersonPrimary")
    return text_of(person, "ContactOrganization")


def _operation(capability: etree._Element, name: str) -> etree._Element | None:
    request = child(capability, "Request")
    if request is None:
        return None
    found = (child(request, spelling) for spelling in _OPERATIONS[name])
    return next((element for element in found if element is not None), None)


def _formats(operation: etree._Element | None) -> tuple[str, ...]:
    """Return media types; 1.0.0 has elements called after them within Format."""
    if operation is None:
        return ()
    found: dict[str, None] = {}
    for element in list(children(operation, "Format"))[:1_000]:
        text = text_of(element)
        if text and not len(element):
            found[_OLD_FORMATS.get(text, text)] = None
        for inner in element:
            name = local_name(inner)
            if name in _OLD_FORMATS:
                found[_OLD_FORMATS[name]] = None
    return tuple(found)


def _address(
    capability: etree._Element,
    operation: str,
    fallback: str,
    service: etree._Element | None,
    remarks: Remarks,
    document: str = "",
) -> str:
    """Return where an operation is asked by GET; with a `fallback`, that one rather than "".

    Raises: UnreadableDocument: "no-layers": there is no address at all for GetMap.
    """
    document = document or fallback
    element = _operation(capability, operation)
    get = None if element is None else next(element.iter("{*}Get"), None)
    # 1.0.0 has the address as an attribute of Get itself.
    said = "" if get is None else href(get) or attribute(get, "onlineResource")
    if said:
        mended = addresses.mended(said, document, remarks, operation)
        if mended:
            return mended
    if operation != "GetMap":
        return ""
    if fallback.startswith(("http:", "https:")):
        found, source = fallback, "the address of the document"
    else:
        found = addresses.mended(href(service), document, remarks, operation)
        source = "the address of the service"
    if not found:
        raise UnreadableDocument(
            "no-layers", "The service declares no address by which maps can be asked."
        )
    remarks.add(
        "operation-missing", f"maps are asked at {source}", "GetMap declares none", "GetMap"
    )
    return found


def _bound(service: etree._Element | None, name: str) -> int:
    value = whole(text_of(service, name))
    return value if value is not None and value > 0 else 0
