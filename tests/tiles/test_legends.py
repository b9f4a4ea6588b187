"""Legends: as large as announced, true to the colours of the tiles, whatever is written on them."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from tuilerie.catalogue.metadata import LegendKey
from tuilerie.catalogue.model import Layer, StylePlan, Text
from tuilerie.errors import NotFound
from tuilerie.raster.legend import Bar, Classes, ColourBar, Drawing, Label, lay_out
from tuilerie.raster.legend_picture import legend_png
from tuilerie.raster.lettering import cleaned, font, text_width, wrapped
from tuilerie.raster.ramp import Ramp, ramp_colours
from tuilerie.tiles.legend_contents import legend_content
from tuilerie.tiles.legend_numbers import number_text, round_ticks
from tuilerie.tiles.legend_svg import legend_svg
from tuilerie.tiles.legends import LegendPainter, legend_size
from tuilerie.tiles.styling import colouring

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = ("#2f6b4f", "#7fa865", "#d9d39a", "#c79a63", "#96603f")


def said(text: str) -> Text:
    return Text((("", text),))


def ramp(*stops, interpolation="linear", name="", **key) -> StylePlan:
    """A ramp in metres."""
    stops = tuple(zip(stops, COLOURS * 10, strict=False))
    parameters = {
        "band": 1,
        "ramp": name,
        "stops": () if name else stops,
        "interpolation": interpolation,
        "minimum": stops[0][0],
        "maximum": stops[-1][0],
        "unit": "m",
    }
    made = LegendKey(**{"title": said("Heights"), "unit": "m", **key})
    return StylePlan("s", Text(), kind="ramp", parameters=parameters, key=made)


def palette(count: int, name=lambda number: "") -> StylePlan:
    """Classes from 0 on, with names."""
    colours = tuple((n, f"#{n * 2654435 % 2**24:06x}") for n in range(count))
    labels = tuple((float(n), said(name(n))) for n in range(count) if name(n))
    parameters = {"band": 1, "colours": colours, "labels": ()}
    key = LegendKey(labels=labels)
    return StylePlan("s", Text(), kind="palette", parameters=parameters, key=key)


def content(plan: StylePlan, language: str = "") -> Classes | ColourBar:
    return legend_content(plan, plan.key, language)


def ticks(plan: StylePlan, language: str = "") -> list[str]:
    found = content(plan, language)
    assert isinstance(found, ColourBar)
    return [text for _, text in found.ticks]


def names(plan: StylePlan, language: str = "") -> list[str]:
    found = content(plan, language)
    assert isinstance(found, Classes)
    return [entry.text for entry in found.entries]


HOSTILE = [
    "x" * 10_000,
    "a very long name of a class " * 400,
    "<script>alert(1)</script>&amp;]]>\"'",
    "\u202eevil\u202c \u2066x\u2069",
    "line\nbreak\ttab\rreturn\x00\x1b\ufffe",
    "\ud800 lone",
    "العربية السلام עברית",
    "日本語の分類",
    "Z\u0341\u0342" * 200,
    " ",
    "\u200d\u200c",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_within_the_picture(text):
    """A name out of somebody's file would widen the picture, break the SVG or turn the line."""
    for plan in (
        palette(2, lambda n: text if n else "b"),
        ramp(0, 9, title=said(text), unit=text[:300]),
        ramp(0, 9, labels=((0.0, said(text)),)),
    ):
        drawing = lay_out(content(plan))
        assert drawing.width <= 340
        assert drawing.height <= 420
        assert_inside(drawing)
        root = etree.fromstring(legend_svg(drawing, "en"))
        assert {element.tag for element in root.iter()} <= {
            f"{SVG}{name}" for name in ("svg", "rect", "text", "linearGradient", "stop")
        }
        assert Image.open(BytesIO(legend_png(drawing))).size == (drawing.width, drawing.height)


def assert_inside(drawing: Drawing) -> None:
    for mark in drawing.marks:
        assert mark.x >= 0
        assert mark.x + mark.width <= drawing.width
        if isinstance(mark, Label):
            assert 9 <= mark.y <= drawing.height - 3
        else:
            assert mark.y + mark.height <= drawing.height


def assert_apart(drawing: Drawing) -> None:
    """No label is written over another."""
    labels = [mark for mark in drawing.marks if isinstance(mark, Label)]
    for one in labels:
        for other in labels:
            if one is not other and abs(one.y - other.y) < 12:
                assert one.x + one.width <= other.x or other.x + other.width <= one.x


@pytest.mark.parametrize("count", [1, 7, 20, 21, 40, 41, 100, 255, 256, 1000])
@pytest.mark.parametrize("words", [0, 1, 9])
def test_many_classes_stand_in_columns(count, words):
    """A column of 256 classes is higher than any screen."""
    plan = palette(count, lambda n: f"{n}" + " class" * words if words else "")
    drawing = lay_out(content(plan))
    assert drawing.width <= 1000
    assert drawing.height <= 1600
    assert_inside(drawing)
    assert_apart(drawing)
    if count > 256:
        assert content(plan).more == f"… and {count - 256} more"
        assert content(plan, "fr-CA").more == f"… et {count - 256} autres"


def test_classes_have_names_or_numbers():
    """Classes without a name beside ones that have it; colours that cannot be seen."""
    assert names(palette(3)) == ["0", "1", "2"]
    assert names(palette(3, lambda n: "" if n == 1 else f"c{n}")) == ["c0", "c2"]
    clear = StylePlan(
        "s",
        Text(),
        kind="palette",
        parameters={"colours": ((0, "#00000000"), (1, "#ffffff"), (2, "#ffffff")), "labels": ()},
        key=LegendKey(),
    )
    assert names(clear) == ["1", "2"]


def test_classes_of_one_name_and_colour_are_told_once():
    key = LegendKey(labels=((0.0, said("land")), (1.0, said("land")), (2.0, said("land"))))
    colours = ((0, "#ffffff"), (1, "#ffffff"), (2, "#000000"))
    parameters = {"colours": colours, "labels": ()}
    plan = StylePlan("s", Text(), kind="palette", parameters=parameters, key=key)
    assert names(plan) == ["land", "land"]


def test_intervals_are_those_of_the_colours():
    """A colour of a discrete ramp holds up to the next stop, and below the first one too."""
    plan = ramp(0, 100, 250.5, interpolation="discrete")
    assert names(plan) == ["≥ 250.5", "100.0 – 250.5", "< 100.0"]
    assert names(plan, "fr") == ["≥ 250,5", "100,0 – 250,5", "< 100,0"]
    assert names(ramp(1, 2, 5, interpolation="exact")) == ["1", "2", "5"]
    assert isinstance(content(ramp(*range(40), interpolation="discrete")), ColourBar)


def test_stops_have_their_values_beside_them():
    """What the operator wrote; uneven stops have places of their own, and stay true."""
    assert ticks(ramp(230, 330, 450, 600, 800)) == ["230", "330", "450", "600", "800"]
    log = ramp(0.1, 1, 10, 100, 1000)
    assert ticks(log, "fr") == ["0,1", "1", "10", "100", "1000"]
    assert [position for position, _ in content(log).ticks] == [0, 0.25, 0.5, 0.75, 1]
    assert ticks(ramp(0, 1000)) == ["0", "200", "400", "600", "800", "1000"]
    assert ticks(ramp(-12.3456, 37.891, name="viridis")) == ["−12.3", "0", "10", "20", "30", "37.9"]
    assert ticks(ramp(0, 1000, ticks=3)) == ["0", "500", "1000"]
    assert ticks(ramp(0, 10, decimals=2, ticks=2)) == ["0.00", "10.00"]
    labelled = ramp(0, 10, labels=((0.0, said("low")), (10.0, said("high")), (99.0, said("x"))))
    assert ticks(labelled) == ["low", "high"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.floats(-1e12, 1e12).map(lambda value: float(f"{value:.9g}")),
        min_size=1,
        max_size=40,
        unique=True,
    ),
    st.sampled_from(["linear", "discrete", "exact"]),
    st.sampled_from(["", "en", "fr"]),
)
def test_any_ramp_has_a_legend(values, interpolation, language):
    """Whatever the stops: nothing outside, nothing over something else, and always the same."""
    plan = ramp(*sorted(values), interpolation=interpolation)
    drawing = lay_out(content(plan, language))
    assert_inside(drawing)
    assert_apart(drawing)
    assert drawing == lay_out(content(plan, language))
    assert legend_size(plan, language) == (drawing.width, drawing.height)
    assert drawing.width <= 1000


@pytest.mark.parametrize(
    "values",
    [
        (-1.7e308, 1.7e308),
        (-1.7e308, 0.0, 5.0, 1.7e308),
        (0.0, 5e-324),
        (1.0, 1.0000000000000002),
        (1e9, 1e9 + 1e-6),
        (-1e-300, 1e-300),
        (0.0, 1e308),
        tuple(10.0**n for n in range(-300, 300, 20)),
    ],
)
@pytest.mark.parametrize("interpolation", ["linear", "discrete", "exact"])
def test_ranges_that_floats_can_hardly_divide(values, interpolation):
    """A catalogue with such a style would not load at all."""
    for key in ({}, {"ticks": 12}, {"decimals": 10}, {"labels": ((values[0], said("low")),)}):
        drawing = lay_out(content(ramp(*values, interpolation=interpolation, **key)))
        assert_inside(drawing)
        assert_apart(drawing)
        assert legend_png(drawing)
        assert etree.fromstring(legend_svg(drawing, "")) is not None


@pytest.mark.parametrize(
    "plan",
    [
        ramp(0, 100, 400, 500),
        ramp(0.1, 1, 10, 100, 1000),
        ramp(-5, 5, name="viridis"),
        ramp(0, 1, name="terrain"),
    ],
)
def test_a_tick_stands_beside_the_colour_of_its_value(plan):
    """A legend that shows another colour than the tiles have is worse than none."""
    drawing = lay_out(content(plan))
    picture = np.asarray(Image.open(BytesIO(legend_png(drawing))).convert("RGB"), np.int16)
    (bar,) = [mark for mark in drawing.marks if isinstance(mark, Bar)]
    how = colouring(plan)
    assert isinstance(how, Ramp)
    for position, text in content(plan).ticks:
        value = float(text.replace("−", "-"))
        expected = ramp_colours(np.array([[value]]), how)[0, 0, :3].astype(np.int16)
        # Within the frame, which covers the first and the last row.
        row = bar.y + min(bar.height - 2, max(1, round((1 - position) * (bar.height - 1))))
        assert np.abs(picture[row, bar.x + 5] - expected).max() <= 12, text


def test_pictures_are_as_large_as_said_and_always_the_same():
    """Two workers would serve two pictures with one ETag."""
    for plan in (palette(30), ramp(0, 5, 9), ramp(0, 5, interpolation="discrete")):
        drawing = lay_out(content(plan, "fr"))
        first, again = legend_png(drawing), legend_png(lay_out(content(plan, "fr")))
        assert first == again
        root = etree.fromstring(legend_svg(drawing, "fr"))
        size = (int(root.get("width")), int(root.get("height")))
        assert Image.open(BytesIO(first)).size == size == legend_size(plan, "fr")


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "text", ["Altitudes (m)", "Forêt dense: ≥ 250,5 km²", "Ωμέγα Ёлка", "AVAVA"]
)
def test_a_text_is_as_wide_as_its_letters(text, bold):
    """Kerning or ligatures would make layouts wrong by some pixels."""
    assert text_width(text, bold=bold) == math.ceil(font(text, bold=bold).getlength(text))


@given(st.text(max_size=80), st.integers(20, 300), st.integers(1, 3))
def test_lines_fit(text, width, lines):
    found = wrapped(cleaned(text), width, lines)
    assert len(found) <= lines
    assert all(text_width(line) <= width or len(line) <= 2 for line in found)


def test_shaped_scripts_are_not_wider_than_their_letters():
    """Arabic letters are joined, where the machine can; never beyond the picture."""
    for text in ("العربية السلام", "עברית שלום", "e\u0301te\u0301"):
        assert font(text).getlength(text) <= text_width(text) + 1


@pytest.mark.parametrize(
    ("value", "decimals", "language", "written"),
    [
        (0, 0, "", "0"),
        (-0.0, 1, "en", "0.0"),
        (-0.04, 1, "en", "0.0"),
        (1234, 0, "en", "1234"),
        (12345.5, 1, "en", "12\u202f345.5"),
        (12345.5, 1, "fr-CA", "12\u202f345,5"),
        (1234567, 0, "de", "1\u202f234\u202f567"),
        (-3.25, 2, "pl", "−3,25"),
        (3.25, 2, "de-CH", "3.25"),
        (2.5e12, 0, "fr", "2,5×10¹²"),
        (1e-7, 0, "en", "10⁻⁷"),
        (-1e10, 3, "", "−10¹⁰"),
    ],
)
def test_numbers_are_written_as_a_language_does(value, decimals, language, written):
    assert number_text(value, decimals, language) == written


@given(
    st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
    st.floats(1e-3, 1e9),
    st.integers(2, 12),
)
def test_round_ticks_are_within_and_about_as_many(low, width, count):
    high = low + width
    found = round_ticks(low, high, count)
    assert len(found) <= 2 * count + 2
    slack = width * 1e-6 + abs(low) * 1e-14
    assert all(low - slack <= value <= high + slack for value in found)
    assert list(found) == sorted(set(found))


async def test_pictures_are_kept_within_bounds():
    """Thousands of legends that somebody walks through would fill the memory."""
    plans = {f"l{n}": ramp(0, n + 1.5) for n in range(12)}
    layers = {name: FakeLayer((plan,)) for name, plan in plans.items()}
    painter = LegendPainter(layers, max_bytes=15_000)
    first = await painter.legend("l0", "s", "", "image/png")
    for name in layers:
        await painter.legend(name, "s", "", "image/png")
    assert painter.kept_bytes <= 15_000
    assert await painter.legend("l0", "s", "", "image/png") == first
    for layer, style in (("nope", "s"), ("l0", "nope")):
        with pytest.raises(NotFound):
            await painter.legend(layer, style, "", "image/png")


class FakeLayer(Layer):
    """A layer of which nothing but the styles is there."""

    def __init__(self, styles: tuple[StylePlan, ...]) -> None:
        object.__setattr__(self, "styles", styles)
