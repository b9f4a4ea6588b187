"""A raster that is damaged where nobody looked: its tiles fail with a report, the others come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from lxml import etree

from tests.journeys.running import Server, serving

SIDE = 1024
BLOCK = 128


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A raster with one block overwritten, and one that is whole, served."""
    folder = tmp_path_factory.mktemp("damage")
    for name in ("damaged", "whole"):
        pixels = np.random.default_rng(1).integers(1, 256, (3, SIDE, SIDE), dtype=np.uint8)
        with rasterio.open(
            folder / f"{name}.tif",
            "w",
            driver="GTiff",
            width=SIDE,
            height=SIDE,
            count=3,
            dtype="uint8",
            crs="EPSG:3857",
            transform=Affine(100, 0, 0, 0, -100, 6_000_000),
            tiled=True,
            blockxsize=BLOCK,
            blockysize=BLOCK,
            compress="deflate",
            photometric="RGB",
        ) as dataset:
            dataset.write(pixels)
    spoil(folder / "damaged.tif", col=1, row=2)
    with serving(folder, folder / "damaged.tif", folder / "whole.tif") as running:
        yield running


def spoil(path: Path, *, col: int, row: int) -> None:
    """Overwrite the middle of one block."""
    with rasterio.open(path) as dataset:
        start = int(dataset.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=1))
        length = int(dataset.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=1))
    with path.open("r+b") as file:
        file.seek(start + length // 4)
        file.write(b"\xff" * (length // 2))


def tile(layer: str, x: float, y: float, matrix: int = 12) -> str:
    """Return the address of the tile at a place of Web Mercator."""
    half = 20037508.342789244
    span = 2 * half / 2**matrix
    col, row = int((x + half) / span), int((half - y) / span)
    return f"/wmts/1.0.0/{layer}/default/WebMercatorQuad/{matrix}/{row}/{col}.png"


def test_tile_that_cannot_be_made_is_a_fault_of_ours(server: Server) -> None:
    """A blank tile that is kept for ever, a hung request, or a path that gets out."""
    answer = server.get(tile("damaged", 19_000, 5_968_000))
    assert (answer.status, answer.type) == (500, "application/xml")
    assert answer.headers["cache-control"] == "no-store"
    report = etree.fromstring(answer.body)
    assert report[0].get("exceptionCode") == "NoApplicableCode"
    assert str(server.log.parent).encode() not in answer.body
    assert b"Traceback" not in answer.body
    assert server.metric("tuilerie_render_errors_total") >= 1


def test_it_fails_again_and_is_not_kept(server: Server) -> None:
    """A failure that is served from a cache after the file was mended."""
    target = tile("damaged", 19_000, 5_968_000)
    first, again = server.get(target), server.get(target)
    assert (first.status, again.status) == (500, 500)


def test_operator_is_told_which_file(server: Server) -> None:
    """A log that says that something failed, and not what."""
    server.get(tile("damaged", 19_000, 5_968_000))
    log = server.log.read_text("utf-8")
    assert "tile not served" in log
    assert "damaged" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    "target", [tile("damaged", 90_000, 5_910_000), tile("whole", 19_000, 5_968_000)]
)
def test_other_tiles_come(server: Server, target: str) -> None:
    """One bad block that takes a whole layer, or a whole service, down."""
    server.get(tile("damaged", 19_000, 5_968_000))
    answer = server.get(target)
    assert (answer.status, answer.type) == (200, "image/png")
