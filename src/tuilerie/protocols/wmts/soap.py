"""SOAP envelopes, read and written (OGC 07-057r7, clause 9): 1.2, and 1.1 for those who send it.

Choices:
- 9.4 demands a fault with the Code "soap:server". SOAP 1.2 has no such code and its schema refuses
  it; the standard's own example has soap:Receiver, which is what 1.2 calls the "Server" of
  SOAP 1.1. So 1.2 gets Receiver and 1.1 gets Server, also where the fault is the client's: the
  report in the Detail and the HTTP status say whose it is.
- Reason is the sentence of the example, with the full stop that the text beside it leaves out.
- What SOAP itself wants to be refused (MustUnderstand, VersionMismatch) has SOAP's own code.
- HTTP statuses are those of Tables 21, 24 and 27 in both versions, although SOAP 1.1 knows only
  500: a client's error must not look like ours.
- Base64 stands in CDATA, as 9.2.3 recommends.

Envelopes are templates around bytes that exist already: an answer costs the base64 of the tile.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Sequence
from typing import Final, NamedTuple

from tuilerie.errors import InvalidParameter, MissingParameter, RequestError
from tuilerie.protocols.wmts.messages import LANGUAGES, said_in
from tuilerie.protocols.wmts.requests import NAMESPACE
from tuilerie.protocols.xml import escape_attribute, escape_cdata, escape_text
from tuilerie.protocols.xml_reading import Element

__all__ = [
    "REASON",
    "SOAP_11",
    "SOAP_12",
    "EnvelopeFault",
    "Version",
    "binary_payload",
    "envelope_fault",
    "envelope_version",
    "fault",
    "feature_info_response",
    "in_envelope",
    "open_envelope",
]

REASON: Final = "A server exception was encountered."
_MAX_TOLD: Final = 20
"""Header blocks that a fault names: an envelope can have thousands."""


class Version(NamedTuple):
    """A version of SOAP.

    Attributes:
        media_type: Content-Type of answers, exactly so.
        head, tail: what stands around the content of the Body.
    """

    namespace: str
    media_type: str
    head: bytes
    tail: bytes


def _version(namespace: str, media_type: str) -> Version:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{namespace}">\n<soap:Body>\n'
    )
    return Version(namespace, media_type, head.encode("ascii"), b"</soap:Body>\n</soap:Envelope>\n")


SOAP_12: Final = _version(
    "http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8"
)
SOAP_11: Final = _version("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8")

_VERSIONS: Final = {version.namespace: version for version in (SOAP_12, SOAP_11)}
_OURS: Final = {
    SOAP_12.namespace: (
        "role",
        {
            "",
            f"{SOAP_12.namespace}/role/next",
            f"{SOAP_12.namespace}/role/ultimateReceiver",
        },
    ),
    SOAP_11.namespace: ("actor", {"", "http://schemas.xmlsoap.org/soap/actor/next"}),
}
"""By namespace: the attribute that says for whom a header is, and the values that mean us."""


class EnvelopeFault(RequestError):
    """The envelope is not one that we may open; SOAP has words of its own for that.

    Attributes:
        version: in which to answer.
        fault_code: "MustUnderstand" or "VersionMismatch".
        names: the header blocks that were not understood, as (namespace, name).
    """

    def __init__(
        self, version: Version, fault_code: str, message: str, names: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.version = version
        self.fault_code = fault_code
        self.names = tuple(names[:_MAX_TOLD])


def envelope_version(root: Element) -> Version | None:
    """Return the version of an envelope, None if the document is something else.

    Raises: EnvelopeFault: an envelope of a version that is not spoken here.
    """
    if root.name != "Envelope":
        return None
    version = _VERSIONS.get(root.namespace)
    if version is None:
        raise EnvelopeFault(
            SOAP_12, "VersionMismatch", "SOAP 1.2 and 1.1 are spoken here, and no other."
        )
    return version


def open_envelope(root: Element, version: Version) -> Element:
    """Return the one element in the Body of an envelope.

    Raises:
        EnvelopeFault: a header that must be understood is for us, and there is none that we know.
        MissingParameter, InvalidParameter: locator "request": no Body, nothing or too much in it.

    Source: SOAP 1.2 Part 1, 2.4 and 5.4.8; SOAP 1.1, 4.2.3.
    """
    parts = [child for child in root.children if child.namespace == version.namespace]
    names = [part.name for part in parts]
    if names not in (["Body"], ["Header", "Body"]) or (
        version is SOAP_12 and len(parts) != len(root.children)
    ):
        raise InvalidParameter(
            "An envelope holds one Body, with at most one Header before it.", "request"
        )
    if len(parts) == 2:
        _look_at_headers(parts[0], version)
    content = parts[-1].children
    if not content:
        raise MissingParameter("There is no request in the Body.", "request")
    if len(content) > 1:
        raise InvalidParameter("There is more than one request in the Body.", "request")
    return content[0]


def _look_at_headers(header: Element, version: Version) -> None:
    role, ours = _OURS[version.namespace]
    names = [
        (block.namespace, block.name)
        for block in header.children
        if block.attribute("mustUnderstand", version.namespace) in ("1", "true")
        and block.attribute(role, version.namespace) in ours
    ]
    if names:
        message = "Header blocks that must be understood are not known here."
        raise EnvelopeFault(version, "MustUnderstand", message, names)


def in_envelope(document: bytes, version: Version) -> bytes:
    """Return an envelope around a document, whose XML declaration is taken off."""
    return b"".join((version.head, _bare(document), version.tail))


def _bare(document: bytes) -> bytes:
    """Return a document without its XML declaration."""
    if document.startswith(b"<?xml"):
        return document[document.index(b"?>") + 2 :].lstrip()
    return document


def binary_payload(data: bytes, media_type: str, version: Version) -> bytes:
    """Return an envelope around bytes, as a wmts:BinaryPayload.

    Source: OGC 07-057r7, 9.2.3; the content's element is BinaryContent as in the schema and the
    example, not the text's PayloadContent.
    """
    format_text = escape_text(media_type).encode()
    return b"".join(
        (
            version.head,
            _BINARY_HEAD,
            format_text,
            _BINARY_MIDDLE,
            b2a_base64(data, newline=False),
            _BINARY_TAIL,
            version.tail,
        )
    )


_BINARY_HEAD: Final = f'<BinaryPayload xmlns="{NAMESPACE}"><Format>'.encode("ascii")
_BINARY_MIDDLE: Final = b"</Format><BinaryContent><![CDATA["
_BINARY_TAIL: Final = b"]]></BinaryContent></BinaryPayload>\n"


def feature_info_response(data: bytes, media_type: str, version: Version) -> bytes:
    """Return an envelope around a document about a place, as a wmts:FeatureInfoResponse.

    GML stands in it as it is, other XML as AnyContent, other text as TextPayload in CDATA, and
    the rest as BinaryPayload.

    Source: OGC 07-057r7, 9.3.3.
    """
    kind = media_type.partition(";")[0].strip()
    format_text = escape_text(media_type).encode()
    if kind in ("application/gml+xml", "text/gml"):
        parts: tuple[bytes, ...] = (_bare(data),)
    elif kind.endswith(("+xml", "/xml")):
        parts = (b"<AnyContent>", _bare(data), b"</AnyContent>")
    elif kind.startswith("text/") or kind.endswith("json"):
        text = escape_cdata(data.decode("utf-8", "replace")).encode()
        parts = (_TEXT_HEAD, format_text, _TEXT_MIDDLE, text, _TEXT_TAIL)
    else:
        encoded = b2a_base64(data, newline=False)
        parts = (_INNER_HEAD, format_text, _BINARY_MIDDLE, encoded, _BINARY_TAIL)
    return b"".join((version.head, _INFO_HEAD, *parts, _INFO_TAIL, version.tail))


_INFO_HEAD: Final = f'<FeatureInfoResponse xmlns="{NAMESPACE}">\n'.encode("ascii")
_INFO_TAIL: Final = b"</FeatureInfoResponse>\n"
_TEXT_HEAD: Final = b"<TextPayload><Format>"
_TEXT_MIDDLE: Final = b"</Format><TextContent>"
_TEXT_TAIL: Final = b"</TextContent></TextPayload>\n"
_INNER_HEAD: Final = b"<BinaryPayload><Format>"


def fault(report: bytes, version: Version, language: str = LANGUAGES[0]) -> bytes:
    """Return a fault with an exception report in its Detail.

    `language` is one of LANGUAGES, in which the report is. In another one than English SOAP 1.2
    has the reason in both, the prescribed sentence first; SOAP 1.1 has room for that alone.

    Source: OGC 07-057r7, 9.4; SOAP 1.2 Part 1, 5.4; SOAP 1.1, 4.4.
    """
    body = report[report.index(b"?>") + 2 :].strip()
    code = "Receiver" if version is SOAP_12 else "Server"
    return _fault(version, code, REASON, body, language)


def envelope_fault(error: EnvelopeFault, language: str = LANGUAGES[0]) -> bytes:
    """Return the fault for an envelope that was not opened; its Body was not looked at.

    SOAP 1.2 tells which headers were not understood (5.4.8.3), or which envelopes would be
    (5.4.7), in headers of its own; 1.1 has no place for it.
    """
    text = _fault(error.version, error.fault_code, error.message, b"", language)
    if error.version is SOAP_11:
        return text
    if error.fault_code == "VersionMismatch":
        supported = "".join(
            f'<soap:SupportedEnvelope xmlns:v="{version.namespace}" qname="v:Envelope"/>\n'
            for version in _VERSIONS.values()
        )
        blocks = f"<soap:Upgrade>\n{supported}</soap:Upgrade>\n"
    else:
        # A name in a namespace that is no URI is left out: not every parser would read it.
        blocks = "".join(
            f'<soap:NotUnderstood xmlns:h="{escape_attribute(namespace)}" qname="h:{name}"/>\n'
            for namespace, name in error.names
            if _URI.fullmatch(namespace)
        )
    if not blocks:
        return text
    header = f"<soap:Header>\n{blocks}</soap:Header>\n<soap:Body>".encode()
    return text.replace(b"<soap:Body>", header, 1)


_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]+")


def _fault(version: Version, code: str, reason: str, detail: bytes, language: str) -> bytes:
    start, before, after = _FAULT_12 if version is SOAP_12 else _FAULT_11
    told = {LANGUAGES[0]: reason, language: said_in(language, reason, {})}
    texts = "".join(
        f'<soap:Text xml:lang="{tag}">{escape_text(text)}</soap:Text>' for tag, text in told.items()
    )
    head = start.format(code=code, reason=escape_text(reason), texts=texts).encode()
    inside = (before, detail, after) if detail else ()
    return b"".join((version.head, head, *inside, b"</soap:Fault>\n", version.tail))


_FAULT_12: Final = (
    "<soap:Fault>\n<soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>\n"
    "<soap:Reason>{texts}</soap:Reason>\n",
    b"<soap:Detail>\n",
    b"\n</soap:Detail>\n",
)
_FAULT_11: Final = (
    "<soap:Fault>\n<faultcode>soap:{code}</faultcode>\n<faultstring>{reason}</faultstring>\n",
    b"<detail>\n",
    b"\n</detail>\n",
)
