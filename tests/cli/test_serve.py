"""`tuilerie serve FILE…`: whatever is named is served, or refused with a sentence that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, Program
from tests.journeys import published
from tests.journeys.conftest import CAPABILITIES
from tests.journeys.running import eventually, serving

REFUSED = {
    "nowhere.tif": "does not exist",
    "dangling.tif": "does not exist",
    "pipe.tif": "not an ordinary file",
    "text.tif": "not a raster",
    "nothing.tif": "not a raster",
    "photograph.jpg": "not georeferenced",
    "no crs.tif": "coordinate reference system",
    "metres as degrees.tif": "not longitudes and latitudes",
    "no area.tif": "no area",
    "complex.tif": "complex numbers",
    "cut off.tif": "was not copied completely",
    "cut off in the header.tif": "not a raster that can be read",
    "points to others.vrt": "outside of its own folder",
    "points nowhere.vrt": "not a file here",
    "empty folder": "no raster files",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_served_is_said(invoke: Invoke, files: Path, name: str) -> None:
    """A server that starts and then fails, hangs, or says nothing that helps."""
    run = invoke("serve", files / name, "--port", "0")
    assert run.exit_code == 1
    assert name in run.output
    assert REFUSED[name] in run.output
    assert "hint:" in run.output
    assert "Traceback" not in run.output
    assert "serves at" not in run.output


def test_everything_that_is_wrong_is_said_at_once(program: Program, files: Path) -> None:
    """One bad file of twenty told, and the next one at the next start."""
    bad = ["text.tif", "no crs.tif", "cut off.tif", "nowhere.tif"]
    run = program("serve", files / "good.tif", *(files / name for name in bad), "--port", "0")
    assert (run.returncode, run.stdout) == (1, "")
    for name in bad:
        assert name in run.stderr
    assert run.stderr.count("error:") == len(bad)


def test_files_and_folders_become_layers(files: Path, tmp_path: Path) -> None:
    """A file that is left out, hides another of the same name, or is not found by its stem."""
    named = ["good.tif", "other/good.tif", "sheets", "rotated.tif"]
    with serving(tmp_path, *(files / name for name in named)) as server:
        layers = published.read(server.get(CAPABILITIES).body).layers
        assert list(layers) == ["good", "good-2", "sheets", "rotated"]
        bodies = set()
        for layer in layers.values():
            assert set(layer.limits) == {"WebMercatorQuad", "WorldCRS84Quad"}
            address = layer.resource("image/png", "WebMercatorQuad", "6", 22, 33)
            answer = server.get(address.removeprefix(server.url))
            assert (answer.status, answer.type) == (200, "image/png")
            bodies.add(answer.body)
        assert len(bodies) == len(named)
        assert server.get("/").type == "text/html"


def test_crs_of_a_file_that_has_none_is_given(files: Path, tmp_path: Path) -> None:
    """A file that cannot be served without writing a catalogue."""
    with serving(tmp_path, files / "no crs.tif", "--crs", "EPSG:4326") as server:
        answer = server.get("/wmts/1.0.0/no%20crs/default/WebMercatorQuad/5/11/16.png")
        assert answer.status == 200


def test_options_reach_the_server(files: Path, tmp_path: Path) -> None:
    """An option that is taken and does nothing."""
    options = ("--prefix", "/maps", "--log-format", "json", "--host", "localhost")
    with serving(
        tmp_path, files / "good.tif", *options, access_log=True, health="/maps/health"
    ) as server:
        assert server.get("/health").status == 404
        body = server.get(f"/maps{CAPABILITIES}").body.decode()
        assert f"{server.url}/maps/wmts/1.0.0/" in body
        eventually(
            lambda: '"status":200' in server.access.read_text().replace(" ", ""),
            "a line of JSON in the access log",
        )


def test_data_goes_below_the_users_cache_folder(
    invoke: Invoke, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles that land beside the data, or where somebody happens to stand."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    invoke("serve", files / "good.tif", "--host", "192.0.2.1")  # not ours: it cannot start
    assert {path.name for path in tmp_path.iterdir()} <= {"caches"}
    assert not list(files.glob("*.sqlite"))


def test_address_that_is_not_ours_exits_with_3(program: Program, files: Path) -> None:
    """A service manager that starts it again and again, as if the next time could help."""
    run = program("serve", files / "good.tif", "--host", "192.0.2.1", "--port", "0")
    assert run.returncode == 3
    assert "no such address" in run.stderr
    assert "Traceback" not in run.stderr
