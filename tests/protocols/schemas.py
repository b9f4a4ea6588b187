"""The OGC's schemas, read without a network: those that we serve, or any in their layout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree

import tuilerie.protocols

BUNDLED = Path(tuilerie.protocols.__file__).parent / "schemas"

_PLACES = (
    ("http://schemas.opengis.net/", ""),
    ("http://www.w3.org/1999/xlink.xsd", "w3c/1999/xlink.xsd"),
    ("http://www.w3.org/2001/xml.xsd", "w3c/2001/xml.xsd"),
)


class _Local(etree.Resolver):
    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def resolve(self, system_url, public_id, context):
        for prefix, folder in _PLACES:
            if system_url and system_url.startswith(prefix):
                place = self._root / (folder + system_url.removeprefix(prefix))
                return self.resolve_filename(str(place), context)
        return None


@cache
def wmts_schema(root: Path = BUNDLED) -> etree.XMLSchema:
    """Return the schema of all WMTS documents, exception reports included."""
    return etree.XMLSchema(etree.parse(str(root / "wmts/1.0/wmts.xsd"), _parser(root)))


def application_schema(document: bytes, gml: str, root: Path = BUNDLED) -> etree.XMLSchema:
    """Return an application schema of GML 3.1.1 that imports it from `gml`."""
    here = (root / "gml/3.1.1/base/gml.xsd").as_uri()
    assert document.count(gml.encode()) == 1
    return etree.XMLSchema(
        etree.fromstring(document.replace(gml.encode(), here.encode()), _parser(root))
    )


def schema_with_application(document: bytes, gml: str, root: Path = BUNDLED) -> etree.XMLSchema:
    """Return the schema of WMTS documents in which features of an application schema stand."""
    here = (root / "gml/3.1.1/base/gml.xsd").as_uri()
    application = document.replace(gml.encode(), here.encode())
    namespace = etree.fromstring(application).get("targetNamespace")
    parser = _parser(root)
    parser.resolvers.add(_Given("urn:application", application))
    both = (
        '<schema xmlns="http://www.w3.org/2001/XMLSchema">'
        f'<import namespace="http://www.opengis.net/wmts/1.0" schemaLocation="'
        f'{(root / "wmts/1.0/wmts.xsd").as_uri()}"/>'
        f'<import namespace="{namespace}" schemaLocation="urn:application"/></schema>'
    )
    return etree.XMLSchema(etree.fromstring(both.encode(), parser))


class _Given(etree.Resolver):
    """One document by a name of its own."""

    def __init__(self, name: str, document: bytes) -> None:
        super().__init__()
        self._name = name
        self._document = document

    def resolve(self, system_url, public_id, context):
        if system_url == self._name:
            return self.resolve_string(self._document, context)
        return None


def _parser(root: Path) -> etree.XMLParser:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local(root))
    return parser


def assert_valid(document: bytes, root: Path = BUNDLED) -> etree._Element:
    """Return the root element of a document that is valid; else fail with the validator's words."""
    tree = etree.fromstring(document, etree.XMLParser(no_network=True, resolve_entities=False))
    schema = wmts_schema(root)
    assert schema.validate(tree), "\n".join(str(error) for error in schema.error_log)
    return tree
