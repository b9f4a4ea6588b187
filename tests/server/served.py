"""A small true service for the tests of the web server, and a client that sees raw bytes."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tuilerie.caches.base import TilesetRead
from tuilerie.caches.sqlite import SqliteTileCache
from tuilerie.catalogue.address import TileAddress, TilesetKey
from tuilerie.catalogue.model import (
    Catalogue,
    Encoding,
    Layer,
    MatrixLimits,
    MatrixSetLink,
    Provider,
    ServiceInfo,
    StylePlan,
    Text,
)
from tuilerie.catalogue.resolve import Resolver
from tuilerie.catalogue.resolve_info import InfoAddress
from tuilerie.errors import FeatureInfoError, RenderError
from tuilerie.formats import JPEG, PNG, EncodedTile, StoredTile, stored_now
from tuilerie.grids import BoundingBox, Crs, TileIndex, named_matrix_set
from tuilerie.protocols.feature_info.found import Found, Place, features_of
from tuilerie.protocols.feature_info.write import write_found
from tuilerie.server.access_log import AccessLog
from tuilerie.server.live import Live
from tuilerie.server.settings import ServerSettings
from tuilerie.server.worker import WorkerServer

PNG_DATA = b"\x89PNG\r\n\x1a\n" + b"pixels" * 40 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG_DATA = b"\xff\xd8\xff\xe0" + b"pixels" * 100 + b"\xff\xd9"
BLOCK = b" HTTP/1.1\r\nHost: maps.example.org\r\n\r\n"
REST = "/wmts/1.0.0/world/default/WebMercatorQuad"
KVP = (
    "/wmts?service=WMTS&request=GetTile&version=1.0.0&layer=world&style=default"
    "&format=image/png&tilematrixset=WebMercatorQuad"
)


def layer(identifier: str = "world", **changes: object) -> Layer:
    """One layer over the whole of Web Mercator."""
    tms = named_matrix_set("WebMercatorQuad")
    limits = {
        matrix.identifier: MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
        for matrix in tms.matrices[:12]
    }
    made = Layer(
        identifier=identifier,
        title=Text((("en", "The world"), ("fr", "Le monde"))),
        abstract=Text(),
        keywords=(),
        attribution=Text(),
        source="source",
        kind="picture",
        crs="EPSG:3857",
        bounds=BoundingBox(-20037508.0, -20037508.0, 20037508.0, 20037508.0),
        wgs84_bounds=BoundingBox(-180.0, -85.0, 180.0, 85.0),
        styles=(StylePlan("default", Text(), is_default=True),),
        formats=(PNG, JPEG),
        links={"WebMercatorQuad": MatrixSetLink("WebMercatorQuad", limits)},
        cache="default",
        resampling="bilinear",
        encoding=Encoding(),
        generation="first",
    )
    return replace(made, **changes)


def catalogue(
    *layers: Layer, revision: int = 20, base_url: str = "", strict: bool = False
) -> Catalogue:
    """A catalogue of these layers, or of one."""
    given = layers or (layer(),)
    return Catalogue(
        revision=revision,
        service=ServiceInfo(
            title=Text((("en", "Tests & trials"),)),
            provider=Provider(name="Tester"),
            base_url=base_url,
            strict=strict,
        ),
        layers={one.identifier: one for one in given},
        sources={},
        caches={},
        matrix_sets={"WebMercatorQuad": named_matrix_set("WebMercatorQuad")},
    )


def address(
    col: int, row: int, matrix: str = "8", image_format=PNG, name: str = "world"
) -> TileAddress:
    return TileAddress(
        name, "default", image_format, "WebMercatorQuad", TileIndex(matrix, col, row)
    )


class SmallService:
    """Tiles out of a real cache; column 5 is made when asked for, column 6 cannot be made."""

    def __init__(self, published: Catalogue, directory: Path) -> None:
        self.catalogue = published
        self.resolver = Resolver(published)
        self.cache = SqliteTileCache(directory, generation=lambda _: "first")
        self.made = 0
        self.closed = False
        self.slowness_s = 0.0

    def cached(self, wanted: TileAddress) -> StoredTile | None:
        return self.cache.read(wanted)

    def cached_in(self, tileset: TilesetKey) -> TilesetRead:
        return lambda index: self.cached(TileAddress(*tileset[:4], index, tileset.dimensions))

    async def get_tile(self, wanted: TileAddress) -> StoredTile | None:
        found = await self.cache.get(wanted)
        if found is not None:
            return found
        if self.slowness_s:
            await asyncio.sleep(self.slowness_s)
        if wanted.index.col == 6:
            raise RenderError("/secret/path/data.tif is damaged")
        self.made += 1
        tile = EncodedTile(PNG_DATA if wanted.format is PNG else JPEG_DATA, wanted.format)
        if wanted.index.col == 5:
            return stored_now(tile, 1_700_000_000)
        return (await self.cache.put_many([(wanted, tile)]))[wanted]

    async def get_legend(self, layer: str, style: str, language: str, media_type: str) -> bytes:
        return f"{layer} {style} {language} {media_type}".encode()

    async def fetch_legend(self, layer: str, style: str, number: int) -> bytes:
        return f"{layer} {style} {number}".encode()

    async def get_feature_info(
        self, wanted: InfoAddress, *, base_url: str, languages: tuple[str, ...]
    ) -> bytes:
        """What is at column 6 cannot be told; elsewhere its column is."""
        layer = self.catalogue.layers[wanted.tile.layer]
        if wanted.tile.index.col == 6:
            raise FeatureInfoError("/secret/path/data.tif is damaged")
        place = Place(1.0, 2.0, Crs.parse(layer.crs), 3.0, 4.0)
        features = features_of(layer, ({"1": wanted.tile.index.col},))
        return write_found(
            Found(layer, place, features),
            wanted.info_format,
            base_url=base_url,
            languages=languages,
        )

    async def close(self) -> None:
        self.closed = True
        await self.cache.close()


def fill(directory: Path) -> None:
    """Put tiles of matrix 8, columns 0 to 4, rows 0 to 4, into a cache."""

    async def put() -> None:
        cache = SqliteTileCache(directory, generation=lambda _: "first")
        await cache.put_many(
            (address(col, row, image_format=kind), EncodedTile(_data(col, row, kind), kind))
            for col in range(5)
            for row in range(5)
            for kind in (PNG, JPEG)
        )
        await cache.close()

    asyncio.run(put())


def _data(col: int, row: int, kind) -> bytes:
    data = PNG_DATA if kind is PNG else JPEG_DATA
    return data[:12] + b"%02d%02d" % (col, row) + data[12:]


@contextmanager
def serving(
    live: Live, *, log: AccessLog | None = None, host: str = "127.0.0.1"
) -> Iterator[tuple[WorkerServer, int]]:
    """Serve in a thread; yield the server and its port."""
    listener = socket.socket()
    listener.bind((host, 0))
    listener.listen(512)
    listener.setblocking(False)
    port = listener.getsockname()[1]
    server = WorkerServer(live, log=log)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.005)
    try:
        yield server, port
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def live_of(directory: Path, published: Catalogue | None = None, **settings: object) -> Live:
    service = SmallService(published or catalogue(), directory)
    return Live(service, ServerSettings(**settings))


class Client:
    """One connection, byte by byte."""

    def __init__(self, port: int, timeout: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, head: bool = False) -> bytes:
        """Return one whole response; b"" if the connection ended before any of it."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                rest, self.buffer = self.buffer, b""
                return rest
        start, _, rest = self.buffer.partition(b"\r\n\r\n")
        found = re.search(rb"\r\ncontent-length: (\d+)", start)
        status = int(start.split(b" ")[1])
        size = 0 if head or found is None or status in (204, 304) else int(found[1])
        while len(rest) < size and self._more():
            rest = self.buffer.partition(b"\r\n\r\n")[2]
        self.buffer = rest[size:]
        return start + b"\r\n\r\n" + rest[:size]

    def ended(self) -> bool:
        """Whether the server closed the connection."""
        return not self._more()

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)


def ask(
    port: int, target: str, *fields: str, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    """Ask once on a connection of its own; return status, headers and body."""
    lines = [f"{method} {target} HTTP/1.1", "Host: maps.example.org", *fields, "", ""]
    with Client(port) as client:
        client.send("\r\n".join(lines).encode("latin-1"))
        return parsed(client.answer(head=method == "HEAD"))


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), fields, body


def undated(answer: bytes) -> bytes:
    """The response without its Date, which only the second can say."""
    return re.sub(rb"\r\ndate: [^\r]*", b"", answer, count=1)
