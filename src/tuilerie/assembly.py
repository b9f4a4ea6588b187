"""The only file that knows everybody: files to a catalogue, a catalogue to a live service."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuilerie import __version__
from tuilerie.caches.base import TileCache
from tuilerie.caches.faults import CacheFault
from tuilerie.caches.files import FileTileCache
from tuilerie.caches.lifetimes import Lifetimes
from tuilerie.caches.memory import MemoryTileCache
from tuilerie.caches.sqlite import SqliteTileCache
from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.broken_layers import with_notes
from tuilerie.catalogue.compile import Described, compile_catalogue, is_examined, used_sources
from tuilerie.catalogue.document import (
    CacheSettings,
    CatalogueDocument,
    FilesCache,
    NoCache,
    SeriesSource,
    SqliteCache,
)
from tuilerie.catalogue.faults import Suggestions
from tuilerie.catalogue.load import LoadedDocument, Places, load_document
from tuilerie.catalogue.model import Catalogue
from tuilerie.catalogue.references import References, outline
from tuilerie.catalogue.remote_sources import RemoteSourceSettings, is_remote
from tuilerie.catalogue.store import RevisionStore
from tuilerie.catalogue.tile_sources import PMTilesSource
from tuilerie.catalogue.zero_config import document_for_files
from tuilerie.errors import CacheError, CatalogueError
from tuilerie.flight import SingleFlight
from tuilerie.formats import StoredTile
from tuilerie.protocols.feature_info.html import template_fault
from tuilerie.raster.ramps import ramp_names
from tuilerie.raster.threads import limit_threads
from tuilerie.server.live import Live
from tuilerie.server.settings import ServerSettings
from tuilerie.sources.base import InfoDocumentSource, InfoSource, LegendSource
from tuilerie.sources.building import (
    build_sources,
    data_files,
    describe_source,
    series_files,
    series_query,
    series_source,
)
from tuilerie.sources.polling import QueryPolls
from tuilerie.sources.remote.standing import broken_sources, remote_notes, remote_ones
from tuilerie.telemetry import Meters
from tuilerie.tiles.carried_legends import CarriedLegends
from tuilerie.tiles.feature_info import LayerInformant
from tuilerie.tiles.legends import LegendPainter, legend_size
from tuilerie.tiles.manager import TileManager
from tuilerie.tiles.produce import LayerProducer
from tuilerie.tiles.service import TileService

if TYPE_CHECKING:
    from tuilerie.catalogue.remote_options import RemoteAccessOptions
    from tuilerie.sources.remote.descriptions import RemoteDescriptions
    from tuilerie.sources.remote.pmtiles import ArchivePolls

__all__ = [
    "Publication",
    "Remotes",
    "make_live",
    "open_service",
    "publish",
    "remotes_of",
]

_SPARE_BYTES = 16 * 2**20
"""Room for tiles that a full or read-only disk did not take: some hundred metatiles."""

CATALOGUE_SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Publication:
    """What the operator named: one catalogue, or data files without any.

    Attributes:
        paths: one catalogue file, or data files and folders.
        data: the data directory, where caches and revisions rest; None = nothing is kept.
        crs: of data files that are served without a catalogue; "" = what they say themselves.
    """

    paths: tuple[Path, ...]
    data: Path | None = None
    crs: str = ""

    @classmethod
    def of(cls, paths: Sequence[Path], data: Path | None = None, *, crs: str = "") -> Publication:
        """Make one of paths as typed, absolute from here on."""
        return cls(tuple(path.absolute() for path in paths), data, crs)

    @property
    def catalogue(self) -> Path | None:
        """The catalogue file, or None where data files are served without one."""
        first = self.paths[0]
        return first if first.suffix.lower() in CATALOGUE_SUFFIXES else None

    def load(self) -> LoadedDocument:
        """Read the catalogue, or write one for the data files. Raises: CatalogueError."""
        if self.catalogue is not None:
            return load_document(self.catalogue)
        return LoadedDocument(document_for_files(self.paths, crs=self.crs), Places(), ())

    @property
    def base(self) -> Path:
        """The folder from which relative paths of the document are meant."""
        return self.paths[0].parent


class Remotes:
    """What other servers say of themselves; one lasts for a process.

    Its reader is loaded with the first source that is another server: without any, a server
    starts a tenth of a second earlier.
    """

    def __init__(self, publication: Publication) -> None:
        self._directory = None if publication.data is None else publication.data / "remotes"
        self._base = str(publication.base)
        self._reader: RemoteDescriptions | None = None

    @property
    def reader(self) -> RemoteDescriptions:
        """Return the reader of their documents."""
        if self._reader is None:
            from tuilerie.sources.remote.descriptions import RemoteDescriptions

            self._reader = RemoteDescriptions(self._directory, base=self._base)
        return self._reader

    def allow(self, access: RemoteAccessOptions) -> None:
        """Say where the reader may go, as the operator's own file does."""
        from tuilerie.sources.remote.from_options import address_policy

        self.reader.policy = address_policy(access, trusted=True)


def publish(publication: Publication, remotes: Remotes | None = None) -> Catalogue:
    """Read, describe and compile what the operator named.

    Args:
        remotes: what other servers say of themselves; None = they are asked now.

    Raises: CatalogueError: with everything that is wrong, in document and data.
    """
    loaded = publication.load()
    remotes = remotes or Remotes(publication)
    if remote_ones(used_sources(loaded.document, publication.base)):
        remotes.allow(loaded.document.remote_access)
    descriptions = _describe(loaded.document, publication, remotes)
    catalogue = compile_catalogue(
        loaded.document,
        descriptions,
        revision=0,
        base=publication.base,
        places=loaded.places,
        ramps=ramp_names(),
        legend_size=legend_size,
        template_fault=template_fault,
    )
    if remote_ones(catalogue.sources):
        catalogue = with_notes(catalogue, broken_sources(catalogue, remotes.reader))
    return replace(catalogue, revision=_revision(publication.data, catalogue))


def remotes_of(
    publication: Publication,
) -> tuple[RemoteDescriptions, dict[str, RemoteSourceSettings]]:
    """Return the sources of a catalogue that are other servers, and who reads their documents.

    Nothing is asked. Raises: CatalogueError: the catalogue is not right in itself.
    """
    loaded = publication.load()
    remotes = Remotes(publication)
    remotes.allow(loaded.document.remote_access)
    return remotes.reader, remote_ones(used_sources(loaded.document, publication.base))


def open_service(catalogue: Catalogue, data: Path, *, meters: Meters) -> TileService:
    """Make the service of a catalogue; nothing is opened or written before the first tile.

    Args:
        data: the data directory, where caches rest unless they have a directory of their own.
        meters: told of cache faults and productions.
    """
    cores = os.cpu_count() or 1
    limit_threads(1)
    executor = ThreadPoolExecutor(cores, thread_name_prefix="tuilerie-pixels")
    managers: dict[str, TileManager] = {}

    async def get_tile(address: TileAddress) -> StoredTile | None:
        return await managers[address.layer].get_tile(address)

    sources = build_sources(catalogue, executor=executor, get_tile=get_tile, meters=meters)
    series = {
        layer.identifier: series_source(layer, settings, executor)
        for layer in catalogue.layers.values()
        if isinstance(settings := catalogue.sources[layer.source], SeriesSource)
    }
    caches = {
        identifier: _cache(settings, data / "caches" / identifier, catalogue, meters)
        for identifier, settings in catalogue.caches.items()
    }
    flight: SingleFlight[Mapping[TileAddress, StoredTile]] = SingleFlight()
    spare = MemoryTileCache(_SPARE_BYTES)
    lifetimes = Lifetimes(data / "lifetimes.sqlite")
    for layer in catalogue.layers.values():
        managers[layer.identifier] = TileManager(
            layer,
            caches[layer.cache],
            LayerProducer(
                layer,
                series.get(layer.identifier) or sources[layer.source],
                catalogue.matrix_sets,
                executor=executor,
                side_by_side=cores,
                meters=meters,
            ),
            flight=flight,
            spare=spare,
            on_cache_fault=meters.cache_fault,
            lifetimes=lifetimes if layer.honours_remote else None,
        )
    informants = {
        layer.identifier: LayerInformant(
            layer,
            source if isinstance(source, InfoSource) else None,
            catalogue.matrix_sets,
            executor=executor,
            documents=source if isinstance(source, InfoDocumentSource) else None,
        )
        for layer in catalogue.layers.values()
        if isinstance(
            source := series.get(layer.identifier) or sources[layer.source],
            InfoSource | InfoDocumentSource,
        )
    }

    async def close() -> None:
        for cache in caches.values():
            if cache is not None:
                await cache.close()
        for source in (*sources.values(), *series.values()):
            await source.close()
        lifetimes.close()
        executor.shutdown(wait=False)

    painter = LegendPainter(catalogue.layers, executor)
    bearers = {name: each for name, each in sources.items() if isinstance(each, LegendSource)}
    carried = CarriedLegends(
        {
            layer.identifier: bearers[layer.source]
            for layer in catalogue.layers.values()
            if layer.source in bearers
        }
    )
    return TileService(
        catalogue,
        managers,
        informants=informants,
        flight=flight,
        on_close=close,
        draw_legend=painter.legend,
        fetch_legend=carried.legend,
    )


def make_live(
    publication: Publication,
    first: Catalogue,
    data: Path,
    settings: ServerSettings,
    meters: Meters,
    remotes: Remotes | None = None,
) -> Live:
    """Make what one worker serves, and how it follows changes of the files and other servers.

    Args:
        first: what `publish` made of the publication, once for all workers.
        data: the data directory.
        remotes: with which it did, so that other servers are not asked again.
    """
    remotes = remotes or Remotes(publication)

    def notes() -> Mapping[str, Mapping[str, Any]]:
        catalogue = live.current.catalogue
        return remote_notes(catalogue, remotes.reader) if remote_ones(catalogue.sources) else {}

    def rebuild() -> TileService:
        return open_service(publish(publication, remotes), data, meters=meters)

    service = open_service(first, data, meters=meters)
    watched = _Watched(publication, remotes)
    live = Live(
        service,
        settings,
        meters=meters,
        watch=lambda: watched.files(live.current.catalogue),
        rebuild=rebuild,
        mark=lambda: watched.said(live.current.catalogue),
        remotes=notes,
    )
    return live


class _Watched:
    """The files whose change means another state, listed once for each state."""

    def __init__(self, publication: Publication, remotes: Remotes) -> None:
        self._paths = publication.paths
        self._remotes = remotes
        self._catalogue: Catalogue | None = None
        self._files: list[Path] = []
        self._polls = QueryPolls()
        self._archives: ArchivePolls | None = None

    def files(self, catalogue: Catalogue) -> Sequence[Path]:
        """Return the catalogue's file, the data with what lies beside it, and matrix set files."""
        if catalogue is not self._catalogue:
            files = [*self._paths, *(Path(file) for file in catalogue.files)]
            for settings in catalogue.sources.values():
                files += data_files(settings)
            files += series_files(catalogue)
            self._files = list(dict.fromkeys(files))
            self._catalogue = catalogue
        return self._files

    def said(self, catalogue: Catalogue) -> str:
        """Return what databases and other servers say, asked when it is time."""
        queries = {
            identifier: (series_query(settings.query), settings.query.every_s)
            for identifier, settings in catalogue.sources.items()
            if isinstance(settings, SeriesSource) and settings.query is not None
        }
        said = self._polls.said(queries, catalogue.queries) if queries else ""
        archives = {
            identifier: (settings.url, settings.options)
            for identifier, settings in catalogue.sources.items()
            if isinstance(settings, PMTilesSource) and settings.url is not None
        }
        if archives:
            if self._archives is None:
                from tuilerie.sources.remote.pmtiles import ArchivePolls

                self._archives = ArchivePolls()
            marks = {name: catalogue.remotes[name].mark for name in archives}
            said = f"{said}{self._archives.said(archives, marks)}"
        remotes = remote_ones(catalogue.sources)
        return said + self._remotes.reader.poll(remotes) if remotes else said


def _describe(
    document: CatalogueDocument, publication: Publication, remotes: Remotes
) -> dict[str, Described]:
    """Ask all sources side by side; files that two identifiers name are asked once."""
    base = publication.base
    sources = used_sources(document, base)
    examined = {name: each for name, each in sources.items() if is_examined(each)}
    # What a remote is called stands in its errors, so each of these is asked for itself.
    distinct = {(name if is_remote(each) else "", each): name for name, each in examined.items()}
    own = References(outline(document), base, Suggestions()).matrix_sets if distinct else {}

    def described(name: str) -> Described:
        try:
            return describe_source(name, examined[name], lambda: remotes.reader, own)
        except CatalogueError as error:
            return error

    with ThreadPoolExecutor(min(8, 2 * (os.cpu_count() or 1))) as threads:
        answers = dict(zip(distinct, threads.map(described, distinct.values()), strict=True))
    return {name: answers[name if is_remote(each) else "", each] for name, each in examined.items()}


def _cache(
    settings: CacheSettings, default: Path, catalogue: Catalogue, meters: Meters
) -> TileCache | None:
    def listen(fault: CacheFault) -> None:
        meters.cache_fault(CacheError(fault.message))

    def matrix_height(matrix_set: str, matrix: str) -> int:
        return catalogue.matrix_sets[matrix_set].matrix(matrix).matrix_height

    match settings:
        case NoCache():
            return None
        case SqliteCache(directory=directory):
            return SqliteTileCache(
                Path(directory) if directory else default,
                generation=catalogue.generation,
                on_fault=listen,
            )
        case FilesCache(directory=directory, layout=layout):
            return FileTileCache(
                Path(directory) if directory else default,
                generation=catalogue.generation,
                layout=layout,
                matrix_height=matrix_height,
                on_fault=listen,
            )


def _revision(data: Path | None, catalogue: Catalogue) -> int:
    """Number a state: the same state has the same number in all processes and after restarts."""
    digest = hashlib.sha256(__version__.encode())
    for part in _visible(catalogue):
        digest.update(part.encode())
    store = RevisionStore(data) if data is not None else None
    if store is None:
        return 1
    try:
        return store.revision_of(digest.hexdigest())
    except OSError:
        return store.unstored()


def _visible(catalogue: Catalogue) -> Iterable[str]:
    """Everything that a client can see, as text that is equal for equal states."""
    yield repr(catalogue.service)
    for layer in catalogue.layers.values():
        yield repr(layer)
        yield from (link.fingerprint for link in layer.links.values())
    yield repr(catalogue.themes)
    for identifier, tms in catalogue.matrix_sets.items():
        yield repr((identifier, tms.title))
