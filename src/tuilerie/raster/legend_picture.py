"""A legend as a PNG, from its layout."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from tuilerie.raster.legend import INK, Bar, Drawing, Frame, Label, Rect
from tuilerie.raster.lettering import font

__all__ = ["legend_png"]

_PAPER = (255, 255, 255)


def legend_png(drawing: Drawing) -> bytes:
    """Return the picture of a legend on white; the same bytes for the same drawing."""
    image = Image.new("RGB", (drawing.width, drawing.height), _PAPER)
    # In mode "RGBA" a pen mixes what it draws with what is there.
    pen = ImageDraw.Draw(image, "RGBA")
    for mark in drawing.marks:
        match mark:
            case Rect(x, y, width, height, fill):
                pen.rectangle((x, y, x + width - 1, y + height - 1), fill=fill)
            case Frame(x, y, width, height, ink):
                pen.rectangle((x, y, x + width - 1, y + height - 1), outline=ink)
            case Bar():
                _draw_bar(image, mark)
            case Label(x, y, text, _, bold):
                pen.text((x, y), text, fill=INK, font=font(text, bold=bold), anchor="ls")
    data = BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()


def _draw_bar(image: Image.Image, bar: Bar) -> None:
    """Give each row the colour of its middle."""
    offsets = np.array([offset for offset, _ in bar.stops])
    colours = np.array([colour for _, colour in bar.stops], np.float64)
    middles = (np.arange(bar.height) + 0.5) / bar.height
    rows = np.stack([np.interp(middles, offsets, colours[:, n]) for n in range(4)], axis=1)
    pixels = np.repeat(np.rint(rows).astype(np.uint8)[:, None], bar.width, axis=1)
    strip = Image.fromarray(pixels)
    image.paste(strip, (bar.x, bar.y), strip)
