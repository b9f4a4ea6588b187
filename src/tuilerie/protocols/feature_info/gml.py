"""Feature info as GML 3.1.1, Simple Features profile level 0, and its application schema.

Every layer has a namespace and a schema of its own, so that its attributes have types and units.

Choices:
- The collection substitutes gml:_FeatureCollection: FeatureInfoResponse takes nothing else
  (9.3.3). The example of 8.3.4 has an element of no type with members in its own namespace.
- Units make an attribute a gml:MeasureType, which level 0 allows; its uom is the operator's or
  the file's word for the unit, escaped where it could not stand in a URI.
- The point is in the layer's own CRS, in the axis order of that, or in WGS 84 where that CRS has
  no code; longitude and latitude stand beside it in any case.
- A value that is not known is left out: level 0 has no nil.

Source: OGC 07-057r7, 7.3.1; OGC 06-049r1, clause 8 (level 0).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from tuilerie.catalogue.info import Attribute, Value
from tuilerie.catalogue.model import Layer
from tuilerie.grids import WGS84
from tuilerie.protocols import ows, percent
from tuilerie.protocols.feature_info.found import Feature, Found, Place
from tuilerie.protocols.xml import XmlWriter

__all__ = ["namespace_of", "write_gml", "write_schema"]

_GML: Final = "http://www.opengis.net/gml"
_XS: Final = "http://www.w3.org/2001/XMLSchema"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SF: Final = "http://www.opengis.net/gmlsf"
_SF_LEVELS: Final = (
    "http://schemas.opengis.net/gml/3.1.1/profiles/gmlsfProfile/1.0.0/gmlsfLevels.xsd"
)
_TYPES: Final = {"integer": "xs:integer", "real": "xs:double", "text": "xs:string"}
_NOT_IN_URI: Final = re.compile(r'[\s%#<>"{}|\\^`]')


def namespace_of(layer: str) -> str:
    """Return the namespace of a layer's feature info: the same at every address of a service."""
    return f"urn:x-tuilerie:featureinfo:{percent.encode_segment(layer)}"


def write_gml(found: Found, schema_url: str) -> bytes:
    """Return the collection of features, in UTF-8; it is valid without any too.

    `schema_url` is the public address of what `write_schema` gives, escaped.
    """
    layer = found.layer.identifier
    namespace = namespace_of(layer)
    xml = XmlWriter()
    xml.start(
        "FeatureCollection",
        [
            ("xmlns", namespace),
            ("xmlns:gml", _GML),
            ("xmlns:xsi", _XSI),
            ("xsi:schemaLocation", f"{namespace} {schema_url}"),
        ],
    )
    if found.place is not None:
        for number, feature in enumerate(found.features, 1):
            _write_feature(xml, layer, found.place, feature, number)
    xml.end()
    return xml.document()


def _write_feature(xml: XmlWriter, layer: str, place: Place, feature: Feature, number: int) -> None:
    xml.start("gml:featureMember")
    xml.start("Feature", [("gml:id", f"feature.{number}")])
    crs, x, y = place.crs, place.x, place.y
    if crs.authority_code is None:
        crs, x, y = WGS84, place.longitude, place.latitude
    xml.start("place")
    xml.start("gml:Point", [("srsName", crs.urn)])
    a, b = crs.to_wire(x, y)
    xml.text("gml:pos", f"{ows.number(a)} {ows.number(b)}")
    xml.end()
    xml.end()
    xml.text("layer", layer)
    xml.text("longitude", ows.number(place.longitude))
    xml.text("latitude", ows.number(place.latitude))
    for attribute, value in feature:
        if value is not None:
            unit = [("uom", _uom(attribute.unit))] if _measured(attribute) else ()
            xml.text(attribute.name, _written(value), unit)
    xml.end()
    xml.end()


def _written(value: Value) -> str:
    return ows.number(value) if isinstance(value, float) else str(value)


def _measured(attribute: Attribute) -> bool:
    return bool(attribute.unit) and attribute.kind != "text"


def _uom(unit: str) -> str:
    return _NOT_IN_URI.sub(lambda found: quote(found[0]), unit)


def write_schema(layer: Layer, gml_schema: str) -> bytes:
    """Return the application schema of a layer's feature info.

    `gml_schema` is where the schema of GML 3.1.1 is, from the place of this one.

    Source: OGC 06-049r1, clause 8.
    """
    namespace = namespace_of(layer.identifier)
    xml = XmlWriter()
    xml.start(
        "xs:schema",
        [
            ("xmlns:xs", _XS),
            ("xmlns:gml", _GML),
            ("xmlns:app", namespace),
            ("targetNamespace", namespace),
            ("elementFormDefault", "qualified"),
            ("version", "1.0"),
        ],
    )
    xml.start("xs:annotation")
    xml.start("xs:appinfo", [("source", _SF_LEVELS)])
    xml.text("gmlsf:ComplianceLevel", "0", [("xmlns:gmlsf", _SF)])
    xml.end()
    _write_texts(xml, layer.title.variants)
    xml.end()
    xml.empty("xs:import", [("namespace", _GML), ("schemaLocation", gml_schema)])
    for name, base in (
        ("FeatureCollection", "FeatureCollection"),
        ("Feature", "Feature"),
    ):
        xml.empty(
            "xs:element",
            [
                ("name", name),
                ("type", f"app:{name}Type"),
                ("substitutionGroup", f"gml:_{base}"),
            ],
        )
    xml.start("xs:complexType", [("name", "FeatureCollectionType")])
    xml.start("xs:complexContent")
    xml.empty("xs:extension", [("base", "gml:AbstractFeatureCollectionType")])
    xml.end()
    xml.end()
    xml.start("xs:complexType", [("name", "FeatureType")])
    xml.start("xs:complexContent")
    xml.start("xs:extension", [("base", "gml:AbstractFeatureType")])
    xml.start("xs:sequence")
    for name, kind in (
        ("place", "gml:PointPropertyType"),
        ("layer", "xs:string"),
        ("longitude", "xs:double"),
        ("latitude", "xs:double"),
    ):
        xml.empty("xs:element", [("name", name), ("type", kind)])
    for attribute in layer.info.attributes:
        _write_attribute(xml, attribute)
    for _ in range(5):
        xml.end()
    return xml.document()


def _write_attribute(xml: XmlWriter, attribute: Attribute) -> None:
    kind = "gml:MeasureType" if _measured(attribute) else _TYPES[attribute.kind]
    xml.start("xs:element", [("name", attribute.name), ("type", kind), ("minOccurs", "0")])
    xml.start("xs:annotation")
    _write_texts(xml, attribute.title.variants)
    xml.end()
    xml.end()


def _write_texts(xml: XmlWriter, variants: tuple[tuple[str, str], ...]) -> None:
    for tag, text in variants:
        xml.text("xs:documentation", text, [("xml:lang", tag)] if tag else ())
