"""What a GetCapabilities request gets: the same for KVP, REST and SOAP (OGC 07-057r7, 7.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tuilerie.errors import InvalidParameter, InvalidUpdateSequence, VersionNegotiationFailed
from tuilerie.protocols.wmts.requests import SECTIONS, VERSION, GetCapabilities

__all__ = ["COMPLETE", "MEDIA_TYPES", "Negotiated", "negotiate"]

COMPLETE = frozenset(SECTIONS)

MEDIA_TYPES = ("application/xml", "text/xml")
"""What the document can be sent as, the usual one first."""


class Negotiated(NamedTuple):
    """The document that answers a request.

    Attributes:
        sections: those to write; empty = the client's copy is current, and gets a root element
            with its attributes alone (OGC 06-121r3, 7.3.4).
        media_type: Content-Type, exactly so.
    """

    sections: frozenset[str]
    media_type: str


def negotiate(request: GetCapabilities, revision: int) -> Negotiated:
    """Return what a request gets of the catalogue's revision.

    Raises:
        VersionNegotiationFailed: 1.0.0 is not among AcceptVersions.
        InvalidParameter: an unknown section (locator "Sections").
        InvalidUpdateSequence: the client's is greater than ours.
    """
    if request.accept_versions and VERSION not in request.accept_versions:
        raise VersionNegotiationFailed("This server speaks WMTS {version} only.", version=VERSION)
    sections = _sections(request.sections)
    if request.update_sequence:
        order = _compare(request.update_sequence, str(revision))
        if order > 0:
            raise InvalidUpdateSequence(
                "updateSequence is greater than this server's, which is {revision}.",
                revision=revision,
            )
        if order == 0:
            sections = frozenset()
    return Negotiated(sections, _media_type(request.accept_formats))


def _sections(asked: Sequence[str]) -> frozenset[str]:
    """Return the sections that are asked for by names of Table 18; all if none are."""
    for name in asked:
        if name != "All" and name not in COMPLETE:
            raise InvalidParameter(
                "{name} is no section; there are {names} and All.",
                "Sections",
                name=repr(name[:80]),
                names=", ".join(SECTIONS),
            )
    return COMPLETE if not asked or "All" in asked else frozenset(asked)


def _media_type(asked: Sequence[str]) -> str:
    """Return the first format that we have; Table 17: application/xml when we have none.

    Parameters do not count, nor do capitals: "Text/XML; charset=utf-8" is text/xml.
    """
    for kind in asked:
        plain = kind.partition(";")[0].strip().lower()
        if plain in MEDIA_TYPES:
            return plain
    return MEDIA_TYPES[0]


def _compare(theirs: str, ours: str) -> int:
    """Return < 0, 0 or > 0; numbers by value, whatever else a client made up as text.

    Lengths before digits, since a client may send more of them than int() is willing to read.
    """
    if theirs.isascii() and theirs.isdigit():
        theirs, ours = theirs.lstrip("0"), ours.lstrip("0")
        if len(theirs) != len(ours):
            return len(theirs) - len(ours)
    return (theirs > ours) - (theirs < ours)
