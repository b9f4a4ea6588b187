"""Descriptions of sources that are made of others: of their members', without looking at data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from tuilerie.catalogue.coverage import Coverage
from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.model import BandDescription, Layer, SourceDescription
from tuilerie.catalogue.places import join_pointer
from tuilerie.catalogue.remote_sources import deciding
from tuilerie.catalogue.source_links import members_of
from tuilerie.catalogue.texts import credits_of
from tuilerie.catalogue.tile_sources import ByMatrixSource, FallbackSource, LayerSource
from tuilerie.errors import Problem
from tuilerie.formats import JPEG, MIXED, PNG, PNG8, ImageFormat
from tuilerie.grids import BoundingBox, Crs, TileMatrixSet, named_matrix_set, transform_bounds

__all__ = ["Descriptions", "layer_order", "resolved_layer_source"]


def layer_order(document: CatalogueDocument) -> list[str]:
    """Return the layers so that those whose tiles others show come before these."""
    ordered: dict[str, None] = {}
    for identifier in document.layers:
        _order(identifier, document, ordered, set())
    return list(ordered)


def _order(
    identifier: str, document: CatalogueDocument, ordered: dict[str, None], under_way: set[str]
) -> None:
    if identifier in ordered or identifier in under_way or identifier not in document.layers:
        return
    under_way.add(identifier)
    for needed in _layers_behind(document.layers[identifier].source, document, set()):
        _order(needed, document, ordered, under_way)
    ordered[identifier] = None


def _layers_behind(source: str, document: CatalogueDocument, seen: set[str]) -> list[str]:
    if source in seen or source not in document.sources:
        return []
    seen.add(source)
    found = []
    for (what, name), _ in members_of(document.sources[source]):
        found += [name] if what == "layer" else _layers_behind(name, document, seen)
    return found


def resolved_layer_source(settings: LayerSource, layer: Layer) -> LayerSource:
    """Return the settings with every default of a layer as a source filled in."""
    usual = PNG if PNG in layer.formats else layer.formats[0]
    return settings.model_copy(
        update={
            "style": settings.style or layer.styles[0].identifier,
            "format": settings.format or usual,
            "matrix_set": settings.matrix_set or next(iter(layer.links)),
        }
    )


class Descriptions:
    """Says of any source what it is; each is worked out once.

    Args:
        described: the sources that were examined.
        matrix_sets: the document's own.
        layers: those compiled so far; filled by the caller in `layer_order`.
        problems: where what does not fit together is added.
    """

    def __init__(
        self,
        document: CatalogueDocument,
        described: Mapping[str, SourceDescription],
        matrix_sets: Mapping[str, TileMatrixSet],
        layers: Mapping[str, Layer],
        problems: list[Problem],
    ) -> None:
        self._sources = document.sources
        self._described: dict[str, SourceDescription | None] = dict(described)
        self._matrix_sets = matrix_sets
        self._layers = layers
        self._problems = problems

    def of(self, identifier: str) -> SourceDescription | None:
        """Return the description; None if there is none, which was reported."""
        if identifier not in self._described:
            self._described[identifier] = None  # also what a circle finds on its way back
            self._described[identifier] = self._work_out(identifier)
        return self._described[identifier]

    def _work_out(self, identifier: str) -> SourceDescription | None:
        settings = self._sources.get(identifier)
        match settings:
            case LayerSource():
                return self._of_layer(identifier, settings)
            case FallbackSource():
                return self._together(identifier, settings, settings.sources, 0)
            case ByMatrixSource():
                names = [part.source for part in settings.parts]
                return self._together(identifier, settings, names, -1)
        return None

    def _of_layer(self, identifier: str, written: LayerSource) -> SourceDescription | None:
        layer = self._layers.get(written.layer)
        if layer is None:
            return None
        styles = {style.identifier: style for style in layer.styles}
        settings = resolved_layer_source(written, layer)
        style, image_format = settings.style or "", settings.format or PNG
        good = not layer.dimensions
        if layer.dimensions:
            self._report(
                f"the layer {layer.identifier!r} has dimensions, so its tiles are not one map",
                "use the layer's source instead",
                join_pointer("sources", identifier, "layer"),
            )
        for what, name, known in (
            ("style", style, tuple(styles)),
            ("format", image_format, layer.formats),
            ("matrix_set", settings.matrix_set or "", tuple(layer.links)),
        ):
            if name not in known:
                good = False
                shown = [getattr(each, "media_type", each) for each in known]
                self._report(
                    f"the layer {layer.identifier!r} has no {what.replace('_', ' ')} "
                    f"{getattr(name, 'media_type', name)!r}",
                    f"it has {listed(shown)}",
                    join_pointer("sources", identifier, what),
                )
        if not good:
            return None
        link = layer.links[settings.matrix_set or ""]
        tms = self._matrix_set(link.matrix_set)
        bounds = link.bounds or tms.matrices[-1].bounds
        limits = link.limits
        native = limits.native if isinstance(limits, Coverage) else list(limits)[-1]
        cell_size = tms.cell_size(native)
        return SourceDescription(
            kind="picture",
            crs=tms.crs.text,
            bounds=bounds,
            wgs84_bounds=layer.wgs84_bounds,
            cell_size=cell_size,
            width=max(1, round(bounds.width / cell_size)),
            height=max(1, round(bounds.height / cell_size)),
            bands=(BandDescription("uint8"),) * (4 if image_format.transparent else 3),
            transparent=image_format.transparent,
            fingerprint=fingerprint(
                layer.generation,
                styles[style].fingerprint,
                link.fingerprint,
                layer.encoding.deciding(image_format),
                image_format.media_type,
            ),
            tells=False,
            tile_formats=_really(image_format),
            attribution=layer.attribution.best(),
        )

    def _together(
        self, identifier: str, settings: Any, names: Sequence[str], chief: int
    ) -> SourceDescription | None:
        """Return what several sources are as one; `chief` is the one whose CRS counts."""
        members = [self.of(name) for name in names]
        known = [member for member in members if member is not None]
        if len(known) < len(members):
            return None
        varied = [name for name, member in zip(names, known, strict=True) if member.series]
        if varied:
            self._report(
                f"the source {varied[0]!r} has a map for each value, of which no part can be shown",
                "make a layer of it alone",
                join_pointer("sources", identifier),
            )
            return None
        odd = [name for name, member in zip(names, known, strict=True) if member.kind != "picture"]
        if odd:
            self._report(
                f"the source {odd[0]!r} holds measurements or classes, not a picture",
                "make a layer of it, and a source of kind: layer of that",
                join_pointer("sources", identifier),
            )
            return None
        first = known[chief]
        crs = Crs.parse(first.crs)
        bounds = reduce(BoundingBox.union, [_bounds_in(member, crs) for member in known])
        return replace(
            first,
            bounds=bounds,
            wgs84_bounds=reduce(_degrees, [member.wgs84_bounds for member in known]),
            width=max(1, round(bounds.width / first.cell_size)),
            height=max(1, round(bounds.height / first.cell_size)),
            transparent=any(member.transparent for member in known) or bounds != first.bounds,
            tells=False,
            info_formats=(),
            styles=tuple(replace(style, legends=()) for style in first.styles),
            attribution=credits_of(member.attribution for member in known),
            remote=None,
            fingerprint=fingerprint(
                [member.fingerprint for member in known],
                deciding(settings),
                [deciding(self._sources[name]) for name in names],
            ),
        )

    def _matrix_set(self, name: str) -> TileMatrixSet:
        return self._matrix_sets[name] if name in self._matrix_sets else named_matrix_set(name)

    def _report(self, message: str, hint: str, pointer: str) -> None:
        self._problems.append(Problem(message, hint, pointer))


def _really(image_format: ImageFormat) -> tuple[ImageFormat, ...]:
    if image_format is MIXED:
        return (JPEG, PNG)
    return (PNG,) if image_format is PNG8 else (image_format,)


def _bounds_in(member: SourceDescription, crs: Crs) -> BoundingBox:
    own = Crs.parse(member.crs)
    return member.bounds if own == crs else transform_bounds(member.bounds, own, crs)


def _degrees(one: BoundingBox, other: BoundingBox) -> BoundingBox:
    """Return degrees around both; all around the Earth where one crosses the antimeridian."""
    if one.left <= one.right and other.left <= other.right:
        return one.union(other)
    if one == other:
        return one
    return BoundingBox(-180.0, min(one.bottom, other.bottom), 180.0, max(one.top, other.top))
