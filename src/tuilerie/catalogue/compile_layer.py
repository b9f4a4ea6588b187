"""One layer: the operator's words and the data's facts make the complete value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tuilerie.catalogue.compile_dimensions import Compiled, compile_dimensions
from tuilerie.catalogue.compile_info import InfoCompiler, InfoError
from tuilerie.catalogue.derived import Descriptions
from tuilerie.catalogue.document import (
    CatalogueDocument,
    MosaicSource,
    RasterSource,
    SeriesSource,
)
from tuilerie.catalogue.faults import listed
from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.info import NOT_QUERYABLE, LayerInfo
from tuilerie.catalogue.keywords import grouped, ungrouped
from tuilerie.catalogue.layers import DefaultsSettings, LayerSettings
from tuilerie.catalogue.legends import LegendError, LegendSize, placed_legends
from tuilerie.catalogue.linking import Linker, rounded
from tuilerie.catalogue.max_age import MaxAgeSettings, ages_by_matrix
from tuilerie.catalogue.model import (
    NO_TEXT,
    Encoding,
    Layer,
    MatrixSetLink,
    Resampling,
    SourceDescription,
    SourceStyle,
    StylePlan,
    Text,
)
from tuilerie.catalogue.places import join_pointer
from tuilerie.catalogue.remote_sources import deciding, is_remote
from tuilerie.catalogue.source_links import source_closure
from tuilerie.catalogue.style_plans import (
    StyleError,
    StylePlanner,
    shows_classes,
    source_style_plan,
)
from tuilerie.errors import Problem
from tuilerie.formats import JPEG, MIXED, PNG, PNG8, WEBP, ImageFormat
from tuilerie.grids import BoundingBox, Crs, TileMatrixSet, named_matrix_set, wgs84_bounds

__all__ = ["LayerCompiler", "LayerContext"]


class LayerContext(NamedTuple):
    """What layers are compiled against.

    Attributes:
        described: by source; sources without a description have been reported.
        matrix_sets: the document's own; others are named ones.
        base, ramps, legend_size, template_fault: see `compile_catalogue`.
        layers: those compiled so far, whose tiles others may show.
    """

    document: CatalogueDocument
    described: Mapping[str, SourceDescription]
    matrix_sets: Mapping[str, TileMatrixSet]
    base: Path
    ramps: Collection[str] | None = None
    legend_size: LegendSize | None = None
    template_fault: Callable[[str], str] | None = None
    layers: Mapping[str, Layer] = MappingProxyType({})


class LayerCompiler:
    """Compiles layers one by one and shares between them whatever is equal.

    Args:
        problems: where what is wrong is added.

    Attributes:
        infos: compiles what layers tell of places.
    """

    def __init__(self, context: LayerContext, problems: list[Problem]) -> None:
        self._document = context.document
        self._defaults = context.document.defaults
        self._described = Descriptions(
            context.document, context.described, context.matrix_sets, context.layers, problems
        )
        self._problems = problems
        self._planner = StylePlanner(context.document.styles, context.ramps, context.legend_size)
        self._base = context.base
        self.infos = InfoCompiler(context.base, self._defaults.feature_info, context.template_fault)
        self._matrix_sets = context.matrix_sets
        self._linker = Linker(self._defaults.matrix_sets, context.matrix_sets, problems)
        self._max_ages: dict[Any, Mapping[tuple[str, str], int | None]] = {}
        self._interned: dict[Any, Any] = {}

    def compile(self, identifier: str, settings: LayerSettings) -> Layer | None:
        """Return the layer; None if something is wrong with it, which is then in the problems."""
        described = self._described.of(settings.source)
        if described is None or not self._references_hold(settings):
            return None
        before = len(self._problems)
        pointer = join_pointer("layers", identifier)
        bounds = self._bounds(settings, described, pointer)
        styles = self._styles(settings, described, pointer)
        resampling = self._resampling(settings, described, styles, pointer)
        links = self._linker.links(settings, described, bounds, pointer)
        styles = self._with_legends(styles, links, pointer)
        varied = compile_dimensions(
            settings.dimensions, described, settings.source, pointer, self._report
        )
        info = self._info(settings, described, pointer)
        if len(self._problems) > before:
            return None
        layer = self._layer(identifier, settings, described, bounds, styles, resampling, links)
        return replace(_varied(layer, varied), info=self._shared(info))

    def _references_hold(self, settings: LayerSettings) -> bool:
        """Return whether all names mean something; those that do not have been reported."""
        document = self._document
        styles = settings.styles
        return (
            bool(self._own_styles(settings.source))
            or all(style in document.styles or style == "default" for style in styles)
        ) and (settings.cache or self._defaults.cache) in {*document.caches, "default", "none"}

    def _comes_from_remote(self, source: str) -> bool:
        sources = self._document.sources
        return any(is_remote(sources[name]) for name in source_closure(source, sources))

    def _stale_s(self, settings: LayerSettings) -> int:
        if not self._comes_from_remote(settings.source):
            return 0
        own = settings.stale_while_revalidate_s
        return self._defaults.stale_while_revalidate_s if own is None else own

    def _own_styles(self, source: str) -> tuple[SourceStyle, ...]:
        described = self._described.of(source)
        return () if described is None else described.styles

    def _layer(
        self,
        identifier: str,
        settings: LayerSettings,
        described: SourceDescription,
        bounds: BoundingBox,
        styles: tuple[StylePlan, ...],
        resampling: Resampling,
        links: Mapping[str, MatrixSetLink],
    ) -> Layer:
        defaults = self._defaults
        metatile = settings.metatile or defaults.metatile
        buffer_px = _buffer_px(settings, defaults, described)
        max_age: MaxAgeSettings | None = _either(settings, defaults, "client_max_age_s")
        return Layer(
            identifier=identifier,
            title=_said(settings.title, described.title or identifier),
            abstract=self._shared(_said(settings.abstract, described.abstract)),
            keywords=self._shared(
                ungrouped(settings.keywords)
                if settings.keywords
                else tuple(_said(NO_TEXT, word) for word in described.keywords)
            ),
            attribution=self._shared(_said(settings.attribution, described.attribution)),
            source=settings.source,
            kind=described.kind,
            crs=self._shared(described.crs),
            bounds=bounds,
            wgs84_bounds=self._wgs84(bounds, described),
            styles=self._shared_tuple(styles),
            formats=self._shared(settings.formats or defaults.formats or _formats(described)),
            links=links,
            cache=self._shared(settings.cache or defaults.cache),
            resampling=resampling,
            encoding=self._shared(_encoding(settings, defaults)),
            metatile_cols=metatile[0],
            metatile_rows=metatile[1],
            buffer_px=buffer_px,
            client_max_age_s=None if max_age is None else max_age.default,
            client_max_ages={} if max_age is None else self._ages(max_age, links),
            expire_after_s=_either(settings, defaults, "expire_after_s"),
            relay_metatile=settings.metatile or (1, 1),
            honours_remote=self._comes_from_remote(settings.source)
            and (settings.remote_freshness or defaults.remote_freshness) == "honour",
            stale_while_revalidate_s=self._stale_s(settings),
            listed=settings.listed,
            metadata=self._shared(tuple(link.compiled() for link in settings.metadata)),
            keyword_groups=self._shared(grouped(settings.keywords)),
            generation=fingerprint(
                described.fingerprint,
                deciding(self._document.sources[settings.source]),
                resampling,
                settings.extent,
                buffer_px,
            ),
        )

    def _bounds(
        self, settings: LayerSettings, described: SourceDescription, pointer: str
    ) -> BoundingBox:
        """Return the data's rectangle, cut where the operator cuts it."""
        if settings.extent is None:
            return described.bounds
        cut = described.bounds.intersection(BoundingBox(*settings.extent))
        if cut is None:
            self._report(
                "the extent has none of the data in it",
                f"the data lies in {rounded(described.bounds)} of {described.crs[:60]}",
                f"{pointer}/extent",
            )
            return described.bounds
        return cut

    def _wgs84(self, bounds: BoundingBox, described: SourceDescription) -> BoundingBox:
        if bounds == described.bounds:
            return described.wgs84_bounds
        return wgs84_bounds(bounds, Crs.parse(described.crs))

    def _styles(
        self, settings: LayerSettings, described: SourceDescription, pointer: str
    ) -> tuple[StylePlan, ...]:
        bands = getattr(self._document.sources[settings.source], "bands", None)
        if bands is None:
            bands = tuple(range(1, len(described.bands) + 1))
        elif max(bands) > len(described.bands):
            self._report(
                f"there is no band {max(bands)}",
                f"the data has bands 1 to {len(described.bands)}",
                join_pointer("sources", settings.source, "bands"),
            )
            return ()
        plans = []
        own = {style.identifier: style for style in described.styles}
        names = settings.styles
        if own and "styles" not in settings.model_fields_set:
            names = tuple(own)
        for n, name in enumerate(names):
            style = own.get(name)
            if style is None and own and name == "default":
                style = described.styles[0]
            if style is not None:
                plans.append(source_style_plan(style, name, is_default=n == 0))
                continue
            if own and name not in self._document.styles:
                self._report(
                    f"the source {settings.source!r} has no style {name[:80]!r}",
                    f"its styles are {listed(own)}",
                    f"{pointer}/styles/{n}",
                )
                continue
            try:
                plans.append(self._planner.plan(name, described, bands, is_default=n == 0))
            except StyleError as fault:
                place = (
                    f"{pointer}/styles/{n}" if "styles" in settings.model_fields_set else pointer
                )
                self._report(f"the style {name!r} does not suit: {fault}", fault.hint, place)
        return tuple(plans)

    def _resampling(
        self,
        settings: LayerSettings,
        described: SourceDescription,
        styles: tuple[StylePlan, ...],
        pointer: str,
    ) -> Resampling:
        """Classes are never interpolated: half way from water (1) to rock (3) is no forest (2)."""
        classes = described.kind == "palette" or any(shows_classes(plan) for plan in styles)
        if not classes:
            usual: Resampling = "cubic" if described.tile_formats else "bilinear"
            return settings.resampling or self._defaults.resampling or usual
        if settings.resampling not in (None, "nearest"):
            self._report(
                f"classes cannot be interpolated, so resampling cannot be {settings.resampling}",
                "write resampling: nearest, or remove it",
                f"{pointer}/resampling",
            )
        return "nearest"

    def _with_legends(
        self, styles: tuple[StylePlan, ...], links: Mapping[str, MatrixSetLink], pointer: str
    ) -> tuple[StylePlan, ...]:
        if not links or not any(plan.legends for plan in styles):
            return styles
        linked = {name: self._matrix_set(name) for name in links}
        try:
            return tuple(placed_legends(plan, linked, self._base) for plan in styles)
        except LegendError as fault:
            self._report(str(fault), fault.hint, pointer)
            return styles

    def _info(
        self, settings: LayerSettings, described: SourceDescription, pointer: str
    ) -> LayerInfo:
        """Return what the layer tells of places; nothing if that is at fault, which is told."""
        if settings.queryable and not (described.tells or described.info_formats):
            self._report(
                f"source {settings.source!r} has pictures only: there is nothing to ask it",
                "take `queryable` away, or name a source of raster data",
                f"{pointer}/queryable",
            )
        wanted = self._defaults.queryable if settings.queryable is None else settings.queryable
        source = self._document.sources[settings.source]
        if described.info_formats:
            return self._passed_info(settings, described, wanted=wanted, pointer=pointer)
        bands = (
            source.bands if isinstance(source, RasterSource | MosaicSource | SeriesSource) else None
        )
        usable = tuple(
            band
            for band in bands or range(1, len(described.bands) + 1)
            if band <= len(described.bands)
        )
        try:
            return self.infos.compile(
                settings.feature_info,
                described,
                usable,
                queryable=wanted and described.tells,
            )
        except InfoError as fault:
            inside = join_pointer("feature_info", *fault.place)
            place = f"/defaults{inside}" if fault.inherited else f"{pointer}{inside}"
            self._report(str(fault), fault.hint, place)
            return NOT_QUERYABLE

    def _passed_info(
        self, settings: LayerSettings, described: SourceDescription, *, wanted: bool, pointer: str
    ) -> LayerInfo:
        """Return how a layer answers about places whose source writes the answers itself."""
        if not wanted:
            return NOT_QUERYABLE
        own = settings.feature_info
        if own is None or not own.formats:
            return LayerInfo(described.info_formats)
        formats = tuple(each for each in own.formats if each in described.info_formats)
        if not formats:
            self._report(
                f"source {settings.source!r} tells nothing in these formats",
                f"it has {listed([each.media_type for each in described.info_formats])}",
                f"{pointer}/feature_info/formats",
            )
        return LayerInfo(formats)

    def _ages(
        self, settings: MaxAgeSettings, links: Mapping[str, MatrixSetLink]
    ) -> Mapping[tuple[str, str], int | None]:
        if not settings.matrices:
            return {}
        key = (settings, tuple(links))
        if key not in self._max_ages:
            names = {
                name: [matrix.identifier for matrix in self._matrix_set(name).matrices]
                for name in links
            }
            self._max_ages[key] = ages_by_matrix(settings, links, names)
        return self._max_ages[key]

    def _matrix_set(self, name: str) -> TileMatrixSet:
        own = self._matrix_sets.get(name)
        return named_matrix_set(name) if own is None else own

    def _shared(self, value: Any) -> Any:
        """Return the one value that all layers with an equal one keep."""
        return self._interned.setdefault((type(value), value), value)

    def _shared_tuple(self, plans: tuple[StylePlan, ...]) -> tuple[StylePlan, ...]:
        # Plans are shared already, and have no hash: their identity stands for them.
        shared: tuple[StylePlan, ...] = self._interned.setdefault(tuple(map(id, plans)), plans)
        return shared

    def _report(self, message: str, hint: str, pointer: str) -> None:
        self._problems.append(Problem(message, hint, pointer))


def _said(written: Text, otherwise: str) -> Text:
    """Return what the operator wrote, else a text in an unknown language."""
    if written.variants or not otherwise:
        return written
    return Text((("", otherwise),))


def _varied(layer: Layer, varied: Compiled) -> Layer:
    """Return a layer with its dimensions, if it has any."""
    if not varied.dimensions:
        return layer
    return replace(layer, dimensions=varied.dimensions, series=varied.series)


def _formats(described: SourceDescription) -> tuple[ImageFormat, ...]:
    """Return the formats that suit a kind of data, the best first; those of its tiles before."""
    own = described.tile_formats
    if own:
        mixed = (MIXED,) if {JPEG, PNG} <= set(own) else ()
        usual = (PNG, WEBP) if described.transparent else (JPEG, PNG, WEBP)
        return tuple(dict.fromkeys((*mixed, *own, *usual)))
    match described.kind:
        case "palette":
            # image/png first: some clients know no media type with parameters.
            return (PNG, PNG8)
        case "values":
            return (PNG, PNG8, WEBP)
        case "picture":
            return (PNG, WEBP, MIXED) if described.transparent else (JPEG, PNG, WEBP)


def _buffer_px(
    settings: LayerSettings, defaults: DefaultsSettings, described: SourceDescription
) -> int:
    """Return the operator's buffer; else none where it would only fetch tiles that nobody sees."""
    if settings.buffer_px is not None:
        return settings.buffer_px
    if described.tile_formats and "buffer_px" not in defaults.model_fields_set:
        return 0
    return defaults.buffer_px


def _encoding(settings: LayerSettings, defaults: DefaultsSettings) -> Encoding:
    written = defaults.encoding.model_dump(exclude_none=True)
    if settings.encoding is not None:
        written |= settings.encoding.model_dump(exclude_none=True)
    return Encoding(**written)


def _either(settings: LayerSettings, defaults: DefaultsSettings, name: str) -> Any:
    """Return what the layer says, null included; else what the defaults say."""
    return getattr(settings if name in settings.model_fields_set else defaults, name)
