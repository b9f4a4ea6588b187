"""MBTiles and PMTiles: every tile byte for byte, and archives that are broken or hostile."""

from __future__ import annotations

import gzip
import random
import sqlite3
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pmtiles.tile import TileType, tileid_to_zxy

from tests.sources.archives import image, pyramid_of_world, write_mbtiles, write_pmtiles
from tuilerie.errors import CatalogueError, RenderError
from tuilerie.formats import JPEG, PNG
from tuilerie.grids import TileIndex
from tuilerie.sources.archive import describe_archive
from tuilerie.sources.mbtiles import MBTilesSource, read_mbtiles
from tuilerie.sources.pmtiles import open_pmtiles, read_pmtiles
from tuilerie.sources.pmtiles_format import (
    PMTilesError,
    parse_directory,
    parse_header,
    tile_id,
    unpack,
)


def grey(level: int, side: int = 256) -> bytes:
    return image(np.full((side, side), level, np.uint8))


async def fetched(source, level: int, col: int, row: int) -> bytes | None:
    tile = await source.fetch(TileIndex(str(level), col, row), style="", dimensions=())
    return None if tile is None else tile.data


@pytest.fixture(scope="module")
def tiles():
    return pyramid_of_world(2, "JPEG", quality=70)


@pytest.mark.parametrize("views", [False, True])
async def test_every_tile_of_mbtiles_comes_out_as_it_is(tmp_path: Path, tiles, views):
    """Rows count from the bottom in the file, and from the top everywhere else."""
    facts = read_mbtiles(write_mbtiles(tmp_path / "a.mbtiles", tiles, views=views, name="World"))
    assert (facts.formats, facts.tile_px, facts.first, facts.last) == ((JPEG,), 256, 0, 2)
    assert facts.name == "World"
    source = MBTilesSource(facts, identifier="a")
    for (level, col, row), data in tiles.items():
        assert await fetched(source, level, col, row) == data
    assert await fetched(source, 1, 5, 0) is None
    await source.close()


@pytest.mark.parametrize("in_order", [True, False])
async def test_every_tile_of_pmtiles_comes_out_as_it_is(tmp_path: Path, tiles, in_order):
    path = write_pmtiles(
        tmp_path / "a.pmtiles", tiles, TileType.JPEG, in_order=in_order, name="World"
    )
    facts = read_pmtiles(path)
    assert (facts.formats, facts.tile_px, facts.first, facts.last) == ((JPEG,), 256, 0, 2)
    assert facts.name == "World"
    source = open_pmtiles(path, identifier="a")
    for (level, col, row), data in tiles.items():
        assert await fetched(source, level, col, row) == data
    await source.close()


async def test_leaf_directories_and_runs_of_equal_tiles_are_followed(tmp_path: Path):
    """Twenty thousand tiles take leaf directories; a run of equal ones is one entry."""
    blank, other, dice = grey(0), grey(1), random.Random(1)
    places = {
        (7, col, row): blank if row > 100 else other + dice.randbytes(dice.randrange(1, 200))
        for col in range(128)
        for row in range(128)
    }
    path = write_pmtiles(tmp_path / "large.pmtiles", places)
    assert parse_header(path.read_bytes()[:127]).leaves.length > 0
    source = open_pmtiles(path, identifier="large")
    for place in list(places)[::37]:
        assert await fetched(source, *place) == places[place]
    await source.close()


@given(level=st.integers(0, 30), data=st.data())
def test_tiles_are_numbered_as_by_the_authors_of_pmtiles(level, data):
    col = data.draw(st.integers(0, 2**level - 1))
    row = data.draw(st.integers(0, 2**level - 1))
    assert tileid_to_zxy(tile_id(level, col, row)) == (level, col, row)


def test_tiles_of_512_pixels_have_a_grid_of_their_own(tmp_path: Path):
    path = write_mbtiles(tmp_path / "a.mbtiles", {(0, 0, 0): grey(9, 512)})
    about = describe_archive(read_mbtiles(path))
    assert about.cell_size == pytest.approx(2 * 20037508.342789244 / 512)
    assert about.tile_formats == (PNG,)


def test_an_archive_without_bounds_is_the_world_and_says_so(tmp_path: Path):
    facts = read_mbtiles(write_mbtiles(tmp_path / "a.mbtiles", {(0, 0, 0): grey(1)}))
    assert facts.bounds.left == -180
    assert "bounds" in facts.warnings[0]
    facts = read_mbtiles(
        write_mbtiles(tmp_path / "b.mbtiles", {(0, 0, 0): grey(1)}, bounds="2,48,3,49")
    )
    assert tuple(facts.bounds) == (2, 48, 3, 49)


def test_a_changed_archive_has_another_fingerprint(tmp_path: Path):
    path = write_mbtiles(tmp_path / "a.mbtiles", {(0, 0, 0): grey(1)})
    before = read_mbtiles(path).fingerprint
    path.unlink()
    write_mbtiles(path, {(0, 0, 0): grey(1), (1, 0, 0): grey(2)})
    assert read_mbtiles(path).fingerprint != before


def refused(read, path: Path) -> str:
    with pytest.raises(CatalogueError) as caught:
        read(path)
    problem = caught.value.problems[0]
    assert problem.file == str(path)
    return f"{problem.message} | {problem.hint}"


def test_mbtiles_that_cannot_be_served_say_why(tmp_path: Path):
    path = tmp_path / "a.mbtiles"
    assert "no such file" in refused(read_mbtiles, path)
    path.write_bytes(b"not a database, but long enough to look at" * 40)
    assert "no SQLite file" in refused(read_mbtiles, path)
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE other (a)").connection.close()
    assert "no MBTiles" in refused(read_mbtiles, path)
    path.unlink()
    write_mbtiles(path, {})
    assert "no tiles" in refused(read_mbtiles, path)
    path.unlink()
    write_mbtiles(path, {(0, 0, 0): gzip.compress(b"vector")}, format="pbf")
    assert "vector tiles" in refused(read_mbtiles, path)
    path.unlink()
    write_mbtiles(path, {(0, 0, 0): grey(1), (1, 0, 0): grey(1, 512)})
    assert "256 × 256, 512 × 512" in refused(read_mbtiles, path)
    path.unlink()
    write_mbtiles(path, {(0, 0, 0): grey(1)}, minzoom="0", maxzoom="99")
    assert "0 to 99" in refused(read_mbtiles, path)


def test_mbtiles_that_are_being_written_are_refused(tmp_path: Path):
    """Read as unchangeable, they would be a mixture of before and after."""
    path = write_mbtiles(tmp_path / "a.mbtiles", {(0, 0, 0): grey(1)})
    Path(f"{path}-wal").write_bytes(b"something")
    assert "is writing it" in refused(read_mbtiles, path)


def test_a_view_that_never_ends_is_given_up(tmp_path: Path):
    path = tmp_path / "a.mbtiles"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE metadata (name TEXT, value TEXT);"
        "CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS zoom_level, 0 AS tile_column, 0 AS tile_row, x'00' AS tile_data FROM n;"
    )
    connection.close()
    assert "takes too long" in refused(read_mbtiles, path)


async def test_mbtiles_that_are_damaged_while_they_are_served_are_an_error(tmp_path: Path):
    path = write_mbtiles(tmp_path / "a.mbtiles", pyramid_of_world(2))
    source = MBTilesSource(read_mbtiles(path), identifier="a")
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(len(content) - 100))
    with pytest.raises(RenderError, match="source 'a'") as caught:
        await fetched(source, 2, 1, 1)
    assert str(tmp_path) not in str(caught.value)
    await source.close()


def test_pmtiles_that_cannot_be_served_say_why(tmp_path: Path):
    path = tmp_path / "a.pmtiles"
    assert "no such file" in refused(read_pmtiles, path)
    path.write_bytes(b"PMTi")
    assert "no PMTiles" in refused(read_pmtiles, path)
    write_pmtiles(path, {(0, 0, 0): grey(1)})
    good = path.read_bytes()
    path.write_bytes(good[:60])
    assert "within its header" in refused(read_pmtiles, path)
    path.write_bytes(good[:7] + b"\x02" + good[8:])
    assert "version 2" in refused(read_pmtiles, path)
    path.write_bytes(good[:97] + b"\x04" + good[98:])
    assert "zstd" in refused(read_pmtiles, path)
    path.write_bytes(good[:-10])
    assert "it is cut" in refused(read_pmtiles, path)
    path.write_bytes(good[:16] + struct.pack("<Q", 2**60) + good[24:])
    assert "root directory" in refused(read_pmtiles, path)
    write_pmtiles(path, {(0, 0, 0): gzip.compress(b"vector")}, TileType.MVT)
    assert "vector tiles" in refused(read_pmtiles, path)


@given(st.binary(max_size=400))
def test_no_directory_does_more_than_be_refused(data: bytes):
    try:
        found = parse_directory(data)
    except PMTilesError:
        return
    assert len(found.ids) == len(found.offsets) <= len(data)


@given(place=st.integers(0, 126), value=st.integers(0, 255))
def test_no_header_does_more_than_be_refused(tmp_path_factory, place: int, value: int):
    path = tmp_path_factory.mktemp("h") / "a.pmtiles"
    write_pmtiles(path, {(0, 0, 0): grey(1)})
    data = bytearray(path.read_bytes())
    data[place] = value
    path.write_bytes(data)
    try:
        read_pmtiles(path)
    except CatalogueError:
        return


def test_a_bomb_is_not_unpacked():
    with pytest.raises(PMTilesError, match="unpack to more"):
        unpack(gzip.compress(bytes(50_000_000)), "gzip")
    with pytest.raises(PMTilesError, match="entries"):
        parse_directory(b"\xff\xff\xff\xff\x07")
    with pytest.raises(PMTilesError, match="damaged"):
        unpack(b"no gzip", "gzip")
