"""The OperationsMetadata section: what can be asked, where, and in which encodings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tuilerie.protocols.xml import XmlWriter

__all__ = ["Method", "write_operation"]


class Method(NamedTuple):
    """One way to send a request by HTTP.

    Attributes:
        verb: "Get" or "Post".
        href: address; that of Get ends in "?" (A.3.4.4), that of Post does not.
        encodings: "KVP", "SOAP" or "XML", exactly so.
    """

    verb: str
    href: str
    encodings: Sequence[str]


def write_operation(
    xml: XmlWriter,
    name: str,
    methods: Iterable[Method],
    parameters: Mapping[str, Sequence[str]],
) -> None:
    """Write one Operation.

    The encodings stand in each Get and Post, though they are the same everywhere: clients and
    the official suite look for them there (7.1.1.1.1 would have them once).

    Args:
        xml: where to.
        name: of the operation.
        methods: at most one of each verb: with more the official suite asks a list of addresses.
        parameters: allowed values of those that have few.

    Source: OGC 06-121r3, 7.4.6; OGC 07-057r7, 7.1.1.1.1.
    """
    xml.start("ows:Operation", [("name", name)])
    xml.start("ows:DCP")
    xml.start("ows:HTTP")
    for method in methods:
        xml.start(f"ows:{method.verb}", [("xlink:href", method.href)])
        _write_domain(xml, "ows:Constraint", f"{method.verb}Encoding", method.encodings)
        xml.end()
    xml.end()
    xml.end()
    for parameter, values in parameters.items():
        _write_domain(xml, "ows:Parameter", parameter, values)
    xml.end()


def _write_domain(xml: XmlWriter, element: str, name: str, values: Iterable[str]) -> None:
    xml.start(element, [("name", name)])
    xml.start("ows:AllowedValues")
    for value in values:
        xml.text("ows:Value", value)
    xml.end()
    xml.end()
