"""What becomes of a document and of what the data says of itself."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.catalogue.documents import (
    EXAMPLE,
    EXAMPLE_DATA,
    HERE,
    compiled,
    described,
    example,
    layer_text,
    problems_of,
    values,
)
from tuilerie.catalogue.address import TilesetKey
from tuilerie.catalogue.compile import compile_catalogue, used_sources
from tuilerie.catalogue.load import parse_document
from tuilerie.catalogue.model import BandDescription, Catalogue, Layer, MatrixLimits, Text
from tuilerie.errors import CatalogueError, Problem
from tuilerie.formats import JPEG, MIXED, PNG, PNG8, WEBP
from tuilerie.grids import BoundingBox, named_matrix_set


def layer(text: str, **data: object) -> Layer:
    return next(iter(compiled(text, **data).layers.values()))


def test_the_example_compiles():
    """The document of the manual would not be served."""
    catalogue = example()
    assert catalogue.revision == 7
    assert catalogue.service.title.best(("fr",)) == "Démonstration"
    assert catalogue.service.provider.contact.postal_code == "01234"
    world, sheets, dem, landcover = catalogue.layers.values()
    assert world.title.best() == "The <world>"
    assert list(world.links) == ["WebMercatorQuad", "lambert_local", "explicit", "from_file"]
    assert list(world.links["lambert_local"].limits) == ["0", "1", "2", "3", "4", "5"]
    assert (world.encoding.jpeg_quality, world.encoding.background) == (90, "#ffffff")
    assert (world.client_max_age_s, world.expire_after_s) == (86400, 604800)
    assert sheets.identifier == "sheets 1/25 000 <é> # ? & %"
    assert sheets.title == Text((("", sheets.identifier),))
    assert sheets.bounds == BoundingBox(600_000, 6_800_000, 650_000, 6_900_000)
    assert (sheets.client_max_age_s, sheets.listed, sheets.buffer_px) == (None, False, 0)
    assert (sheets.metatile_cols, sheets.metatile_rows) == (2, 2)
    assert list(sheets.links["scales"].limits) == ["coarse"]
    assert sheets.formats == (PNG, PNG8, WEBP)
    assert list(dem.links) == ["WebMercatorQuad"]
    assert dem.client_max_age_s == 3600
    assert (landcover.kind, landcover.resampling) == ("palette", "nearest")
    assert landcover.formats == (PNG, PNG8)
    assert {name: type(each).__name__ for name, each in catalogue.caches.items()} == {
        "default": "SqliteCache",
        "shelf": "FilesCache",
        "nothing": "NoCache",
        "none": "NoCache",
    }
    assert catalogue.caches["shelf"].directory == str(HERE / "tiles")
    assert catalogue.sources["bluemarble"].path == str(HERE / "data/bluemarble.tif")
    assert catalogue.sources["landcover"].path == "/srv/landcover.tif"
    assert set(catalogue.matrix_sets) == {
        *("WebMercatorQuad", "lambert_local", "halves", "scales", "explicit", "from_file")
    }


def test_matrix_sets_are_built_as_written():
    """Tiles would lie elsewhere than the operator said."""
    sets = example().matrix_sets
    local = sets["lambert_local"]
    assert [matrix.cell_size for matrix in local.matrices] == [2000, 1000, 500, 250, 100, 50]
    assert (local.matrices[0].left, local.matrices[0].top) == (0, 12_000_000)
    halves = sets["halves"]
    assert [matrix.cell_size for matrix in halves.matrices][:3] == [2048, 1024, 512]
    assert halves.crs.text == "EPSG:2154"
    first = halves.matrices[0]
    assert (first.tile_width, first.tile_height) == (512, 256)
    bottom = first.top - first.matrix_height * first.tile_height * first.cell_size
    assert (first.left, bottom) == (0, 6_000_000)
    assert [matrix.identifier for matrix in sets["scales"].matrices] == ["coarse", "fine"]
    assert sets["scales"].matrices[0].scale_denominator == pytest.approx(10_000_000)
    assert sets["scales"].matrices[0].cell_size == pytest.approx(2800)
    one, other = sets["explicit"].matrices
    assert tuple(one.bounds) == pytest.approx(tuple(other.bounds))
    assert other.cell_size == pytest.approx(4096)
    assert sets["from_file"].identifier == "from_file"
    assert sets["from_file"].title == "Two by one"


def test_styles_become_plain_parameters():
    """Pixels would be coloured by something else than was written."""
    plans = {plan.identifier: plan for plan in example().layers["2024"].styles}
    assert [plan.is_default for plan in plans.values()] == [True, *[False] * 5]
    assert (plans["shade"].kind, dict(plans["shade"].parameters)) == (
        "hillshade",
        {"band": 1, "azimuth": 315.0, "altitude": 45.0, "z_factor": 1.0},
    )
    assert dict(plans["relief"].parameters) == {
        "band": 1,
        "ramp": "terrain",
        "stops": (),
        "interpolation": "linear",
        "minimum": 0.0,
        "maximum": 3000.0,
        "unit": "m",
    }
    assert dict(plans["bands_of_height"].parameters) == {
        "band": 1,
        "ramp": "",
        "stops": ((0.0, "#00aa00"), (1000.0, "#ffaa00")),
        "interpolation": "linear",
        "minimum": 0.0,
        "maximum": 1000.0,
        "unit": "m",
    }
    assert dict(plans["stretch"].parameters) == {"band": 1, "minimum": 2.0, "maximum": 98.0}
    assert dict(plans["fixed"].parameters) == {"band": 1, "minimum": 10.0, "maximum": 20.0}
    assert (plans["default"].kind, dict(plans["default"].parameters)) == (
        "grey",
        {"band": 1, "minimum": 2.0, "maximum": 98.0},
    )
    assert plans["default"].title.best(("fr",)) == "Par défaut"
    assert plans["relief"].title.best() == "Relief"
    assert plans["shade"].title.best() == "shade"
    classes = example().layers["landcover"].styles[1]
    assert (classes.kind, dict(classes.parameters)) == (
        "palette",
        {
            "band": 1,
            "colours": ((0, "#000000"), (1, "#00aa0080")),
            "labels": ((0, "Water"), (1, "2024")),
        },
    )
    rgb = example().layers["sheets 1/25 000 <é> # ? & %"].styles[0]
    assert dict(rgb.parameters) == {
        "bands": (4, 3, 2),
        "ranges": ((8.0, 392.0), (6.0, 294.0), (4.0, 196.0)),
    }


@pytest.mark.parametrize(
    ("data", "kind", "parameters"),
    [
        (described(), "default", {}),
        (described("palette", bands=1), "default", {}),
        (
            described("values", bands=values(2)),
            *("grey", {"band": 1, "minimum": 2.0, "maximum": 98.0}),
        ),
        (
            described("values", bands=values(5)),
            "rgb",
            {"bands": (1, 2, 3), "ranges": ((2.0, 98.0), (4.0, 196.0), (6.0, 294.0))},
        ),
        (
            described(
                "values",
                bands=tuple(
                    BandDescription("uint16", None, 0.0, 9.0, description=name)
                    for name in ("Blue", "green", "red", "nir")
                ),
            ),
            "rgb",
            {"bands": (3, 2, 1), "ranges": ((0.0, 9.0),) * 3},
        ),
        (
            described(
                "values",
                bands=tuple(
                    BandDescription("uint16", None, 0.0, 9.0, description=name)
                    for name in ("gray", "", "alpha")
                ),
            ),
            *("grey", {"band": 1, "minimum": 0.0, "maximum": 9.0}),
        ),
        (
            described("values", bands=(BandDescription("int16", None, 5.0, 5.0, 5.0, 5.0),)),
            *("grey", {"band": 1, "minimum": 5.0, "maximum": 6.0}),
        ),
        (
            described("values", bands=(BandDescription("uint8", percentile_2=float("nan")),)),
            *("grey", {"band": 1, "minimum": 0.0, "maximum": 255.0}),
        ),
    ],
)
def test_the_default_style_suits_the_data(data, kind, parameters):
    """A file without any configuration would be black, or in the wrong colours."""
    found = layer(layer_text(), s=data).styles
    assert [(plan.identifier, plan.is_default) for plan in found] == [("default", True)]
    assert (found[0].kind, dict(found[0].parameters)) == (kind, parameters)


def test_a_style_may_be_called_default():
    """The operator's own default would be hidden by ours."""
    text = layer_text().replace("styles:\n", "styles:\n  default: {kind: grey, range: [1, 2]}\n")
    found = layer(text, s=described("values", bands=values()))
    assert dict(found.styles[0].parameters) == {"band": 1, "minimum": 1.0, "maximum": 2.0}


@pytest.mark.parametrize(
    ("data", "formats"),
    [
        (described(), (JPEG, PNG, WEBP)),
        (described(transparent=True), (PNG, WEBP, MIXED)),
        (described("palette", bands=1), (PNG, PNG8)),
        (described("values", bands=values()), (PNG, PNG8, WEBP)),
    ],
)
def test_the_default_formats_suit_the_data(data, formats):
    """Transparent data would be served as JPEG, or a palette with blurred classes."""
    assert layer(layer_text(), s=data).formats == formats


def test_the_default_matrix_sets_are_the_two_that_all_clients_know():
    """A layer without configuration would not show in web maps."""
    assert list(layer(layer_text(), s=described()).links) == ["WebMercatorQuad", "WorldCRS84Quad"]


@pytest.mark.parametrize(
    ("data", "text", "resampling"),
    [
        (described(), layer_text(), "bilinear"),
        (described("values", bands=values()), layer_text(), "bilinear"),
        (described(), layer_text(resampling="cubic"), "cubic"),
        (described(), layer_text() + "defaults: {resampling: lanczos}\n", "lanczos"),
        (described("palette", bands=1), layer_text(), "nearest"),
        (
            described("palette", bands=1),
            layer_text() + "defaults: {resampling: lanczos}\n",
            "nearest",
        ),
        (described(bands=1), layer_text(styles="[default, classes]"), "nearest"),
        (described("values", bands=values()), layer_text(styles="[exact]"), "nearest"),
    ],
)
def test_classes_are_never_interpolated(data, text, resampling):
    """Between water (1) and rock (3) there would be forest (2)."""
    assert layer(text, s=data).resampling == resampling


FLOATS = described("values", bands=values())
FAULTS = [
    (
        layer_text(resampling="bilinear"),
        described("palette", bands=1),
        *(14, "/layers/a/resampling", "classes cannot be interpolated", "nearest"),
    ),
    (
        layer_text(resampling="average", styles="[classes]"),
        described(bands=1),
        *(14, "/layers/a/resampling", "classes cannot be interpolated", "nearest"),
    ),
    (
        layer_text(styles="[default, grey]"),
        described("palette", bands=1),
        *(14, "/layers/a/styles/1", "numbers are classes", "kind: palette"),
    ),
    (layer_text(styles="[rgb]"), FLOATS, 14, "/layers/a/styles/0", "no band 3", "has 1 band"),
    (layer_text(styles="[classes]"), FLOATS, 14, "/layers/a/styles/0", "float32", "exact"),
    (
        layer_text(styles="[grey]"),
        described("values", bands=(BandDescription("float32"),)),
        *(14, "/layers/a/styles/0", "nothing is known of the values", "range: [minimum"),
    ),
    (
        layer_text(),
        described("values", bands=(BandDescription("int16"),)),
        *(13, "/layers/a", "nothing is known of the values", "range: [minimum"),
    ),
    (layer_text(styles="[ramp]"), FLOATS, 14, "/layers/a/styles/0", "no ramp 'terrain'", "viridis"),
    (
        layer_text(extent="[0, 0, 1, 1]"),
        described(bounds=(5, 5, 6, 6)),
        *(14, "/layers/a/extent", "none of the data", "[5, 5, 6, 6] of EPSG:4326"),
    ),
    (
        layer_text(matrix_sets="[WebMercatorQuad, LAMB93]"),
        described(bounds=(140, -40, 150, -30)),
        *(14, "/layers/a/matrix_sets/1", "no tile of LAMB93", "[140, -40, 150, -30]"),
    ),
    (
        layer_text() + "defaults: {matrix_sets: [LAMB93]}\n",
        described(bounds=(140, -40, 150, -30)),
        *(13, "/layers/a", "no tile of the default matrix sets", "matrix_sets:"),
    ),
    (
        layer_text().replace("path: s.tif", "path: s.tif, bands: [1, 4]"),
        described(),
        *(2, "/sources/s/bands", "there is no band 4", "bands 1 to 3"),
    ),
    (
        layer_text(),
        Problem("it has no CRS", "write crs: EPSG:2154", file="/data/s.tif"),
        *(2, "/sources/s/path", "/data/s.tif: it has no CRS", "write crs"),
    ),
    (
        layer_text(),
        CatalogueError([Problem("it is cut short", pointer="/sources/s")]),
        *(2, "/sources/s", "it is cut short", ""),
    ),
]


@pytest.mark.parametrize(("text", "data", "line", "pointer", "message", "hint"), FAULTS)
def test_what_the_data_does_not_allow_is_said(text, data, line, pointer, message, hint):
    """Tiles would be wrong or empty, and nobody would know why."""
    problems = problems_of(text, s=data, ramps=["viridis"])
    assert [str(problem) for problem in problems[1:]] == []
    problem = problems[0]
    assert message in problem.message
    assert hint in problem.hint
    assert (problem.file, problem.line, problem.pointer) == ("catalogue.yaml", line, pointer)


def test_a_source_that_nobody_examined_is_said():
    """A fault of ours would end in a traceback."""
    assert [problem.message for problem in problems_of(layer_text())] == [
        "the source was not examined"
    ]


def test_all_layers_are_reported_at_once_and_a_source_once():
    """Mending one layer would only uncover the next; a missing file would be named 5,000 times."""
    text = (
        "tuilerie: 1\n"
        "sources: {s: {kind: raster, path: x}, t: {kind: raster, path: y}}\n"
        "layers:\n"
        "  a: {source: t, matrix_sets: [LAMB93]}\n"
        "  b: {source: s}\n"
        "  c: {source: s}\n"
        "  d: {source: t, extent: [0, 0, 1, 1]}\n"
    )
    data = {"s": Problem("gone"), "t": described(bounds=(140, -40, 150, -30))}
    assert [(problem.line, problem.pointer) for problem in problems_of(text, **data)] == [
        (2, "/sources/s/path"),
        (4, "/layers/a/matrix_sets/0"),
        (7, "/layers/d/extent"),
    ]


def test_a_document_made_by_a_program_is_checked_too():
    """References to nothing in a document that no file brought would end in a traceback."""
    loaded = parse_document(layer_text(), base=HERE).document
    layers = {
        "a": loaded.layers["a"].model_copy(update={"source": "t"}),
        "b": loaded.layers["a"].model_copy(update={"styles": ("x",), "cache": "y"}),
    }
    broken = loaded.model_copy(update={"layers": layers})
    with pytest.raises(CatalogueError) as caught:
        compile_catalogue(broken, {"s": described()}, revision=1, base=HERE)
    assert [problem.pointer for problem in caught.value.problems] == [
        "/layers/a/source",
        "/layers/b/cache",
        "/layers/b/styles/0",
    ]


def test_only_used_sources_need_the_data():
    """A broken file that no layer shows would keep the server from starting."""
    text = layer_text() + "    title: x\n"
    text = text.replace("sources: {", "sources: {unused: {kind: raster, path: gone.tif}, ")
    loaded = parse_document(text, base=HERE).document
    assert list(used_sources(loaded, Path("/data"))) == ["s"]
    assert used_sources(loaded, Path("/data"))["s"].path == "/data/s.tif"
    assert list(compiled(text, s=described()).sources) == ["s"]


def test_a_cut_has_its_own_place_on_the_earth():
    """Clients would zoom to the whole file instead of the part that is served."""
    found = layer(layer_text(extent="[-10, 40, 400, 52]"), s=described())
    assert found.bounds == BoundingBox(-10, 40, 180, 52)
    assert found.wgs84_bounds == BoundingBox(-10, 40, 180, 52)
    assert found.links["WebMercatorQuad"].limits["1"] == MatrixLimits(0, 1, 0, 1)


def test_a_catalogue_can_be_sent_to_another_process():
    """Workers that get the catalogue by pickle would not start."""
    catalogue = example()
    again: Catalogue = pickle.loads(pickle.dumps(catalogue))
    assert again.layers.keys() == catalogue.layers.keys()
    for identifier, one in catalogue.layers.items():
        other = again.layers[identifier]
        assert other.formats == one.formats
        assert {name: dict(link.limits) for name, link in other.links.items()} == {
            name: dict(link.limits) for name, link in one.links.items()
        }


def test_equal_things_are_one_thing():
    """Thousands of layers over the same ground would take megabytes each for their limits."""
    text = "tuilerie: 1\nsources: {s: {kind: raster, path: x}}\nlayers:\n" + "".join(
        f"  l{n}: {{source: s, attribution: Somebody, abstract: {{en: x, fr: y}}}}\n"
        for n in range(3)
    )
    one, other, _ = compiled(text, s=described()).layers.values()
    for name in ("links", "styles", "formats", "encoding", "attribution", "abstract", "crs"):
        if name == "links":
            assert one.links["WebMercatorQuad"] is other.links["WebMercatorQuad"]
        else:
            assert getattr(one, name) is getattr(other, name)


KEY = TilesetKey("a", "default", JPEG, "WebMercatorQuad")


def generation(text: str, key: TilesetKey = KEY, **data: object) -> str:
    return compiled(text, **({"s": described()} | data)).generation(key)


def test_a_generation_changes_with_whatever_decides_pixels():
    """Stale tiles would be served after an edit or after the data was replaced."""
    plain = generation(layer_text())
    assert plain == generation(layer_text())
    assert len(plain) == 16
    changed = [
        generation(layer_text(), s=described(fingerprint="other")),
        generation(layer_text(resampling="cubic")),
        generation(layer_text(extent="[0, 0, 5, 5]")),
        generation(layer_text(buffer_px="3")),
        generation(layer_text(encoding="{jpeg_quality: 3}")),
        generation(layer_text(encoding='{background: "#000"}')),
        generation(layer_text().replace("path: s.tif", "path: s.tif, nodata: 3")),
        generation(layer_text(styles="[fixed]"), KEY._replace(style="fixed")),
    ]
    assert len({plain, *changed}) == 9


def test_a_matrix_set_that_moves_has_another_generation():
    """Tiles cut by the old grid would be served at the places of the new one."""
    text = (
        layer_text(matrix_sets="[g]")
        + "matrix_sets: {g: {crs: EPSG:4326, extent: [-180, -90, 180, 90], cell_sizes: [1]}}\n"
    )
    key = KEY._replace(matrix_set="g")
    assert generation(text, key) != generation(text.replace("sizes: [1]", "sizes: [0.5]"), key)


def test_a_generation_stays_with_what_decides_no_pixel():
    """A new title, style, format or matrix set would make terabytes of tiles anew."""
    plain = generation(layer_text())
    assert plain == generation(layer_text(title="New", metatile="8", client_max_age_s="5"))
    assert plain == generation(layer_text(styles="[default, fixed]", formats="[png, jpeg]"))
    assert plain == generation(layer_text(matrix_sets="[LAMB93, WebMercatorQuad]"))
    assert plain == generation(layer_text(encoding="{png_level: 1, webp_quality: 3}"))
    assert plain == generation(layer_text(), base=Path("/elsewhere"))
    with pytest.raises(KeyError):
        generation(layer_text(), KEY._replace(style="nope"))


def test_named_sets_are_themselves():
    """Workers would each build their own WebMercatorQuad, and compare it unequal."""
    assert example().matrix_sets["WebMercatorQuad"] is named_matrix_set("WebMercatorQuad")


def test_the_example_data_is_what_the_example_uses():
    """The golden test would pass without looking at half of the example."""
    document = parse_document(EXAMPLE.read_text(encoding="utf-8"), base=HERE).document
    assert set(used_sources(document, HERE)) == set(EXAMPLE_DATA)
