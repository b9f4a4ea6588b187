"""Entries added to a catalogue: they are there, and every other byte is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuilerie.catalogue.edit import EMPTY, add_entries, read_text, replace_file
from tuilerie.catalogue.yaml_text import read_yaml
from tuilerie.errors import CatalogueError

NEW = {
    "sources": {"new": {"kind": "raster", "path": "data/é 😀.tif", "subdataset": "03:00"}},
    "layers": {"new": {"source": "new", "title": "A: title"}},
}
TEXTS = {
    "nothing": EMPTY,
    "comments": "# mine\ntuilerie: 1 # one\n\nsources:\n  # first\n"
    "  old: {kind: raster, path: a.tif} # 😀 é\n\n# layers now\nlayers:\n    old:\n"
    "        source: old\n        # the end\n",
    "no line feed at the end": "tuilerie: 1\nsources:\n  a: {kind: raster, path: a.tif}\n"
    "layers:\n  a:\n    source: a",
    "empty sections": "tuilerie: 1\nsources: # none yet\nlayers: {} # nor here\nthemes: {}\n",
    "a text of lines": "tuilerie: 1\nsources:\n  a: {kind: raster, path: a.tif}\nlayers:\n"
    "  a:\n    source: a\n    abstract: |\n      One.\n\n      Two.\n\n\nthemes: {}\n",
    "windows": "tuilerie: 1\r\nsources:\r\n  a: {kind: raster, path: a.tif}\r\n",
    "layers first": "layers:\n  a: {source: a}\nsources:\n  a:\n    kind: raster\n    path: a.tif\n"
    "tuilerie: 1\n",
    "anchors": "tuilerie: 1\nsources:\n  a: &a {kind: raster, path: a.tif}\n  b: *a\n"
    "layers:\n  a: {source: a}\n  b: {source: b, formats:\n    [image/png,\n    image/jpeg]}\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_everything_else_stays(name: str, tmp_path: Path) -> None:
    """A comment lost, which was the operator's only note."""
    text = TEXTS[name]
    after = add_entries(text, NEW, file="c.yaml", base=tmp_path)
    found = read_yaml(after, "")
    assert found["sources"]["new"] == NEW["sources"]["new"]
    assert found["layers"]["new"] == NEW["layers"]["new"]
    remaining = iter(after.splitlines())
    for line in text.replace("layers: {} #", "layers: #").splitlines():
        assert any(" ".join(line.split()) == " ".join(each.split()) for each in remaining), line


def test_what_is_there_is_refused(tmp_path: Path) -> None:
    text = add_entries(EMPTY, NEW, file="c.yaml", base=tmp_path)
    with pytest.raises(CatalogueError) as caught:
        add_entries(text, NEW, file="c.yaml", base=tmp_path)
    assert [problem.message for problem in caught.value.problems] == [
        "sources has an entry 'new' already",
        "layers has an entry 'new' already",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{tuilerie: 1, sources: {}, layers: {}}",
        "tuilerie: 1\nsources: {a: {kind: raster, path: a.tif}}\nlayers: {a: {source: a}}\n",
        "tuilerie: 1\nlayers:\n  a: {source: nowhere}\n",
        "- a list\n",
        "a text",
    ],
)
def test_what_is_not_understood_is_refused(text: str, tmp_path: Path) -> None:
    """A catalogue spoiled because it is written in a way that nobody thought of."""
    with pytest.raises(CatalogueError):
        add_entries(text, NEW, file="c.yaml", base=tmp_path)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(EMPTY)
    (tmp_path / "real.yaml").chmod(0o640)
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    replace_file(tmp_path / "link.yaml", "tuilerie: 1\r\n# é\r\n")
    assert (tmp_path / "real.yaml").read_bytes() == "tuilerie: 1\r\n# é\r\n".encode()
    assert (tmp_path / "real.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.yaml", "real.yaml"]
    assert read_text(tmp_path / "none.yaml") == EMPTY
