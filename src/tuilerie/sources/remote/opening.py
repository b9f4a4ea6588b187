"""From a remote source's settings and what its server says to what it is, and to its maps."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from urllib.parse import urlsplit

from tuilerie.catalogue.model import SourceDescription
from tuilerie.catalogue.remote_options import RemoteAccessOptions
from tuilerie.catalogue.remote_sources import RemoteSourceSettings, WmsSource, WmtsSource, XyzSource
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import TileIndex, TileMatrixSet
from tuilerie.protocols.discovery import candidates
from tuilerie.protocols.read_service import RemoteService
from tuilerie.protocols.wms.reading import RemoteWms
from tuilerie.protocols.wmts.reading import RemoteWmts
from tuilerie.protocols.xyz import RemoteTiles, tile_address
from tuilerie.protocols.xyz.templates import is_template
from tuilerie.sources.base import MapSource
from tuilerie.sources.matrix_choice import MatrixRule
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.descriptions import RemoteDescriptions
from tuilerie.sources.remote.feature_info import RemoteInfo, ask_wms
from tuilerie.sources.remote.formats_of_remote import their_formats
from tuilerie.sources.remote.from_options import address_policy, error_pictures, remote_settings
from tuilerie.sources.remote.grids_of_remote import SourceOfManyGrids
from tuilerie.sources.remote.legends import RemoteLegends
from tuilerie.sources.remote.tiles import describe_tiles, template_tiles
from tuilerie.sources.remote.wms import (
    describe_wms,
    wms_dimensions,
    wms_info_formats,
    wms_plan,
)
from tuilerie.sources.remote.wms_maps import WmsMapSource
from tuilerie.sources.remote.wmts import describe_wmts, wmts_info, wmts_styles, wmts_tiles
from tuilerie.sources.tiled import TilingRules
from tuilerie.telemetry import Meters

__all__ = ["USUAL_MAX_PX", "describe_remote", "open_remote"]

USUAL_MAX_PX = 2048
"""Width and height of a request to a WMS that says no other bound."""
_SERVERS = 26


def describe_remote(
    source: str,
    settings: RemoteSourceSettings,
    descriptions: RemoteDescriptions,
    matrix_set: TileMatrixSet | None = None,
) -> SourceDescription:
    """Return what a source that is another server is.

    Args:
        source: its identifier in the catalogue.
        descriptions: what servers say of themselves.
        matrix_set: of a template, as the settings name it.

    Raises: CatalogueError: with all that is wrong; pointers are from the source's block.
    """
    found = descriptions.get(source, settings, matrix_set=matrix_set)
    described = _described(settings, found.service)
    if found.fault:
        # Its stored tiles, and whatever it said before, are as good as they were.
        return replace(described, warnings=(*described.warnings, found.fault))
    return described


def _described(settings: RemoteSourceSettings, service: RemoteService) -> SourceDescription:
    match settings, service:
        case WmtsSource(), RemoteWmts():
            return describe_wmts(settings, service)
        case WmsSource(), RemoteWms():
            return describe_wms(settings, service)
        case XyzSource(), RemoteTiles():
            return describe_tiles(settings, service)
    what = f"this is not the address of a {settings.kind.upper()}"
    raise CatalogueError([Problem(what, "", "url")])


def open_remote(
    source: str,
    settings: RemoteSourceSettings,
    service: RemoteService,
    *,
    access: RemoteAccessOptions,
    executor: Executor,
    meters: Meters,
) -> MapSource:
    """Return the source; nothing is connected to before the first tile.

    Args:
        service: what `describe_remote` put down as `remote`.
        access: which addresses may be asked.
        executor: threads in which pixels are made.
        meters: told of every request.
    """
    client = RemoteClient(
        source,
        remote_settings(settings.options),
        _homes(settings, service),
        policy=address_policy(access, trusted=True),
        meters=meters,
    )
    info = legends = None
    match settings, service:
        case WmtsSource(), RemoteWmts():
            tiles = wmts_tiles(settings, service, source, client)
            offers = [each.offer for each in tiles]
            info = wmts_info(settings, service, source, client, offers)
            legends = RemoteLegends(source, wmts_styles(settings, service), client)
        case XyzSource(), RemoteTiles():
            tiles = [template_tiles(settings, service, source, client)]
        case WmsSource(), RemoteWms():
            return _wms(source, settings, service, client, executor)
        case _:
            raise TypeError(f"a source of kind {settings.kind} with a service of another")
    rules = TilingRules(
        matrix=MatrixRule(settings.choose_matrix, settings.cell_size_factor),
        max_tiles=settings.max_tiles,
        on_error=settings.on_error,
    )
    return SourceOfManyGrids(tiles, rules, executor=executor, info=info, legends=legends)


def _wms(
    source: str,
    settings: WmsSource,
    service: RemoteWms,
    client: RemoteClient,
    executor: Executor,
) -> WmsMapSource:
    bounds = [each for each in (service.max_width, service.max_height) if each]
    _, spellings, _ = wms_dimensions(settings, service)
    plan = wms_plan(settings, service)
    parameters = dict(settings.vendor)
    info = None
    if wms_info_formats(settings, service):
        formats = their_formats(service.info_formats)
        info = RemoteInfo(source, formats, ask_wms(plan, parameters, spellings), client)
    return WmsMapSource(
        plan,
        identifier=source,
        client=client,
        error_pictures=error_pictures(settings.options),
        max_px=min([settings.max_size or USUAL_MAX_PX, *bounds]),
        transparent=settings.transparent,
        parameters=parameters,
        spellings=spellings,
        blank_on_error=settings.on_error == "blank",
        info=info,
        legends=RemoteLegends(source, plan.own_styles, client),
        executor=executor,
    )


def _homes(settings: RemoteSourceSettings, service: RemoteService) -> Sequence[str]:
    """Return the addresses whose hosts may be told who we are: those that the operator wrote."""
    if isinstance(service, RemoteTiles) and is_template(settings.url):
        return _servers(service)
    return [candidate.address for candidate in candidates(settings.url)]


def _servers(service: RemoteTiles) -> list[str]:
    """Return an address on each of the servers of a template."""
    finest = service.matrix_set.matrices[-1]
    found = {}
    for col in range(min(_SERVERS, finest.matrix_width)):
        address = tile_address(service, TileIndex(finest.identifier, col, 0))
        found[urlsplit(address).netloc] = address
    return list(found.values())
