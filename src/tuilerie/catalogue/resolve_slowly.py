"""The patient half of `resolve.py`: the spellings of careless clients, and what is wrong.

Messages go into documents and logs, so what a client wrote is cut short and its control
characters are escaped before it is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, ParamSpec, TypeVar

from tuilerie.catalogue.address import TileQuery
from tuilerie.catalogue.echo import echo, some_names
from tuilerie.catalogue.layer_axes import NO_VALUES, LayerAxes, Values
from tuilerie.catalogue.model import Catalogue, Layer, MatrixSetLink, StylePlan
from tuilerie.errors import (
    InvalidParameter,
    MissingParameter,
    Rejection,
    RequestError,
    TileOutOfRange,
)
from tuilerie.formats import ImageFormat, format_by_extension, format_by_media_type
from tuilerie.grids import TileMatrixSet

__all__ = [
    "Prefix",
    "canonical_matrix",
    "check_range",
    "find_prefix",
    "judged",
    "missing",
    "not_offered",
    "outside",
    "rejected",
    "whole_number",
]

Found = TypeVar("Found")
Args = ParamSpec("Args")

_LONGEST_FORMAT = 100
_INTEGER = re.compile(r"[0-9]+|-0*[1-9][0-9]*")
_LONGEST_NUMBER = 20
_BEYOND = 10**10
"""Stands for numbers that are longer than any tile's."""
_ALIASES = ("jpeg", "image/jpg", "image/png8", "image/png;mode=8bit", "image/png;+mode=8bit")
"""Spellings of formats that are frequent enough to be remembered."""


class Prefix(NamedTuple):
    """What the first four parameters of a request mean.

    Attributes:
        values: those of the layer's dimensions; () where it has none.
        spelling: (layer, style, format, matrix set) as asked, in strings of the catalogue; None
            where there is no end to such spellings, so that nothing should remember them.
    """

    layer: Layer
    style: StylePlan
    format: ImageFormat
    link: MatrixSetLink
    spelling: tuple[str, str, str, str] | None
    values: Values = NO_VALUES


def find_prefix(catalogue: Catalogue, query: TileQuery, axes: LayerAxes, *, strict: bool) -> Prefix:
    """Return what layer, style, format, dimensions and matrix set of a request mean.

    `axes` finds the values of a layer's dimensions.

    Raises: MissingParameter, InvalidParameter with locator "Layer", "Style", "Format",
        "TileMatrixSet" or a dimension's identifier; a Rejection where several parameters are
        wrong, those of the tile included as far as they can be judged.
    """
    faults = missing(
        Layer=query.layer,
        Style=query.style if strict else "default",
        Format=query.format,
        TileMatrixSet=query.matrix_set,
    )
    layer = judged(faults, query.layer, _layer, catalogue, query.layer)
    if layer is not None:
        wanted = query.style or ("" if strict else "default")
        style = judged(faults, wanted, _style, layer, query.style, strict)
        form = judged(faults, query.format, _format, layer, query, strict)
        values = axes.find(layer, query.dimensions, faults) if layer.dimensions else NO_VALUES
        link = judged(faults, query.matrix_set, _link, layer, query.matrix_set)
        if style is not None and form is not None and link is not None and values is not None:
            return _prefix(layer, style, form, link)._replace(values=values)
    raise rejected([*faults, *_tile_faults(catalogue, query, layer, strict)])


def _prefix(
    layer: Layer,
    style: tuple[StylePlan, str],
    form: tuple[ImageFormat, str | None],
    link: MatrixSetLink,
) -> Prefix:
    spelling = None
    if form[1] is not None:
        spelling = (layer.identifier, style[1], form[1], link.matrix_set)
    return Prefix(layer, style[0], form[0], link, spelling)


def _tile_faults(
    catalogue: Catalogue, query: TileQuery, layer: Layer | None, strict: bool
) -> list[RequestError]:
    """Return what is wrong with a tile in itself, since there is no layer to ask about it."""
    faults = missing(TileMatrix=query.matrix, TileRow=query.row, TileCol=query.col)
    matrix_set = catalogue.matrix_sets.get(query.matrix_set)
    if matrix_set is not None:
        judged(faults, query.matrix, canonical_matrix, query.matrix, matrix_set, not strict)
    elif layer is None and query.matrix_set:
        unknown = "no layer uses TileMatrixSet {value}"
        value = echo(query.matrix_set)
        faults.insert(0, InvalidParameter(unknown, "TileMatrixSet", value=value))
    judged(faults, query.row, whole_number, query.row, "TileRow")
    judged(faults, query.col, whole_number, query.col, "TileCol")
    return faults


def judged(
    faults: list[RequestError],
    written: str,
    find: Callable[Args, Found],
    *args: Args.args,
    **kwargs: Args.kwargs,
) -> Found | None:
    """Return what is found for a parameter; None if it is absent, or at fault, which is noted."""
    if not written:
        return None
    try:
        return find(*args, **kwargs)
    except RequestError as fault:
        faults.append(fault)
        return None


def missing(**values: str) -> list[RequestError]:
    """Return the errors about parameters that have no value."""
    return [
        MissingParameter("{name} is missing or empty", locator, name=locator)
        for locator, value in values.items()
        if not value
    ]


def rejected(faults: Sequence[RequestError]) -> RequestError:
    """Return one error that tells all faults, missing parameters first."""
    told = sorted(faults, key=lambda fault: not isinstance(fault, MissingParameter))
    return told[0] if len(told) == 1 else Rejection(told)


def canonical_matrix(text: str, tms: TileMatrixSet, lenient: bool) -> str:
    """Return the identifier of a matrix, of whose set the identifier may stand in front.

    Raises: InvalidParameter (locator "TileMatrix").
    """
    names = [matrix.identifier for matrix in tms.matrices]
    prefix = f"{tms.identifier}:"
    for wanted in (text, text.removeprefix(prefix)) if lenient else (text,):
        if wanted in names:
            return names[names.index(wanted)]
    raise InvalidParameter(
        "TileMatrix {value} is not in {matrix_set}, which has {names}",
        "TileMatrix",
        value=echo(text),
        matrix_set=tms.identifier,
        names=some_names(names),
    )


def whole_number(text: str, locator: str) -> int:
    """Return a number written in ASCII digits; a minus is allowed, to be out of range.

    Raises: InvalidParameter: anything else.
    """
    if not _INTEGER.fullmatch(text):
        raise InvalidParameter(
            "{name} {value} is not a whole number", locator, name=locator, value=echo(text)
        )
    if len(text) > _LONGEST_NUMBER:
        return -_BEYOND if text.startswith("-") else _BEYOND
    return int(text)


def outside(layer: str, matrix: str) -> TileOutOfRange:
    """Return the error about a matrix of which no tile is in the data."""
    told = "layer {layer} has no tiles in matrix {matrix}"
    return TileOutOfRange(told, "TileRow", layer=layer, matrix=matrix)


def check_range(
    number: int,
    low: int,
    high: int,
    locator: str,
    text: str,
    matrix: str,
    kind: type[RequestError] = TileOutOfRange,
) -> None:
    """Raise an error of a kind for a row or column that is not between two others."""
    if not low <= number <= high:
        raise kind(
            "{name} {value} is not between {low} and {high} in matrix {matrix}",
            locator,
            name=locator,
            value=echo(text),
            low=low,
            high=high,
            matrix=matrix,
        )


def _layer(catalogue: Catalogue, text: str) -> Layer:
    layer = catalogue.layers.get(text)
    if layer is None:
        raise InvalidParameter("there is no layer {layer}", "Layer", layer=echo(text))
    return layer


def _link(layer: Layer, text: str) -> MatrixSetLink:
    link = layer.links.get(text)
    if link is None:
        raise not_offered("TileMatrixSet", text, layer, list(layer.links))
    return link


def _style(layer: Layer, text: str, strict: bool) -> tuple[StylePlan, str]:
    for style in layer.styles:
        if style.identifier == text:
            return style, style.identifier
    if not strict and text in ("", "default"):
        return layer.styles[0], "default" if text else ""
    names = [style.identifier for style in layer.styles]
    raise not_offered("Style", text, layer, names)


def _format(layer: Layer, query: TileQuery, strict: bool) -> tuple[ImageFormat, str | None]:
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
    raise not_offered("Format", text, layer, names)


def not_offered(locator: str, text: str, layer: Layer, names: list[str]) -> InvalidParameter:
    """Return the error about a value that is not among those of a layer."""
    return InvalidParameter(
        "{name} {value} is not offered by layer {layer}, which has {names}",
        locator,
        name=locator,
        value=echo(text),
        layer=layer.identifier,
        names=some_names(names),
    )
