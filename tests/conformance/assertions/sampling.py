"""What the suite asks for: the middle of every list, and nine tiles of every matrix.

Of a list of even length it is not known here which of the two it takes; the lists of the
catalogue that is made for it are of odd length where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeVar

from tests.conformance.assertions.asking import Request
from tests.conformance.assertions.service import NS, Service
from tests.journeys.published import Limits, Matrix

__all__ = [
    "capabilities_request",
    "dimensions_of",
    "layers",
    "limited_layer",
    "middle",
    "request_for",
    "requests_for_every_matrix",
    "unlimited_layer",
]

Item = TypeVar("Item")


def middle(items: Sequence[Item]) -> Item:
    """The middle one; the first of two."""
    return items[(len(items) - 1) // 2]


def capabilities_request(**values: str) -> Request:
    """A GetCapabilities with what is mandatory, and more."""
    sample = {"service": "WMTS", "request": "GetCapabilities"}
    return Request({**sample, **values}, sample)


class Dimension(NamedTuple):
    """A dimension of a layer as the document has it."""

    identifier: str
    default: str
    current: bool
    values: tuple[str, ...]


def dimensions_of(service: Service, layer: str) -> tuple[Dimension, ...]:
    """The dimensions of a layer."""
    return tuple(
        Dimension(
            found.findtext("ows:Identifier", "", NS),
            found.findtext("w:Default", "", NS),
            found.findtext("w:Current", "", NS) in ("true", "1"),
            tuple(value.text for value in found.iterfind("w:Value", NS)),
        )
        for found in service.layer(layer).iterfind("w:Dimension", NS)
    )


def layers(service: Service, *, info: bool = False) -> list[str]:
    """Layers that need no dimension said; with `info` those that can be asked what is there."""
    return [
        identifier
        for identifier in service.capabilities.layers
        if all(dimension.default for dimension in dimensions_of(service, identifier))
        and (not info or service.texts(identifier, "w:InfoFormat"))
    ]


def limited_layer(service: Service, *, info: bool = False) -> tuple[str, str]:
    """A layer and a matrix set of which limits are told."""
    return _linked(service, info=info, limited=True)


def unlimited_layer(service: Service, *, info: bool = False) -> tuple[str, str]:
    """A layer and a matrix set without limits."""
    return _linked(service, info=info, limited=False)


def _linked(service: Service, *, info: bool, limited: bool) -> tuple[str, str]:
    return next(
        (layer, matrix_set)
        for layer in layers(service, info=info)
        for matrix_set, limits in service.capabilities.layers[layer].limits.items()
        if bool(limits) is limited
    )


def request_for(
    service: Service,
    layer: str = "",
    matrix_set: str = "",
    matrix: str = "",
    *,
    info: bool = False,
    **values: str,
) -> Request:
    """A right request for the middle of everything; with `info` GetFeatureInfo, else GetTile.

    A dimension is not said: it has a default.
    """
    capabilities = service.capabilities
    layer = layer or middle(layers(service, info=info))
    published = capabilities.layers[layer]
    matrix_set = matrix_set or middle(list(published.limits))
    matrices = capabilities.matrix_sets[matrix_set].matrices
    chosen = matrices[matrix or middle(list(matrices))]
    rows, cols = _range(chosen, published.limits[matrix_set].get(chosen.identifier))
    right = {
        "service": "WMTS",
        "request": "GetFeatureInfo" if info else "GetTile",
        "version": "1.0.0",
        "Layer": layer,
        "Style": middle(published.styles),
        "Format": middle(published.formats),
        "TileMatrixSet": matrix_set,
        "TileMatrix": chosen.identifier,
        "TileRow": str(middle(rows)),
        "TileCol": str(middle(cols)),
    }
    for dimension in dimensions_of(service, layer):
        # A resource has a step for each; the others may leave it out, but need not.
        right[dimension.identifier] = dimension.default
    if info:
        right["J"] = str(chosen.tile_height // 2)
        right["I"] = str(chosen.tile_width // 2)
        right["InfoFormat"] = middle(service.texts(layer, "w:InfoFormat"))
    right |= values
    return Request(right, right)


def requests_for_every_matrix(service: Service, *, info: bool = False) -> Iterator[Request]:
    """Nine tiles of every matrix of the middle link of the middle layer."""
    one = request_for(service, info=info)
    layer, matrix_set = one.sample["Layer"], one.sample["TileMatrixSet"]
    for matrix in service.capabilities.matrix_sets[matrix_set].matrices.values():
        limits = service.capabilities.layers[layer].limits[matrix_set].get(matrix.identifier)
        rows, cols = _range(matrix, limits)
        for row, col in product(_ends(rows), _ends(cols)):
            yield one.but(TileMatrix=matrix.identifier, TileRow=str(row), TileCol=str(col))


def _range(matrix: Matrix, limits: Limits | None) -> tuple[range, range]:
    """Rows and columns; without limits only the matrix limits them (Table 10)."""
    if limits is None:
        return range(matrix.height), range(matrix.width)
    return range(limits.min_row, limits.max_row + 1), range(limits.min_col, limits.max_col + 1)


def _ends(numbers: range) -> list[int]:
    return sorted({numbers[0], middle(numbers), numbers[-1]})
