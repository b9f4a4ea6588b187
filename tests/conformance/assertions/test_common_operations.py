"""What is asserted of all operations (OGC 07-057r7, A.3.1)."""

from __future__ import annotations

from tests.conformance.assertions.asking import (
    GET,
    POST,
    PROCEDURES,
    REST,
    SOAP,
    XML,
    Encoding,
)
from tests.conformance.assertions.differences import POST_OF_NOTHING
from tests.conformance.assertions.judging import INVALID, MISSING, refused
from tests.conformance.assertions.naming import assertion
from tests.conformance.assertions.sampling import capabilities_request
from tests.conformance.assertions.service import Service
from tests.protocols.envelopes import WMTS

NO_QUERY = "request~GetCapabilities!service~!'WMTS'version~'1.0.0"
HALF_A_QUERY = "service=WMTS&request~GetCapabilities!version~1.0.0"
MISSPELT = f'<GetCapabilit1es xmlns="{WMTS}" serv1ce="WMTS"/>'
UNKNOWN = f'<Nothing xmlns="{WMTS}"/>'


@assertion("InvalidQueryString", (GET, POST))
def test_a_query_that_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.1.6: what cannot be read is not there. Releases of the suite send the one or other."""
    refused(encoding, encoding.send(service, NO_QUERY), MISSING, ["service", "request"])
    refused(encoding, encoding.send(service, HALF_A_QUERY), MISSING, ["request"])


@assertion("InvalidQueryString", (XML, SOAP))
def test_an_element_that_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.1.4, A.3.1.6: the attribute is misspelt, and so there is no service."""
    refused(encoding, encoding.send(service, MISSPELT), MISSING, ["service", "request"])


@assertion("InvalidQueryString", (REST,))
def test_an_address_that_is_none(service: Service, encoding: Encoding) -> None:
    """A.3.1.5, 10.1.5: …/WMTSCapabilitiesBogus.xml, and the same in capitals."""
    for suffix in ("Bogus", "/Bogus"):
        assert encoding.send(service, suffix).status == 404
    assert service.get(service.metadata_url.replace("1.0.0", "1.0.1"))[0] == 404


@assertion("InvalidService", PROCEDURES)
def test_another_service(service: Service, encoding: Encoding) -> None:
    """A.3.1.6, Tables 17 and 21."""
    answer = encoding.ask(service, capabilities_request(service="BOGUS"))
    refused(encoding, answer, INVALID, ["service"])


@assertion("InvalidRequest", PROCEDURES)
def test_another_request(service: Service, encoding: Encoding) -> None:
    """A.3.1.6. Table 23 has OperationNotSupported, 501, for operations that are known."""
    answer = encoding.ask(service, capabilities_request(request="GetBOGUS"))
    refused(encoding, answer, INVALID, ["request"])


@assertion("HTTP.Mandatory", (POST, XML, SOAP))
def test_a_post_of_nothing(service: Service, encoding: Encoding) -> None:
    """A.3.1.1: a draft wants 404 of the service itself; but the service is there (Table 21)."""
    answer = encoding.send(service, "" if encoding is POST else UNKNOWN)
    status = int(POST_OF_NOTHING.given.partition(",")[0])
    refused(encoding, answer, MISSING, ["service"], status)


@assertion("HTTP.Mandatory", (GET,))
def test_a_service_that_does_not_exist(service: Service, encoding: Encoding) -> None:
    """A.3.1.1: a draft that the suite has given up; it holds all the same."""
    address = service.address("GetCapabilities", "Get").rstrip("?")
    assert service.get(f"{address}-not/there?service=WMTS")[0] == 404


@assertion("HTTP.Mandatory", (REST,))
def test_a_document_in_a_format_that_is_unknown(service: Service, encoding: Encoding) -> None:
    """A.3.1.1, 10.1.1."""
    assert service.get(service.metadata_url, accept="example/unknown")[0] == 406
    assert service.get(service.metadata_url, accept="application/xml")[0] == 200
