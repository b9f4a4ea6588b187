"""A folder of small rasters that differ by one grey, published, and a client of the application."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.sources.making import write_raster
from tuilerie.assembly import Publication, make_live, publish
from tuilerie.catalogue.model import Catalogue
from tuilerie.errors import CatalogueError, Problem
from tuilerie.server.app import App
from tuilerie.server.follow import Follower
from tuilerie.server.live import Live
from tuilerie.server.operations import Operations
from tuilerie.server.settings import ServerSettings
from tuilerie.telemetry import Meters

KVP = (
    "/wmts?service=WMTS&version=1.0.0&request=GetTile&layer=rain&style=default&format=image/png"
    "&tilematrixset=WebMercatorQuad"
)
TAIL = "&tilematrix=6&tilerow=22&tilecol=32"
"""A tile that the data fills."""

CATALOGUE = """\
tuilerie: 1
sources:
  rain: {kind: series, path: rain, files: "rain_{time:%Y%m%d}.tif"}
layers:
  rain:
    source: rain
    formats: [image/png]
    dimensions:
      time: {kind: time}
"""


def put(path: Path, grey: int, bounds=(0.0, 40.0, 10.0, 60.0)) -> None:
    """Write a raster of one grey beside its place and put it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name("." + path.name)
    write_raster(beside, np.full((3, 16, 16), grey, np.uint8), bounds)
    beside.replace(path)


def days(folder: Path, greys: Mapping[str, int]) -> None:
    """Write a raster for each day, by "20260301"."""
    for day, grey in greys.items():
        put(folder / "rain" / f"rain_{day}.tif", grey)


def published(folder: Path, text: str = CATALOGUE) -> Catalogue:
    """Write the catalogue and compile it."""
    path = folder / "catalogue.yaml"
    path.write_text(text, "utf-8")
    return publish(Publication.of([path], folder / "data"))


def problems_of(folder: Path, text: str) -> tuple[Problem, ...]:
    """Return what is wrong with a catalogue."""
    with pytest.raises(CatalogueError) as caught:
        published(folder, text)
    return caught.value.problems


class Client(httpx.AsyncClient):
    """A client of the application, which keeps what was published at hand."""

    live: Live

    async def grey(self, target: str) -> int:
        """Return the grey of a tile."""
        return grey_of(await self.get(target))

    async def time(self, target: str) -> str:
        """Return the values for which a tile was served."""
        answer = await self.get(target)
        assert answer.status_code == 200, answer.text
        return answer.headers["tuilerie-dimensions"]


def grey_of(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    assert pixels.min() == pixels.max()
    return int(pixels[0, 0, 0])


@asynccontextmanager
async def asking(folder: Path, text: str = CATALOGUE) -> AsyncIterator[Client]:
    """Serve a catalogue in process."""
    catalogue = published(folder, text)
    publication = Publication.of([folder / "catalogue.yaml"], folder / "data")
    live = make_live(publication, catalogue, folder / "data", ServerSettings(), Meters())
    app = App(live, Operations(live))
    async with Client(transport=httpx.ASGITransport(app), base_url="http://maps.test") as client:
        client.live = live
        try:
            yield client
        finally:
            await live.close()


@asynccontextmanager
async def following(live: Live) -> AsyncIterator[Callable[[Callable[[], Any]], Awaitable[Any]]]:
    """Follow the files and databases as a server does, only faster; yields a way to wait."""
    assert live.watch is not None
    assert live.rebuild is not None
    follower = Follower(live, live.watch, live.rebuild, live.mark, poll_s=0.05, settle_s=0.02)
    task = asyncio.create_task(follower.run())

    async def until(look: Callable[[], Any]) -> Any:
        async with asyncio.timeout(20):
            while not (found := look()):
                assert follower.fault is None, follower.fault
                await asyncio.sleep(0.02)
        return found

    try:
        yield until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
