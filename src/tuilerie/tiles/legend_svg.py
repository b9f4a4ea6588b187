"""A legend as SVG, from its layout: sharp on every screen, its texts remain texts."""

from __future__ import annotations

from typing import Final

from tuilerie.protocols.xml import XmlWriter
from tuilerie.raster.legend import INK, Bar, Drawing, Frame, Label, Rect
from tuilerie.raster.lettering import BOLD_PX, PLAIN_PX, is_shaped
from tuilerie.raster.ramps import Rgba

__all__ = ["legend_svg"]

_FONTS: Final = "DejaVu Sans, Verdana, Geneva, Noto Sans, sans-serif"
"""Letters of the width that the layout counts with, where there are any."""


def legend_svg(drawing: Drawing, language: str) -> bytes:
    """Return the legend as a document whose width and height are those of the drawing."""
    width, height = str(drawing.width), str(drawing.height)
    xml = XmlWriter()
    attributes = [
        ("xmlns", "http://www.w3.org/2000/svg"),
        ("width", width),
        ("height", height),
        ("viewBox", f"0 0 {width} {height}"),
        ("font-family", _FONTS),
        ("fill", _hex(INK)),
    ]
    xml.start("svg", [*attributes, ("xml:lang", language)] if language else attributes)
    xml.empty("rect", [("width", width), ("height", height), ("fill", "#ffffff")])
    for mark in drawing.marks:
        match mark:
            case Rect():
                xml.empty("rect", [*_box(mark), *_fill(mark.fill)])
            case Frame(x, y, across, down, ink):
                # A line lies half on each side of where it is drawn.
                box = _box(Rect(x, y, across - 1, down - 1, ink), by=0.5)
                xml.empty("rect", [*box, ("fill", "none"), ("stroke", _hex(ink))])
            case Bar():
                _write_bar(xml, mark)
            case Label():
                _write_label(xml, mark)
    xml.end()
    return xml.document()


def _write_bar(xml: XmlWriter, bar: Bar) -> None:
    xml.start("linearGradient", [("id", "bar"), ("x2", "0"), ("y2", "1")])
    for offset, colour in bar.stops:
        attributes = [("offset", f"{offset:.6g}"), ("stop-color", _hex(colour))]
        if colour[3] < 255:
            attributes.append(("stop-opacity", f"{colour[3] / 255:.3g}"))
        xml.empty("stop", attributes)
    xml.end()
    box = _box(Rect(bar.x, bar.y, bar.width, bar.height, INK))
    xml.empty("rect", [*box, ("fill", "url(#bar)")])


def _write_label(xml: XmlWriter, label: Label) -> None:
    attributes = [
        ("x", str(label.x)),
        ("y", str(label.y)),
        ("font-size", str(BOLD_PX if label.bold else PLAIN_PX)),
    ]
    if label.bold:
        attributes.append(("font-weight", "bold"))
    if label.text and not is_shaped(label.text):
        # Other letters than ours would run out of the picture.
        attributes += [("textLength", str(label.width)), ("lengthAdjust", "spacingAndGlyphs")]
    xml.text("text", label.text, attributes)


def _box(rect: Rect, by: float = 0) -> list[tuple[str, str]]:
    x, y, width, height, _ = rect
    return [
        ("x", f"{x + by:g}"),
        ("y", f"{y + by:g}"),
        ("width", str(width)),
        ("height", str(height)),
    ]


def _fill(colour: Rgba) -> list[tuple[str, str]]:
    fill = [("fill", _hex(colour))]
    return fill if colour[3] == 255 else [*fill, ("fill-opacity", f"{colour[3] / 255:.3g}")]


def _hex(colour: Rgba) -> str:
    return "#" + bytes(colour[:3]).hex()
