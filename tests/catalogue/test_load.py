"""Every mistake that an operator can make, with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalogue.documents import EXAMPLE, HERE, layer_text
from tuilerie.catalogue.load import load_document, parse_document
from tuilerie.catalogue.model import Text
from tuilerie.errors import CatalogueError, Problem
from tuilerie.formats import JPEG, PNG


def faults_in(text: str) -> tuple[Problem, ...]:
    with pytest.raises(CatalogueError) as caught:
        parse_document(text, file="c.yaml", base=HERE)
    return caught.value.problems


def test_the_example_loads():
    """The document of the manual would be refused."""
    document, places, warnings = load_document(EXAMPLE)
    assert list(document.layers) == ["world", "sheets 1/25 000 <é> # ? & %", "2024", "landcover"]
    world = document.layers["world"]
    assert world.title == Text((("en", "The <world>"), ("fr", "Le monde")))
    assert world.formats == (JPEG, PNG)
    assert document.service.provider.contact.postal_code == "01234"
    assert document.service.base_url == "https://maps.example.org"
    labels = document.styles["classes"].labels
    assert {number: name.best() for number, name in labels.items()} == {0: "Water", 1: "2024"}
    assert document.styles["classes"].colours == {0: "#000000", 1: "#00aa0080"}
    assert document.defaults.encoding.background == "#ffffff"
    assert places.find("/layers/world/source").line > 0
    assert not warnings


def test_a_document_survives_being_written_and_read_again():
    """An editing program that stores what it loaded would change the catalogue."""
    document = load_document(EXAMPLE).document
    written = document.model_dump(mode="json", exclude_unset=True)
    assert type(document).model_validate(written) == document


def test_numbers_stand_for_texts():
    """`title: 2024` and `matrices: [0, 5]` would be refused for a missing quote."""
    text = layer_text(title="2024", matrix_sets="[{id: WebMercatorQuad, matrices: [0, 05]}]")
    problems = faults_in(text)
    assert [problem.message for problem in problems] == ["WebMercatorQuad has no matrix '05'"]
    document = parse_document(text.replace("05", "5"), base=HERE).document
    assert document.layers["a"].title.best() == "2024"
    assert document.layers["a"].matrix_sets[0].matrices == ("0", "5")


TOP = "tuilerie: 1\nlayers: {}\n"

FAULTS = [
    # (text, line, column, pointer, part of the message, part of the hint)
    ("layers: {}", 1, 1, "", "'tuilerie' is missing", "`tuilerie: 1`"),
    ("tuilerie: 2\nlayers: {}", 1, 11, "/tuilerie", "version 2", "tuilerie: 1"),
    ("tuilerie: 1", 1, 1, "", "'layers' is missing", "layers"),
    ("[1, 2]", 1, 1, "", "a block of keys", "tuilerie: 1"),
    ("just text", 1, 1, "", "a block of keys", "tuilerie: 1"),
    (TOP + "servise: {}", 3, 1, "/servise", "unknown key 'servise'", "mean 'service'"),
    (TOP + "zzz: {}", 3, 1, "/zzz", "unknown key 'zzz'", "the keys are tuilerie, service"),
    (TOP + "service: x", 3, 10, "/service", '"x" stands where a block', ""),
    (TOP + "service:", 3, 9, "/service", "nothing is written", "or remove the key"),
    (TOP + "service: {strict: yes}", 3, 19, "/service/strict", "true or false", "false"),
    (TOP + "service: {fees: true}", 3, 17, "/service/fees", "a text", '"true"'),
    (TOP + "service: {fees: [x]}", 3, 17, "/service/fees", "a text", "none"),
    (TOP + 'service: {fees: "\\0"}', 3, 17, "/service/fees", "cannot stand", "remove it"),
    (TOP + "service: {base_url: ftp://x}", 3, 21, "/service/base_url", "web address", "https"),
    (TOP + "service: {title: []}", 3, 18, "/service/title", "a text is wanted", "{en:"),
    (TOP + "service: {title: {en_GB: x}}", 3, 18, "/service/title", "'en_GB'", "pt-BR"),
    (TOP + "service: {title: {en: }}", 3, 18, "/service/title", "no text for language en", ""),
    (TOP + "sources: {a: {path: x}}", 3, 14, "/sources/a", "'kind' is missing", "raster, mosaic"),
    (TOP + "sources: {a: {kind: rastr, path: x}}", 3, 14, "/sources/a", "'rastr'", "'raster'"),
    (TOP + "sources: {a: {kind: raster}}", 3, 14, "/sources/a", "'path' is missing", "data/"),
    (TOP + "sources: {a: [x]}", 3, 14, "/sources/a", "a block of keys", "kind"),
    (TOP + 'sources: {a: {kind: raster, path: ""}}', 3, 35, "/sources/a/path", "empty", "where"),
    (TOP + 'sources: {"": {kind: raster, path: x}}', 3, 11, "/sources/", "must not be empty", ""),
    (TOP + 'sources: {"..": {kind: raster, path: x}}', 3, 11, "/sources/..", '".."', ""),
    (TOP + 'sources: {" a": {kind: raster, path: x}}', 3, 11, "/sources/ a", "blank", ""),
    (TOP + 'sources: {"a\\tb": {kind: raster, path: x}}', 3, 11, "/sources/a\tb", "printable", ""),
    (
        TOP + f"sources: {{{'x' * 201}: {{kind: raster, path: x}}}}",
        *(3, 11, f"/sources/{'x' * 201}", "at most 200", ""),
    ),
    (
        TOP + "sources: {a: {kind: raster, path: x, crs: EPSG:0}}",
        *(3, 43, "/sources/a/crs", "EPSG:0", ""),
    ),
    (
        TOP + "sources: {a: {kind: raster, path: x, bands: [0]}}",
        *(3, 46, "/sources/a/bands/0", "0 is out of bounds", "at least 1"),
    ),
    (TOP + "styles: {a: {kind: ramp}}", 3, 13, "/styles/a", "name or its stops", "stops"),
    (
        TOP + 'styles: {a: {kind: ramp, ramp: x, stops: [[0, "#000"]]}}',
        *(3, 13, "/styles/a", "name or its stops", ""),
    ),
    (
        TOP + 'styles: {a: {kind: ramp, stops: [[1, "#000"], [1, "#fff"]]}}',
        *(3, 13, "/styles/a", "do not rise", "sort"),
    ),
    (
        TOP + 'styles: {a: {kind: ramp, range: [1, 2], stops: [[1, "#000"]]}}',
        *(3, 13, "/styles/a", "no range", "remove range"),
    ),
    (
        TOP + "styles: {a: {kind: grey, range: [5, 5]}}",
        *(3, 33, "/styles/a/range", "5.0 is not below", "smaller one first"),
    ),
    (
        TOP + "styles: {a: {kind: grey, range: [0, .inf]}}",
        *(3, 33, "/styles/a/range", "a range is wanted", "[minimum, maximum]"),
    ),
    (
        TOP + "styles: {a: {kind: rgb, range: [[0, 1], [0, 1]]}}",
        *(3, 32, "/styles/a/range", "a range is wanted", "[minimum, maximum]"),
    ),
    (
        TOP + "styles: {a: {kind: hillshade, altitude: 91}}",
        *(3, 41, "/styles/a/altitude", "91 is out of bounds", "at most 90"),
    ),
    (
        TOP + "styles: {a: {kind: palette, colours: {0: red}}}",
        *(3, 42, "/styles/a/colours/0", "'red' is not a colour", "#rrggbb"),
    ),
    (
        TOP + 'styles: {a: {kind: palette, colours: {x: "#fff"}}}',
        *(3, 39, "/styles/a/colours/x", "a whole number", ""),
    ),
    (
        TOP + "styles:\n  a:\n    kind: palette\n    colours:\n      0: #fff",
        *(7, 9, "/styles/a/colours/0", "nothing is written", "in quotes"),
    ),
    (TOP + "caches: {a: {kind: sqlit}}", 3, 13, "/caches/a", "'sqlit'", "'sqlite'"),
    (
        TOP + "caches: {a: {kind: files, layout: zyx}}",
        *(3, 35, "/caches/a/layout", '"zyx" is not possible', ""),
    ),
    (TOP + "defaults: {metatile: 17}", 3, 22, "/defaults/metatile", "17", "at most 16"),
    (TOP + "defaults: {metatile: [4]}", 3, 22, "/defaults/metatile", "entry 2", "[4, 4]"),
    (TOP + "defaults: {metatile: [4, true]}", 3, 26, "/defaults/metatile/1", "whole number", ""),
    (TOP + "defaults: {buffer_px: 257}", 3, 23, "/defaults/buffer_px", "257", "at most 256"),
    (TOP + "defaults: {buffer_px: 1.5}", 3, 23, "/defaults/buffer_px", "whole number", "16"),
    (TOP + 'defaults: {buffer_px: "5"}', 3, 23, "/defaults/buffer_px", "whole number", "16"),
    (
        TOP + "defaults: {encoding: {jpeg_quality: 0}}",
        *(3, 37, "/defaults/encoding/jpeg_quality", "0 is out", "at least 1"),
    ),
    (TOP + "defaults: {formats: []}", 3, 21, "/defaults/formats", "0 entries", "image/"),
    (TOP + "defaults: {formats: [image/gif]}", 3, 22, "/defaults/formats/0", "gif", "mean"),
    (TOP + "defaults: {cache: nope}", 3, 19, "/defaults/cache", "no cache 'nope'", "'none'"),
    (
        TOP + "defaults: {matrix_sets: [WebMercator]}",
        3,
        26,
        "/defaults/matrix_sets/0",
        "no",
        "Quad",
    ),
    (TOP + "matrix_sets: {a: {file: nope.json}}", 3, 18, "/matrix_sets/a", "No such file", ""),
    (TOP + "matrix_sets: {a: {file: test_load.py}}", 3, 18, "/matrix_sets/a", "not JSON", ""),
    (
        TOP + "matrix_sets: {WebMercatorQuad: {file: grid.json}}",
        *(3, 32, "/matrix_sets/WebMercatorQuad", "exists already", "another name"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, extent: [0, 0, 9, 9]}}",
        *(3, 18, "/matrix_sets/a", "in one way", "first_cell_size"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, extent: [0, 0, 9, 9], first_cell_size: 1}}",
        *(3, 18, "/matrix_sets/a", "go together", "both"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, extent: [9, 0, 0, 9], cell_sizes: [1]}}",
        *(3, 43, "/matrix_sets/a/extent", "no area", "left < right"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, extent: [0, 0, 9, 9], cell_sizes: [1, 2]}}",
        *(3, 18, "/matrix_sets/a", "makes no sense", ""),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, extent: [0, 0, 9, 9], cell_sizes: [-1]}}",
        *(3, 70, "/matrix_sets/a/cell_sizes/0", "-1 is out of bounds", "more than 0"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, extent: [0, 0, 9, 9], cell_sizes: [1], "
        "tile_size: 15}}",
        *(3, 85, "/matrix_sets/a/tile_size", "15", "at least 16"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, matrices: [{identifier: a, cell_size: 1, "
        "matrix_size: [1, 1]}]}}",
        *(3, 46, "/matrix_sets/a/matrices/0", "top_left or bottom_left", "one of the two"),
    ),
    (
        TOP + "matrix_sets: {a: {crs: EPSG:3857, matrices: [{identifier: a, "
        "top_left: [0, 0], matrix_size: [1, 1]}]}}",
        *(3, 46, "/matrix_sets/a/matrices/0", "cell_size or scale_denominator", "one of the two"),
    ),
    (layer_text(titel="x"), 14, 5, "/layers/a/titel", "unknown key 'titel'", "mean 'title'"),
    (layer_text(source="t"), 14, 13, "/layers/a/source", "here twice", ""),
    (layer_text(resampling="linear"), 14, 17, "/layers/a/resampling", "linear", "'bilinear'"),
    (layer_text(extent="[1, 2, 3]"), 14, 13, "/layers/a/extent", "before its entry 4", "["),
    (layer_text(extent="[1, 2, .nan, 4]"), 14, 20, "/layers/a/extent/2", "finite", "10"),
    (layer_text(styles="[gray]"), 14, 14, "/layers/a/styles/0", "no style 'gray'", "'grey'"),
    (layer_text(styles="[grey, grey]"), 14, 20, "/layers/a/styles/1", "here twice", "remove"),
    (layer_text(cache="defautl"), 14, 12, "/layers/a/cache", "no cache", "'default'"),
    (layer_text(client_max_age_s="-1"), 14, 23, "/layers/a/client_max_age_s", "-1", "at least 0"),
    (layer_text(expire_after_s="0"), 14, 21, "/layers/a/expire_after_s", "0", "at least 1"),
    (
        layer_text(matrix_sets="[WebMercatorQuad, WebMercatorQuad]"),
        *(14, 36, "/layers/a/matrix_sets/1", "here twice", "remove"),
    ),
    (
        layer_text(matrix_sets="[{id: WebMercatorQuad, matrices: [0, 99]}]"),
        *(14, 55, "/layers/a/matrix_sets/0/matrices/1", "has no matrix '99'", "0, 1, 2"),
    ),
    (
        layer_text(matrix_sets="[{id: WebMercatorQuad, matrices: [5, 2]}]"),
        *(14, 51, "/layers/a/matrix_sets/0/matrices", "'5' is finer than '2'", "coarser"),
    ),
    (
        layer_text(matrix_sets="[{id: nowhere}]"),
        *(14, 24, "/layers/a/matrix_sets/0/id", "no matrix set 'nowhere'", "WebMercatorQuad"),
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "pointer", "message", "hint"), FAULTS)
def test_each_fault_has_its_place_and_its_mending(text, line, column, pointer, message, hint):
    """An operator would be told that something is wrong somewhere."""
    problems = faults_in(text)
    assert [str(problem) for problem in problems[1:]] == []
    problem = problems[0]
    assert message in problem.message
    assert hint in problem.hint
    assert (problem.file, problem.line) == ("c.yaml", line)
    if "twice: it was" not in problem.message:
        assert (problem.column, problem.pointer) == (column, pointer)


def test_everything_is_reported_at_once_in_the_order_of_the_document():
    """Mending one mistake would only uncover the next."""
    text = (
        "tuilerie: 1\n"
        "service: {titel: x}\n"
        "layers:\n"
        "  a: {source: nobody, cache: nowhere, styles: [x], listed: 3}\n"
        "  b: {}\n"
        "matrix_sets: {c: {file: nope.json}}\n"
        "sources: {d: {kind: raster}}\n"
    )
    problems = faults_in(text)
    assert [(problem.line, problem.pointer) for problem in problems] == [
        (2, "/service/titel"),
        (4, "/layers/a/source"),
        (4, "/layers/a/cache"),
        (4, "/layers/a/styles/0"),
        (4, "/layers/a/listed"),
        (5, "/layers/b"),
        (6, "/matrix_sets/c"),
        (7, "/sources/d"),
    ]


def test_what_a_merge_brings_is_found_where_it_was_written():
    """A mistake in a shared block would be reported without its line."""
    text = (
        "tuilerie: 1\nsources: {s: {kind: raster, path: x}}\nlayers:\n"
        "  a: &shared\n    source: s\n    listed: 3\n"
        "  b:\n    <<: *shared\n    title: B\n"
    )
    problems = faults_in(text)
    assert [(problem.line, problem.pointer) for problem in problems] == [
        (6, "/layers/a/listed"),
        (6, "/layers/b/listed"),
    ]


def test_what_nobody_uses_is_a_warning():
    """A style that was misspelt in its own name would go unnoticed, or stop the server."""
    text = layer_text(styles="[grey]") + "caches: {c: {kind: none}}\n"
    warnings = parse_document(text, file="c.yaml", base=HERE).warnings
    assert "no layer uses the style 'fixed'" in [warning.message for warning in warnings]
    assert [(w.pointer, w.line) for w in warnings if "cache" in w.message] == [("/caches/c", 15)]
    assert "no layer uses the style 'grey'" not in [warning.message for warning in warnings]


@pytest.mark.parametrize(
    "identifier", ["a/b", "?", "#x", "& <é> %", "日本 語", "..a", "…", "a" * 200]
)
def test_identifiers_may_have_anything_printable(identifier):
    """Data that has such names already would have to be renamed."""
    layers = f"layers: {{{identifier!r}: {{source: s}}}}\n"
    text = f"tuilerie: 1\nsources: {{s: {{kind: raster, path: x}}}}\n{layers}"
    assert list(parse_document(text, base=HERE).document.layers) == [identifier]


def test_files_that_cannot_be_read_are_problems(tmp_path: Path):
    """A missing file, a folder or a binary would end in a traceback."""
    for path in (tmp_path / "nope.yaml", tmp_path):
        with pytest.raises(CatalogueError) as caught:
            load_document(path)
        assert caught.value.problems[0].file == str(path)
        assert "cannot be read" in caught.value.problems[0].message
    binary = tmp_path / "x.tif"
    binary.write_bytes(b"II*\0\xff\xfe\x00\x01")
    with pytest.raises(CatalogueError, match="UTF-8"):
        load_document(binary)


def test_thousands_of_mistakes_are_reported_in_seconds():
    """A source renamed in one place would keep `tuilerie check` busy for minutes."""
    lines = "".join(f"  layer_{n}: {{source: source_{n}, listd: true}}\n" for n in range(2000))
    sources = "".join(f"  sourcf_{n}: {{kind: raster, path: x}}\n" for n in range(2000))
    problems = faults_in(f"tuilerie: 1\nsources:\n{sources}layers:\n{lines}")
    assert len(problems) == 4000
    assert "did you mean" in problems[0].hint
    assert all(problem.line for problem in problems)
