"""Paths: read raw, decoded by segment, and written so that they are read back (clause 10)."""

from __future__ import annotations

import contextlib
import itertools
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.published import a_rich_catalogue
from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.resolve import Resolver
from tuilerie.errors import NotFound
from tuilerie.formats import FORMATS, PNG
from tuilerie.grids import TileIndex
from tuilerie.protocols import percent
from tuilerie.protocols.wmts import kvp, rest
from tuilerie.protocols.wmts.requests import GetCapabilities, GetTile

GOOD = b"/wmts/1.0.0/etopo2/default/WholeWorld_CRS_84/10m/1/3.png"
TILE = TileQuery(
    "etopo2", "default", "png", "WholeWorld_CRS_84", "10m", "1", "3", (), format_is_extension=True
)


def test_a_tile_and_the_metadata():
    """10.1.1 and 10.2.2, below this service's paths."""
    assert rest.parse(GOOD) == GetTile(TILE)
    assert rest.parse(b"/wmts/1.0.0/WMTSCapabilities.xml") == GetCapabilities()


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"/",
        b"/wmts",
        b"/wmts/1.0.0",
        b"/wmts/1.0.0/",
        b"/wmts/1.0.0/WMTSCapabilitiesBogus.xml",
        b"/wmts/2.0.0/WMTSCapabilities.xml",
        b"/wmts/1.0.0/wmtscapabilities.xml",
        b"/wmts/1.0.0/WMTSCapabilities.json",
        GOOD.replace(b"1.0.0", b"1.1.0"),
        GOOD.replace(b"/default", b""),
        GOOD + b"/",
        GOOD + b"/anything/else",
        b"/zzz" + GOOD,
        b"x" + GOOD,
        GOOD.replace(b"/wmts", b"//wmts"),
        GOOD.replace(b"etopo2", b"%"),
        GOOD.replace(b"etopo2", b"%ff"),
        GOOD.replace(b"etopo2", b"%C0%AF"),
        GOOD.replace(b"etopo2", b"\xff"),
        GOOD.replace(b"etopo2", b"e" * rest.MAX_PATH),
    ],
)
def test_other_paths_are_not_found(path):
    """10.1.5 and 10.2.5: 404 for versions, extensions and paths that are not there."""
    with pytest.raises(NotFound):
        rest.parse(path)


def test_segments_are_decoded_one_by_one():
    """An escaped slash belongs to its identifier; ".." and NUL are but wrong identifiers."""
    path = b"/wmts/1.0.0/a%2Fb/..%2F../%2e%2e/%00/1/3.png"
    assert rest.parse_tile_path(path) == TileQuery(
        "a/b", "../..", "png", "..", "\0", "1", "3", (), format_is_extension=True
    )
    assert rest.parse_tile_path(GOOD.replace(b"etopo2", b"..")).layer == ".."
    assert rest.parse_tile_path(GOOD.replace(b"etopo2", "é".encode())).layer == "é"
    assert rest.parse_tile_path(GOOD.replace(b"etopo2", b"a+b%20c%252F")).layer == "a+b c%2F"


@pytest.mark.parametrize(
    ("last", "col", "extension"),
    [
        ("3.png", "3", "png"),
        ("3", "3", ""),
        ("3.", "3", ""),
        (".png", "", "png"),
        ("3.5.jpg", "3.5", "jpg"),
        ("3%2Epng", "3", "png"),
        ("", "", ""),
    ],
)
def test_the_extension_is_behind_the_last_dot(last, col, extension):
    """Whether column and extension are any good is for the resolver to say."""
    query = rest.parse_tile_path(GOOD.replace(b"3.png", last.encode()))
    assert (query.col, query.format) == (col, extension)


SEGMENT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@settings(max_examples=200, deadline=None)
@given(SEGMENT, SEGMENT, SEGMENT, SEGMENT, st.integers(0, 2**40), st.sampled_from(FORMATS))
def test_a_written_path_is_read_back(layer, style, matrix_set, matrix, row, image_format):
    """What we advertise, we understand: identifiers of any characters."""
    address = TileAddress(layer, style, image_format, matrix_set, TileIndex(matrix, 7, row))
    path = rest.tile_path(address)
    assert path.isascii()
    assert rest.parse_tile_path(path.encode()) == TileQuery(
        layer, style, image_format.extension, matrix_set, matrix, str(row), "7", (), True
    )


def test_kvp_and_rest_name_the_same_tiles():
    """Both encodings of every tile end at one address, which writes its own path again."""
    resolver = Resolver(a_rich_catalogue())
    for layer in resolver.catalogue.layers.values():
        for style, image_format, link in itertools.product(
            layer.styles, layer.formats, layer.links.values()
        ):
            for matrix, limits in link.limits.items():
                values = {
                    "service": "WMTS",
                    "request": "GetTile",
                    "version": "1.0.0",
                    "layer": layer.identifier,
                    "style": style.identifier,
                    "format": image_format.media_type,
                    "tilematrixset": link.matrix_set,
                    "tilematrix": matrix,
                    "tilerow": str(limits.max_row),
                    "tilecol": str(limits.min_col),
                }
                asked = kvp.parse_get_tile(urlencode(values).encode(), strict=True)
                address = resolver.resolve_tile(asked)
                path = rest.tile_path(address).encode()
                assert resolver.resolve_tile(rest.parse_tile_path(path)) == address


def test_the_template_is_what_clients_fill_in():
    """A client that replaces the variables by plain identifiers gets the tile's path."""
    template = rest.tile_template("https://h/p", "a b", "png")
    values = {"Style": "s", "TileMatrixSet": "t", "TileMatrix": "m", "TileRow": 1, "TileCol": 2}
    address = TileAddress("a b", "s", PNG, "t", TileIndex("m", 2, 1))
    assert template.format(**values) == f"https://h/p{rest.tile_path(address)}"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: GOOD + tail)))
def test_hostile_paths_are_found_or_not(path):
    """Nothing but an answer or NotFound comes out of a path."""
    with contextlib.suppress(NotFound):
        rest.parse(path)


def test_an_address_keeps_its_escapes_and_its_numerical_host():
    """Base addresses are made safe without breaking those that are right."""
    for right in ("http://[::1]:8080/a", "https://h.example:1/a%20b/~c", "http://h"):
        assert percent.encode_address(right) == right
    assert percent.encode_address("http://h/é [x]?#%") == "http://h/%C3%A9%20%5Bx%5D%3F%23%25"
