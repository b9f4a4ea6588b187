"""The addresses of legends that we hand out: each leads back to its picture, others nowhere."""

from __future__ import annotations

import pytest

from tests.protocols.published import MERCATOR, a_catalogue, a_layer, full_link
from tuilerie.catalogue.legends import legends_for
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import StylePlan, Text
from tuilerie.errors import NotFound
from tuilerie.protocols.wmts.legends import FoundLegend, find_legend, legend_path

PNG = Legend("image/png", file="/srv/a.png")
AWAY = Legend("image/png", "https://example.org/b.png")
SVG = Legend("image/svg+xml; charset=utf-8", file="/srv/c.svg")
ODD = Legend("image/x-odd", file="/srv/d")
LEGENDS = (PNG, AWAY, SVG, ODD)
LAYER, STYLE = "a/b %é", "s?1"
GIVEN = StylePlan(STYLE, Text(), legends=LEGENDS)
DRAWN = StylePlan(
    "drawn",
    Text(),
    legends=tuple(
        Legend(kind, width=10, height=20, language=language, drawn=True)
        for language in ("en", "fr", "pt-BR")
        for kind in ("image/png", "image/svg+xml")
    ),
)
CATALOGUE = a_catalogue(
    a_layer(
        LAYER,
        full_link(MERCATOR),
        styles=(
            StylePlan("plain", Text(), is_default=True),
            GIVEN,
            DRAWN,
        ),
    )
)


def test_each_path_leads_to_its_legend():
    """The document's address would be a dead link."""
    paths = [legend_path(LAYER, GIVEN, n) for n in range(len(LEGENDS))]
    start = "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend"
    assert paths[0] == f"{start}.png"
    assert paths[2:] == [f"{start}-3.svg", f"{start}-4.bin"]
    for n in (0, 2, 3):
        assert find_legend(CATALOGUE, paths[n].encode()) == FoundLegend(LAYER, STYLE, n, LEGENDS[n])
    with pytest.raises(NotFound):
        find_legend(CATALOGUE, paths[1].encode())


@pytest.mark.parametrize(
    "path",
    [
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend.jpg",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend-5.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/plain/legend.png",
        "/wmts/1.0.0/nope/plain/legend.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend.fr.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/drawn/legend.en.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/drawn/legend.de.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/drawn/legend-2.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/drawn/legend.fr.jpg",
    ],
)
def test_what_there_is_not_is_not_found(path):
    """A file of another style, or none at all, would be handed out."""
    with pytest.raises(NotFound):
        find_legend(CATALOGUE, path.encode())


def test_drawn_legends_are_named_by_their_language():
    """Two languages would have one address, or the default one an address that may change."""
    names = [legend_path(LAYER, DRAWN, n).rpartition("/")[2] for n in range(6)]
    assert names == [
        "legend.png",
        "legend.svg",
        "legend.fr.png",
        "legend.fr.svg",
        "legend.pt-BR.png",
        "legend.pt-BR.svg",
    ]
    for n, legend in enumerate(DRAWN.legends):
        found = find_legend(CATALOGUE, legend_path(LAYER, DRAWN, n).encode())
        assert found == FoundLegend(LAYER, "drawn", n, legend)


@pytest.mark.parametrize(
    ("languages", "told"),
    [
        ((), "en"),
        (("fr-CA",), "fr"),
        (("de", "pt"), "pt-BR"),
        (("de",), "en"),
    ],
)
def test_a_reader_is_told_of_the_legends_in_his_language(languages, told):
    """Both formats of one language, and of no other; else those of the operator's first one."""
    found = legends_for(DRAWN.legends, languages)
    assert [legend.language for _, legend in found] == [told, told]
    assert [DRAWN.legends[number] for number, _ in found] == [legend for _, legend in found]
    assert [number for number, _ in legends_for(LEGENDS, languages)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "path",
    [
        b"/wmts/1.0.0/a/s/legend",
        b"/wmts/1.0.0/a/s/legend-1.png",
        b"/wmts/1.0.0/a/s/legend-02.png",
        b"/wmts/1.0.0/a/s/../legend.png",
        b"/wmts/1.0.1/a/s/legend.png",
        b"/other/1.0.0/a/s/legend.png",
        b"/wmts/1.0.0/a/s/t/legend.png",
        b"/wmts/1.0.0/%zz/s/legend.png",
        b"/wmts/1.0.0/\xff/s/legend.png",
        b"/wmts/1.0.0/a/s/0/0/0/0.png",
        b"",
    ],
)
def test_other_paths_are_none_of_legends(path):
    """Tiles and documents would be taken for legends."""
    assert find_legend(CATALOGUE, path) is None
