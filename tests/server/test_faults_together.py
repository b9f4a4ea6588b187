"""Everything that is wrong with a request is told at once: a missing parameter hides no other."""

from __future__ import annotations

import pytest

from tests.protocols.envelopes import SOAPS, TYPES, envelope, get_tile, report_of, told
from tests.protocols.schemas import assert_valid
from tests.server.served import ask
from tests.server.test_post import FORM, post

GOOD = {
    "service": "WMTS",
    "request": "GetTile",
    "version": "1.0.0",
    "Layer": "world",
    "Style": "default",
    "Format": "image/png",
    "TileMatrixSet": "WebMercatorQuad",
    "TileMatrix": "8",
    "TileRow": "1",
    "TileCol": "2",
}

CASES = [
    ({"Style": None, "Layer": "nope"}, [("M", "Style"), ("I", "Layer")]),
    ({"TileRow": None, "TileMatrixSet": "nope"}, [("M", "TileRow"), ("I", "TileMatrixSet")]),
    (
        {"Format": None, "TileCol": "x", "TileMatrix": "77"},
        [("M", "Format"), ("I", "TileMatrix"), ("I", "TileCol")],
    ),
    ({"version": "2.0.0", "Layer": "nope"}, [("I", "version"), ("I", "Layer")]),
    (
        {"version": "2.0.0", "Layer": None, "TileRow": "-"},
        [("M", "Layer"), ("I", "version"), ("I", "TileRow")],
    ),
    ({"Layer": None}, [("M", "Layer")]),
    ({"TileRow": None}, [("M", "TileRow")]),
]
CODES = {"M": "MissingParameterValue", "I": "InvalidParameterValue"}


def expected(faults):
    return [(CODES[kind], name) for kind, name in faults]


def pairs(changes):
    return [(n, v) for n, v in (GOOD | changes).items() if v is not None]


def query(changes):
    return "&".join(f"{name}={value}" for name, value in pairs(changes))


@pytest.mark.parametrize(("changes", "faults"), CASES)
def test_by_kvp(lane, changes, faults):
    """A client mends one parameter after the other, with a request between."""
    status, _, body = ask(lane, f"/wmts?{query(changes)}")
    assert (status, told(assert_valid(body))) == (400, expected(faults))
    status, _, body = post(lane, query(changes), FORM)
    assert (status, told(assert_valid(body))) == (400, expected(faults))


@pytest.mark.parametrize("version", SOAPS)
@pytest.mark.parametrize(("changes", "faults"), CASES)
def test_by_soap(lane, version, changes, faults):
    parts = [(name, value) for name, value in pairs(changes) if name[0].isupper()]
    said = GOOD | changes
    content = get_tile(parts, f'service="WMTS" version="{said["version"]}"')
    status, _, body = post(lane, envelope(content, version), TYPES[version])
    assert (status, told(report_of(body, version))) == (400, expected(faults))


def test_what_is_given_twice_is_not_judged_twice(lane):
    """The same parameter would be reported as repeated and as unknown."""
    status, _, body = ask(lane, f"/wmts?{query({'Style': None})}&Layer=nope")
    assert status == 400
    assert told(assert_valid(body)) == expected([("M", "Style"), ("I", "Layer")])
