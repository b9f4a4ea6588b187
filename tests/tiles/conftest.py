"""A layer, a producer that counts, and a cache that can fail: real objects made small."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.model import (
    Encoding,
    Layer,
    MatrixLimits,
    MatrixSetLink,
    StylePlan,
    Text,
)
from tuilerie.formats import PNG, EncodedTile
from tuilerie.grids import BoundingBox, TileIndex, named_matrix_set

LIMITS = {"3": MatrixLimits(1, 6, 2, 5)}


@pytest.fixture
def tms():
    return named_matrix_set("WebMercatorQuad")


@pytest.fixture
def layer() -> Layer:
    return Layer(
        identifier="world",
        title=Text((("", "World"),)),
        abstract=Text(),
        keywords=(),
        attribution=Text(),
        source="world",
        kind="picture",
        crs="EPSG:3857",
        bounds=BoundingBox(-1e7, -1e7, 1e7, 1e7),
        wgs84_bounds=BoundingBox(-90, -60, 90, 60),
        styles=(
            StylePlan("default", Text(), is_default=True),
            StylePlan("relief", Text(), kind="ramp", parameters={"band": 2}),
        ),
        formats=(PNG,),
        links={"WebMercatorQuad": MatrixSetLink("WebMercatorQuad", LIMITS)},
        cache="default",
        resampling="bilinear",
        encoding=Encoding(),
        buffer_px=2,
        expire_after_s=60,
    )


def address(col: int, row: int, style: str = "default") -> TileAddress:
    return TileAddress("world", style, PNG, "WebMercatorQuad", TileIndex("3", col, row))


def png(col: int, row: int) -> bytes:
    """Bytes that pass for a PNG and tell which tile they are."""
    return b"\x89PNG\r\n\x1a\n" + f"{col},{row}".encode() + b"\0\0\0\0IEND\xaeB`\x82"


class CountingProducer:
    """Makes the 2x2 block around an address; counts; fails when told to."""

    def __init__(self) -> None:
        self.made: list[TileAddress] = []
        self.error: Exception | None = None

    def batch_key(self, address: TileAddress) -> TileAddress:
        index = address.index
        return address._replace(
            index=index._replace(col=index.col // 2 * 2, row=index.row // 2 * 2)
        )

    async def produce(self, address: TileAddress) -> Mapping[TileAddress, EncodedTile]:
        if self.error is not None:
            raise self.error
        first = self.batch_key(address)
        self.made.append(first)
        return {
            first._replace(
                index=first.index._replace(col=first.index.col + dx, row=first.index.row + dy)
            ): EncodedTile(png(first.index.col + dx, first.index.row + dy), PNG)
            for dx in (0, 1)
            for dy in (0, 1)
        }
