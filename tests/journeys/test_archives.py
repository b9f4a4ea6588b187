"""Archives, layers and lists of sources as an operator uses them: from a catalogue to a tile."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pmtiles.tile import TileType

from tests.sources.archives import cut, image, pyramid_of_world, world, write_mbtiles, write_pmtiles
from tuilerie.assembly import Publication, open_service, publish
from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.errors import CatalogueError, RenderError
from tuilerie.formats import JPEG, PassingTile
from tuilerie.telemetry import Meters
from tuilerie.tiles.service import TileService

WORLD = "-180,-85.0511287798066,180,85.0511287798066"


@pytest.fixture(scope="module")
def tiles() -> dict[Any, bytes]:
    return pyramid_of_world(3, "JPEG", quality=90)


class Served:
    """A service of some files or a catalogue's text."""

    def __init__(self, folder: Path, *named: Path, catalogue: str = "") -> None:
        if catalogue:
            named = (folder / "catalogue.yaml",)
            named[0].write_text(catalogue)
        self.catalogue = publish(Publication.of(named))
        self.service: TileService = open_service(self.catalogue, folder / "data", meters=Meters())

    def address(self, query: str) -> TileAddress:
        """Read "layer/matrix set/matrix/col/row.extension"."""
        path, extension = query.rsplit(".", 1)
        layer, matrix_set, matrix, col, row = path.split("/")
        return self.service.resolver.resolve_tile(
            TileQuery(layer, "", extension, matrix_set, matrix, row, col, (), True)
        )

    async def tile(self, query: str) -> bytes:
        found = await self.service.get_tile(self.address(query))
        assert found is not None
        return found.data

    async def pixels(self, query: str) -> np.ndarray:
        return np.asarray(Image.open(BytesIO(await self.tile(query))).convert("RGBA")).astype(int)


def problems(folder: Path, catalogue: str) -> list[str]:
    with pytest.raises(CatalogueError) as caught:
        Served(folder, catalogue=catalogue)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("kind", ["mbtiles", "pmtiles"])
async def test_tiles_of_an_archive_are_relayed_byte_for_byte(tmp_path: Path, tiles, kind):
    """Without a catalogue, from the grid that other names call the same."""
    path = tmp_path / f"world.{kind}"
    if kind == "mbtiles":
        write_mbtiles(path, tiles, name="World", bounds=WORLD)
    else:
        write_pmtiles(path, tiles, TileType.JPEG, name="World")
    served = Served(tmp_path, path)
    layer = served.catalogue.layers["world"]
    assert layer.formats[0] is JPEG
    for (level, col, row), data in tiles.items():
        assert await served.tile(f"world/WebMercatorQuad/{level}/{col}/{row}.jpg") == data
        stored = served.service.cached(
            served.address(f"world/WebMercatorQuad/{level}/{col}/{row}.jpg")
        )
        assert stored is not None
        assert stored.data == data
    await served.service.close()


async def test_an_archive_is_shown_in_every_matrix_set_and_format(tmp_path: Path, tiles):
    path = write_mbtiles(tmp_path / "world.mbtiles", tiles, bounds=WORLD)
    served = Served(
        tmp_path,
        catalogue=f"""
tuilerie: 1
sources: {{a: {{kind: mbtiles, path: {path.name}}}}}
layers:
  a:
    source: a
    matrix_sets: [WebMercatorQuad, GoogleMapsCompatible, WorldCRS84Quad]
    formats: [image/png, image/jpeg]
""",
    )
    data = await served.tile("a/GoogleMapsCompatible/3/4/2.jpg")
    assert data == tiles[3, 4, 2]
    as_png = await served.pixels("a/GoogleMapsCompatible/3/4/2.png")
    as_jpeg = np.asarray(Image.open(BytesIO(data)).convert("RGBA")).astype(int)
    assert np.abs(as_png - as_jpeg).max() <= 1
    degrees = await served.pixels("a/WorldCRS84Quad/1/1/0.png")
    assert (degrees[60:200, :, 3] == 255).all()
    assert (degrees[0, :, 3] == 0).all()  # the pole is beyond Web Mercator
    enlarged = await served.pixels("a/WebMercatorQuad/5/17/9.png")
    truth = world(3)[2 * 256 :, 4 * 256 :][64:128, 64:128]
    assert np.abs(enlarged[2::4, 2::4, :3] - truth).mean() < 6
    await served.service.close()


async def test_only_the_tile_that_is_asked_for_is_relayed_unless_more_are_wanted(
    tmp_path: Path, tiles
):
    path = write_mbtiles(tmp_path / "world.mbtiles", tiles, bounds=WORLD)
    text = f"""
tuilerie: 1
sources: {{a: {{kind: mbtiles, path: {path.name}}}}}
layers:
  one: {{source: a}}
  four: {{source: a, metatile: [2, 2]}}
"""
    served = Served(tmp_path, catalogue=text)
    for layer, kept in (("one", False), ("four", True)):
        await served.tile(f"{layer}/WebMercatorQuad/3/4/2.jpg")
        beside = served.service.cached(served.address(f"{layer}/WebMercatorQuad/3/5/3.jpg"))
        assert (beside is not None) == kept
    await served.service.close()


async def test_a_missing_tile_of_an_archive_is_blank(tmp_path: Path, tiles):
    some = {where: data for where, data in tiles.items() if where != (3, 4, 2)}
    path = write_mbtiles(tmp_path / "world.mbtiles", some, bounds=WORLD)
    served = Served(tmp_path, path)
    assert (await served.pixels("world/WebMercatorQuad/3/4/2.jpg") == 255).all()
    assert (await served.pixels("world/WebMercatorQuad/3/4/2.png"))[..., 3].max() == 0
    await served.service.close()


async def test_another_format_within_an_archive_is_made_what_was_asked(tmp_path: Path, tiles):
    odd = dict(tiles)
    odd[3, 4, 2] = image(np.full((256, 256, 3), 77, np.uint8))
    path = write_mbtiles(tmp_path / "world.mbtiles", odd, bounds=WORLD)
    served = Served(tmp_path, path)
    data = await served.tile("world/WebMercatorQuad/3/4/2.jpg")
    assert data.startswith(b"\xff\xd8\xff")
    await served.service.close()


async def test_a_layer_shows_another_by_its_tiles(tmp_path: Path, tiles):
    """The tiles of the other are in its cache afterwards, and relayed where grids are equal."""
    path = write_mbtiles(tmp_path / "world.mbtiles", tiles, bounds=WORLD)
    served = Served(
        tmp_path,
        catalogue=f"""
tuilerie: 1
sources:
  again: {{kind: layer, layer: base, format: image/jpeg}}
  a: {{kind: mbtiles, path: {path.name}}}
layers:
  shown: {{source: again, matrix_sets: [GoogleMapsCompatible, WorldCRS84Quad]}}
  base: {{source: a, matrix_sets: [WebMercatorQuad]}}
""",
    )
    assert list(served.catalogue.layers) == ["shown", "base"]
    assert await served.tile("shown/GoogleMapsCompatible/3/4/2.jpg") == tiles[3, 4, 2]
    assert served.service.cached(served.address("base/WebMercatorQuad/3/4/2.jpg")) is not None
    assert (await served.pixels("shown/WorldCRS84Quad/2/4/1.png"))[..., 3].min() == 255
    await served.service.close()


def test_a_layer_made_of_itself_is_refused(tmp_path: Path):
    found = problems(
        tmp_path,
        """
tuilerie: 1
sources:
  one: {kind: layer, layer: b}
  two: {kind: fallback, sources: [three, one]}
  three: {kind: by_matrix, parts: [{source: two, matrices: [0, 4]}]}
layers:
  a: {source: one}
  b: {source: two}
""",
    )
    assert any("made of itself" in each and "'one'" in each for each in found)


def test_everything_wrong_with_sources_is_told_at_once(tmp_path: Path, tiles):
    write_mbtiles(tmp_path / "world.mbtiles", tiles, bounds=WORLD)
    found = "\n".join(
        problems(
            tmp_path,
            """
tuilerie: 1
sources:
  list: {kind: fallback, sources: [good, god]}
  parts: {kind: by_matrix, parts: [{source: good, matrices: [9, 4]}]}
  good: {kind: mbtiles, path: world.mbtiles}
  layer: {kind: layer, layer: bas, style: relief}
layers:
  b: {source: list}
  c: {source: parts}
  d: {source: layer}
  base: {source: good}
""",
        )
    )
    for words in (
        "sources/list/sources/1: there is no source 'god' (did you mean 'good'?)",
        "'9' is finer than '4'",
        "no layer 'bas'",
    ):
        assert words in found


def test_archives_that_cannot_be_read_are_told_with_their_place(tmp_path: Path):
    (tmp_path / "damaged.mbtiles").write_bytes(bytes(5000))
    found = problems(
        tmp_path,
        """
tuilerie: 1
sources:
  gone: {kind: pmtiles, path: nowhere.pmtiles}
  damaged: {kind: mbtiles, path: damaged.mbtiles}
  both: {kind: fallback, sources: [gone, damaged]}
layers:
  a: {source: both}
""",
    )
    assert ["catalogue.yaml:4:" in found[0], "catalogue.yaml:5:" in found[1]] == [True, True]
    assert "/sources/gone/path: " in found[0]
    assert "no such file" in found[0]
    assert "no SQLite file" in found[1]


def test_a_layer_as_a_source_must_have_what_is_asked_of_it(tmp_path: Path, tiles):
    write_mbtiles(tmp_path / "world.mbtiles", tiles, bounds=WORLD)
    found = problems(
        tmp_path,
        """
tuilerie: 1
sources:
  a: {kind: mbtiles, path: world.mbtiles}
  l: {kind: layer, layer: base, style: relief, format: image/avif, matrix_set: LAMB93}
layers:
  base: {source: a}
  top: {source: l}
""",
    )
    assert len(found) == 3
    assert "has no style 'relief'" in found[0]
    assert "has no format 'image/avif'" in found[1]
    assert "has no matrix set 'LAMB93'" in found[2]


@pytest.mark.parametrize("next_on", ["failure", "nothing"])
async def test_the_next_source_is_asked_as_told(tmp_path: Path, next_on):
    """A tile that is damaged, and one that is missing, in the first of two archives."""
    good, spare = (cut(np.full((1024, 1024, 3), level, np.uint8), 2) for level in (50, 200))
    some = {where: data for where, data in good.items() if where != (2, 0, 0)}
    some[2, 1, 1] = some[2, 1, 1][:50]
    write_mbtiles(tmp_path / "first.mbtiles", some, bounds=WORLD)
    write_mbtiles(tmp_path / "spare.mbtiles", spare, bounds=WORLD)
    served = Served(
        tmp_path,
        catalogue=f"""
tuilerie: 1
sources:
  first: {{kind: mbtiles, path: first.mbtiles}}
  spare: {{kind: mbtiles, path: spare.mbtiles}}
  both: {{kind: fallback, sources: [first, spare], next_on: [{next_on}]}}
layers:
  a: {{source: both, matrix_sets: [WebMercatorQuad]}}
""",
    )
    assert await served.tile("a/WebMercatorQuad/2/3/3.png") == good[2, 3, 3]
    missing = await served.pixels("a/WebMercatorQuad/2/0/0.png")
    assert missing[..., 3].max() == (255 if next_on == "nothing" else 0)
    if next_on == "failure":
        damaged = await served.pixels("a/WebMercatorQuad/2/1/1.png")
        assert set(np.unique(damaged[..., :3])) == {200}
    else:
        with pytest.raises(RenderError):
            await served.tile("a/WebMercatorQuad/2/1/1.png")
    await served.service.close()


async def test_each_part_is_shown_in_its_range_of_matrices(tmp_path: Path):
    coarse, fine = (
        {
            where: data
            for last in range(4)
            for where, data in cut(
                np.full((256 * 2**last,) * 2 + (3,), level, np.uint8), last
            ).items()
        }
        for level in (50, 200)
    )
    write_mbtiles(tmp_path / "coarse.mbtiles", coarse, bounds=WORLD)
    write_mbtiles(tmp_path / "fine.mbtiles", fine, bounds=WORLD)
    served = Served(
        tmp_path,
        catalogue="""
tuilerie: 1
sources:
  coarse: {kind: mbtiles, path: coarse.mbtiles}
  fine: {kind: mbtiles, path: fine.mbtiles}
  both:
    kind: by_matrix
    parts:
      - {source: coarse, matrices: [0, 1]}
      - {source: fine, matrices: [2, 20]}
layers:
  a: {source: both, matrix_sets: [WebMercatorQuad, WorldCRS84Quad]}
""",
    )
    assert await served.tile("a/WebMercatorQuad/1/0/0.png") == coarse[1, 0, 0]
    assert await served.tile("a/WebMercatorQuad/2/0/0.png") == fine[2, 0, 0]
    assert await served.tile("a/WebMercatorQuad/3/1/1.png") == fine[3, 1, 1]
    shown = [
        int((await served.pixels(f"a/WorldCRS84Quad/{matrix}/1/0.png"))[128, 128, 0])
        for matrix in ("0", "1", "2")
    ]
    assert shown == [50, 200, 200]
    await served.service.close()


async def test_an_incomplete_tile_is_shown_and_not_kept(tmp_path: Path):
    damaged = cut(np.full((1024, 1024, 3), 90, np.uint8), 2)
    damaged[2, 1, 1] = damaged[2, 1, 1][:50]
    write_mbtiles(tmp_path / "a.mbtiles", damaged, bounds=WORLD)
    served = Served(
        tmp_path,
        catalogue="""
tuilerie: 1
sources: {a: {kind: mbtiles, path: a.mbtiles, on_error: blank}}
layers: {a: {source: a, matrix_sets: [WebMercatorQuad, WorldCRS84Quad]}}
""",
    )
    for query in ("a/WebMercatorQuad/2/1/1.png", "a/WorldCRS84Quad/1/1/0.png"):
        found = await served.service.get_tile(served.address(query))
        assert isinstance(found, PassingTile)
        assert served.service.cached(served.address(query)) is None
    whole = await served.service.get_tile(served.address("a/WebMercatorQuad/2/3/3.png"))
    assert not isinstance(whole, PassingTile)
    await served.service.close()


async def test_two_hundred_clients_on_a_cold_map_get_the_same_bytes(tmp_path: Path, tiles):
    path = write_pmtiles(tmp_path / "world.pmtiles", tiles, TileType.JPEG)
    served = Served(tmp_path, path)
    answers = await asyncio.gather(
        *(served.tile("world/WebMercatorQuad/3/4/2.jpg") for _ in range(200))
    )
    assert set(answers) == {tiles[3, 4, 2]}
    await served.service.close()


def test_a_changed_archive_makes_other_tiles(tmp_path: Path, tiles):
    path = write_mbtiles(tmp_path / "world.mbtiles", tiles, bounds=WORLD)
    before = Served(tmp_path, path).catalogue.layers["world"].generation
    path.unlink()
    write_mbtiles(path, {where: tiles[where] for where in tiles if where[0] < 3}, bounds=WORLD)
    assert Served(tmp_path, path).catalogue.layers["world"].generation != before
