"""What is asserted of GetCapabilities requests (OGC 07-057r7, A.3.2; Tables 17 to 21)."""

from __future__ import annotations

from itertools import permutations
from urllib.parse import urlencode

import pytest

from tests.conformance.assertions.asking import EVERY, PLAIN, PROCEDURES, REST, Encoding
from tests.conformance.assertions.differences import ENVELOPES
from tests.conformance.assertions.judging import INVALID, MISSING, document, refused, sections
from tests.conformance.assertions.naming import assertion, assertions
from tests.conformance.assertions.sampling import capabilities_request
from tests.conformance.assertions.service import HREF, NS, Service

REQUIRED = ["ServiceIdentification", "ServiceProvider", "OperationsMetadata", "Contents"]
SECTION = "GetCapabilities.Request.Sections."


@assertion("GetCapabilities.Request.Mandatory", EVERY)
def test_mandatory_parameters_alone(service: Service, encoding: Encoding) -> None:
    """A.3.2.1, A.3.2.2; as a resource (A.3.3.1, 10.1.1) it names the address it was asked by."""
    root = document(encoding, encoding.ask(service, capabilities_request()))
    assert sections(root)[:4] == REQUIRED
    if encoding is REST:
        assert root.find("w:ServiceMetadataURL", NS).get(HREF) == service.metadata_url


@assertion("GetCapabilities.Request.NoService", PROCEDURES)
def test_no_service(service: Service, encoding: Encoding) -> None:
    """Tables 17 and 21."""
    answer = encoding.ask(service, capabilities_request().without("service"))
    refused(encoding, answer, MISSING, ["service"])


@assertion("GetCapabilities.Request.InvalidService", PROCEDURES)
def test_another_service(service: Service, encoding: Encoding) -> None:
    """Tables 17 and 21."""
    asked = capabilities_request(service="BOGUS", AcceptVersions="1.0.0")
    refused(encoding, encoding.ask(service, asked), INVALID, ["service"])


@assertion("GetCapabilities.Request.AcceptVersions.Valid", PROCEDURES)
def test_the_version_that_there_is(service: Service, encoding: Encoding) -> None:
    """A.3.2.3."""
    version = service.document.get("version")
    asked = capabilities_request(AcceptVersions=version)
    assert document(encoding, encoding.ask(service, asked)).get("version") == version


@assertion("GetCapabilities.Request.AcceptVersions.Invalid", PROCEDURES)
def test_later_versions(service: Service, encoding: Encoding) -> None:
    """A.3.2.3, Table 20: the locator must be absent. Beyond the suite: earlier ones too."""
    major, minor, rest = service.document.get("version").split(".")
    later = ",".join(f"{major}.{int(minor) + more}.{rest}" for more in (1, 2))
    for versions in (later, "0.9.0"):
        answer = encoding.ask(service, capabilities_request(AcceptVersions=versions))
        refused(encoding, answer, "VersionNegotiationFailed", [None])


@assertion("GetCapabilities.Request.CaseInsensitive.KVP.Names", PLAIN)
def test_names_in_any_case_and_order(service: Service, encoding: Encoding) -> None:
    """A.3.1.3; the suite asks three orders, these are all six."""
    pairs = {"service": "WMTS", "request": "GetCapabilities", "AcceptVersions": "1.0.0"}
    for order in permutations(pairs):
        for spelt in (str.lower, str.upper, str.swapcase):
            query = urlencode({spelt(name): pairs[name] for name in order})
            document(encoding, encoding.send(service, query))


@assertion("GetCapabilities.Request.Sections.All", PROCEDURES)
def test_all_sections(service: Service, encoding: Encoding) -> None:
    """A.3.2.6, Table 18."""
    root = document(encoding, encoding.ask(service, capabilities_request(Sections="All")))
    assert sections(root)[:4] == REQUIRED


@assertions(
    "asked",
    {
        **{SECTION + name: name for name in (*REQUIRED, "Themes")},
        SECTION + "Multiple": "Contents,Themes",
    },
    PROCEDURES,
)
def test_some_sections(service: Service, encoding: Encoding, asked: str) -> None:
    """A.3.2.6, Table 18: these and nothing beside, or the suite says "not implemented"."""
    root = document(encoding, encoding.ask(service, capabilities_request(Sections=asked)))
    assert sections(root) == asked.split(",")
    assert root.get("version") == "1.0.0"


@assertions(
    "fault",
    {
        SECTION + "Invalid": ("Bogus", INVALID),
        SECTION + "Missing": ("", MISSING),
    },
    PROCEDURES,
)
def test_sections_that_are_none(
    service: Service, encoding: Encoding, fault: tuple[str, str]
) -> None:
    """A.3.2.6; that an empty list is a missing parameter is the suite's reading."""
    asked, code = fault
    answer = encoding.ask(service, capabilities_request(Sections=asked))
    refused(encoding, answer, code, ["sections"])


@assertion("GetCapabilities.Request.UpdateSequence", PROCEDURES)
def test_update_sequences(service: Service, encoding: Encoding) -> None:
    """A.3.2.5: equal, the first character one code point lower, and one higher."""
    current = service.document.get("updateSequence")
    same = document(encoding, encoding.ask(service, capabilities_request(updateSequence=current)))
    assert len(same) == 0
    assert (same.get("version"), same.get("updateSequence")) == ("1.0.0", current)
    lower, higher = (chr(ord(current[0]) + step) + current[1:] for step in (-1, 1))
    older = document(encoding, encoding.ask(service, capabilities_request(updateSequence=lower)))
    assert sections(older)[:4] == REQUIRED
    newer = encoding.ask(service, capabilities_request(updateSequence=higher))
    refused(encoding, newer, "InvalidUpdateSequence", [None])


@assertion("GetCapabilities.Request.AcceptFormats", PROCEDURES)
def test_formats(service: Service, encoding: Encoding) -> None:
    """A.3.2.4, Table 17: each that is declared; application/xml where none is known."""
    path = (
        "ows:OperationsMetadata/ows:Operation[@name='GetCapabilities']"
        "/ows:Parameter[@name='AcceptFormats']/ows:AllowedValues/ows:Value"
    )
    declared = [value.text for value in service.document.iterfind(path, NS)]
    assert declared
    for kind, given in [*zip(declared, declared, strict=True), ("bogus/xml", "application/xml")]:
        answer = encoding.ask(service, capabilities_request(AcceptFormats=kind))
        document(encoding, answer, given)
        if encoding.in_envelope:
            # The suite compares the envelope's type; SOAP 1.2 gives it one (9.1.3).
            assert ENVELOPES.given == f"`{answer.content_type}`"


@pytest.mark.parametrize("encoding", PROCEDURES, ids=lambda encoding: encoding.name)
def test_themes_and_contents_in_one_order(service: Service, encoding: Encoding) -> None:
    """Beyond the suite: the document has its own order, whatever that of the question."""
    asked = capabilities_request(Sections="Themes,Contents")
    root = document(encoding, encoding.ask(service, asked))
    assert sections(root) == ["Contents", "Themes"]
