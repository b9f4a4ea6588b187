"""What a catalogue says of legends that the server draws: of which styles, in which languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.catalogue.documents import HERE, described, layer_text, problems_of, values
from tuilerie.catalogue.compile import compile_catalogue
from tuilerie.catalogue.load import parse_document
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import SourceDescription, StylePlan
from tuilerie.catalogue.texts import Text

VALUES = described("values", bands=values())
CLASSES = described("values", bands=values(dtype="uint8"))
PALETTE = replace(
    described("palette", bands=1),
    palette={0: (1, 2, 3, 255), 1: (9, 9, 9, 255), 2: (0, 0, 0, 255), 3: (0, 0, 0, 255)},
)


def size(plan: StylePlan, language: str) -> tuple[int, int]:
    """As large as the language's tag is long: so that a test sees who was asked."""
    assert plan.key is not None
    return 10 + len(language), 20


def plan(style: str, data: SourceDescription = VALUES, name: str = "x") -> StylePlan:
    text = layer_text(styles=f"[{name}]").replace("styles:\n", f"styles:\n  x: {style}\n", 1)
    document = parse_document(text, file="c.yaml", base=HERE).document
    catalogue = compile_catalogue(document, {"s": data}, revision=1, base=HERE, legend_size=size)
    (found,) = catalogue.layers["a"].styles
    return found


@pytest.mark.parametrize(
    "style",
    [
        "{kind: hillshade}",
        "{kind: grey, legend: none}",
        "{kind: ramp, ramp: terrain, legend: none}",
    ],
)
def test_some_styles_have_no_legend(style):
    """A hillshade explains itself; and an operator may not want one."""
    found = plan(style)
    assert (found.key, found.legends) == (None, ())


def test_pictures_have_no_legend():
    found = plan("{kind: grey}", described("picture"), "default")
    assert (found.key, found.legends) == (None, ())


def test_given_legends_win():
    """The operator's picture would stand beside ours."""
    found = plan('{kind: grey, legends: {url: "https://x.org/a.png", language: fr}}')
    assert found.key is None
    assert found.legends == (Legend("image/png", "https://x.org/a.png", language="fr"),)


def test_there_is_one_in_every_language_that_is_written():
    """Those of titles and of labels, in the order of the document; both formats of each."""
    found = plan(
        "{kind: ramp, stops: [[0, '#000'], [5, '#fff']], title: {en: Heights, fr: Altitudes},"
        " labels: {0: {fr: bas, de: tief}}}"
    )
    assert [(one.language, one.format) for one in found.legends] == [
        (language, kind)
        for language in ("en", "fr", "de")
        for kind in ("image/png", "image/svg+xml")
    ]
    assert all(one.drawn and (one.width, one.height) == (12, 20) for one in found.legends)
    plain = plan("{kind: grey, title: Grey, legend: {formats: [image/svg+xml]}}")
    assert plain.legends == (Legend("image/svg+xml", width=10, height=20, drawn=True),)


def test_words_and_units_come_from_the_nearest():
    """The legend's own title before the style's, the style's unit before the data's."""
    assert plan("{kind: grey, title: Grey}").key.unit == "m"
    own = plan("{kind: grey, title: Grey, unit: ft, legend: {title: {fr: Gris}, ticks: 3}}").key
    assert (own.title, own.unit, own.ticks) == (Text((("fr", "Gris"),)), "ft", 3)
    assert plan("{kind: grey}").key.title == Text()
    assert plan("{kind: ramp, ramp: terrain, unit: km}").key.unit == "km"


def test_labels_of_classes_may_be_in_several_languages():
    found = plan(
        "{kind: palette, colours: {1: '#000', 0: '#fff'}, labels: {1: {en: w, fr: e}, 0: land}}",
        CLASSES,
    )
    assert found.key.labels == (
        (0, Text((("", "land"),))),
        (1, Text((("en", "w"), ("fr", "e")))),
    )
    assert found.parameters["labels"] == ((0, "land"), (1, "w"))


def test_a_palette_of_the_data_has_its_own_classes():
    """Tables are filled up to 256 entries; classes with names are those that there are."""
    found = plan("{kind: default}", PALETTE)
    assert found.key.colours == ((0, "#010203ff"), (1, "#090909ff"), (2, "#000000ff"))
    assert found.key.labels == ()
    named = replace(PALETTE, category_names={1: "water", 3: "ice", 2: " "})
    found = plan("{kind: default}", named, "default")
    assert found.key.colours == ((1, "#090909ff"), (3, "#000000ff"))
    assert found.key.labels == ((1, Text((("", "water"),))), (3, Text((("", "ice"),))))
    assert plan("{kind: default}", replace(PALETTE, palette={0: (0, 0, 0, 0)})).key is None


def test_palettes_of_different_data_do_not_share_a_legend():
    """Plans are shared between layers; their colours are not among the parameters."""
    text = """
tuilerie: 1
sources: {s: {kind: raster, path: s.tif}, t: {kind: raster, path: t.tif}}
layers: {a: {source: s}, b: {source: t}, c: {source: s}}
"""
    other = replace(PALETTE, palette={0: (7, 7, 7, 255)})
    document = parse_document(text, file="c.yaml", base=HERE).document
    data = {"s": PALETTE, "t": other}
    catalogue = compile_catalogue(document, data, revision=1, base=HERE, legend_size=size)
    a, b, c = (catalogue.layers[name].styles[0] for name in "abc")
    assert a is c
    assert a.key != b.key
    # A client must learn of another legend: the revision is told by what is shown of a layer.
    assert repr(a) != repr(b)


def test_what_is_written_on_a_legend_leaves_tiles_good():
    """A corrected name of a class would make all tiles anew."""
    plain = plan("{kind: ramp, stops: [[0, '#000'], [5, '#fff']]}")
    told = plan(
        "{kind: ramp, stops: [[0, '#000'], [5, '#fff']], unit: ft, labels: {0: low},"
        " legend: {ticks: 3}}"
    )
    assert plain.fingerprint == told.fingerprint
    assert plain.parameters["unit"] != told.parameters["unit"]
    classes = [
        plan(f"{{kind: palette, colours: {{1: '#000'}}{more}}}", CLASSES)
        for more in ("", ", labels: {1: land}", ", labels: {1: {en: land, fr: terre}}")
    ]
    assert len({each.fingerprint for each in classes}) == 1
    assert plan("{kind: palette, colours: {1: '#111'}}", CLASSES).fingerprint not in {
        each.fingerprint for each in classes
    }


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ("{kind: grey, legend: nothing}", "/styles/x/legend"),
        ("{kind: grey, legend: {ticks: 1}}", "/styles/x/legend/ticks"),
        ("{kind: grey, legend: {ticks: 1000}}", "/styles/x/legend/ticks"),
        ("{kind: grey, legend: {decimals: -1}}", "/styles/x/legend/decimals"),
        ("{kind: grey, legend: {formats: [image/gif]}}", "/styles/x/legend/formats/0"),
        ("{kind: grey, legend: {colour: red}}", "/styles/x/legend/colour"),
        ("{kind: ramp, ramp: terrain, labels: {.nan: x}}", "/styles/x/labels/.nan"),
        ("{kind: grey, legends: {url: 'https://x.org/a.png', language: '?'}}", "/styles/x/legends"),
    ],
)
def test_wrong_settings_are_refused_at_their_place(written, pointer):
    text = layer_text().replace("styles:\n", f"styles:\n  x: {written}\n", 1)
    problems = problems_of(text, s=VALUES)
    assert [problem.pointer[: len(pointer)] for problem in problems] == [pointer]
    assert all(problem.message for problem in problems)
