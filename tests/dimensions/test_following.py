"""New values and changed files are served while the service runs, and nothing else is made anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.dimensions.publishing import (
    KVP,
    TAIL,
    Client,
    asking,
    days,
    following,
    problems_of,
    put,
)

QUERY = """\
tuilerie: 1
sources:
  rain:
    kind: series
    path: rain
    query:
      database: rain.sqlite
      sql: SELECT day AS time, path AS file FROM scenes WHERE usable ORDER BY path
      every_s: 1
layers:
  rain: {source: rain, formats: [image/png], dimensions: {time: {kind: time}}}
"""


def values(client: Client) -> tuple[str, ...]:
    return client.live.current.catalogue.layers["rain"].dimensions[0].values


async def test_a_new_file_is_a_new_value(tmp_path: Path) -> None:
    days(tmp_path, {"20260301": 10, "20260302": 20})
    async with asking(tmp_path) as client, following(client.live) as until:
        assert await client.grey(KVP + TAIL) == 20
        revision = client.live.current.revision
        days(tmp_path, {"20260303": 30})
        await until(lambda: len(values(client)) == 3)
        assert client.live.current.revision > revision
        assert await client.grey(KVP + TAIL) == 30


async def test_only_the_tiles_of_a_changed_file_are_stale(tmp_path: Path) -> None:
    """All values would be rendered anew each time that a radar delivers one."""
    days(tmp_path, {"20260301": 10, "20260302": 20})
    async with asking(tmp_path) as client, following(client.live) as until:
        for day in ("01", "02"):
            await client.get(f"{KVP}&time=2026-03-{day}{TAIL}")
        revision = client.live.current.revision
        days(tmp_path, {"20260302": 22})
        await until(lambda: client.live.current.revision > revision)
        lookup = client.live.current.lookup
        line = f"GET {KVP}&time=2026-03-{{}}{TAIL}"
        assert lookup.cached(line.format("01").encode(), 2e9) is not None
        assert lookup.cached(line.format("02").encode(), 2e9) is None
        assert await client.grey(f"{KVP}&time=2026-03-02{TAIL}") == 22


async def test_a_file_that_grows_into_a_raster_is_taken(tmp_path: Path) -> None:
    """Half a copy is left out; its end changes nothing in the folder, only in the file."""
    days(tmp_path, {"20260301": 10})
    async with asking(tmp_path) as client, following(client.live) as until:
        place = tmp_path / "rain" / "rain_20260302.tif"
        put(tmp_path / "whole.tif", 20)
        whole = (tmp_path / "whole.tif").read_bytes()
        revision = client.live.current.service
        place.write_bytes(whole[:50])
        await until(lambda: client.live.current.service is not revision)
        assert values(client) == ("2026-03-01",)
        place.write_bytes(whole)
        await until(lambda: len(values(client)) == 2)
        assert await client.grey(KVP + TAIL) == 20


async def test_files_of_one_value_are_one_map(tmp_path: Path) -> None:
    text = QUERY[: QUERY.index("    query:")] + (
        '    files: "{time:%Y%m%d}/*.tif"\n' + QUERY[QUERY.index("layers:") :]
    )
    put(tmp_path / "rain/20260301/a.tif", 10, (0, 40, 5, 60))
    put(tmp_path / "rain/20260301/b.tif", 10, (5, 40, 10, 60))
    async with asking(tmp_path, text) as client, following(client.live) as until:
        assert await client.grey(KVP + TAIL) == 10
        put(tmp_path / "rain/20260302/a.tif", 20)
        await until(lambda: len(values(client)) == 2)
        assert await client.grey(KVP + TAIL) == 20


def scenes(folder: Path, *rows: tuple[object, object, int]) -> None:
    with sqlite3.connect(folder / "rain.sqlite") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS scenes (day, path, usable)")
        connection.executemany("INSERT INTO scenes VALUES (?, ?, ?)", rows)
    connection.close()


async def test_a_database_tells_the_files(tmp_path: Path) -> None:
    days(tmp_path, {"20260301": 10, "20260302": 20})
    scenes(tmp_path, ("2026-03-01T12:00:00+02:00", "rain_20260301.tif", 1), ("1999", "gone.tif", 1))
    async with asking(tmp_path, QUERY) as client, following(client.live) as until:
        assert values(client) == ("2026-03-01T10:00:00Z",)
        assert await client.grey(f"{KVP}&time=2026-03-01T10:00Z{TAIL}") == 10
        scenes(tmp_path, ("2026-03-02", "rain_20260302.tif", 1), ("2026-03-03", "x", 0))
        await until(lambda: len(values(client)) == 2)
        assert await client.grey(KVP + TAIL) == 20
        # A database that is gone for a while takes nothing away.
        (tmp_path / "rain.sqlite").unlink()
        assert await client.grey(KVP + TAIL) == 20


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 AS time", "columns"),
        ("SELECT 1 AS file", "columns"),
        ("SELECT 1 AS time, 2 AS Time, 'a' AS file", "columns"),
        ("SELECT a FROM nowhere", "no such table: nowhere"),
        ("DELETE FROM scenes", "readonly"),
        ("CREATE TABLE x (y)", "readonly"),
        ("SELECT 1 AS time, '../secret.tif' AS file", "tells no file"),
        ("SELECT 1 AS time, '/etc/passwd' AS file", "tells no file"),
        ("SELECT 1 AS time, NULL AS file", "tells no file"),
        ("SELECT NULL AS time, 'rain_20260301.tif' AS file", "tells no file"),
        ("SELECT 'soon' AS time, 'rain_20260301.tif' AS file", "no time"),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
         " SELECT i AS time, 'a' AS file FROM n", "rows"),
        ("; --", "no answer"),
    ],
)  # fmt: skip
def test_a_query_that_tells_nothing_is_told(tmp_path: Path, sql: str, told: str) -> None:
    days(tmp_path, {"20260301": 10})
    put(tmp_path / "secret.tif", 1)
    scenes(tmp_path)
    text = QUERY.replace(
        "SELECT day AS time, path AS file FROM scenes WHERE usable ORDER BY path", f'"{sql}"'
    )
    (problem,) = problems_of(tmp_path, text)
    assert told in problem.message
    assert problem.pointer.startswith("/sources/rain/query/sql") or "no time" in problem.message
    assert problem.line


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    days(tmp_path, {"20260301": 10})
    (problem,) = problems_of(tmp_path, QUERY)
    assert "there is no file" in problem.message
