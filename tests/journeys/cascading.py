"""A catalogue on top of a fake remote, in this process: from a tile's address to its bytes."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.remote.fake import Answer, Request
from tests.sources.archives import Tiles
from tuilerie.assembly import Publication, open_service, publish
from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.server.app import App
from tuilerie.server.live import Live
from tuilerie.server.operations import Operations
from tuilerie.server.settings import ServerSettings
from tuilerie.telemetry import Meters

__all__ = ["Cascade", "tile_answers"]


def tile_answers(tiles: Tiles, **how: Any) -> Any:
    """Return the answers of a remote that has these tiles: the path ends in z/x/y.png."""

    def answer(request: Request) -> Answer:
        z, x, y = request.path.rsplit(".", 1)[0].split("/")[-3:]
        if "/PM/" in request.path:  # rows come first in the paths of a WMTS
            x, y = y, x
        data = tiles.get((int(z), int(x), int(y)))
        if data is None:
            return Answer(404, b"no such tile", "text/plain")
        return Answer(200, data, "image/png", **how)

    return answer


class Cascade:
    """A service of a catalogue's text."""

    def __init__(self, folder: Path, service: Any, meters: Meters) -> None:
        self.folder = folder
        self.service = service
        self.meters = meters

    @classmethod
    async def of(cls, folder: Path, text: str) -> Cascade:
        """Publish in a thread, as the server does: the remote answers on this loop."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "catalogue.yaml"
        path.write_text(f"tuilerie: 1\n{text}")
        data = folder / "data"
        catalogue = await asyncio.to_thread(publish, Publication.of([path], data))
        meters = Meters()
        return cls(folder, open_service(catalogue, data, meters=meters), meters)

    @property
    def catalogue(self) -> Any:
        return self.service.catalogue

    def address(self, query: str, style: str = "", dimensions: Any = ()) -> TileAddress:
        """Read "layer/matrix set/matrix/col/row.extension"."""
        path, extension = query.rsplit(".", 1)
        layer, matrix_set, matrix, col, row = path.split("/")
        return self.service.resolver.resolve_tile(
            TileQuery(layer, style, extension, matrix_set, matrix, row, col, dimensions, True)
        )

    async def tile(self, query: str, **more: Any) -> bytes:
        found = await self.service.get_tile(self.address(query, **more))
        assert found is not None
        return found.data

    async def pixels(self, query: str, **more: Any) -> np.ndarray:
        data = await self.tile(query, **more)
        return np.asarray(Image.open(BytesIO(data)).convert("RGBA")).astype(int)

    async def get(self, path: str) -> httpx.Response:
        """Ask the application, in this process."""
        live = Live(self.service, ServerSettings())
        door = httpx.ASGITransport(App(live, Operations(live)))
        async with httpx.AsyncClient(transport=door, base_url="http://maps.test") as client:
            return await client.get(path)

    async def close(self) -> None:
        await self.service.close()
