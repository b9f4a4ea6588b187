"""The WSDL and the schemas over HTTP, and clients that are made out of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.transports import Transport

from tests.protocols.envelopes import TILE, WMTS
from tests.server.served import REST, ask, catalogue, live_of, serving
from tuilerie.server.forwarded import TrustedProxies

XSD = "{http://www.w3.org/2001/XMLSchema}"


class Watched(Transport):
    """Fetches as zeep does, and notes where from."""

    def __init__(self) -> None:
        super().__init__(timeout=10)
        self.asked: list[str] = []

    def load(self, url: str) -> bytes:
        self.asked.append(url)
        assert url.startswith("http://127.0.0.1:"), url
        return super().load(url)


@pytest.fixture(scope="module")
def served(lane: int) -> Iterator[tuple[int, zeep.Client]]:
    """A client made by zeep out of nothing but our description."""
    transport = Watched()
    client = zeep.Client(f"http://127.0.0.1:{lane}/wmts?WSDL", transport=transport)
    with transport.session:
        yield lane, client


def request(**changes: str) -> dict[str, str]:
    return {"service": "WMTS", "version": "1.0.0", **dict(TILE), **changes}


@pytest.mark.parametrize("port_name", ["WMTS-SOAP12-Port", "WMTS-SOAP-Port"])
def test_a_client_made_of_the_wsdl_gets_the_tile(
    served: tuple[int, zeep.Client], port_name: str
) -> None:
    """SOAP toolkits could do nothing with the service (Annex F)."""
    port, client = served
    tile = client.bind("WMTS", port_name).GetTile(**request())
    assert tile.Format == "image/png"
    assert tile.BinaryContent == ask(port, f"{REST}/8/1/2.png")[2]
    assert client.service.GetTile(**request()) == tile  # the port that it takes by itself


@pytest.mark.parametrize("port_name", ["WMTS-SOAP12-Port", "WMTS-SOAP-Port"])
def test_a_client_made_of_the_wsdl_gets_the_capabilities(
    served: tuple[int, zeep.Client], port_name: str
) -> None:
    """It could not find out what there is."""
    _, client = served
    service = client.bind("WMTS", port_name)
    # zeep knows no substitution groups, by which a Layer is a DatasetDescriptionSummary.
    with client.settings(strict=False):
        document = service.GetCapabilities(
            service="WMTS", AcceptVersions={"Version": ["1.0.0"]}, Sections={"Section": ["All"]}
        )
        assert document.version == "1.0.0"
        assert document.updateSequence == "20"
        assert document.ServiceIdentification.ServiceType._value_1 == "OGC WMTS"
    with client.settings(raw_response=True):
        answer = service.GetCapabilities(service="WMTS")
        layers = etree.fromstring(answer.content).iter(f"{{{WMTS}}}Layer")
        assert sum(1 for _ in layers) == 1
        answer.close()


def test_a_client_made_of_the_wsdl_understands_faults(served: tuple[int, zeep.Client]) -> None:
    """A mistake would look like a broken connection."""
    _, client = served
    for operation, parameters in (
        (client.service.GetTile, request(Layer="other")),
        (client.bind("WMTS", "WMTS-SOAP-Port").GetTile, request(Layer="other")),
    ):
        with pytest.raises(Fault, match=r"A server exception was encountered\.") as fault:
            operation(**parameters)
        (found,) = fault.value.detail.iter("{http://www.opengis.net/ows/1.1}Exception")
        assert (found.get("exceptionCode"), found.get("locator")) == (
            "InvalidParameterValue",
            "Layer",
        )


@pytest.mark.parametrize("query", ["WSDL", "wsdl", "Wsdl", "wsdl="])
def test_the_description_is_where_everybody_looks(lane: int, query: str) -> None:
    """F.2: "?WSDL" as Axis and .NET have it."""
    status, fields, body = ask(lane, f"/wmts?{query}")
    assert (status, fields["content-type"]) == (200, "application/xml")
    assert b'location="http://maps.example.org/wmts"' in body
    assert ask(lane, f"/wmts?{query}", f"If-None-Match: {fields['etag']}")[0] == 304
    assert ask(lane, f"/wmts?{query}", method="HEAD")[1]["content-length"] == str(len(body))
    assert ask(lane, "/wmts?wsdl=1")[0] == 400


def test_the_description_has_the_public_address(filled: Path) -> None:
    """Clients would be sent behind the proxy, where they cannot go."""
    settings = {"prefix": "/maps", "trusted": TrustedProxies.parse(["127.0.0.1"])}
    with serving(live_of(filled, **settings)) as (_, port):
        fields = ["X-Forwarded-Proto: https", "X-Forwarded-Host: tiles.example.com",
                  "X-Forwarded-Prefix: /outer"]  # fmt: skip
        body = ask(port, "/maps/wmts?WSDL", *fields)[2]
        assert b'location="https://tiles.example.com/outer/maps/wmts"' in body
        (link,) = etree.fromstring(body).iter("{http://schemas.xmlsoap.org/wsdl/}import")
        place = urljoin("/maps/wmts?WSDL", link.get("location"))
        assert ask(port, place)[0] == 200
    published = catalogue(base_url="https://public.example.org/x")
    with serving(live_of(filled, published)) as (_, port):
        assert b'location="https://public.example.org/x/wmts"' in ask(port, "/wmts?WSDL")[2]


def test_a_host_that_is_none_is_not_described(lane: int) -> None:
    """Its text would stand in the description."""
    assert ask(lane, "/wmts?WSDL", "Host: other")[0] == 400


def test_schemas_lead_to_one_another_on_our_host(lane: int) -> None:
    """A generator without a way out would stop half way."""
    seen: set[str] = set()
    todo = ["/schemas/wmts/1.0/wmtsAbstract.wsdl"]
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        status, fields, body = ask(lane, place)
        assert (status, fields["content-type"]) == (200, "application/xml"), place
        assert fields["cache-control"] == "public, max-age=86400"
        for link in etree.fromstring(body).iter(f"{XSD}import", f"{XSD}include"):
            location = link.get("schemaLocation")
            if location is not None:
                assert "://" not in location
                todo.append(urljoin(place, location))
    assert len(seen) > 40


def test_schemas_are_kept_and_compressed(lane: int) -> None:
    """Seven hundred kilobytes would go out for each client that is made."""
    place = "/schemas/gml/3.1.1/base/gml.xsd"
    _, fields, body = ask(lane, place)
    assert ask(lane, place, f"If-None-Match: {fields['etag']}")[0] == 304
    packed = ask(lane, place, "Accept-Encoding: gzip")
    assert packed[1]["content-encoding"] == "gzip"
    assert len(packed[2]) < len(body)


@pytest.mark.parametrize(
    "path",
    [
        "/schemas",
        "/schemas/",
        "/schemas/NOTICE.md",
        "/schemas/wmts/1.0/",
        "/schemas/wmts/1.0/absent.xsd",
        "/schemas/../xml.py",
        "/schemas/%2e%2e/xml.py",
        "/schemas//wmts/1.0/wmts.xsd",
        "/schemas/wmts/1.0/wmts.xsd/",
        "/schemas/wmts/1.0/%77mts.xsd",
        "/schemas/%E9",
    ],
)
def test_nothing_else_is_below_schemas(lane: int, path: str) -> None:
    """Files of the program would be served."""
    assert ask(lane, path)[0] == 404
