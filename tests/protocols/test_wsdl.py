"""The WSDL of Annex F, and the schemas that it leads to."""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import urljoin

import pytest
from lxml import etree

from tests.protocols.schemas import BUNDLED
from tuilerie.protocols.wmts.wsdl import SCHEMAS_PATH, served_schema, write_wsdl, wsdl_url

FILES = sorted(
    file.relative_to(BUNDLED).as_posix()
    for suffix in ("xsd", "wsdl")
    for file in BUNDLED.rglob(f"*.{suffix}")
)
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
BASE = "https://maps.example.org/tiles"


def served(path: str) -> etree._Element:
    return etree.fromstring(served_schema(path, (BUNDLED / path).read_bytes()))


def test_addresses_are_those_of_the_service() -> None:
    """F.5: a client would be sent to another host."""
    root = etree.fromstring(write_wsdl(BASE))
    found = {
        port.get("name"): (port[0].tag, port[0].get("location"))
        for port in root.iter(f"{WSDL}port")
    }
    assert found == {
        "WMTS-SOAP12-Port": (
            "{http://schemas.xmlsoap.org/wsdl/soap12/}address",
            f"{BASE}/wmts",
        ),
        "WMTS-SOAP-Port": ("{http://schemas.xmlsoap.org/wsdl/soap/}address", f"{BASE}/wmts"),
        "WMTS-GET-Port": ("{http://schemas.xmlsoap.org/wsdl/http/}address", f"{BASE}/wmts?"),
    }
    assert wsdl_url(BASE) == f"{BASE}/wmts?WSDL"


def test_hostile_addresses_cannot_become_markup() -> None:
    """A Host header would write into the description."""
    root = etree.fromstring(write_wsdl('http://a"><x/>&é'))
    assert not list(root.iter("x", f"{WSDL}x"))


def test_soap_actions_are_by_the_template() -> None:
    """F.5: a client that dispatches by SOAPAction would find nothing."""
    root = etree.fromstring(write_wsdl(BASE))
    for prefix in ("soap", "soap12"):
        actions = [
            element.get("soapAction")
            for element in root.iter(f"{{http://schemas.xmlsoap.org/wsdl/{prefix}/}}operation")
        ]
        assert actions == [
            f"http://www.opengis.net/wmts/requests#{name}"
            for name in ("GetCapabilities", "GetTile", "GetFeatureInfo")
        ]


def test_each_binding_has_each_operation_of_its_port_type() -> None:
    """WS-I R2718; a generator would stop."""
    abstract = served("wmts/1.0/wmtsAbstract.wsdl")
    port_types = {
        kind.get("name"): [operation.get("name") for operation in kind.iter(f"{WSDL}operation")]
        for kind in abstract.iter(f"{WSDL}portType")
    }
    root = etree.fromstring(write_wsdl(BASE))
    assert root.get("targetNamespace") == abstract.get("targetNamespace")
    bindings = {binding.get("name"): binding for binding in root.iter(f"{WSDL}binding")}
    for binding in bindings.values():
        names = [operation.get("name") for operation in binding.iterchildren(f"{WSDL}operation")]
        assert names == port_types[binding.get("type").removeprefix("wmts_wsdl:")]
    for port in root.iter(f"{WSDL}port"):
        assert port.get("binding").removeprefix("wmts_wsdl:") in bindings


def test_the_description_leads_to_the_abstract_part() -> None:
    """The import must hold beside /wmts?WSDL, under every prefix."""
    (link,) = etree.fromstring(write_wsdl(BASE)).iter(f"{WSDL}import")
    found = urljoin(wsdl_url(BASE), link.get("location"))
    assert found == f"{BASE}{SCHEMAS_PATH}wmts/1.0/wmtsAbstract.wsdl"


@pytest.mark.parametrize("path", FILES)
def test_every_import_leads_to_a_file_of_ours(path: str) -> None:
    """A client without a way to the OGC's host could not be made."""
    root = served(path)
    for link in root.iter(f"{XSD}import", f"{XSD}include"):
        location = link.get("schemaLocation")
        if location is not None:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), location))
            assert place in FILES, location


def test_the_notice_is_with_the_files_and_they_are_small() -> None:
    """The licences demand the notice; the wheel should stay a small one."""
    notice = (BUNDLED / "NOTICE.md").read_text("utf-8")
    assert "Open Geospatial Consortium" in notice
    assert "World Wide Web Consortium" in notice
    assert sum((BUNDLED / path).stat().st_size for path in FILES) < 1_500_000


def test_only_two_types_are_served_otherwise_than_written() -> None:
    """The OGC's licence wants changes said; the notice says which."""
    changed = [
        path
        for path in FILES
        if b'<length value="2"/>' in (BUNDLED / path).read_bytes()
        and (BUNDLED / path).read_bytes().count(b"<length ")
        != served_schema(path, (BUNDLED / path).read_bytes()).count(b"<length ")
    ]
    assert changed == ["gml/3.1.1/base/valueObjects.xsd", "ows/1.1.0/owsCommon.xsd"]


def test_served_schemas_make_a_schema() -> None:
    """What we serve would be no schema at all."""

    class Served(etree.Resolver):
        def resolve(self, system_url, public_id, context):
            path = Path(system_url).relative_to(BUNDLED).as_posix()
            data = served_schema(path, (BUNDLED / path).read_bytes())
            return self.resolve_string(data, context, base_url=system_url)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Served())
    schema = etree.XMLSchema(etree.parse(str(BUNDLED / "wmts/1.0/wmts.xsd"), parser))
    assert not schema.validate(etree.fromstring("<a/>"))
