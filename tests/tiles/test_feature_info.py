"""Relay or write: decided without a pixel, and done with a source that writes itself."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiles.conftest import address
from tuilerie.catalogue.info import GML, HTML, JSON, PLAIN, Attribute, LayerInfo, Value
from tuilerie.catalogue.model import Layer, Text
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.errors import FeatureInfoError, RenderError
from tuilerie.grids import TileIndex, named_matrix_set
from tuilerie.grids.build import pyramid
from tuilerie.grids.crs import Crs
from tuilerie.sources.base import PointRequest
from tuilerie.tiles.feature_info import LayerInformant, RelayInfo, WriteInfo, plan_info

ATTRIBUTES = (Attribute("depth", Text((("", "Depth"),)), "real", "m", ("d",)),)


@pytest.fixture
def asked_layer(layer: Layer) -> Layer:
    return replace(layer, info=LayerInfo((GML, HTML, PLAIN), ATTRIBUTES, (2,)))


def test_a_document_of_the_source_is_handed_on_in_the_very_format(asked_layer: Layer, tms) -> None:
    """What a remote server says would be rewritten, and lose what we do not know."""
    wanted = InfoAddress(address(2, 3), 7, 9, HTML)
    assert isinstance(plan_info(wanted, asked_layer, tms), WriteInfo)
    assert isinstance(plan_info(wanted, asked_layer, tms, ["text/plain"]), WriteInfo)
    plan = plan_info(wanted, asked_layer, tms, ["text/plain", "text/html"])
    assert plan == RelayInfo(plan_info(wanted, asked_layer, tms).request, "text/html")


def test_the_source_hears_all_that_the_client_said(asked_layer: Layer, tms) -> None:
    """MapProxy never passes dimensions on (study 2.9)."""
    tile = address(2, 3, "relief")._replace(dimensions=(("time", "2007-06"),))
    request = plan_info(InfoAddress(tile, 0, 0, GML), asked_layer, tms).request
    assert (request.style, request.dimensions, request.bands) == (
        "relief",
        (("time", "2007-06"),),
        (2,),
    )
    assert request.crs == "EPSG:3857"


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 255), st.integers(0, 255))
def test_a_pixel_lies_in_its_tile_whatever_the_matrix(col: int, row: int, i: int, j: int) -> None:
    """MapProxy mirrors rows where the origin is at the bottom, at every level but 0 (2.12)."""
    tms = named_matrix_set("WebMercatorQuad")
    bare = Layer.__new__(Layer)
    object.__setattr__(bare, "info", LayerInfo())
    tile = address(col, row)
    bounds = plan_info(InfoAddress(tile, i, j, GML), bare, tms).request.bounds
    outer = tms.bounds(TileIndex("3", col, row))
    cell = tms.cell_size("3")
    assert bounds.left == pytest.approx(outer.left + i * cell, abs=1e-6)
    assert bounds.top == pytest.approx(outer.top - j * cell, abs=1e-6)
    assert bounds.width == pytest.approx(cell)
    assert bounds.height == pytest.approx(cell)


def test_pixels_of_tiles_that_are_not_square() -> None:
    """I counts columns, J rows."""
    tms = pyramid(
        "odd",
        Crs.parse("EPSG:3857"),
        origin=(0.0, 100.0),
        cell_sizes=[1.0],
        matrix_sizes=[(4, 4)],
        tile_width=30,
        tile_height=10,
    )
    bare = Layer.__new__(Layer)
    object.__setattr__(bare, "info", LayerInfo())
    tile = address(1, 2)._replace(index=TileIndex(tms.matrices[0].identifier, 1, 2))
    bounds = plan_info(InfoAddress(tile, 29, 9, GML), bare, tms).request.bounds
    assert bounds == (59.0, 70.0, 60.0, 71.0)


class Remote:
    """A server far away: it writes HTML itself, and tells a depth besides."""

    info_formats = ("text/html",)

    def __init__(self) -> None:
        self.broken = False

    async def query(self, request: PointRequest) -> tuple[Mapping[str, Value], ...]:
        if self.broken:
            raise RenderError("source 'far' could not be read")
        return ({"d": 1.5}, {"other": 2})

    async def fetch_info(self, request: PointRequest, info_format: str) -> bytes:
        return b"<p>theirs</p>"


async def test_relayed_bytes_are_untouched_and_others_are_written(asked_layer: Layer, tms) -> None:
    """Both ways lead to the client by one door."""
    far = Remote()
    with ThreadPoolExecutor(1) as executor:
        informant = LayerInformant(
            asked_layer, far, {"WebMercatorQuad": tms}, executor=executor, documents=far
        )
        where = {"base_url": "http://h", "languages": ()}
        page = await informant.document(InfoAddress(address(2, 3), 1, 1, HTML), **where)
        assert page == b"<p>theirs</p>"
        text = await informant.document(InfoAddress(address(2, 3), 1, 1, PLAIN), **where)
        assert text.decode().count("Depth: ") == 2
        assert "Depth: 1.5 m" in text.decode()
        far.broken = True
        with pytest.raises(FeatureInfoError):
            await informant.document(InfoAddress(address(2, 3), 1, 1, JSON), **where)
