"""From the document and what the data says of itself to the frozen catalogue.

Everything that an operator left out is filled in here, and everything that the data does not
allow is refused, all of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tuilerie.catalogue.compile_layer import LayerCompiler, LayerContext
from tuilerie.catalogue.derived import layer_order, resolved_layer_source
from tuilerie.catalogue.document import (
    CatalogueDocument,
    FilesCache,
    NoCache,
    SeriesSource,
    SourceSettings,
    SqliteCache,
)
from tuilerie.catalogue.faults import Suggestions
from tuilerie.catalogue.keywords import grouped, ungrouped
from tuilerie.catalogue.legends import LegendSize
from tuilerie.catalogue.matrix_sets import FileMatrixSet
from tuilerie.catalogue.metadata import Theme
from tuilerie.catalogue.model import (
    Catalogue,
    Contact,
    Layer,
    Provider,
    ServiceInfo,
    SourceDescription,
)
from tuilerie.catalogue.places import Places, join_pointer
from tuilerie.catalogue.references import References, outline
from tuilerie.catalogue.remote_sources import WmsSource, WmtsSource, XyzSource
from tuilerie.catalogue.service import ServiceSettings
from tuilerie.catalogue.source_links import source_closure
from tuilerie.catalogue.themes import compile_themes
from tuilerie.catalogue.tile_sources import (
    ByMatrixSource,
    FallbackSource,
    LayerSource,
    PMTilesSource,
)
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import TileMatrixSet, named_matrix_set

__all__ = ["Described", "compile_catalogue", "is_examined", "used_sources"]

Described = SourceDescription | Problem | CatalogueError
"""What became of describing a source: a description, or why there is none."""

_BUILT_IN_CACHES: Mapping[str, SqliteCache | NoCache] = {
    "default": SqliteCache(kind="sqlite"),
    "none": NoCache(kind="none"),
}


def is_examined(settings: SourceSettings) -> bool:
    """Return whether a source has data of its own to be described, not only other sources."""
    return not isinstance(settings, LayerSource | FallbackSource | ByMatrixSource)


def used_sources(document: CatalogueDocument, base: Path) -> dict[str, SourceSettings]:
    """Return the sources that layers use, with absolute paths; members of others before these.

    Args:
        document: a checked one.
        base: the folder from which relative paths are meant.
    """
    return {
        identifier: _placed(document.sources[identifier], base) for identifier in _used(document)
    }


def _used(document: CatalogueDocument) -> dict[str, None]:
    used: dict[str, None] = {}
    for layer in document.layers.values():
        used |= source_closure(layer.source, document.sources)
    return used


def compile_catalogue(
    document: CatalogueDocument,
    descriptions: Mapping[str, Described],
    *,
    revision: int,
    base: Path,
    places: Places | None = None,
    ramps: Collection[str] | None = None,
    legend_size: LegendSize | None = None,
    template_fault: Callable[[str], str] | None = None,
) -> Catalogue:
    """Make the catalogue that is served.

    Args:
        document: a checked one.
        descriptions: by source; those that could not be described as the reason, so that it is
            reported together with everything else.
        revision: the updateSequence of this state.
        base: the folder from which relative paths are meant.
        places: where the document's values stand in its file.
        ramps: the colour ramps that styles may name; None = any name is taken on trust.
        legend_size: tells how large a legend is that is drawn; None = none are drawn.
        template_fault: says what is wrong with an HTML template of feature info, "" = nothing;
            None = templates are taken on trust.

    Raises: CatalogueError: with all problems, in the order of the document.
    """
    places = places or Places()
    references = References(outline(document), base, Suggestions())
    problems = [*references.problems]
    described = _described(document, descriptions, problems)
    compiled: dict[str, Layer] = {}
    compiler = LayerCompiler(
        LayerContext(
            document,
            described,
            references.matrix_sets,
            base,
            ramps,
            legend_size,
            template_fault,
            compiled,
        ),
        problems,
    )
    for identifier in layer_order(document):
        layer = compiler.compile(identifier, document.layers[identifier])
        if layer is not None:
            compiled[identifier] = layer
    if problems:
        raise CatalogueError(places.in_order(problems))
    layers = {identifier: compiled[identifier] for identifier in document.layers}
    sources = used_sources(document, base)
    return Catalogue(
        revision=revision,
        service=_service(document.service),
        layers=layers,
        sources={name: _resolved(settings, layers) for name, settings in sources.items()},
        caches=_caches(document, layers, base),
        matrix_sets=_matrix_sets(layers, references.matrix_sets),
        source_matrix_sets={
            settings.matrix_set: _matrix_set(settings.matrix_set, references.matrix_sets)
            for settings in sources.values()
            if isinstance(settings, ByMatrixSource)
        },
        themes=_themes(document),
        remotes={name: good.remote for name, good in described.items() if good.remote is not None},
        remote_access=document.remote_access,
        files=(
            *(
                str(base / settings.file)
                for settings in document.matrix_sets.values()
                if isinstance(settings, FileMatrixSet)
            ),
            *compiler.infos.files,
        ),
        queries={
            identifier: description.series.query
            for identifier, description in described.items()
            if description.series is not None and description.series.query
        },
    )


def _described(
    document: CatalogueDocument,
    descriptions: Mapping[str, Described],
    problems: list[Problem],
) -> dict[str, SourceDescription]:
    """Separate what could be described from what could not, which joins the problems."""
    good: dict[str, SourceDescription] = {}
    for identifier in _used(document):
        if not is_examined(document.sources[identifier]):
            continue  # made of others, which are described
        found = descriptions.get(identifier)
        if isinstance(found, SourceDescription):
            good[identifier] = found
        elif isinstance(found, CatalogueError):
            problems.extend(_at_source(problem, identifier) for problem in found.problems)
        elif found is not None:
            problems.append(_at_source(found, identifier))
        else:
            problems.append(_at_source(Problem("the source was not examined"), identifier))
    return good


def _at_source(problem: Problem, identifier: str) -> Problem:
    """Say which source a problem is about, unless it says so itself.

    A pointer without a slash in front is meant from the source's own block.
    """
    if problem.pointer.startswith("/"):
        return problem
    # The file of such a problem is the data's: it belongs into the message, not to the place.
    message = f"{problem.file}: {problem.message}" if problem.file else problem.message
    pointer = f"{join_pointer('sources', identifier)}/{problem.pointer or 'path'}"
    return Problem(message, problem.hint, pointer)


def _placed(settings: SourceSettings, base: Path) -> SourceSettings:
    if isinstance(settings, LayerSource | FallbackSource | ByMatrixSource):
        return settings
    if isinstance(settings, WmtsSource | WmsSource | XyzSource):
        return _placed_remote(settings, base)
    if isinstance(settings, PMTilesSource) and settings.path is None:
        return _placed_remote(settings, base)
    changed: dict[str, Any] = {"path": str(base / (settings.path or ""))}
    if isinstance(settings, SeriesSource) and settings.query is not None:
        query = settings.query
        if not query.is_postgresql:
            query = query.model_copy(update={"database": str(base / query.database)})
        changed["query"] = query
    return settings.model_copy(update=changed)


def _placed_remote(
    settings: WmtsSource | WmsSource | XyzSource | PMTilesSource, base: Path
) -> WmtsSource | WmsSource | XyzSource | PMTilesSource:
    """Return a remote's settings with absolute paths of certificates."""
    options = settings.options
    paths = {
        name: str(base / written)
        for name in ("client_certificate", "client_key", "ca_bundle")
        if (written := getattr(options, name)) is not None
    }
    if not paths:
        return settings
    return settings.model_copy(update={"options": options.model_copy(update=paths)})


def _resolved(settings: SourceSettings, layers: Mapping[str, Layer]) -> SourceSettings:
    if isinstance(settings, LayerSource):
        return resolved_layer_source(settings, layers[settings.layer])
    return settings


def _caches(document: CatalogueDocument, layers: Mapping[str, Layer], base: Path) -> dict[str, Any]:
    """Return the settings of the caches in use, folders absolute."""
    found: dict[str, Any] = {}
    for identifier in dict.fromkeys(layer.cache for layer in layers.values()):
        settings = document.caches.get(identifier) or _BUILT_IN_CACHES[identifier]
        if isinstance(settings, SqliteCache | FilesCache) and settings.directory is not None:
            directory = str(base / settings.directory)
            settings = settings.model_copy(update={"directory": directory})
        found[identifier] = settings
    return found


def _matrix_sets(
    layers: Mapping[str, Layer], own: Mapping[str, TileMatrixSet]
) -> dict[str, TileMatrixSet]:
    linked = dict.fromkeys(name for layer in layers.values() for name in layer.links)
    return {name: _matrix_set(name, own) for name in linked}


def _matrix_set(name: str, own: Mapping[str, TileMatrixSet]) -> TileMatrixSet:
    return own[name] if name in own else named_matrix_set(name)


def _themes(document: CatalogueDocument) -> dict[str, tuple[Theme, ...]]:
    listed = {identifier: layer.listed for identifier, layer in document.layers.items()}
    return {
        hierarchy: compile_themes(themes, listed) for hierarchy, themes in document.themes.items()
    }


def _service(settings: ServiceSettings) -> ServiceInfo:
    provider = settings.provider
    return ServiceInfo(
        title=settings.title,
        abstract=settings.abstract,
        keywords=ungrouped(settings.keywords),
        keyword_groups=grouped(settings.keywords),
        fees=settings.fees,
        access_constraints=settings.access_constraints,
        provider=Provider(
            name=provider.name,
            site=provider.site or "",
            contact=Contact(**provider.contact.model_dump(exclude_none=True)),
        ),
        profiles=settings.profiles,
        other_sources=tuple(link.compiled() for link in settings.other_sources),
        inspire=None if settings.inspire is None else settings.inspire.compiled(),
        base_url=settings.base_url,
        strict=settings.strict,
    )
