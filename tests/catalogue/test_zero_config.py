"""Files on the command line, with no catalogue at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuilerie.catalogue.zero_config import document_for_files
from tuilerie.errors import CatalogueError


def test_a_file_becomes_a_layer():
    """`tuilerie serve FILE` would serve nothing, or under another name than the manual says."""
    document = document_for_files([Path("data/blue_marble-2004.tif")])
    layer = document.layers["blue_marble-2004"]
    assert layer.title.best() == "Blue marble 2004"
    source = document.sources[layer.source]
    assert (source.kind, source.path) == ("raster", str(Path.cwd() / "data/blue_marble-2004.tif"))


def test_equal_stems_are_numbered():
    """Of two files called alike in different folders, one would be lost."""
    paths = [Path("/a/x.tif"), Path("/b/x.tif"), Path("/b/x.png"), Path("/c/x-2.tif")]
    document = document_for_files(paths)
    assert list(document.layers) == ["x", "x-2", "x-3", "x-2-2"]
    assert [source.path for source in document.sources.values()] == [str(path) for path in paths]


def test_a_folder_becomes_a_mosaic(tmp_path: Path):
    """A folder of sheets would be refused, or the readme beside them taken for one."""
    folder = tmp_path / "my.sheets"
    folder.mkdir()
    for name in ("a.jp2", "b.jp2", "c.tif", "readme.txt", "c.tfw", "d.txt", "e.txt"):
        (folder / name).touch()
    document = document_for_files([folder])
    assert list(document.layers) == ["my.sheets"]
    source = document.sources["my.sheets"]
    assert (source.kind, source.path, source.pattern) == ("mosaic", str(folder), "*.jp2")


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("a b.tif", "a b"),
        ("é?#&<%.tif", "é?#&<%"),
        ("a\tb\n.tif", "a_b_"),
        (" .tif", "layer"),
        ("...", "layer"),
        ("x" * 250 + ".tif", "x" * 190),
        (".hidden", ".hidden"),
    ],
)
def test_any_name_becomes_an_identifier(name, identifier):
    """A strange file name would end in a complaint about a document that nobody wrote."""
    assert list(document_for_files([Path("/data") / name]).layers) == [identifier]


def test_what_cannot_be_served_is_said_at_once(tmp_path: Path):
    """The second unusable argument would show only after the first was mended."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogueError) as caught:
        document_for_files([tmp_path / "empty", Path(os.fsdecode(b"/data/\xff.tif"))])
    messages = [problem.message for problem in caught.value.problems]
    assert messages == ["the folder has no raster files", "the name of the file is not Unicode"]
    assert caught.value.problems[1].file == r"/data/\udcff.tif"
    assert str(caught.value).encode()
