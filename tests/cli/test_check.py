"""`tuilerie check`: every fault of a catalogue is told at once, with its place and its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, Program

GOOD = """\
tuilerie: 1
sources:
  good: {kind: raster, path: good.tif}
styles:
  mine: {kind: rgb, bands: [1, 2, 3], range: [0, 255]}
layers:
  one:
    title: One
    source: good
    styles: [default, mine]
"""


@pytest.fixture
def catalogue(files: Path) -> Path:
    """Where a catalogue beside the files may be written."""
    return files / "catalogue.yaml"


def test_demo_is_ok(program: Program, demo: Path) -> None:
    """A demo that cannot be served, or an exit code that stops a deployment for nothing."""
    run = program("check", demo / "catalogue.yaml")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "ok: 13 layers in 9 matrix sets\n"


def test_good_catalogue_is_ok(invoke: Invoke, catalogue: Path) -> None:
    """All refusals below would mean nothing."""
    catalogue.write_text(GOOD)
    run = invoke("check", catalogue)
    assert (run.exit_code, run.output) == (0, "ok: 1 layer in 2 matrix sets\n")


FAULTS = {
    "no YAML": (GOOD.replace("title: One", "title: [One"), 9, ()),
    "a tab": (GOOD.replace("    title: One", "\ttitle: One"), 8, ()),
    "not a mapping": ("- one\n- two\n", 1, ()),
    "no version": (GOOD.replace("tuilerie: 1\n", ""), 1, ("tuilerie",)),
    "another version": (GOOD.replace("tuilerie: 1", "tuilerie: 2"), 1, ("2",)),
    "unknown key": (GOOD.replace("title: One", "tilte: One"), 8, ("tilte", "title")),
    "unknown key at the top": (GOOD + "layer: {}\n", 11, ("layer",)),
    "repeated key": (GOOD + "  one: {source: good}\n", 11, ("one",)),
    "wrong type": (GOOD.replace("[default, mine]", "3"), 10, ("styles",)),
    "unknown source": (GOOD.replace("source: good", "source: bad"), 9, ("bad", "good")),
    "unknown style": (GOOD.replace("[default, mine]", "[nice]"), 10, ("nice", "mine")),
    "unknown kind": (GOOD.replace("kind: rgb", "kind: pretty"), 5, ("pretty",)),
    "unknown matrix set": (GOOD + "    matrix_sets: [Nowhere]\n", 11, ("Nowhere",)),
    "unknown matrix": (GOOD + "    matrix_sets: [{id: LAMB93, matrices: [0, 99]}]\n", 11, ("99",)),
    "matrices turned round": (
        GOOD + "    matrix_sets: [{id: WebMercatorQuad, matrices: [9, 2]}]\n", 11, ("9", "2")),
    "data elsewhere": (GOOD + "    matrix_sets: [NZTM2000Quad]\n", 11, ("NZTM2000Quad",)),
    "unknown format": (GOOD + "    formats: [image/tiff]\n", 11, ("image/tiff",)),
    "unknown cache": (GOOD + "    cache: attic\n", 11, ("attic",)),
    "unknown resampling": (GOOD + "    resampling: magic\n", 11, ("magic",)),
    "number out of range": (GOOD + "    client_max_age_s: -1\n", 11, ("-1",)),
    "text for a number": (GOOD + "    buffer_px: wide\n", 11, ("wide",)),
    "extent without data": (GOOD + "    extent: [100, 10, 110, 20]\n", 11, ("extent",)),
    "extent without area": (GOOD + "    extent: [6, 48, 6, 49]\n", 11, ("area",)),
    "band that is not there": (GOOD.replace("[1, 2, 3]", "[1, 2, 9]"), 10, ("9",)),
    "range without width": (GOOD.replace("range: [0, 255]", "range: [7, 7]"), 5, ()),
    "absurd range": (GOOD.replace("range: [0, 255]", "range: [.inf, 1]"), 5, ()),
    "bad colour": (
        GOOD.replace("kind: rgb, bands: [1, 2, 3], range: [0, 255]",
                     'kind: ramp, stops: [[0, "reddish"], [1, "#fff"]]'), 5, ("reddish",)),
    "stops turned round": (
        GOOD.replace("kind: rgb, bands: [1, 2, 3], range: [0, 255]",
                     'kind: ramp, stops: [[9, "#000"], [1, "#fff"]]'), 5, ()),
    "identifier with a line break": (GOOD.replace("  one:", '  "o\\ne":'), 7, ("identifier",)),
    "identifier of dots": (GOOD.replace("  one:", "  ..:"), 7, ("..",)),
    "file that is not there": (GOOD.replace("good.tif", "nowhere.tif"), 3, ("nowhere.tif",)),
    "file that is cut off": (GOOD.replace("good.tif", "cut off.tif"), 3, ("cut off.tif",)),
    "file without CRS": (GOOD.replace("good.tif", "no crs.tif"), 3, ("coordinate reference",)),
    "CRS that PROJ does not know": (
        GOOD.replace("good.tif}", "good.tif, crs: EPSG:99999}"), 3, ("EPSG:99999",)),
    "set with two ways of sizes": (
        GOOD + "matrix_sets: {m: {crs: EPSG:3857, origin: [0, 0], extent: [0, 0, 9, 9], "
        "cell_sizes: [1], scale_denominators: [9]}}\n", 11, ("one way",)),
    "set with growing cells": (
        GOOD + "matrix_sets: {m: {crs: EPSG:3857, origin: [0, 900], extent: [0, 0, 900, 900], "
        "cell_sizes: [1, 2]}}\n", 11, ("2",)),
    "set with a name twice": (
        GOOD + "matrix_sets: {m: {crs: EPSG:3857, origin: [0, 900], extent: [0, 0, 900, 900], "
        "cell_sizes: [2, 1], identifiers: [a, a]}}\n", 11, ("a",)),
    "set with too few names": (
        GOOD + "matrix_sets: {m: {crs: EPSG:3857, origin: [0, 900], extent: [0, 0, 900, 900], "
        "cell_sizes: [2, 1], identifiers: [a]}}\n", 11, ()),
    "set from no file": (GOOD + "matrix_sets: {m: {file: nowhere.json}}\n", 11, ("nowhere.json",)),
    "set from a picture": (
        GOOD + "matrix_sets: {m: {file: photograph.jpg}}\n", 11, ("photograph",)),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_told_with_file_and_line(invoke: Invoke, catalogue: Path, fault: str) -> None:
    """A fault that gets through, or that is told without saying where."""
    text, line, words = FAULTS[fault]
    catalogue.write_text(text)
    run = invoke("check", catalogue)
    assert run.exit_code == 1
    assert "Traceback" not in run.output
    assert f"{catalogue}:{line}" in run.output
    assert "1 error; this catalogue cannot be served" in run.output
    for word in words:
        assert word in run.output


def test_all_faults_are_told_at_once(invoke: Invoke, catalogue: Path) -> None:
    """An operator who mends one fault after the other, with a start in between."""
    catalogue.write_text(
        GOOD.replace("title: One", "tilte: One")
        .replace("source: good", "source: bad")
        .replace("range: [0, 255]", "range: wide")
        + "    formats: [tiff]\n"
    )
    run = invoke("check", catalogue)
    assert run.exit_code == 1
    for line, word in ((8, "tilte"), (9, "bad"), (5, "wide"), (11, "tiff")):
        assert f"{catalogue}:{line}" in run.output, word
        assert word in run.output
    assert "4 errors" in run.output


def test_faults_of_data_are_all_told(invoke: Invoke, catalogue: Path) -> None:
    """One bad file told, and the next one at the next start."""
    catalogue.write_text(
        "tuilerie: 1\nsources:\n  a: {kind: raster, path: text.tif}\n"
        "  b: {kind: raster, path: nowhere.tif}\n  c: {kind: mosaic, path: empty folder}\n"
        "layers: {a: {source: a}, b: {source: b}, c: {source: c}}\n"
    )
    run = invoke("check", catalogue)
    assert run.exit_code == 1
    assert "3 errors" in run.output
    for line, word in ((3, "text.tif"), (4, "nowhere.tif"), (5, "empty folder")):
        assert f"{catalogue}:{line}" in run.output
        assert word in run.output


def test_markup_in_values_is_told_as_it_is(invoke: Invoke, catalogue: Path) -> None:
    """A message that lost a part to the colours of the terminal, or moved its cursor."""
    catalogue.write_text(GOOD.replace("source: good", 'source: "[bold]bad[/] \\e[2J"'))
    run = invoke("check", catalogue)
    assert run.exit_code == 1
    assert "\x1b" not in run.output


@pytest.mark.parametrize("name", ["nowhere.yaml", "empty folder", "text.tif"])
def test_what_is_no_catalogue(invoke: Invoke, files: Path, name: str) -> None:
    """A mistyped path that passes for a good catalogue."""
    run = invoke("check", files / name)
    assert run.exit_code == 1
    assert name in run.output
