"""What operators write about feature info, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuilerie.assembly import Publication, publish
from tuilerie.catalogue.compile_info import MAX_TEMPLATE_BYTES
from tuilerie.catalogue.info import GML, HTML, INFO_FORMATS
from tuilerie.catalogue.model import Catalogue
from tuilerie.errors import CatalogueError

HEAD = """
tuilerie: 1
sources:
  dem: {{kind: raster, path: {data}/cumberland_dem.tif}}
  classes: {{kind: raster, path: {data}/surface_classes.tif}}
  picture: {{kind: raster, path: {data}/france_utm31n.tif}}
"""


@pytest.fixture
def made(tmp_path: Path, demo: Path):
    """Publish a catalogue out of its last lines."""

    def make(text: str) -> Catalogue:
        path = tmp_path / "catalogue.yaml"
        path.write_text(HEAD.format(data=demo / "data") + text)
        return publish(Publication.of([path]))

    return make


def problems(make, text: str) -> list[tuple[str, str]]:
    with pytest.raises(CatalogueError) as caught:
        make(text)
    return [(problem.pointer, problem.message) for problem in caught.value.problems]


def test_a_layer_is_queryable_by_itself(made) -> None:
    """Every operator would have to ask for what all want."""
    layers = made("layers: {dem: {source: dem}, c: {source: classes}, p: {source: picture}}").layers
    assert all(layer.info.formats == INFO_FORMATS for layer in layers.values())
    (height,) = layers["dem"].info.attributes
    assert (height.name, height.kind, height.unit) == ("elevation", "integer", "m")
    names = [attribute.name for attribute in layers["c"].info.attributes]
    assert names == ["surface_class", "surface_class_name", "colour"]
    words = dict(layers["c"].info.attributes[1].words)
    assert "water" in str(words.values())
    names = [attribute.name for attribute in layers["p"].info.attributes]
    assert names == ["red", "green", "blue", "colour"]
    assert layers["p"].info.attributes[0].title.best(("fr",)) == "Rouge"


def test_an_operator_decides(made, tmp_path: Path) -> None:
    """Names and units would be the file's, for ever."""
    (tmp_path / "own.html").write_text("{{ layer.title }}")
    found = made("""
defaults:
  queryable: false
  feature_info: {formats: [html], template: own.html}
layers:
  mute: {source: dem}
  dem:
    source: dem
    queryable: true
    feature_info:
      formats: [application/gml+xml;version=3.1, html]
      bands: [{band: 1, name: h, title: {en: Height, fr: Altitude}, unit: ft}]
  other: {source: dem, queryable: true}
""")
    assert found.layers["mute"].info.formats == ()
    info = found.layers["dem"].info
    assert info.formats == (GML, HTML)
    assert (info.attributes[0].name, info.attributes[0].unit) == ("h", "ft")
    assert info.attributes[0].title.best(("fr",)) == "Altitude"
    assert info.template == "{{ layer.title }}"
    assert found.layers["other"].info.formats == (HTML,)
    assert str(tmp_path / "own.html") in found.files, "a changed template is not followed"


@pytest.mark.parametrize(
    ("inside", "pointer", "message"),
    [
        ("bands: [{band: 2}]", "bands/0/band", "there is no band 2"),
        ("bands: [{band: 1, name: x}]", "bands/0/name", "the name 'x' is taken"),
        ("bands: [{band: 1, name: a}, {band: 1, name: a}]", "bands/0/name", "'a' is taken"),
        ("bands: [{band: 1, name: 'a b'}]", "bands/0/name", "a name has"),
        ("bands: [{band: 1, name: xmlish}]", "bands/0/name", "a name has"),
        ("bands: []", "bands", ""),
        ("formats: [image/png]", "formats/0", "an info format is one of"),
        ("template: nowhere.html", "template", "the template cannot be read"),
        ("template: loop.html", "template", "there is no"),
        ("template: long.html", "template", "more than 65,536 bytes"),
        ("template: latin.html", "template", "not UTF-8"),
        ("template: broken.html", "template", "line 2: "),
    ],
)
def test_what_is_wrong_is_told_at_load_with_its_place(
    made, tmp_path: Path, inside: str, pointer: str, message: str
) -> None:
    """A reader's click would be the first to show it."""
    (tmp_path / "loop.html").write_text("{% for x in features %}{{ x|center(9) }}{% endfor %}")
    (tmp_path / "long.html").write_text(" " * (MAX_TEMPLATE_BYTES + 1))
    (tmp_path / "latin.html").write_bytes(b"caf\xe9")
    (tmp_path / "broken.html").write_text("\n{% for %}")
    for start, text in (
        ("/layers/dem", f"layers: {{dem: {{source: dem, feature_info: {{{inside}}}}}}}"),
        (
            "/defaults",
            f"defaults: {{feature_info: {{{inside}}}}}\nlayers: {{dem: {{source: dem}}}}",
        ),
    ):
        found = problems(made, text)
        assert found[0][0] == f"{start}/feature_info/{pointer}"
        assert message in found[0][1]


def test_a_changed_template_is_another_state(made, tmp_path: Path) -> None:
    """Clients would keep a document that says something else."""
    text = "layers: {dem: {source: dem, feature_info: {template: own.html}}}"
    (tmp_path / "own.html").write_text("one")
    first = made(text)
    (tmp_path / "own.html").write_text("two")
    assert made(text).layers != first.layers
