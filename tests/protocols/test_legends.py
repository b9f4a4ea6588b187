"""The addresses of legends that we hand out: each leads back to its picture, others nowhere."""

from __future__ import annotations

import pytest

from tests.protocols.published import MERCATOR, a_catalogue, a_layer, full_link
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import StylePlan, Text
from tuilerie.errors import NotFound
from tuilerie.protocols.wmts.legends import find_legend, legend_path

PNG = Legend("image/png", file="/srv/a.png")
AWAY = Legend("image/png", "https://example.org/b.png")
SVG = Legend("image/svg+xml; charset=utf-8", file="/srv/c.svg")
ODD = Legend("image/x-odd", file="/srv/d")
LEGENDS = (PNG, AWAY, SVG, ODD)
LAYER, STYLE = "a/b %é", "s?1"
CATALOGUE = a_catalogue(
    a_layer(
        LAYER,
        full_link(MERCATOR),
        styles=(
            StylePlan("plain", Text(), is_default=True),
            StylePlan(STYLE, Text(), legends=LEGENDS),
        ),
    )
)


def test_each_path_leads_to_its_legend():
    """The document's address would be a dead link."""
    paths = [legend_path(LAYER, STYLE, n, legend) for n, legend in enumerate(LEGENDS)]
    start = "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend"
    assert paths[0] == f"{start}.png"
    assert paths[2:] == [f"{start}-3.svg", f"{start}-4.bin"]
    for n in (0, 2, 3):
        assert find_legend(CATALOGUE, paths[n].encode()) is LEGENDS[n]
    with pytest.raises(NotFound):
        find_legend(CATALOGUE, paths[1].encode())


@pytest.mark.parametrize(
    "path",
    [
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend.jpg",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/s%3F1/legend-5.png",
        "/wmts/1.0.0/a%2Fb%20%25%C3%A9/plain/legend.png",
        "/wmts/1.0.0/nope/plain/legend.png",
    ],
)
def test_what_there_is_not_is_not_found(path):
    """A file of another style, or none at all, would be handed out."""
    with pytest.raises(NotFound):
        find_legend(CATALOGUE, path.encode())


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
