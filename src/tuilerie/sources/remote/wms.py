"""Layers of a WMS: what they are together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import reduce

from tuilerie.catalogue.dimensions import Dimension
from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.info import InfoFormat
from tuilerie.catalogue.model import SourceDescription, SourceStyle
from tuilerie.catalogue.remote_sources import WmsSource
from tuilerie.catalogue.texts import credits_of
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import WGS84, BoundingBox, Crs
from tuilerie.protocols.wms.reading import RemoteMapLayer, RemoteWms
from tuilerie.sources.remote.carried_styles import (
    RemoteLook,
    RemoteValues,
    Spellings,
    carried_dimensions,
    carried_styles,
)
from tuilerie.sources.remote.extents import WORLD, degrees_in, picture_description, projected
from tuilerie.sources.remote.formats_of_remote import info_formats, pictures_among, really
from tuilerie.sources.remote.legends import carried_legends

__all__ = ["USUAL_CELL_M", "WmsPlan", "describe_wms", "wms_plan"]

USUAL_CELL_M = 0.298
"""Metres of a pixel beyond which a WMS is not asked for finer maps, if nobody says another."""
_MERCATOR = Crs("EPSG:3857")
_METRES_PER_DEGREE = 111_319.49
_MOST_CANDIDATES = 12


class WmsPlan:
    """How the layers of a source are asked for: its settings and the remote's document together.

    Args:
        settings, service: of the source; `_problems` found nothing.

    Attributes:
        layers: names, the lowest first.
        styles: what is asked for by our identifier of a style; one for each layer.
        media_type: of maps.
        offered: texts of the CRSs that may be asked for.
        candidates: of these, the ones that others are drawn from, the preferred first.
        degrees: where the layers have something; None = not known.
    """

    def __init__(self, settings: WmsSource, service: RemoteWms) -> None:
        self.service = _in_version(settings, service)
        self.layers = settings.layers
        self.own_styles = _own_styles(settings, service)
        self.styles: dict[str, tuple[str, ...]]
        self.styles = {style.identifier: (style.name,) for style in self.own_styles}
        if len(settings.layers) > 1:
            self.styles = {"default": settings.styles or ("",) * len(settings.layers)}
        self.media_type = _format(settings, service)
        self.offered = _offered(settings, service)
        self.candidates = _candidates(settings, service, self.offered)
        layers = [service.layers[name] for name in settings.layers]
        boxes = [layer.wgs84_bounds for layer in layers]
        known = [box for box in boxes if box is not None]
        self.degrees: BoundingBox | None = None
        if settings.bounds is not None:
            self.degrees = BoundingBox(*settings.bounds)
        elif len(known) == len(boxes):
            self.degrees = reduce(BoundingBox.union, known)
        self._layers = layers
        self._settings = settings

    def bounds_in(self, crs: Crs) -> BoundingBox | None:
        """Return where the layers have something, in a CRS; None = not known."""
        if self._settings.bounds is None:
            boxes = [layer.bounds.get(crs) for layer in self._layers]
            known = [box for box in boxes if box is not None]
            if len(known) == len(boxes):
                return reduce(BoundingBox.union, known)
        return degrees_in(self.degrees, crs)


def wms_plan(settings: WmsSource, service: RemoteWms) -> WmsPlan:
    """Return how the layers are asked for.

    Raises: CatalogueError: the remote does not have what the settings say; all of it.
    """
    problems = [*_problems(settings, service)]
    if problems:
        raise CatalogueError(problems)
    return WmsPlan(settings, service)


def describe_wms(settings: WmsSource, service: RemoteWms) -> SourceDescription:
    """Return what the layers are together. Raises: CatalogueError."""
    plan = wms_plan(settings, service)
    crs = plan.candidates[0]
    bounds = plan.bounds_in(crs) or projected(WORLD, WGS84, crs) or crs_extent(crs)
    if bounds is None:
        raise CatalogueError(
            [Problem("nothing is known of where the layers lie", "write bounds:", "layers")]
        )
    cell_m = settings.cell_size or USUAL_CELL_M
    metres = _METRES_PER_DEGREE if crs.is_geographic else crs.metres_per_unit
    first = service.layers[settings.layers[0]]
    dimensions, _, warnings = wms_dimensions(settings, service)
    credit = credits_of(
        named.title for name in settings.layers if (named := service.layers[name].attribution)
    )
    described = picture_description(
        crs,
        bounds,
        cell_m / metres,
        degrees=plan.degrees,
        transparent=settings.transparent and really(plan.media_type)[0].transparent,
        fingerprint=fingerprint("wms", settings.layers, plan.media_type),
    )
    return replace(
        described,
        title=first.title if len(settings.layers) == 1 else "",
        abstract=first.abstract if len(settings.layers) == 1 else "",
        keywords=first.keywords if len(settings.layers) == 1 else (),
        attribution=settings.attribution or credit or service.provider,
        styles=plan.own_styles,
        dimensions=dimensions,
        info_formats=wms_info_formats(settings, service),
        warnings=warnings,
        remote=replace(
            service,
            layers={name: service.layers[name] for name in settings.layers},
            headings=(),
            tile_sets=(),
            warnings=(),
        ),
    )


def wms_info_formats(settings: WmsSource, service: RemoteWms) -> tuple[InfoFormat, ...]:
    """Return our formats in which the layers can be asked about places: all of them must."""
    if not service.info_address or not all(
        service.layers[name].queryable for name in settings.layers
    ):
        return ()
    return info_formats(service.info_formats)


def crs_extent(crs: Crs) -> BoundingBox | None:
    """Return the rectangle of a CRS's area of use, in its units."""
    return degrees_in(crs.area_of_use, crs)


def wms_dimensions(
    settings: WmsSource, service: RemoteWms
) -> tuple[tuple[Dimension, ...], Spellings, tuple[str, ...]]:
    """Return the dimensions of all layers; of those with one name the first layer's."""
    found: dict[str, RemoteValues] = {}
    for name in settings.layers:
        for each in service.layers[name].dimensions:
            found.setdefault(
                each.name,
                RemoteValues(
                    each.name,
                    "",
                    each.units,
                    each.unit_symbol,
                    each.default,
                    each.values,
                    each.current,
                    each.nearest,
                ),
            )
    return carried_dimensions(found.values())


def _in_version(settings: WmsSource, service: RemoteWms) -> RemoteWms:
    if settings.version == "auto":
        return service
    return replace(service, version=settings.version)


def _own_styles(settings: WmsSource, service: RemoteWms) -> tuple[SourceStyle, ...]:
    """Return the styles that can be chosen: those of a single layer."""
    if len(settings.layers) > 1:
        return ()
    layer = service.layers[settings.layers[0]]
    wanted = settings.styles[0] if settings.styles else ""
    named = [
        RemoteLook(style.name, style.title, style.abstract, carried_legends(style.legends))
        for style in layer.styles
    ]
    if not any(look.name == wanted for look in named):
        if not wanted and named:
            # The first one listed is the default (OGC 06-042, 7.2.4.6.5).
            return carried_styles(named, named[0].name)
        named.insert(0, RemoteLook(wanted))
    return carried_styles(named, wanted)


def _problems(settings: WmsSource, service: RemoteWms) -> Iterator[Problem]:
    absent = False
    for n, name in enumerate(settings.layers):
        layer = service.layers.get(name)
        if layer is None:
            near = get_close_matches(name, service.layers, 3)
            yield Problem(
                f"the remote has no layer {name[:80]!r}",
                f"it has {listed(near or list(service.layers))}",
                f"layers/{n}",
            )
            absent = True
        elif layer.fixed_width or layer.fixed_height or layer.no_subsets:
            yield Problem(
                f"the layer {name[:80]!r} has a map of one size and place only", "", f"layers/{n}"
            )
        elif settings.styles and not _has_style(layer, settings.styles[n]):
            styles = [style.name for style in layer.styles]
            yield Problem(
                f"the layer {name[:80]!r} has no style {settings.styles[n][:80]!r}",
                f"it has {listed(styles)}" if styles else "",
                f"styles/{n}",
            )
    if service.layer_limit and len(settings.layers) > service.layer_limit:
        yield Problem(
            f"the remote draws {service.layer_limit} layers at once at most",
            "make several sources of them",
            "layers",
        )
    if not _format(settings, service):
        yield Problem(
            f"none of the remote's formats can be read here: {listed(service.formats)}",
            "PNG, JPEG, WebP and AVIF can",
            "format",
        )
    if not absent and not _offered(settings, service):
        yield Problem(
            "the layers have no CRS in common that may be asked for",
            "check crs:, or make several sources of them",
            "crs" if settings.crs else "layers",
        )


def _has_style(layer: RemoteMapLayer, name: str) -> bool:
    # A server may have styles that it does not list.
    return not name or not layer.styles or any(style.name == name for style in layer.styles)


def _format(settings: WmsSource, service: RemoteWms) -> str:
    """Return the media type of maps; PNG where there is a choice: nothing is lost, or opaque."""
    if settings.format is not None:
        return settings.format if really(settings.format) else ""
    usable = pictures_among(service.formats, None)
    plain = [each for each in usable if each == "image/png"]
    clear = [each for each in usable if really(each)[0].transparent]
    return next(iter([*plain, *clear, *usable]), "")


def _offered(settings: WmsSource, service: RemoteWms) -> frozenset[str]:
    """Return the texts of the CRSs in which all layers may be asked."""
    if service.origin_crs is not None:
        return frozenset({service.origin_crs.text})
    sets = [frozenset(service.layers[name].crs) for name in settings.layers]
    common = reduce(frozenset.intersection, sets)
    if not settings.crs:
        return common
    wanted = frozenset(Crs.parse(text).text for text in settings.crs)
    return wanted & common if common else wanted


def _candidates(
    settings: WmsSource, service: RemoteWms, offered: frozenset[str]
) -> tuple[Crs, ...]:
    """Return the CRSs to draw others from; those of the layers' own boxes come first."""
    layer = service.layers[settings.layers[0]]
    texts = [Crs.parse(text).text for text in settings.crs]
    texts += [_MERCATOR.text, *(crs.text for crs in layer.bounds), "EPSG:4326", "OGC:CRS84"]
    found: dict[Crs, None] = {}
    for text in [*texts, *sorted(offered)]:
        if text in offered and len(found) < _MOST_CANDIDATES:
            try:
                found[Crs.parse(text)] = None
            except ValueError:
                continue  # a code that only the remote knows
    return tuple(found)
