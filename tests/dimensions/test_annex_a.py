"""The abstract tests of OGC 07-057r7 that concern dimensions, in each encoding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.dimensions.publishing import CATALOGUE, KVP, TAIL, Client, asking, days, grey_of
from tests.protocols.envelopes import envelope, get_tile
from tests.protocols.schemas import assert_valid

Ask = Callable[[str], Awaitable[httpx.Response]]
TEXT = CATALOGUE.replace("{kind: time}", "{kind: time, default: 2026-03-01, current: true}")
PARTS = (
    ("Layer", "rain"), ("Style", "default"), ("Format", "image/png"),
    ("DimensionNameValue", "{}"), ("TileMatrixSet", "WebMercatorQuad"), ("TileMatrix", "6"),
    ("TileRow", "22"), ("TileCol", "32"),
)  # fmt: skip
XML = get_tile(PARTS).replace("<DimensionNameValue>", '<DimensionNameValue name="time">')


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    days(tmp_path, {"20260301": 10, "20260302": 20})
    async with asking(tmp_path, TEXT) as client:
        yield client


@pytest.fixture(params=["KVP", "POST", "REST", "XML", "SOAP"])
def encoding(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def ask(client: Client, encoding: str) -> Ask:
    """Ask for a tile of a time in one encoding."""

    async def post(content: str | bytes, media_type: str) -> httpx.Response:
        return await client.post("/wmts", content=content, headers={"content-type": media_type})

    async def asked(time: str) -> httpx.Response:
        match encoding:
            case "KVP":
                return await client.get(f"{KVP}&time={time}{TAIL}")
            case "POST":
                form = f"{KVP}&time={time}{TAIL}".partition("?")[2]
                return await post(form, "application/x-www-form-urlencoded")
            case "REST":
                return await client.get(
                    f"/wmts/1.0.0/rain/default/{time}/WebMercatorQuad/6/22/32.png"
                )
            case "XML":
                return await post(XML.format(time), "application/xml")
        return await post(envelope(XML.format(time)), "application/soap+xml")

    return asked


async def test_a_3_5_7_incorrect_dimension_value(ask: Ask, encoding: str) -> None:
    """InvalidParameterValue, or 404 for resources."""
    answer = await ask("2026-04-01")
    assert answer.status_code == (404 if encoding == "REST" else 400)
    assert b'exceptionCode="InvalidParameterValue" locator="time"' in answer.content
    if encoding != "SOAP":
        assert_valid(answer.content)


@pytest.mark.parametrize(("keyword", "grey"), [("default", 10), ("current", 20)])
async def test_a_3_5_8_default_and_current(
    ask: Ask, encoding: str, keyword: str, grey: int
) -> None:
    answer = await ask(keyword)
    day = "2026-03-01" if keyword == "default" else "2026-03-02"
    assert answer.headers["tuilerie-dimensions"] == f"time={day}"
    if encoding != "SOAP":
        assert grey_of(answer) == grey
