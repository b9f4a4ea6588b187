"""The patient half of `resolve.py`: the spellings of careless clients, and what is wrong.

Messages go into documents and logs, so what a client wrote is cut short and its control
characters are escaped before it is repeated.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tuilerie.catalogue.address import TileQuery
from tuilerie.catalogue.model import Catalogue, Layer, MatrixSetLink, StylePlan
from tuilerie.errors import InvalidParameter, MissingParameter, TileOutOfRange
from tuilerie.formats import ImageFormat, format_by_extension, format_by_media_type
from tuilerie.grids import TileMatrixSet

__all__ = ["Prefix", "canonical_matrix", "find_prefix", "missing", "out_of_range", "whole_number"]

_LONGEST_ECHO = 60
_LONGEST_FORMAT = 100
_MOST_NAMES = 30
_INTEGER = re.compile(r"[0-9]+|-0*[1-9][0-9]*")
_LONGEST_NUMBER = 20
_BEYOND = 10**10
"""Stands for numbers that are longer than any tile's."""
_ALIASES = ("jpeg", "image/jpg", "image/png8", "image/png;mode=8bit", "image/png;+mode=8bit")
"""Spellings of formats that are frequent enough to be remembered."""


class Prefix(NamedTuple):
    """What the first four parameters of a request mean.

    Attributes:
        spelling: (layer, style, format, matrix set) as asked, in strings of the catalogue; None
            where there is no end to such spellings, so that nothing should remember them.
    """

    layer: Layer
    style: StylePlan
    format: ImageFormat
    link: MatrixSetLink
    spelling: tuple[str, str, str, str] | None


def missing(**values: str) -> MissingParameter | None:
    """Return the error about the first parameter that has no value."""
    for locator, value in values.items():
        if not value:
            return MissingParameter(f"{locator} is missing or empty", locator)
    return None


def find_prefix(catalogue: Catalogue, query: TileQuery, *, strict: bool) -> Prefix:
    """Return what layer, style, format and matrix set of a request mean.

    Raises: MissingParameter, InvalidParameter with locator "Layer", "Style", "Format" or
        "TileMatrixSet".
    """
    fault = missing(
        Layer=query.layer,
        Style=query.style if strict else "default",
        Format=query.format,
        TileMatrixSet=query.matrix_set,
    )
    if fault is not None:
        raise fault
    layer = catalogue.layers.get(query.layer)
    if layer is None:
        raise InvalidParameter(f"there is no layer {_echo(query.layer)}", "Layer")
    style, style_text = _style(layer, query.style, strict=strict)
    found, format_text = _format(layer, query, strict=strict)
    link = layer.links.get(query.matrix_set)
    if link is None:
        raise _not_offered("TileMatrixSet", query.matrix_set, layer, list(layer.links))
    spelling = (
        (layer.identifier, style_text, format_text, link.matrix_set)
        if format_text is not None
        else None
    )
    return Prefix(layer, style, found, link, spelling)


def canonical_matrix(text: str, tms: TileMatrixSet, *, lenient: bool) -> str:
    """Return the identifier of a matrix, of whose set the identifier may stand in front.

    Raises: InvalidParameter (locator "TileMatrix").
    """
    names = [matrix.identifier for matrix in tms.matrices]
    prefix = f"{tms.identifier}:"
    for wanted in (text, text.removeprefix(prefix)) if lenient else (text,):
        if wanted in names:
            return names[names.index(wanted)]
    raise InvalidParameter(
        f"TileMatrix {_echo(text)} is not in {tms.identifier}, which has {_names(names)}",
        "TileMatrix",
    )


def whole_number(text: str, locator: str) -> int:
    """Return a number written in ASCII digits; a minus is allowed, to be out of range.

    Raises: InvalidParameter: anything else.
    """
    if not _INTEGER.fullmatch(text):
        raise InvalidParameter(f"{locator} {_echo(text)} is not a whole number", locator)
    if len(text) > _LONGEST_NUMBER:
        return -_BEYOND if text.startswith("-") else _BEYOND
    return int(text)


def out_of_range(
    locator: str, text: str, ends: tuple[int, int] | None, matrix: str, layer: str
) -> TileOutOfRange:
    """Return the error about a tile that is in no data; `ends` None = no tile of the matrix is."""
    if ends is None:
        message = f"layer {layer} has no tiles in matrix {matrix}"
    else:
        low, high = ends
        message = f"{locator} {_echo(text)} is not between {low} and {high} in matrix {matrix}"
    return TileOutOfRange(message, locator)


def _style(layer: Layer, text: str, *, strict: bool) -> tuple[StylePlan, str]:
    for style in layer.styles:
        if style.identifier == text:
            return style, style.identifier
    if not strict and text in ("", "default"):
        return layer.styles[0], "default" if text else ""
    names = [style.identifier for style in layer.styles]
    raise _not_offered("Style", text, layer, names)


def _format(layer: Layer, query: TileQuery, *, strict: bool) -> tuple[ImageFormat, str | None]:
    """Return the format, and its text if that is one of few."""
    text, by_extension = query.format, query.format_is_extension
    for fmt in layer.formats:
        own = fmt.extension if by_extension else fmt.media_type
        if own == text:
            return fmt, own
    if not strict and len(text) <= _LONGEST_FORMAT:
        try:
            known = (
                format_by_extension(text)
                if by_extension
                # A "+" is what is left of a blank where a form was not decoded.
                else format_by_media_type(text.replace("+", " "))
            )
        except KeyError:
            known = None
        if known is not None and known in layer.formats:
            return known, next((alias for alias in _ALIASES if alias == text), None)
    names = [fmt.extension if by_extension else fmt.media_type for fmt in layer.formats]
    raise _not_offered("Format", text, layer, names)


def _not_offered(locator: str, text: str, layer: Layer, names: list[str]) -> InvalidParameter:
    return InvalidParameter(
        f"{locator} {_echo(text)} is not offered by layer {layer.identifier}, which has "
        f"{_names(names)}",
        locator,
    )


def _names(names: list[str]) -> str:
    more = ", …" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _echo(text: str) -> str:
    """Return what a client wrote, in quotes, short and printable."""
    return repr(text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…")
