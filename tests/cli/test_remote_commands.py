"""`inspect`, `add` and `update` of other servers, as they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Invoke, Program
from tests.remote.beside import beside
from tests.remote.documents import wmts_document
from tests.remote.fake import Answer, FakeRemote
from tests.remote.guards import wants_basic
from tuilerie.catalogue.load import load_document


@pytest.fixture
def remote() -> Iterator[FakeRemote]:
    with beside() as remote:
        remote.on("/wmts", Answer(200, wmts_document(remote.url("/t")), "text/xml"))
        yield remote


def test_people_and_programs_are_told(remote: FakeRemote, invoke: Invoke) -> None:
    address = f"127.0.0.1:{remote.port}/wmts"
    run = invoke("inspect", address, "--layer", "roads")
    assert run.exit_code == 0, run.output
    for word in ("roads", "PM: EPSG:3857, by rest", "time", "39135.758", "/roads/plain/2020/PM/"):
        assert word in run.stdout
    told = json.loads(invoke("inspect", address, "--json").stdout)
    jsonschema.validate(told, json.loads(invoke("schema", "inspect").stdout))
    assert [layer["identifier"] for layer in told["layers"]] == ["roads", "relief"]


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        (Answer(401, b""), 4, "[authentication]"),
        (Answer(404, b""), 4, "[not_found]"),
        (Answer(200, b"<html><title>Shop</title></html>"), 1, "called 'Shop'"),
    ],
)
def test_failures_have_codes(
    answer: Answer, code: int, word: str, remote: FakeRemote, invoke: Invoke
) -> None:
    remote.otherwise(answer)
    run = invoke("inspect", remote.url("/other/wmts"))
    assert run.exit_code == code
    assert word in run.stderr
    assert "Traceback" not in run.output


def test_a_saved_document_is_inspected(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "saved.xml").write_bytes(wmts_document("https://maps.example.org"))
    told = json.loads(invoke("inspect", tmp_path / "saved.xml", "--json").stdout)
    assert told["kind"] == "wmts"
    (tmp_path / "page.html").write_text("<html><title>Shop</title></html>")
    run = invoke("inspect", tmp_path / "page.html")
    assert (run.exit_code, "Shop" in run.stderr) == (1, True)


def test_secrets_are_references(remote: FakeRemote, invoke: Invoke, tmp_path: Path) -> None:
    run = invoke("inspect", remote.url("/wmts"), "--user", "me", "--password", "hunter2hunter2")
    assert run.exit_code == 2
    assert "hunter2" not in run.output
    run = invoke("add", remote.url("/wmts?apikey=hunter2hunter2"), "--all", "--dry-run")
    assert run.exit_code == 1
    assert "hunter2" not in run.output


def test_layers_are_added(
    remote: FakeRemote, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAPS_PASSWORD", "pass word")
    remote.guard = wants_basic("me", "pass word")
    path = tmp_path / "catalogue.yaml"
    path.write_text("tuilerie: 1 # mine\n")
    login = ("--user", "me", "--password", "env:MAPS_PASSWORD", "--catalogue", path)
    run = invoke("add", remote.url("/wmts"), *login)
    assert run.exit_code == 1, "which of the two"
    assert "roads" in run.stderr
    run = invoke(
        "add", remote.url("/wmts"), *login, "--layer", "roads", "--as", "ways", "--dry-run"
    )
    assert "+  ways:" in run.stdout
    assert path.read_text() == "tuilerie: 1 # mine\n"
    assert invoke("add", remote.url("/wmts"), *login, "--all").exit_code == 0
    assert path.read_text().startswith("tuilerie: 1 # mine\n")
    assert "pass word" not in path.read_text()
    document = load_document(path).document
    assert list(document.layers) == ["roads", "relief"]
    source = document.sources["relief"]
    assert source.kind == "wmts"
    assert source.options.login is not None
    run = invoke("add", remote.url("/wmts"), *login, "--layer", "roads", "--as", "other")
    assert run.exit_code == 1
    assert "is the source 'roads' already" in run.stderr


def test_update_tells_what_changed(remote: FakeRemote, program: Program, tmp_path: Path) -> None:
    """As a real program: one after the other, by what is kept on disk."""
    path = tmp_path / "catalogue.yaml"
    assert program("add", remote.url("/wmts"), "--layer", "roads").returncode == 0
    options = ("--data", str(tmp_path / "data"), "--json")
    run = program("update", str(path), *options)
    assert json.loads(run.stdout)["roads"]["outcome"] == "first", run.stderr
    remote.on("/wmts", Answer(200, wmts_document(remote.url("/t"), ["roads", "new"]), "text/xml"))
    run = program("update", str(path), "roads", *options)
    found = json.loads(run.stdout)["roads"]
    assert (run.returncode, found["outcome"]) == (0, "changed")
    assert found["changes"] == ["layer relief removed", "layer new added"]
    remote.on("/wmts", Answer(200, wmts_document(remote.url("/t"), ["new"]), "text/xml"))
    assert program("update", str(path), *options).returncode == 1
    remote.on("/wmts", Answer(503))
    assert program("update", str(path), *options).returncode == 4
    assert program("update", str(path), "nobody", *options).returncode == 1
