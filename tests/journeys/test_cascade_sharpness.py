"""Letters and thin lines of a remote's map: how sharp they still are in a grid of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.journeys.cascading import Cascade, tile_answers
from tests.remote.documents import wmts_document
from tests.remote.fake import Answer, FakeRemote
from tests.sources.archives import image

LEVEL, FIRST, SIDE = 4, (8, 5), 4
"""The page is so many tiles wide and high, from a column and a row of a matrix."""
CELL = 2 * 20037508.342789244 / 256 / 2**LEVEL
KEPT = 0.9
"""Share of the contrast of the steepest edges, as docs/explanation/pixels.md promises."""


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """A page of a map: names in small letters, contours of one pixel, black on white."""
    drawn = Image.new("L", (SIDE * 256, SIDE * 256), 255)
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(12)
    for x in range(10, SIDE * 256, 24):
        pen.line((x, 0, x, SIDE * 256), fill=0)
    for y in range(5, SIDE * 256, 32):
        pen.text((0, y), "Chemin de la Tuilerie 42 · " * 10, fill=0, font=font)
        pen.line((0, y + 22, SIDE * 256, y + 22), fill=0)
    return np.asarray(drawn)


@pytest.fixture
async def remote(page: np.ndarray) -> AsyncIterator[FakeRemote]:
    tiles: dict[Any, bytes] = {
        (LEVEL, FIRST[0] + col, FIRST[1] + row): image(
            page[row * 256 : (row + 1) * 256, col * 256 : (col + 1) * 256]
        )
        for col in range(SIDE)
        for row in range(SIDE)
    }
    async with FakeRemote() as found:
        document = wmts_document(found.url(""), ["roads"], matrices=6)
        found.on("/wmts", Answer(200, document, "application/xml"))
        found.otherwise(tile_answers(tiles))
        yield found


def steepness(pixels: np.ndarray, axis: int) -> float:
    """Return how steep the steepest 2 % of edges are."""
    steps = np.sort(np.abs(np.diff(pixels.astype(float), axis=axis)).ravel())
    return float(steps[-len(steps) // 50 :].mean())


def published(source: str, cell_size: float, start: tuple[float, float], layer: str = "") -> str:
    """A grid whose only tile lies upon the page, from a column and row of it."""
    left = -20037508.342789244 + (FIRST[0] * 256 + start[0]) * CELL
    top = 20037508.342789244 - (FIRST[1] * 256 + start[1]) * CELL
    extent = [left, top - 512 * cell_size, left + 512 * cell_size, top]
    return f"""
matrix_sets:
  ours: {{crs: "EPSG:3857", origin: [{left!r}, {top!r}], extent: {extent}, tile_size: 512,
          cell_sizes: [{cell_size!r}]}}
sources: {{far: {{{source}}}}}
layers: {{near: {{source: far, matrix_sets: [ours]{layer}}}}}
"""


@pytest.mark.parametrize("ratio", [1 / 1.15, 0.95, 1.05, 1.15])
@pytest.mark.parametrize("kind", ["xyz", "wmts"])
async def test_letters_and_thin_lines_stay_sharp_where_cell_sizes_are_within_15_percent(
    tmp_path: Path, remote: FakeRemote, page: np.ndarray, kind: str, ratio: float
) -> None:
    """Along both axes, without a word in the catalogue; bilinear interpolation keeps less."""
    source = {
        "xyz": f'kind: xyz, url: "{remote.url("/{z}/{x}/{y}.png")}", max_matrix: 5',
        "wmts": f'kind: wmts, url: "{remote.url("/wmts")}"',
    }[kind]
    found = {}
    for how in ("", ", resampling: bilinear"):
        text = published(source, CELL * ratio, (101.3, 57.7), how)
        cascade = await Cascade.of(tmp_path / (how[-4:] or "usual"), text)
        drawn = await cascade.pixels("near/ours/0/0/0.png")
        await cascade.close()
        assert (drawn[..., 3] == 255).all()
        found[how] = [steepness(drawn[..., 0], axis) / steepness(page, axis) for axis in (0, 1)]
    usual, bilinear = found.values()
    assert min(usual) > KEPT, usual
    assert usual[0] > bilinear[0]
    assert usual[1] > bilinear[1]


async def test_pixels_that_coincide_are_copied(
    tmp_path: Path, remote: FakeRemote, page: np.ndarray
) -> None:
    """Also where our tiles are cut elsewhere."""
    source = f'kind: xyz, url: "{remote.url("/{z}/{x}/{y}.png")}", max_matrix: 5'
    cascade = await Cascade.of(tmp_path, published(source, CELL, (101, 57)))
    drawn = await cascade.pixels("near/ours/0/0/0.png")
    await cascade.close()
    assert np.array_equal(drawn[..., 0], page[57 : 57 + 512, 101 : 101 + 512])
