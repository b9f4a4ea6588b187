"""Whatever comes: the declared error or a value, in bounded time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocols.reading.shelf import ADDRESS, DOCUMENTS, data
from tuilerie.errors import UnreadableDocument
from tuilerie.protocols.recognise import explain, recognise
from tuilerie.protocols.redaction import redact_text
from tuilerie.protocols.wms.reading import read_capabilities as read_wms
from tuilerie.protocols.wmts.reading import read_capabilities as read_wmts
from tuilerie.protocols.xyz.arcgis import read_arcgis
from tuilerie.protocols.xyz.ogc_tiles import read_ogc_tileset
from tuilerie.protocols.xyz.tilejson import read_tilejson
from tuilerie.protocols.xyz.tms import read_tile_map, read_tile_map_service

READERS = (
    read_wmts,
    read_wms,
    read_tilejson,
    read_arcgis,
    read_ogc_tileset,
    read_tile_map,
    read_tile_map_service,
)
SHELF = sorted(DOCUMENTS.iterdir())
WORDS = [b"", b"-", b"0", b"1e308", b"-1", b"nan", b"99999999999999999999", b"<", b"&", b"]]>",
         b"EPSG:4326", b"urn:ogc:def:crs:EPSG::0", b"{", b"}", b"//", b"\0", b"\xff"]  # fmt: skip


def _feed(content: bytes) -> None:
    assert recognise(content)
    explain(content)
    for read in READERS:
        refusal = _refusal(read, content)
        assert refusal is None or (refusal.code and len(str(refusal)) < 4000)


def _refusal(read: Callable[..., object], content: bytes) -> UnreadableDocument | None:
    """Return the declared error, None if the document was read; any other error is a failure."""
    try:
        read(content, address=ADDRESS)
    except UnreadableDocument as error:
        return error
    return None


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    _feed(content)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_documents(draw: st.DataObject) -> None:
    content = draw.draw(st.sampled_from(SHELF)).read_bytes()
    for _ in range(draw.draw(st.integers(1, 4))):
        start = draw.draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw.draw(st.integers(0, 40))
        content = content[:start] + draw.draw(st.sampled_from(WORDS)) + content[start + length :]
    _feed(content)


MEMBERS = ["tiles", "tileInfo", "links", "bounds", "fullExtent", "tileMatrixSet", "minzoom"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["tiles", "tileInfo", "lods", "origin", "x", "y", "level", "resolution",
                         "spatialReference", "wkid", "fullExtent", "xmin", "links", "href", "rel",
                         "tileMatrixSet", "bounds", "minzoom", "scheme", "rows", "cols"]),
        inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_any_json(document: dict[str, object]) -> None:
    _feed(json.dumps(document).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"<!--" * 20_000,
        b"<!---->" * 9_000 + b"<",
        b"<title" * 10_000,
        b"<a " * 20_000,
        b"<!DOCTYPE x [" + b"<!ELEMENT a ANY>" * 4_000,
        b"<a>" * 50_000,
        b"{" * 60_000,
        b"<Capabilities>" + b"&x" * 50_000,
        b'<Capabilities a="' + b"http://" * 9_000 + b'"/>',
    ],
)
def test_nothing_takes_long(content: bytes) -> None:
    start = time.process_time()
    _feed(content)
    redact_text(content.decode("latin-1"))
    assert time.process_time() - start < 3


@pytest.mark.parametrize("scale", ["1e-300", "1e300", "0", "-5", "nan", "inf", "1" * 400])
def test_scales_beyond_sense_leave_their_matrix_out(scale: str) -> None:
    content = data("plain.xml").replace(b"559082264.0287178", scale.encode())
    service = read_wmts(content, address=ADDRESS)
    assert [matrix.identifier for matrix in service.matrix_sets["s"].matrices] == ["1"]


def test_inheritance_is_bounded() -> None:
    """A small document in which thousands of layers inherit thousands of values."""
    many = "".join(f"<CRS>EPSG:{n}</CRS>" for n in range(2000, 7000))
    layers = "<Layer><Name>{0}</Name><CRS>EPSG:{1}</CRS></Layer>"
    inner = "".join(layers.format(n, 10_000 + n) for n in range(3_000))
    text = data("wms-130.xml").decode().partition("<Layer>")[0]
    content = f"{text}<Layer>{many}{inner}</Layer></Capability></WMS_Capabilities>"
    with pytest.raises(UnreadableDocument) as error:
        read_wms(content.encode(), address=ADDRESS)
    assert error.value.code == "too-large"


def test_ten_megabytes_are_read_in_two_seconds() -> None:
    """2,000 layers with limits in every matrix, as GeoWebCache writes them."""
    text = data("limits-outside.xml").decode()
    before, after = text.partition("<Layer>")[0], text.rpartition("</Layer>")[2]
    limit = (
        "<TileMatrixLimits><TileMatrix>{0}</TileMatrix><MinTileRow>0</MinTileRow>"
        "<MaxTileRow>0</MaxTileRow><MinTileCol>0</MinTileCol><MaxTileCol>0</MaxTileCol>"
        "</TileMatrixLimits>"
    )
    limits = "".join(limit.format(n) for n in range(25))
    layer = text.partition("<Layer>")[2].rpartition("</Layer>")[0]
    layer = (
        layer.partition("<TileMatrixLimits>")[0]
        + limits
        + layer.rpartition("</TileMatrixLimits>")[2]
    )
    layers = "".join(
        "<Layer>" + layer.replace("Identifier>l<", f"Identifier>l{n}<") + "</Layer>"
        for n in range(2_300)
    )
    content = (before + layers + after).encode()
    assert len(content) > 10_000_000
    start = time.process_time()
    service = read_wmts(content, address=ADDRESS)
    assert time.process_time() - start < 2
    assert len(service.layers) == 2_300
