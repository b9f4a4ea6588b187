"""For how long clients may keep the tiles of a matrix (OGC 07-057r7, 11.5), by both lanes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.served import KVP, REST, ask, catalogue, layer, live_of, serving

AGES = {
    ("WebMercatorQuad", "8"): 604800,
    ("WebMercatorQuad", "9"): 0,
    ("WebMercatorQuad", "10"): None,
    ("Another", "7"): 5,
}


@pytest.fixture(scope="module", params=[True, False], ids=["fast lane", "application"])
def port(request: pytest.FixtureRequest, filled: Path) -> Iterator[int]:
    published = catalogue(layer(client_max_age_s=60, client_max_ages=AGES))
    with serving(live_of(filled, published, fast_lane=request.param)) as (_, port):
        yield port


@pytest.mark.parametrize(
    ("matrix", "control"),
    [
        ("8", "public, max-age=604800"),
        ("9", "no-cache"),
        ("10", None),
        ("7", "public, max-age=60"),
    ],
)
@pytest.mark.parametrize("extension", ["png", "jpg"])
def test_each_matrix_says_its_own(port: int, matrix: str, control: str | None, extension: str):
    """An overview that hardly changes is fetched anew each hour, or a detail is kept too long."""
    rest = f"{REST}/{matrix}/1/5.{extension}"
    kvp = f"{KVP}&tilematrix={matrix}&tilerow=1&tilecol=5".replace(
        "image/png", "image/png" if extension == "png" else "image/jpeg"
    )
    for target in (rest, kvp, rest):
        status, fields, _ = ask(port, target)
        assert status == 200
        assert fields.get("cache-control") == control
        status, fields, _ = ask(port, target, f"If-None-Match: {fields['etag']}")
        assert status == 304
        assert fields.get("cache-control") == control


def test_cached_and_ready_tiles_too(port: int):
    """Column 1 is in the cache: the first answer comes from there, the second from memory."""
    for _ in range(3):
        fields = ask(port, f"{REST}/8/1/1.png")[1]
        assert fields["cache-control"] == "public, max-age=604800"
