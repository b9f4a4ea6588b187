"""A server of another server's layers, which goes away and comes back changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.running import eventually, serving
from tests.remote.beside import beside
from tests.remote.documents import wmts_document
from tests.remote.fake import Answer, FakeRemote

TILE = (
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=roads&STYLE=&FORMAT=image/png"
    "&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=1&TILEROW=0&TILECOL=1"
)
CATALOGUE = """\
tuilerie: 1
sources:
  roads: {{kind: wmts, url: "{url}", layer: roads, options: {{retries: 0}}}}
layers:
  roads: {{source: roads, matrix_sets: [WebMercatorQuad]}}
"""


def _picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((256, 256), 60).save(file, "png")
    return file.getvalue()


@pytest.fixture
def remote() -> Iterator[FakeRemote]:
    with beside() as remote:
        remote.on("/wmts", Answer(200, wmts_document(remote.url("/t")), "text/xml"))
        yield remote


def test_a_server_starts_without_the_other(remote: FakeRemote, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CATALOGUE.format(url=remote.url("/wmts")))
    arguments = (tmp_path / "c.yaml",)
    remote.otherwise(Answer(200, _picture(), "image/png"))
    with serving(tmp_path, *arguments) as server:
        assert server.health()["remotes"]["roads"]["state"] == "ok"
        tile = server.get(TILE)
        assert tile.status == 200, tile.body
    remote.otherwise(Answer(503))
    remote.on("/wmts", Answer(503))
    with serving(tmp_path, *arguments) as server:
        health = server.health()
        assert health["status"] == "degraded"
        assert health["remotes"]["roads"]["state"] == "kept"
        assert health["remotes"]["roads"]["layers"] == ["roads"]
        assert server.get(TILE).body == tile.body, "the cache is served"
        document = server.get("/wmts/1.0.0/WMTSCapabilities.xml").body
        assert b"<ows:Identifier>roads</ows:Identifier>" in document
        assert b"no longer offers" not in document


def test_a_layer_that_vanished_is_said_to_have(remote: FakeRemote, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CATALOGUE.format(url=remote.url("/wmts")))
    arguments = (tmp_path / "c.yaml",)
    with serving(tmp_path, *arguments):
        pass
    remote.on("/wmts", Answer(200, wmts_document(remote.url("/t"), ["relief"]), "text/xml"))
    with serving(tmp_path, *arguments) as server:
        found = server.health()["remotes"]["roads"]
        assert (found["state"], found["missing"]) == ("broken", ["layer roads"])
        document = server.get("/wmts/1.0.0/WMTSCapabilities.xml").body
        assert b"no longer offers" in document
        assert eventually(lambda: server.health(), "it still answers")
