"""What an operator says beside the layers: links, legends, themes, INSPIRE, ages of tiles."""

from __future__ import annotations

import pytest

from tests.catalogue.documents import HERE, compiled, described, layer_text, problems_of, values
from tuilerie.catalogue.metadata import Conformity, Legend, MetadataLink, Theme
from tuilerie.catalogue.texts import Text

DATA = {"s": described()}
SCALE = 1091957.5469
"""Of matrix 9 of WebMercatorQuad (559082264.0287178 / 2^9), as people write it: rounded."""

SERVICE = """
tuilerie: 1
service:
  profiles: ["http://www.opengis.net/spec/wmts-simple/1.0/conf/simple-profile"]
  other_sources: ["https://example.org/csw", {url: "https://example.org/b", title: B}]
  inspire:
    metadata_url: "https://example.org/record?id=1&x=%20"
    languages: [fr, en, fr]
    service:
      metadata_date: 2026-01-31
      organisation: Agency
      email: maps@example.org
      published: "2025-06-01"
      conformity: [{title: Regulation, date: "2010-12-08", degree: notEvaluated}]
      keywords: [Orthoimagery]
sources: {s: {kind: raster, path: s.tif}}
layers: {a: {source: s}}
"""
THEMES = """
tuilerie: 1
sources: {s: {kind: raster, path: s.tif}}
layers:
  a: {source: s}
  "b/c é": {source: s}
  hidden: {source: s, listed: false}
  "1:25 000": {source: s}
themes:
  subjects:
    land:
      title: {en: Land, fr: Terres}
      layers: [a, hidden]
      themes: {inner: {keywords: [x], layers: ["b/c é", a]}}
    sea: {}
  years: {recent: {layers: [a]}}
"""


def test_the_service_says_all():
    """A profile, a catalogue elsewhere or INSPIRE's words would be lost on the way."""
    service = compiled(SERVICE, **DATA).service
    assert service.profiles == ("http://www.opengis.net/spec/wmts-simple/1.0/conf/simple-profile",)
    assert service.other_sources == (
        MetadataLink("https://example.org/csw"),
        MetadataLink("https://example.org/b", "B"),
    )
    inspire = service.inspire
    assert inspire is not None
    assert (inspire.languages, inspire.bare) == (("fr", "en"), False)
    assert inspire.metadata_type == "application/vnd.iso.19139+xml"
    assert inspire.service is not None
    assert inspire.service.metadata_date == "2026-01-31"
    assert (inspire.service.published, inspire.service.created) == ("2025-06-01", "")
    assert inspire.service.conformity == (Conformity("Regulation", "2010-12-08", "notEvaluated"),)
    assert compiled(layer_text(), **DATA).service.inspire is None


@pytest.mark.parametrize(
    ("before", "after", "pointer", "hint"),
    [
        ("[fr, en, fr]", "[fra]", "/service/inspire/languages/0", ""),
        ("[fr, en, fr]", "[]", "/service/inspire/languages", ""),
        ("2026-01-31", "2026-13-31", "/service/inspire/service/metadata_date", "year-month-day"),
        ("maps@example.org", "maps", "/service/inspire/service/email", "maps@example.org"),
        ('published: "2025-06-01"', "keywords: []", "/service/inspire/service", "published"),
        ("notEvaluated", "almost", "/service/inspire/service/conformity/0/degree", ""),
        ("%20", "% 20", "/service/inspire/metadata_url", "https://"),
        ('["http://www', '["ht tp://www', "/service/profiles/0", "https://"),
        ('"https://example.org/csw"', "csw", "/service/other_sources/0/url", "https://"),
        (
            "  inspire:",
            "  provider: {site: www.x.org}\n  inspire:",
            "/service/provider/site",
            "https",
        ),
        ("title: B", "titel: B", "/service/other_sources/1/titel", "title"),
    ],
)
def test_what_is_wrong_with_the_service_is_said_where_it_is(before, after, pointer, hint):
    """An operator would find out from an INSPIRE validator, weeks later."""
    text = SERVICE.replace(before, after, 1)
    assert text != SERVICE
    found = problems_of(text.replace("      keywords: [Orthoimagery]\n", ""), **DATA)
    assert [problem.pointer for problem in found] in ([pointer], [pointer.rpartition("/")[0]])
    assert hint in found[0].hint


def test_inspire_needs_a_record_or_the_words_themselves():
    """The element would be invalid: its schema wants one of two forms."""
    text = layer_text().replace("sources:", "service: {inspire: {languages: [fr]}}\nsources:", 1)
    (problem,) = problems_of(text, **DATA)
    assert (problem.pointer, "metadata_url" in problem.hint) == ("/service/inspire", True)


def test_a_layer_has_links_to_metadata():
    """One address, or a block with all that ows:Metadata holds."""
    text = layer_text(
        metadata='["https://x.org/1", {url: "https://x.org/2", role: "urn:a:b", about: "urn:c"}]'
    )
    assert compiled(text, **DATA).layers["a"].metadata == (
        MetadataLink("https://x.org/1"),
        MetadataLink("https://x.org/2", role="urn:a:b", about="urn:c"),
    )
    (problem,) = problems_of(layer_text(metadata='["ftp://x.org/1"]'), **DATA)
    assert problem.pointer == "/layers/a/metadata/0"


def legends_text(legends: str) -> str:
    text = layer_text(styles="[shade]", matrix_sets="[WebMercatorQuad]")
    return text.replace("{kind: hillshade}", f"{{kind: hillshade, legends: {legends}}}")


def plan_of(legends: str):
    data = {"s": described("values", bands=values())}
    return compiled(legends_text(legends), **data).layers["a"].styles[0]


def test_legends_by_address_and_file():
    """One or several; the format by the name; a rounded scale becomes the matrix's own."""
    exact = 559082264.0287178 / 2**9
    assert exact != SCALE
    (legend,) = plan_of('{url: "https://x.org/a.PNG?b.gif", width: 10, height: 20}').legends
    assert legend == Legend("image/png", "https://x.org/a.PNG?b.gif", "", 10, 20)
    below, above = plan_of(
        f'[{{url: "https://x.org/x", format: image/png, max_scale_denominator: {SCALE}}}, '
        f"{{file: grid.json, format: image/x-odd, min_scale_denominator: {SCALE}}}]"
    ).legends
    assert (below.min_scale_denominator, below.max_scale_denominator) == (None, exact)
    assert (above.min_scale_denominator, above.max_scale_denominator) == (exact, None)
    assert above.file == str(HERE / "grid.json")


def test_a_legend_makes_no_tile_anew():
    """Announcing a picture would throw the whole cache of the layer away."""
    with_one = plan_of('{url: "https://x.org/a.png"}')
    assert with_one.fingerprint == plan_of("[]").fingerprint


@pytest.mark.parametrize(
    ("legends", "pointer", "said"),
    [
        ("{width: 3}", "/styles/shade/legends", "either its address or its file"),
        ('{url: "https://x.org/a.png", file: b.png}', "/styles/shade/legends", "either"),
        ('{url: "https://x.org/a"}', "/styles/shade/legends", "format"),
        ("{file: nothing.png}", "/styles/shade/legends/file", "no such file"),
        ("[{file: nothing.png}]", "/styles/shade/legends/0/file", "no such file"),
        ('{url: "https://x.org/a.png", width: 0}', "/styles/shade/legends/width", "bounds"),
        (
            '{url: "https://x.org/a.png", min_scale_denominator: 5, max_scale_denominator: 5}',
            "/styles/shade/legends",
            "not below",
        ),
        ('{url: "https://x.org/a.png", min_scale_denominator: 1000}', "/layers/a", "no matrix"),
    ],
)
def test_legends_that_cannot_be(legends, pointer, said):
    """A client would be sent to a picture that is not there, or told of scales that are not."""
    problems = problems_of(legends_text(legends), s=described("values", bands=values()))
    assert any(said in problem.message for problem in problems), problems
    found = [problem.pointer for problem in problems]
    assert pointer in found or f"{pointer}/0" in found, found


def test_themes():
    """Hierarchies with themes in themes; a layer that nobody is told of is not referred to."""
    catalogue = compiled(THEMES, **DATA)
    assert catalogue.themes == {
        "subjects": (
            Theme(
                "land",
                Text((("en", "Land"), ("fr", "Terres"))),
                themes=(Theme("inner", keywords=(Text((("", "x"),)),), layers=("b/c é", "a")),),
                layers=("a",),
            ),
            Theme("sea"),
        ),
        "years": (Theme("recent", layers=("a",)),),
    }
    assert compiled(layer_text(), **DATA).themes == {}


@pytest.mark.parametrize(
    ("before", "after", "pointer", "said"),
    [
        ("[a, hidden]", "[b]", "/themes/subjects/land/layers/0", "no layer 'b'"),
        ("[a, hidden]", "[a, a]", "/themes/subjects/land/layers/1", "twice"),
        ("recent:", "sea:", "/themes/years/sea", "another theme 'sea'"),
        ("inner:", "land:", "/themes/subjects/land/themes/land", "another theme 'land'"),
        ("[a, hidden]", '["1:25 000"]', "/themes/subjects/land/layers/0", "cannot stand"),
        ("sea: {}", "sea: []", "/themes/subjects/sea", "block of keys"),
        ("keywords: [x]", "keyword: [x]", "/themes/subjects/land/themes/inner/keyword", "unknown"),
        ("{layers: [a]}", "a", "/themes/years/recent", "block of keys"),
    ],
)
def test_themes_that_cannot_be(before, after, pointer, said):
    """LayerRef would lead nowhere (A.3.4.17), or the document be invalid."""
    (problem,) = problems_of(THEMES.replace(before, after, 1), **DATA)
    assert (problem.pointer, said in problem.message) == (pointer, True)
    assert problem.line > 0


AGES = (
    "{default: 60, matrices: [{id: WebMercatorQuad, matrices: [0, 2], seconds: 100}, "
    "{id: WebMercatorQuad, matrices: [2, 3], seconds: null}, "
    "{id: LAMB93, seconds: 9}, {id: WorldCRS84Quad, seconds: 60}]}"
)


def test_ages_of_tiles_by_matrix():
    """The first rule that names a matrix counts; rules about other sets say nothing."""
    layer = compiled(layer_text(client_max_age_s=AGES), **DATA).layers["a"]
    ages = [layer.client_max_age("WebMercatorQuad", str(n)) for n in range(5)]
    assert ages == [100, 100, 100, None, 60]
    assert layer.client_max_age("WorldCRS84Quad", "0") == 60
    assert len(layer.client_max_ages) == 4
    plain = compiled(layer_text(client_max_age_s="0"), **DATA).layers["a"]
    assert (plain.client_max_age("WebMercatorQuad", "0"), plain.client_max_ages) == (0, {})
    silent = compiled(layer_text(client_max_age_s="null"), **DATA).layers["a"]
    assert silent.client_max_age("WebMercatorQuad", "0") is None


def test_ages_of_the_defaults_are_those_of_layers_without_any():
    """Rules for all layers would have to be written in each of them."""
    text = layer_text().replace("layers:", f"defaults: {{client_max_age_s: {AGES}}}\nlayers:", 1)
    assert compiled(text, **DATA).layers["a"].client_max_age("WebMercatorQuad", "1") == 100
    own = text + "    client_max_age_s: 5\n"
    assert compiled(own, **DATA).layers["a"].client_max_age("WebMercatorQuad", "1") == 5


@pytest.mark.parametrize(
    ("ages", "pointer"),
    [
        ("{matrices: [{id: Nope, seconds: 1}]}", "matrices/0/id"),
        ("{matrices: [{id: LAMB93, matrices: [x, 1], seconds: 1}]}", "matrices/0/matrices/0"),
        ("{matrices: [{id: LAMB93, matrices: [2, 1], seconds: 1}]}", "matrices/0/matrices"),
        ("{matrices: [{id: LAMB93}]}", "matrices/0"),
        ("{default: -1}", "default"),
        ("{matrices: [{id: LAMB93, seconds: 31536001}]}", "matrices/0/seconds"),
    ],
)
def test_ages_that_cannot_be(ages, pointer):
    """A rule that never holds would be taken for one that does."""
    problems = problems_of(layer_text(client_max_age_s=ages), **DATA)
    assert [problem.pointer for problem in problems] == [f"/layers/a/client_max_age_s/{pointer}"]
