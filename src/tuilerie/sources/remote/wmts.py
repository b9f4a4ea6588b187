"""A layer of another WMTS: what it is, and its tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from tuilerie.catalogue.dimensions import Dimension
from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.model import MatrixLimits, SourceDescription, SourceStyle
from tuilerie.catalogue.remote_sources import WmtsSource
from tuilerie.errors import CatalogueError, Problem
from tuilerie.formats import JPEG
from tuilerie.grids import TileIndex, TileMatrixSet
from tuilerie.protocols.wmts.reading import RemoteLayer, RemoteLink, RemoteWmts, tile_address
from tuilerie.sources.base import TileOffer
from tuilerie.sources.remote.carried_styles import (
    RemoteLook,
    RemoteValues,
    Spellings,
    carried_dimensions,
    carried_styles,
)
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.extents import (
    degrees_in,
    extent_of_limits,
    picture_description,
)
from tuilerie.sources.remote.feature_info import RemoteInfo, ask_wmts
from tuilerie.sources.remote.formats_of_remote import (
    info_formats,
    pictures_among,
    really,
    their_formats,
)
from tuilerie.sources.remote.from_options import error_pictures
from tuilerie.sources.remote.legends import carried_legends
from tuilerie.sources.remote.relayed_tiles import AddressOf, RemoteTileSource

__all__ = ["TOLERANCE_PX", "describe_wmts", "wmts_info", "wmts_styles", "wmts_tiles"]

TOLERANCE_PX = 1 / 32
"""How far the remote's tiles may lie from ours and still be the same: documents round."""


def describe_wmts(settings: WmtsSource, service: RemoteWmts) -> SourceDescription:
    """Return what a layer of a WMTS is.

    Raises: CatalogueError: there is no such layer, style, format or matrix set; all of it.
    """
    layer = _layer(settings, service)
    problems = [*_problems(settings, layer)]
    if problems:
        raise CatalogueError(problems)
    links = _links(settings, layer)
    tms = service.matrix_sets[links[0].matrix_set]
    limits = limits_of(tms, links[0])
    extent = extent_of_limits(tms, limits)
    box = layer.bounds.get(tms.crs) or degrees_in(layer.wgs84_bounds, tms.crs) or extent
    finest = [matrix for matrix in tms.matrices if matrix.identifier in limits][-1]
    formats = pictures_among(layer.formats, settings.format)
    dimensions, _, warnings = _dimensions(layer)
    described = picture_description(
        tms.crs,
        box.intersection(extent) or extent,
        finest.cell_size,
        degrees=layer.wgs84_bounds,
        transparent=JPEG not in really(formats[0]) or len(really(formats[0])) > 1,
        fingerprint=fingerprint("wmts", layer.identifier, formats[0]),
        tile_formats=really(formats[0]),
    )
    return replace(
        described,
        title=layer.title,
        abstract=layer.abstract,
        keywords=layer.keywords,
        attribution=settings.attribution or service.provider,
        styles=_styles(settings, layer),
        dimensions=dimensions,
        info_formats=info_formats(_info_types(service, layer)),
        warnings=warnings,
        remote=_trimmed(service, layer, links),
    )


def wmts_tiles(
    settings: WmtsSource, service: RemoteWmts, identifier: str, client: RemoteClient
) -> list[RemoteTileSource]:
    """Return the tiles of a layer, in every matrix set and format that may be used.

    Args:
        service: that the layer was described by.
        identifier: of the source in the catalogue.
    """
    layer = _layer(settings, service)
    _, spellings, _ = _dimensions(layer)
    styles = {style.identifier: style.name for style in _styles(settings, layer)}
    return [
        RemoteTileSource(
            TileOffer(
                identifier,
                tms,
                really(media_type),
                limits_of(tms, link),
                side_by_side=2 * settings.options.max_connections,
                remote=True,
                tolerance_px=TOLERANCE_PX,
            ),
            client,
            _addresses(service, layer, media_type, link),
            media_type=media_type,
            styles=styles,
            spellings=spellings,
            error_pictures=error_pictures(settings.options),
        )
        for media_type in pictures_among(layer.formats, settings.format)
        for link in _links(settings, layer)
        for tms in [service.matrix_sets[link.matrix_set]]
    ]


def wmts_info(
    settings: WmtsSource,
    service: RemoteWmts,
    identifier: str,
    client: RemoteClient,
    offers: Sequence[TileOffer],
) -> RemoteInfo | None:
    """Return what asks about places; None where the remote cannot be asked.

    Args:
        offers: the layer's tiles, those of the preferred format first.
    """
    layer = _layer(settings, service)
    formats = their_formats(_info_types(service, layer))
    if not formats:
        return None
    _, spellings, _ = _dimensions(layer)
    styles = {style.identifier: style.name for style in _styles(settings, layer)}
    media_type = pictures_among(layer.formats, settings.format)[0]
    address = ask_wmts(service, layer, offers, media_type, styles, spellings)
    return RemoteInfo(identifier, formats, address, client)


def wmts_styles(settings: WmtsSource, service: RemoteWmts) -> tuple[SourceStyle, ...]:
    """Return the styles of a layer as it is described, the default first."""
    return _styles(settings, _layer(settings, service))


def _info_types(service: RemoteWmts, layer: RemoteLayer) -> tuple[str, ...]:
    """Return the formats that can be asked for, in the encoding that the operator has chosen."""
    if service.info_addresses and service.encoding != "rest":
        return layer.info_formats
    if service.encoding == "kvp":
        return ()
    offered = [each.format for each in layer.templates if each.kind == "FeatureInfo"]
    return tuple(dict.fromkeys(offered)) if all(offered) else layer.info_formats


def limits_of(tms: TileMatrixSet, link: RemoteLink) -> Mapping[str, MatrixLimits]:
    """Return by matrix which tiles may exist."""
    found = {}
    for matrix in tms.matrices:
        said = link.limits.get(matrix.identifier)
        if said is not None:
            found[matrix.identifier] = MatrixLimits(*said)
        elif not link.restricted:
            found[matrix.identifier] = MatrixLimits(
                0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1
            )
    return found


def _addresses(
    service: RemoteWmts, layer: RemoteLayer, media_type: str, link: RemoteLink
) -> AddressOf:
    def address_of(index: TileIndex, style: str, dimensions: Mapping[str, str]) -> str:
        return tile_address(service, layer, style, media_type, link, index, dimensions)

    return address_of


def _layer(settings: WmtsSource, service: RemoteWmts) -> RemoteLayer:
    wanted = settings.layer
    if wanted is None and len(service.layers) == 1:
        return next(iter(service.layers.values()))
    if wanted is None:
        raise CatalogueError(
            [
                Problem(
                    "the remote has several layers", f"write layer: one of {listed(service.layers)}"
                )
            ]
        )
    if wanted not in service.layers:
        near = get_close_matches(wanted, service.layers, 3)
        raise CatalogueError(
            [
                Problem(
                    f"the remote has no layer {wanted[:80]!r}",
                    f"it has {listed(near or list(service.layers))}",
                    "layer",
                )
            ]
        )
    return service.layers[wanted]


def _problems(settings: WmtsSource, layer: RemoteLayer) -> list[Problem]:
    found = []
    sets = [link.matrix_set for link in layer.links]
    styles = [style.identifier for style in layer.styles]
    if settings.matrix_set is not None and settings.matrix_set not in sets:
        found.append(_absent("matrix set", settings.matrix_set, sets, "matrix_set"))
    if settings.style is not None and settings.style not in styles:
        found.append(_absent("style", settings.style, styles, "style"))
    if settings.format is not None and settings.format not in layer.formats:
        found.append(_absent("format", settings.format, list(layer.formats), "format"))
    elif not pictures_among(layer.formats, settings.format):
        found.append(
            Problem(
                f"none of the remote's formats can be read here: {listed(layer.formats)}",
                "PNG, JPEG, WebP and AVIF can",
                "format" if settings.format else "layer",
            )
        )
    return found


def _absent(what: str, wanted: str, there: list[str], pointer: str) -> Problem:
    return Problem(
        f"the remote's layer has no {what} {wanted[:80]!r}", f"it has {listed(there)}", pointer
    )


def _links(settings: WmtsSource, layer: RemoteLayer) -> tuple[RemoteLink, ...]:
    if settings.matrix_set is not None:
        return (layer.link(settings.matrix_set),)
    return layer.links


def _styles(settings: WmtsSource, layer: RemoteLayer) -> tuple[SourceStyle, ...]:
    default = layer.default_style if settings.style is None else settings.style
    return carried_styles(
        [
            RemoteLook(
                style.identifier, style.title, style.abstract, carried_legends(style.legends)
            )
            for style in layer.styles
        ],
        default,
    )


def _dimensions(layer: RemoteLayer) -> tuple[tuple[Dimension, ...], Spellings, tuple[str, ...]]:
    return carried_dimensions(
        RemoteValues(
            each.identifier,
            each.title,
            each.unit,
            each.unit_symbol,
            each.default,
            each.values,
            each.current,
        )
        for each in layer.dimensions
    )


def _trimmed(service: RemoteWmts, layer: RemoteLayer, links: tuple[RemoteLink, ...]) -> RemoteWmts:
    """Return of a service what one layer needs: the whole may be megabytes."""
    return replace(
        service,
        layers={layer.identifier: layer},
        matrix_sets={link.matrix_set: service.matrix_sets[link.matrix_set] for link in links},
        warnings=(),
    )
