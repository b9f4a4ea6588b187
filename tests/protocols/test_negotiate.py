"""GetCapabilities: versions, sections, update sequences and formats (7.1.2)."""

from __future__ import annotations

import pytest

from tuilerie.errors import InvalidParameter, InvalidUpdateSequence, VersionNegotiationFailed
from tuilerie.protocols.wmts.negotiate import COMPLETE, negotiate
from tuilerie.protocols.wmts.requests import SECTIONS, GetCapabilities


def test_nothing_asked_is_everything():
    """Table 17: when omitted, the latest complete document as application/xml."""
    assert negotiate(GetCapabilities(), 17) == (COMPLETE, "application/xml")


def test_versions():
    """Any list that has 1.0.0 will do; none fails the negotiation, without locator."""
    assert negotiate(GetCapabilities(accept_versions=("2.0.0", "1.0.0")), 1).sections == COMPLETE
    with pytest.raises(VersionNegotiationFailed) as caught:
        negotiate(GetCapabilities(accept_versions=("1.1.0", "1.2.0")), 1)
    assert caught.value.locator is None


def test_sections():
    """Table 18: any combination; All is all; an unknown name is refused."""
    for name in SECTIONS:
        assert negotiate(GetCapabilities(sections=(name,)), 1).sections == {name}
    both = GetCapabilities(sections=("Contents", "Themes", "Contents"))
    assert negotiate(both, 1).sections == {"Contents", "Themes"}
    assert negotiate(GetCapabilities(sections=("All", "Contents")), 1).sections == COMPLETE
    with pytest.raises(InvalidParameter) as caught:
        negotiate(GetCapabilities(sections=("Contents", "Bogus")), 1)
    assert caught.value.locator == "Sections"


@pytest.mark.parametrize(
    ("theirs", "ours", "order"),
    [
        ("17", 17, 0),
        ("017", 17, 0),
        ("9", 17, -1),
        ("07", 17, -1),
        ("27", 17, 1),
        (":", 9, 1),  # the official suite adds one to the first character
        ("9" * 8000, 17, 1),
        ("-1", 17, -1),
        ("x", 17, 1),
        ("٣", 17, 1),
    ],
)
def test_update_sequence(theirs, ours, order):
    """Equal: attributes alone; lower: the document; greater: InvalidUpdateSequence (A.3.2.5)."""
    request = GetCapabilities(update_sequence=theirs)
    if order > 0:
        with pytest.raises(InvalidUpdateSequence):
            negotiate(request, ours)
    else:
        assert negotiate(request, ours).sections == (COMPLETE if order else frozenset())


def test_formats():
    """The first that we have; application/xml if we have none of them."""
    asked = GetCapabilities(accept_formats=("bogus/xml", "text/xml"))
    assert negotiate(asked, 1).media_type == "text/xml"
    assert negotiate(GetCapabilities(accept_formats=("bogus/xml",)), 1).media_type == (
        "application/xml"
    )
