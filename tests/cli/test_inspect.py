"""`tuilerie inspect`: what a raster is, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.sources.archives import pyramid_of_world, write_mbtiles, write_pmtiles


def test_people_are_told_what_it_is(invoke: Invoke, demo: Path) -> None:
    """A table without what one looks for, or cut by a narrow terminal."""
    run = invoke("inspect", demo / "data" / "france_utm31n.tif")
    assert run.exit_code == 0
    for word in ("640 × 640", "EPSG:32631", "2000", "picture, partly transparent", "1:2, 1:4"):
        assert word in run.stdout
    assert "own CRS" in next(line for line in run.stdout.splitlines() if "UTM31WGS84Quad" in line)


def test_programs_are_told_what_it_is(invoke: Invoke, demo: Path) -> None:
    """Text that is no JSON, or numbers that are not those of the file."""
    run = invoke("inspect", "--json", demo / "data" / "cumberland_dem.tif")
    assert run.exit_code == 0
    found = json.loads(run.stdout)
    about = found["description"]
    assert (about["width"], about["height"], about["kind"]) == (403, 344, "values")
    assert about["crs"] == "EPSG:4326"
    assert about["bounds"] == pytest.approx([-84.41375, 36.44625, -84.0779167, 36.7329167])
    [band] = about["bands"]
    assert band["nodata"] == -32768
    assert band["minimum"] <= band["percentile_2"] < band["percentile_98"] <= band["maximum"]
    assert found["storage"]["overviews"] == [2]
    named = {suitable["identifier"]: suitable for suitable in found["matrix_sets"]}
    assert named["WebMercatorQuad"]["last"] == "11"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("rotated.tif", "rotated"),
        ("no crs.tif", "coordinate reference system"),
        ("cut off.tif", "copied"),
        ("text.tif", "text.tif"),
        ("nowhere.tif", "does not exist"),
    ],
)
def test_what_is_wrong_is_said(invoke: Invoke, files: Path, name: str, word: str) -> None:
    """A file that is refused without a reason, or a warning that nobody sees."""
    run = invoke("inspect", files / name)
    assert run.exit_code == (0 if name == "rotated.tif" else 1)
    assert word in run.output


def test_crs_can_be_given(invoke: Invoke, files: Path) -> None:
    """A file without CRS that nobody can look at before a catalogue is written."""
    run = invoke("inspect", "--json", files / "no crs.tif", "--crs", "EPSG:4258")
    assert run.exit_code == 0
    assert json.loads(run.stdout)["description"]["crs"] == "EPSG:4258"


def test_crs_that_there_is_not(invoke: Invoke, files: Path) -> None:
    """A traceback of PROJ."""
    run = invoke("inspect", files / "no crs.tif", "--crs", "EPSG:nonsense")
    assert run.exit_code in (1, 2)
    assert "EPSG:nonsense" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("suffix", ["mbtiles", "pmtiles"])
def test_archives_tell_what_is_inside(invoke: Invoke, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"world.{suffix}"
    tiles = pyramid_of_world(1)
    if suffix == "mbtiles":
        write_mbtiles(path, tiles, name="World", bounds="2,48,3,49")
    else:
        write_pmtiles(path, tiles, bounds=(2, 48, 3, 49), name="World")
    run = invoke("inspect", path)
    assert run.exit_code == 0
    for word in ("World", "image/png", "0, 1", "2.0, 48.0, 3.0, 49.0"):
        assert word in run.stdout
    found = json.loads(invoke("inspect", "--json", path).stdout)
    assert (found["tile_size"], found["matrices"]) == (256, ["0", "1"])
    path.write_bytes(b"nothing")
    assert invoke("inspect", path).exit_code == 1
