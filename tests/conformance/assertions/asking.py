"""The five encodings in which the suite asks, behind one way to say what is asked.

Everything that is needed is read from the capabilities, as the suite does: the addresses of the
operations, the templates of the resources. What is left out of a request is not sent, whatever
the encoding; a dimension is a parameter of its own name.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from lxml import etree

from tests.conformance.assertions.service import Service
from tests.protocols.envelopes import (
    OWS,
    SOAP_12,
    TYPES,
    WMTS,
    content_of,
    envelope,
    report_of,
    told,
)
from tests.protocols.schemas import assert_valid

__all__ = [
    "EVERY",
    "GET",
    "PLAIN",
    "POST",
    "PROCEDURES",
    "REST",
    "SOAP",
    "XML",
    "Answer",
    "Request",
]

FORM = "application/x-www-form-urlencoded"
_TILE = ("Layer", "Style", "Format", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol")
_INFO = ("J", "I", "InfoFormat")
_LISTS = ("AcceptVersions", "Sections", "AcceptFormats")
_ATTRIBUTES = ("service", "version", "updateSequence")
_KNOWN = {"request", *_TILE, *_INFO, *_LISTS, *_ATTRIBUTES}


class Request(NamedTuple):
    """What is asked.

    Attributes:
        values: by the standard's names, `service`, `request` and `version` among them.
        sample: what a right request has; says which template a wrong one is made of.
    """

    values: Mapping[str, str]
    sample: Mapping[str, str]

    def but(self, **changes: str) -> Request:
        """The same with other values."""
        return self._replace(values={**self.values, **changes})

    def without(self, name: str) -> Request:
        """The same with a parameter left out."""
        return self._replace(values={k: v for k, v in self.values.items() if k != name})


class Answer(NamedTuple):
    """What came back, out of its envelope.

    Attributes:
        content_type: the header, exactly.
        says: the media type that the answer gives its content: that of the payload, or the
            header; "" where an envelope holds a document that needs none.
        body: the content.
    """

    status: int
    content_type: str
    says: str
    body: bytes

    @property
    def root(self) -> etree._Element:
        """The content as a document that is valid by the standard's schemas."""
        return assert_valid(self.body)

    @property
    def codes(self) -> list[tuple[str, str | None]]:
        """Codes and locators of a report."""
        root = self.root
        assert root.tag == f"{{{OWS}}}ExceptionReport"
        return told(root)


class Encoding(NamedTuple):
    """One way to ask.

    Attributes:
        name: as in the names of the suite's tests.
        ask: sends a request.
        send: sends what need be no request (a query or a body) to the address of GetCapabilities.
    """

    name: str
    ask: Callable[[Service, Request], Answer]
    send: Callable[[Service, str], Answer]

    @property
    def is_rest(self) -> bool:
        """Whether errors are those of resources."""
        return self.name == "RESTful"

    @property
    def in_envelope(self) -> bool:
        """Whether answers come in an envelope."""
        return self.name == "SOAP.POST"


def _pairs(request: Request) -> str:
    return urlencode(request.values)


def _operation(request: Request) -> str:
    """The operation whose address is asked: one that there is, even where the request has none."""
    return request.sample["request"]


def _get(service: Service, address: str) -> Answer:
    return _plain(service.get(address))


def _ask_get(service: Service, request: Request) -> Answer:
    return _get(service, service.address(_operation(request), "Get") + _pairs(request))


def _send_get(service: Service, query: str) -> Answer:
    return _get(service, service.address("GetCapabilities", "Get") + query)


def _ask_form(service: Service, request: Request) -> Answer:
    return _plain(service.post(service.address(_operation(request), "Post"), _pairs(request), FORM))


def _send_form(service: Service, body: str) -> Answer:
    return _plain(service.post(service.address("GetCapabilities", "Post"), body, FORM))


def _ask_xml(service: Service, request: Request) -> Answer:
    address = service.address(_operation(request), "Post")
    return _plain(service.post(address, markup(request), "application/xml"))


def _send_xml(service: Service, body: str) -> Answer:
    address = service.address("GetCapabilities", "Post")
    return _plain(service.post(address, body, "application/xml"))


def _ask_soap(service: Service, request: Request) -> Answer:
    address = service.address(_operation(request), "Post")
    return _unpacked(service.post(address, envelope(markup(request)), TYPES[SOAP_12]))


def _send_soap(service: Service, body: str) -> Answer:
    address = service.address("GetCapabilities", "Post")
    return _unpacked(service.post(address, envelope(body), TYPES[SOAP_12]))


def _ask_rest(service: Service, request: Request) -> Answer:
    """Fill a template; a step of which there is no value is left out with its slash."""
    values, sample = request.values, request.sample
    if _operation(request) == "GetCapabilities":
        return _get(service, service.metadata_url)
    kind, named = ("FeatureInfo", "InfoFormat") if "I" in sample else ("tile", "Format")
    address = service.template(sample["Layer"], kind, sample[named])
    steps = {name: f"{{{name}}}" for name in sample} | {"Layer": sample["Layer"]}
    for name, step in steps.items():
        if name in values:
            address = address.replace(f"/{step}", f"/{quote(values[name], safe='')}", 1)
        else:
            address = address.replace(f"/{step}", "" if f"/{step}/" in address else "/", 1)
    if named not in values:
        address = address.rpartition(".")[0]
    assert "{" not in address
    return _get(service, address)


def _send_rest(service: Service, suffix: str) -> Answer:
    """Ask for the document under a name with a suffix."""
    name, dot, extension = service.metadata_url.rpartition(".")
    return _get(service, f"{name}{suffix}{dot}{extension}")


def markup(request: Request) -> str:
    """A request in XML, its parts in the order of the schema.

    Lists are spelt as the suite does: elements of the list's own name in it.
    """
    values = request.values
    attributes = {name: values[name] for name in _ATTRIBUTES if name in values}
    spaces = {None: WMTS, "ows": OWS}
    root = etree.Element(f"{{{WMTS}}}{values['request']}", attributes, nsmap=spaces)
    for name in _LISTS:
        if name in values:
            listed = etree.SubElement(root, f"{{{OWS}}}{name}")
            for value in values[name].split(","):
                etree.SubElement(listed, f"{{{OWS}}}{name}").text = value
    tile = root
    if "I" in request.sample:
        tile = etree.SubElement(root, f"{{{WMTS}}}GetTile", attributes)
    for name in _TILE:
        if name in values:
            etree.SubElement(tile, f"{{{WMTS}}}{name}").text = values[name]
        if name == "Format":
            for dimension in sorted(values.keys() - _KNOWN):
                part = etree.SubElement(tile, f"{{{WMTS}}}DimensionNameValue", name=dimension)
                part.text = values[dimension]
    for name in _INFO:
        if name in values:
            etree.SubElement(root, f"{{{WMTS}}}{name}").text = values[name]
    return etree.tostring(root, encoding="unicode")


def _plain(answer: tuple[int, str, bytes]) -> Answer:
    status, content_type, body = answer
    return Answer(status, content_type, content_type, body)


def _unpacked(answer: tuple[int, str, bytes]) -> Answer:
    """Take an answer out of its envelope (clause 9)."""
    status, content_type, body = answer
    assert content_type == TYPES[SOAP_12]
    content = content_of(body)
    if status != 200:
        return Answer(status, content_type, "", etree.tostring(report_of(body)))
    if content.tag == f"{{{WMTS}}}FeatureInfoResponse":
        content = content[0]
    kind = content.findtext(f"{{{WMTS}}}Format", "")
    data = etree.tostring(content)
    if content.tag == f"{{{WMTS}}}BinaryPayload":
        assert_valid(data)
        data = base64.b64decode(content.findtext(f"{{{WMTS}}}BinaryContent"), validate=True)
    elif content.tag == f"{{{WMTS}}}TextPayload":
        assert_valid(data)
        data = content.findtext(f"{{{WMTS}}}TextContent").encode()
    return Answer(status, content_type, kind, data)


GET = Encoding("KVP.GET", _ask_get, _send_get)
POST = Encoding("KVP.POST", _ask_form, _send_form)
XML = Encoding("XML.POST", _ask_xml, _send_xml)
SOAP = Encoding("SOAP.POST", _ask_soap, _send_soap)
REST = Encoding("RESTful", _ask_rest, _send_rest)
PLAIN = (GET, POST)
PROCEDURES = (GET, POST, XML, SOAP)
EVERY = (*PROCEDURES, REST)
