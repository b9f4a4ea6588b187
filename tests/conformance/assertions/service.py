"""A running server as the suite's bootstrap sees it: its document, and the addresses in it."""

from __future__ import annotations

from functools import cached_property

import httpx
from lxml import etree

from tests.journeys import published
from tests.protocols.schemas import assert_valid

__all__ = ["HREF", "NS", "Service"]

NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
HREF = f"{{{NS['xlink']}}}href"
CAPABILITIES = "/wmts?service=WMTS&request=GetCapabilities"


class Service:
    """A running server, and the client that asks it.

    Attributes:
        is_suites: whether its catalogue is the one made for the suite, with all that it needs.
    """

    def __init__(self, url: str, client: httpx.Client, *, is_suites: bool) -> None:
        self.is_suites = is_suites
        self._client = client
        status, content_type, self.body = self.get(url + CAPABILITIES)
        assert status == 200
        assert "/xml" in content_type, "the bootstrap wants so"

    @cached_property
    def document(self) -> etree._Element:
        """The ServiceMetadata document; it is valid."""
        return assert_valid(self.body)

    @cached_property
    def capabilities(self) -> published.Capabilities:
        """Layers, limits and matrix sets of the document."""
        return published.read(self.body)

    def get(self, address: str, **headers: str) -> tuple[int, str, bytes]:
        """Ask for an address; return status, Content-Type and body."""
        return _told(self._client.get(address, headers=headers))

    def post(self, address: str, body: str | bytes, media_type: str) -> tuple[int, str, bytes]:
        """Send a body."""
        data = body.encode() if isinstance(body, str) else body
        return _told(self._client.post(address, content=data, headers={"content-type": media_type}))

    def address(self, operation: str, verb: str) -> str:
        """The address of an operation; the suite breaks where there is more than one."""
        path = f"ows:OperationsMetadata/ows:Operation[@name='{operation}']/ows:DCP/ows:HTTP/ows:"
        (found,) = self.document.iterfind(path + verb, NS)
        return found.get(HREF)

    @property
    def metadata_url(self) -> str:
        """The address of the document as a resource."""
        return self.document.find("w:ServiceMetadataURL", NS).get(HREF)

    def layer(self, identifier: str) -> etree._Element:
        """The element of a layer."""
        return next(
            layer
            for layer in self.document.iterfind("w:Contents/w:Layer", NS)
            if layer.findtext("ows:Identifier", "", NS) == identifier
        )

    def texts(self, layer: str, path: str) -> list[str]:
        """The texts of elements of a layer."""
        return [found.text or "" for found in self.layer(layer).iterfind(path, NS)]

    def template(self, layer: str, kind: str, media_type: str) -> str:
        """The one ResourceURL of a layer for a resourceType and a format (10.2.1)."""
        (found,) = (
            resource.get("template")
            for resource in self.layer(layer).iterfind("w:ResourceURL", NS)
            if (resource.get("resourceType"), resource.get("format")) == (kind, media_type)
        )
        return found


def _told(response: httpx.Response) -> tuple[int, str, bytes]:
    return response.status_code, response.headers.get("content-type", ""), response.content
