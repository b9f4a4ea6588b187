"""Envelopes: opened as SOAP has it, written as clause 9 has it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.protocols.envelopes import (
    SOAP_11,
    SOAP_12,
    SOAPS,
    WMTS,
    content_of,
    envelope,
    get_tile,
    report_of,
    told,
)
from tests.protocols.schemas import assert_valid
from tuilerie.errors import InvalidParameter, RenderError, RequestError
from tuilerie.protocols.wmts import exceptions, soap
from tuilerie.protocols.wmts.soap import EnvelopeFault, Version
from tuilerie.protocols.xml_reading import Element, read_xml

VERSIONS = {SOAP_12: soap.SOAP_12, SOAP_11: soap.SOAP_11}
both = pytest.mark.parametrize("namespace", SOAPS, ids=["1.2", "1.1"])
ROLE = {SOAP_12: "role", SOAP_11: "actor"}


def opened(data: bytes) -> Element:
    root = read_xml(data)
    version = soap.envelope_version(root)
    assert version is not None
    return soap.open_envelope(root, version)


@pytest.fixture(scope="module")
def envelope_schema(shared: Path) -> etree.XMLSchema:
    """The W3C's schema of SOAP 1.2 envelopes."""

    class Local(etree.Resolver):
        def resolve(self, system_url, public_id, context):
            return self.resolve_filename(str(shared / "schemas/w3c/2001/xml.xsd"), context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    place = shared / "schemas/w3c/2003/05/soap-envelope.xsd"
    return etree.XMLSchema(etree.fromstring(place.read_bytes(), parser))


@both
def test_what_is_in_an_envelope_is_taken_out(namespace: str) -> None:
    """No SOAP client would get a tile."""
    content = opened(envelope(get_tile(), namespace))
    assert (content.namespace, content.name) == (WMTS, "GetTile")
    header = '<h:Trace xmlns:h="urn:h">7</h:Trace>'
    assert opened(envelope(get_tile(), namespace, header)).name == "GetTile"


def test_what_is_no_envelope_is_told_apart() -> None:
    """XML without SOAP (7.1.1.1.1) would be refused."""
    assert soap.envelope_version(read_xml(get_tile().encode())) is None


@both
@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("", "InvalidParameterValue"),
        ("<soap:Header/>", "InvalidParameterValue"),
        ("<soap:Body/>", "MissingParameterValue"),
        ("<soap:Header/><soap:Body/>", "MissingParameterValue"),
        ("<soap:Body><a/><b/></soap:Body>", "InvalidParameterValue"),
        ("<soap:Body><a/></soap:Body><soap:Body><a/></soap:Body>", "InvalidParameterValue"),
        ("<soap:Body><a/></soap:Body><soap:Header/>", "InvalidParameterValue"),
        ("<soap:Header/><soap:Header/><soap:Body><a/></soap:Body>", "InvalidParameterValue"),
        ("<soap:body><a/></soap:body>", "InvalidParameterValue"),
        ("<Body><a/></Body>", "InvalidParameterValue"),
    ],
)
def test_half_an_envelope_is_refused(namespace: str, inside: str, code: str) -> None:
    """Something would be answered that nobody asked."""
    data = f'<soap:Envelope xmlns:soap="{namespace}">{inside}</soap:Envelope>'.encode()
    with pytest.raises(RequestError) as refusal:
        opened(data)
    assert (refusal.value.code, refusal.value.locator) == (code, "request")


@both
@pytest.mark.parametrize("role", ["", "next"])
def test_a_header_that_must_be_understood_is_not_passed_over(namespace: str, role: str) -> None:
    """A client that wants its request checked or encrypted would be served without."""
    value = {
        SOAP_12: f"{SOAP_12}/role/next",
        SOAP_11: "http://schemas.xmlsoap.org/soap/actor/next",
    }[namespace]
    said = f'soap:{ROLE[namespace]}="{value}"' if role else ""
    header = f'<h:Security xmlns:h="urn:h" soap:mustUnderstand="1" {said}/>'
    with pytest.raises(EnvelopeFault) as refusal:
        opened(envelope(get_tile(), namespace, header))
    answer = soap.envelope_fault(refusal.value)
    root = etree.fromstring(answer)
    code = root.findtext(".//faultcode") or root.findtext(f".//{{{SOAP_12}}}Value")
    assert code == "soap:MustUnderstand"
    if namespace == SOAP_12:
        (block,) = root.find(f"{{{SOAP_12}}}Header")
        prefix, _, name = block.get("qname").partition(":")
        assert (block.nsmap[prefix], name) == ("urn:h", "Security")


@both
def test_a_header_for_somebody_else_is_no_matter_of_ours(namespace: str) -> None:
    """Requests that went by way of a gateway would be refused."""
    for said in (
        f'soap:mustUnderstand="1" soap:{ROLE[namespace]}="urn:gateway"',
        'soap:mustUnderstand="0"',
        'mustUnderstand="1"',
    ):
        header = f'<h:Security xmlns:h="urn:h" {said}/>'
        assert opened(envelope(get_tile(), namespace, header)).name == "GetTile"


def test_an_envelope_of_another_version_is_told_which_ones_are_read() -> None:
    """A client could not find out what to send (SOAP 1.2 Part 1, 5.4.7)."""
    with pytest.raises(EnvelopeFault) as refusal:
        soap.envelope_version(read_xml(envelope(get_tile(), "urn:soap-9")))
    root = etree.fromstring(soap.envelope_fault(refusal.value))
    assert root.findtext(f".//{{{SOAP_12}}}Value") == "soap:VersionMismatch"
    supported = root.findall(f".//{{{SOAP_12}}}SupportedEnvelope")
    assert [element.nsmap["v"] for element in supported] == [SOAP_12, SOAP_11]


@both
@given(data=st.binary(max_size=400))
def test_a_tile_comes_back_as_it_was(namespace: str, data: bytes) -> None:
    """9.2.3: a picture would be damaged, or the payload invalid against wmts.xsd."""
    answer = soap.binary_payload(data, "image/png; mode=8bit", VERSIONS[namespace])
    payload = content_of(answer, namespace)
    assert_valid(etree.tostring(payload))
    assert payload.findtext(f"{{{WMTS}}}Format") == "image/png; mode=8bit"
    assert base64.b64decode(payload.findtext(f"{{{WMTS}}}BinaryContent"), validate=True) == data


@both
@given(text=st.text(max_size=40), locator=st.text(max_size=10))
def test_a_fault_holds_the_report(namespace: str, text: str, locator: str) -> None:
    """9.4: a client would not learn what is wrong, whatever characters it sent."""
    error = InvalidParameter(text, locator)
    answer = soap.fault(exceptions.write_report(error), VERSIONS[namespace])
    report = report_of(answer, namespace)
    assert_valid(etree.tostring(report))
    assert told(report)[0][0] == "InvalidParameterValue"


def test_a_fault_of_ours_tells_nothing_of_us() -> None:
    """Paths would get out by SOAP."""
    answer = soap.fault(exceptions.write_report(RenderError("/secret/a.tif")), soap.SOAP_12)
    assert b"secret" not in answer
    assert told(report_of(answer)) == [("NoApplicableCode", None)]


def test_envelopes_are_valid(envelope_schema: etree.XMLSchema) -> None:
    """A client that validates would refuse every answer."""
    version: Version = soap.SOAP_12
    report = exceptions.write_report(InvalidParameter("no", "Layer"))
    names = [("urn:h", "Security"), ("", "Plain"), ('urn:"<&', "Odd")]
    for answer in (
        soap.binary_payload(b"data", "image/png", version),
        soap.fault(report, version),
        soap.envelope_fault(EnvelopeFault(version, "MustUnderstand", "no", names)),
        soap.envelope_fault(EnvelopeFault(version, "VersionMismatch", "no")),
        soap.in_envelope(b'<?xml version="1.0"?>\n<a/>', version),
    ):
        assert envelope_schema.validate(etree.fromstring(answer)), envelope_schema.error_log


def test_a_document_is_put_in_without_its_declaration() -> None:
    """An envelope with a declaration inside is no XML."""
    for document in (b'<?xml version="1.0" encoding="UTF-8"?>\n<a>1</a>\n', b"<a>1</a>"):
        assert content_of(soap.in_envelope(document, soap.SOAP_12)).text == "1"
