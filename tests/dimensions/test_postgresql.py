"""A true PostgreSQL server tells the files of a layer, and changes its mind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.dimensions.publishing import KVP, TAIL, asking, days, following, problems_of

CATALOGUE = """\
tuilerie: 1
sources:
  rain:
    kind: series
    path: rain
    query: {{database: "{address}", sql: "{sql}", every_s: 1}}
layers:
  rain:
    source: rain
    formats: [image/png]
    dimensions:
      time: {{kind: time, nearest: true}}
      level: {{kind: elevation}}
"""
SQL = "SELECT day AS time, level, path AS file FROM scenes"


def _program(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of our own on a free port, as an unprivileged user, with a password."""
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL is not installed (tools/install-system-packages test)")
    user = "postgres" if os.geteuid() == 0 else None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="tuilerie-pg-") as folder:
        place = Path(folder)
        secret = place / "secret"
        secret.write_text("s3cret")
        if user is not None:
            shutil.chown(place, user)
            shutil.chown(secret, user)
        data = str(place / "data")
        subprocess.run(
            [initdb, "-D", data, "-U", "maps", "-A", "scram-sha-256", "--pwfile", str(secret),
             "--no-sync", "-E", "UTF8", "--locale=C"],
            check=True, capture_output=True, user=user, cwd=folder,
        )  # fmt: skip
        process = subprocess.Popen(
            [server, "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1", "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, user=user, cwd=folder,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if b"ready to accept connections" in line:
                    break
            yield f"postgresql://maps:s3cret@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()
            process.communicate(timeout=20)


@pytest.fixture
def table(address: str) -> Iterator[str]:
    """An empty table of scenes."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE scenes (day timestamptz, level numeric, path text)")
    yield address
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP TABLE scenes")


def add(address: str, *rows: tuple[str, str, str]) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.cursor().executemany("INSERT INTO scenes VALUES (%s, %s, %s)", rows)


async def test_a_server_tells_the_files(tmp_path: Path, table: str) -> None:
    """Its own types for times and numbers, and a row that comes later."""
    days(tmp_path, {"20260301": 10, "20260302": 20})
    add(table, ("2026-03-01 12:00+02", "10.50", "rain_20260301.tif"))
    text = CATALOGUE.format(address=table, sql=SQL)
    async with asking(tmp_path, text) as client, following(client.live) as until:
        answer = await client.time(f"{KVP}&time=2026-03-01T10:00Z&level=10.5{TAIL}")
        assert answer == "time=2026-03-01T10:00:00Z&level=10.5"
        revision = client.live.current.revision
        add(table, ("2026-03-02 00:00+00", "10.5", "rain_20260302.tif"))
        await until(lambda: client.live.current.revision > revision)
        assert await client.grey(KVP + TAIL) == 20


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM scenes RETURNING day AS time, level, path AS file", "read-only"),
        ("SELECT pg_sleep(0), nothing FROM scenes", "does not exist"),
        ("SELECT day AS time, path AS file, 'a' AS level FROM scenes", "no elevation"),
        ("SELECT 1 AS time, 1 AS level, 'x' AS file; DROP TABLE scenes", "read-only"),
    ],
)
def test_what_the_server_refuses_is_told(tmp_path: Path, table: str, sql: str, told: str) -> None:
    """A query that writes would empty the operator's table with every poll."""
    days(tmp_path, {"20260301": 10})
    add(table, ("2026-03-01 00:00+00", "1", "rain_20260301.tif"))
    problems = problems_of(tmp_path, CATALOGUE.format(address=table, sql=sql))
    assert told in problems[0].message
    with psycopg.connect(table) as connection:
        assert connection.execute("SELECT count(*) FROM scenes").fetchone() == (1,)


@pytest.mark.parametrize(
    "change",
    [("s3cret", "wr0ng-s3cret"), ("/postgres", "/other"), ("127.0.0.1", "nowhere.invalid")],
)
def test_no_problem_tells_a_password(tmp_path: Path, address: str, change) -> None:
    days(tmp_path, {"20260301": 10})
    wrong = address.replace(*change)
    problems = problems_of(tmp_path, CATALOGUE.format(address=wrong, sql=SQL))
    assert len(problems) == 1
    assert "s3cret" not in str(problems[0])


def test_a_missing_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is an extra: without it the operator is told what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    days(tmp_path, {"20260301": 10})
    (problem,) = problems_of(
        tmp_path, CATALOGUE.format(address="postgresql://nobody@localhost/x", sql=SQL)
    )
    assert "not installed" in problem.message
    assert "tuilerie[postgresql]" in problem.hint
