"""What is different in a remote service since it was read before: pure, two values to a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tuilerie.grids import TileMatrixSet
from tuilerie.protocols.read_service import RemoteService
from tuilerie.protocols.wms.reading import RemoteMapLayer, RemoteWms
from tuilerie.protocols.wmts.reading import RemoteLayer, RemoteWmts
from tuilerie.protocols.xyz.templates import RemoteTiles

__all__ = ["Change", "changes"]

_SERVICE: Final = {
    "title": "texts", "abstract": "texts", "keywords": "texts", "provider": "texts",
    "fees": "conditions", "access_constraints": "conditions", "version": "version",
    "kvp_addresses": "addresses", "info_addresses": "addresses", "map_address": "addresses",
    "info_address": "addresses", "legend_address": "addresses", "formats": "formats",
    "info_formats": "information formats", "max_width": "limits", "max_height": "limits",
    "layer_limit": "limits", "encodings": "encodings",
}  # fmt: skip
_LAYER: Final = {
    "title": "texts", "abstract": "texts", "keywords": "texts", "attribution": "attribution",
    "wgs84_bounds": "bounds", "bounds": "bounds", "styles": "styles", "formats": "formats",
    "info_formats": "information formats", "queryable": "information formats",
    "dimensions": "dimensions", "links": "matrix sets or limits", "templates": "addresses",
    "crs": "CRSs", "min_scale_denominator": "scales", "max_scale_denominator": "scales",
    "format": "formats", "from_bottom": "addresses", "servers": "addresses",
    "limits": "matrix sets or limits", "restricted": "matrix sets or limits",
}  # fmt: skip
"""Attributes that are compared, and what a person calls them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a service that is not as it was.

    Attributes:
        what: happened to it.
        kind: of part.
        name: of the part, "" of the service itself.
        parts: what in it is different, if it is changed.
    """

    what: Literal["added", "removed", "changed"]
    kind: Literal["service", "layer", "matrix set"]
    name: str = ""
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = f" {self.name}" if self.name else ""
        parts = f": {', '.join(self.parts)}" if self.parts else ""
        return f"{self.kind}{name} {self.what}{parts}"


def changes(before: RemoteService, after: RemoteService) -> tuple[Change, ...]:
    """Return what is different, layers first; nothing if only the bytes are."""
    if type(before) is not type(after):
        return (Change("changed", "service", parts=("kind of service",)),)
    found: list[Change] = []
    if isinstance(before, RemoteTiles) and isinstance(after, RemoteTiles):
        parts = _different(before, after, _LAYER)
        if not _same_set(before.matrix_set, after.matrix_set):
            parts = (*parts, "matrix set")
        return (Change("changed", "layer", after.title, parts),) if parts else ()
    if isinstance(before, RemoteWmts) and isinstance(after, RemoteWmts):
        found += _layers(before.layers, after.layers)
        found += _sets(before.matrix_sets, after.matrix_sets)
    if isinstance(before, RemoteWms) and isinstance(after, RemoteWms):
        found += _layers(before.layers, after.layers)
    parts = _different(before, after, _SERVICE)
    if parts:
        found.append(Change("changed", "service", parts=parts))
    return tuple(found)


def _layers(
    before: Mapping[str, RemoteLayer] | Mapping[str, RemoteMapLayer],
    after: Mapping[str, RemoteLayer] | Mapping[str, RemoteMapLayer],
) -> list[Change]:
    found = [Change("removed", "layer", name) for name in before if name not in after]
    found += [Change("added", "layer", name) for name in after if name not in before]
    for name, layer in after.items():
        if name in before:
            parts = _different(before[name], layer, _LAYER)
            if parts:
                found.append(Change("changed", "layer", name, parts))
    return found


def _sets(before: Mapping[str, TileMatrixSet], after: Mapping[str, TileMatrixSet]) -> list[Change]:
    found = [Change("removed", "matrix set", name) for name in before if name not in after]
    found += [Change("added", "matrix set", name) for name in after if name not in before]
    found += [
        Change("changed", "matrix set", name)
        for name, tms in after.items()
        if name in before and not _same_set(before[name], tms)
    ]
    return found


def _same_set(before: TileMatrixSet, after: TileMatrixSet) -> bool:
    """Return whether two sets are alike; they are equal to nothing but themselves."""
    return before.crs == after.crs and before.matrices == after.matrices


def _different(before: Any, after: Any, names: Mapping[str, str]) -> tuple[str, ...]:
    parts = {
        word: None
        for name, word in names.items()
        if hasattr(before, name) and getattr(before, name) != getattr(after, name)
    }
    return tuple(parts)
