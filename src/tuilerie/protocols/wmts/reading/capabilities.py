"""A remote WMTS out of its capabilities: bytes to values, with every correction told (7.1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import BoundingBox
from tuilerie.protocols.reading import addresses
from tuilerie.protocols.reading.elements import (
    attribute,
    child,
    children,
    descendant,
    href,
    text_of,
    texts_of,
)
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.reading.xml_document import open_document
from tuilerie.protocols.recognise import require_kind
from tuilerie.protocols.wmts.reading.layers import read_layers, wgs84_box
from tuilerie.protocols.wmts.reading.matrix_sets import read_matrix_sets
from tuilerie.protocols.wmts.reading.model import RemoteLayer, RemoteWmts

__all__ = ["read_capabilities"]

_NAMESPACE = "http://www.opengis.net/wmts/1.0"


def read_capabilities(
    data: bytes, *, address: str, overrides: ReadingOverrides = AS_READ
) -> RemoteWmts:
    """Return the service that a capabilities document describes.

    Args:
        data: the document, uncompressed; at most `xml_document.MAX_BYTES`.
        address: where it was fetched, after redirects; "" or a path if from no server.
        overrides: what the operator knows better.

    Raises: UnreadableDocument: with the distinct codes of `recognise.py`, and "no-layers".
    Source: OGC 07-057r7, 7.1.1.
    """
    remarks = Remarks(overrides.literal)
    root = open_document(data, charset=overrides.charset, remarks=remarks)
    require_kind(root, "wmts")
    capabilities = descendant(root, "Capabilities")
    if capabilities is None:
        raise UnreadableDocument("not-capabilities", "The document has no Capabilities.")
    if etree.QName(capabilities).namespace != _NAMESPACE:
        remarks.add(
            "namespace-wrong",
            "names were believed, whatever their namespace",
            f"the document is not in {_NAMESPACE}",
        )
    contents = child(capabilities, "Contents")
    layers = [] if contents is None else list(children(contents, "Layer"))
    sets = [element for element in capabilities.iter("{*}TileMatrixSet") if _is_definition(element)]
    matrix_sets = read_matrix_sets(sets, _linked(layers), overrides, remarks)
    found = read_layers(layers, matrix_sets, address, remarks)
    if not found:
        what = "has no layers" if not layers else "has no layer with a usable tile matrix set"
        reasons = "; ".join(map(str, remarks.warnings[:3]))
        raise UnreadableDocument(
            "no-layers", f"The service {what}." + (f" {reasons}" if layers and reasons else "")
        )
    templates = any(t.kind == "tile" for layer in found.values() for t in layer.templates)
    tiles = _kvp_addresses(capabilities, "GetTile", address, templates, remarks)
    info = _kvp_addresses(capabilities, "GetFeatureInfo", address, True, remarks)
    found = _askable(found, tiles, overrides, remarks)
    identification = child(capabilities, "ServiceIdentification")
    return RemoteWmts(
        address=address,
        title=text_of(identification, "Title"),
        abstract=text_of(identification, "Abstract"),
        provider=text_of(child(capabilities, "ServiceProvider"), "ProviderName"),
        fees=text_of(identification, "Fees"),
        access_constraints=text_of(identification, "AccessConstraints"),
        update_sequence=attribute(capabilities, "updateSequence"),
        layers=found,
        matrix_sets=matrix_sets,
        kvp_addresses=tiles,
        info_addresses=info,
        encodings=frozenset(
            name for name, offered in (("kvp", bool(tiles)), ("rest", templates)) if offered
        ),
        encoding=overrides.encoding or "",
        warnings=remarks.warnings,
    )


def _is_definition(element: etree._Element) -> bool:
    return child(element, "Identifier") is not None


def _linked(layers: Sequence[etree._Element]) -> Mapping[str, BoundingBox | None]:
    """Return where the layers of each matrix set lie, degrees; None where a box is missing."""
    found: dict[str, BoundingBox | None] = {}
    for layer in layers:
        box = wgs84_box(layer)
        for link in children(layer, "TileMatrixSetLink"):
            name = text_of(link, "TileMatrixSet")
            known = found.get(name)
            found[name] = box if known is None else known if box is None else known.union(box)
    return found


def _askable(
    layers: dict[str, RemoteLayer],
    kvp: Sequence[str],
    overrides: ReadingOverrides,
    remarks: Remarks,
) -> dict[str, RemoteLayer]:
    """Return the layers of which tiles can be asked.

    Raises: UnreadableDocument: "no-layers".
    """
    found = {}
    for identifier, layer in layers.items():
        by_rest = any(template.kind == "tile" for template in layer.templates)
        by_kvp = bool(kvp) and overrides.encoding != "rest"
        if by_kvp or (by_rest and overrides.encoding != "kvp"):
            found[identifier] = layer
        else:
            reason = "neither a template nor an address for KVP is declared for it"
            remarks.add("layer-left-out", "a layer was left out", reason, f"Layer {identifier}")
    if not found:
        raise UnreadableDocument(
            "no-layers", "The service declares no address by which tiles can be asked."
        )
    return found


def _kvp_addresses(
    capabilities: etree._Element, operation: str, document: str, other: bool, remarks: Remarks
) -> tuple[str, ...]:
    """Return the addresses at which an operation is asked by KVP and GET.

    `other` says that there is another way: then an address is not guessed where none is declared.
    """
    found: dict[str, None] = {}
    declared = False
    for get, names in _gets(capabilities, operation):
        declared = True
        # Without a constraint KVP is meant, unless there are templates alone to ask by.
        if names & {"kvp"} or not names:
            address = addresses.mended(href(get), document, remarks, operation)
            if address and "{" not in address and not address.partition("?")[0].endswith(".xml"):
                found[address] = None
    if found or declared or other or not document.startswith(("http:", "https:")):
        return tuple(found)
    remarks.add(
        "operation-missing",
        "tiles are asked at the address of the document",
        f"no {operation} is declared, and no templates",
    )
    return (document,)


def _gets(
    capabilities: etree._Element, operation: str
) -> Iterator[tuple[etree._Element, frozenset[str]]]:
    """Yield the Get elements of an operation with the encodings that they are constrained to."""
    for element in capabilities.iter("{*}Operation"):
        if attribute(element, "name").lower() != operation.lower():
            continue
        for get in element.iter("{*}Get"):
            names: set[str] = set()
            for constraint in children(get, "Constraint"):
                if attribute(constraint, "name").lower() == "getencoding":
                    holder = child(constraint, "AllowedValues")
                    values = () if holder is None else texts_of(holder, "Value", 20)
                    names.update(value.lower() for value in values)
            yield get, frozenset(names)
