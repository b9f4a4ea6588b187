"""The catalogue as a value: frozen, resolved, picklable, without I/O.

`compile.py` makes it from the document that the operator wrote and what the sources say of
themselves; every other room only reads it. Publishing swaps one of these for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tuilerie.catalogue.address import Dimensions, TilesetKey
from tuilerie.catalogue.dimensions import Dimension, Series, SeriesDescription
from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.info import NOT_QUERYABLE, InfoFormat, LayerInfo
from tuilerie.catalogue.metadata import (
    Inspire,
    KeywordGroup,
    Legend,
    LegendKey,
    MetadataLink,
    Theme,
)
from tuilerie.catalogue.texts import NO_TEXT, Text
from tuilerie.formats import ImageFormat
from tuilerie.grids import BoundingBox, TileMatrixSet

__all__ = [
    "NO_TEXT",
    "BandDescription",
    "Catalogue",
    "Contact",
    "DataKind",
    "Encoding",
    "Layer",
    "MatrixLimits",
    "MatrixSetLink",
    "Provider",
    "Resampling",
    "ServiceInfo",
    "SourceDescription",
    "SourceLegend",
    "SourceStyle",
    "StylePlan",
    "Text",
]

Resampling = Literal["nearest", "bilinear", "cubic", "lanczos", "average"]
DataKind = Literal["picture", "palette", "values"]
"""picture: 8-bit colours or greys, shown as they are. palette: classes with a colour table,
never interpolated. values: 16-bit or float measurements, shown through a style."""


@dataclass(frozen=True, slots=True)
class Contact:
    """ows:ServiceContact; empty strings are left out of documents."""

    individual: str = ""
    position: str = ""
    role: str = ""
    phone: str = ""
    fax: str = ""
    street: str = ""
    city: str = ""
    administrative_area: str = ""
    postal_code: str = ""
    country: str = ""
    email: str = ""
    url: str = ""
    hours: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """ows:ServiceProvider."""

    name: str = ""
    site: str = ""
    contact: Contact = field(default_factory=Contact)


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """ows:ServiceIdentification and the service's settings."""

    title: Text
    abstract: Text = NO_TEXT
    keywords: tuple[Text, ...] = ()
    fees: str = ""
    access_constraints: tuple[str, ...] = ()
    provider: Provider = field(default_factory=Provider)
    profiles: tuple[str, ...] = ()
    """URIs of the application profiles that the service keeps."""
    other_sources: tuple[MetadataLink, ...] = ()
    """Catalogues elsewhere that describe the layers (OGC 07-057r7, Table 5)."""
    inspire: Inspire | None = None
    base_url: str = ""
    """Public address without trailing slash; "" = taken from the request."""
    keyword_groups: tuple[KeywordGroup, ...] = ()
    strict: bool = False
    """Refuse what the standard forbids even where careless clients rely on it."""


class MatrixLimits(NamedTuple):
    """The tiles of one matrix that have data: inclusive, row 0 at the top (Table 12)."""

    min_col: int
    max_col: int
    min_row: int
    max_row: int


@dataclass(frozen=True, slots=True)
class MatrixSetLink:
    """One matrix set in which a layer is served.

    Attributes:
        limits: per matrix identifier, from the coarsest; matrices not listed are not served.
            Worked out at each look (microseconds), so keep what a hot path needs.
        fingerprint: of where the set's tiles lie.
        bounds: of the data inside the set, in the set's CRS, x first; None = not known.
    """

    matrix_set: str
    limits: Mapping[str, MatrixLimits]
    fingerprint: str = ""
    bounds: BoundingBox | None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How tiles are encoded."""

    jpeg_quality: int = 85
    webp_quality: int = 80
    avif_quality: int = 60
    png_level: int = 5
    """libdeflate level, 1 (fast) to 12 (small)."""
    background: str = "#ffffff"
    """What shows through where the format cannot be transparent."""

    def deciding(self, fmt: ImageFormat) -> tuple[str | int, ...]:
        """Return the settings that decide what the pixels of a format are after decoding."""
        return {
            "jpg": (self.jpeg_quality, self.background),
            "webp": (self.webp_quality,),
            "avif": (self.avif_quality,),
            "mixed": (self.jpeg_quality,),
        }.get(fmt.extension, ())


@dataclass(frozen=True, slots=True)
class StylePlan:
    """A style of one layer, complete: what the client sees and how pixels get their colours.

    Attributes:
        kind: "default" (as the data is), "grey", "ramp", "hillshade", "palette" or "rgb".
        parameters: resolved settings of that kind, plain JSON-like values only; bands from 1:

            - default: nothing
            - grey: band, minimum, maximum
            - ramp: band, ramp (a name, or ""), stops (((value, colour), …), empty if named),
              interpolation ("linear", "discrete", "exact"), minimum and maximum (the values of
              the first and the last colour), unit
            - hillshade: band, azimuth and altitude (degrees), z_factor
            - palette: band, colours (((class, colour), …)), labels (((class, name), …))
            - rgb: bands (red, green, blue), ranges (((minimum, maximum), …))

            Colours are "#rrggbb" or "#rrggbbaa".
        fingerprint: of kind and parameters, but for words on legends (unit, labels).
        legends: those that the operator or the source has, else those that are drawn, in every
            language.
        key: what is written on the drawn ones; None = none are drawn.
    """

    identifier: str
    title: Text
    abstract: Text = NO_TEXT
    keywords: tuple[Text, ...] = ()
    is_default: bool = False
    kind: str = "default"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    legends: tuple[Legend, ...] = ()
    key: LegendKey | None = None
    keyword_groups: tuple[KeywordGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One published layer, every default filled in.

    Attributes:
        wgs84_bounds: degrees, longitude first; left > right where it crosses the antimeridian.
        bounds: the true extent in CRS units of `crs` (the data's own CRS).
        styles, formats: the first is the default.
        links: matrix sets in the operator's order; the first is shown on the front page.
        resampling: how pixels are interpolated; never anything but nearest for palettes.
        metatile_cols, metatile_rows, buffer_px: what is rendered at once; buffer on each side.
        relay_metatile: columns and rows that are fetched at once where the source has the very
            tiles; (1, 1) = only the one that is asked for.
        client_max_age_s: Cache-Control max-age of tiles; None = no header, 0 = no-cache.
        client_max_ages: the same by (matrix set, matrix) where it differs.
        metadata: documents about the data.
        info: what is told of places.
        expire_after_s: age at which a stored tile is made anew; None = never.
        generation: fingerprint of what decides the pixels of every tileset of the layer: the
            data file's size and time, source settings, resampling, extent. What differs from one
            tileset to another (style, matrix set, encoding, values of dimensions) is added by
            `Catalogue.generation`.
        dimensions: in the order in which paths have their values.
        honours_remote: whether stored tiles are as good for as long as their server said.
        stale_while_revalidate_s: for how long beyond its time a tile is served while a new one is
            fetched.
        series: the maps that the layer has; combinations of values without one are empty.
    """

    identifier: str
    title: Text
    abstract: Text
    keywords: tuple[Text, ...]
    attribution: Text
    source: str
    kind: DataKind
    crs: str
    bounds: BoundingBox
    wgs84_bounds: BoundingBox
    styles: tuple[StylePlan, ...]
    formats: tuple[ImageFormat, ...]
    links: Mapping[str, MatrixSetLink]
    cache: str
    resampling: Resampling
    encoding: Encoding
    metatile_cols: int = 4
    metatile_rows: int = 4
    buffer_px: int = 16
    client_max_age_s: int | None = 3600
    client_max_ages: Mapping[tuple[str, str], int | None] = field(default_factory=dict)
    expire_after_s: int | None = None
    listed: bool = True
    metadata: tuple[MetadataLink, ...] = ()
    keyword_groups: tuple[KeywordGroup, ...] = ()
    info: LayerInfo = NOT_QUERYABLE
    generation: str = ""
    dimensions: tuple[Dimension, ...] = ()
    series: Series = field(default_factory=dict)
    relay_metatile: tuple[int, int] = (1, 1)
    honours_remote: bool = False
    stale_while_revalidate_s: int = 0

    def client_max_age(self, matrix_set: str, matrix: str) -> int | None:
        """Return for how many seconds clients may keep tiles of a matrix; None = no header.

        Source: OGC 07-057r7, 11.5.
        """
        return self.client_max_ages.get((matrix_set, matrix), self.client_max_age_s)

    def state_of(self, dimensions: Dimensions) -> str:
        """Return the fingerprint of the map of some values; "" where the layer has none."""
        found = self.series.get(tuple(value for _, value in dimensions))
        return "" if found is None else found.fingerprint


@dataclass(frozen=True, slots=True)
class BandDescription:
    """One band of a raster: data type by numpy's name, and what is known of its values."""

    dtype: str
    nodata: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    percentile_2: float | None = None
    percentile_98: float | None = None
    description: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SourceLegend:
    """A picture of a legend that another server has.

    Attributes:
        address: there, for the source alone: it may hold what nobody else is to see.
        format: media type.
        width, height: pixels, as the server says; 0 = not said.
        min_scale_denominator, max_scale_denominator: as of `Legend`, as the server says.
    """

    address: str = field(repr=False)
    format: str
    width: int = 0
    height: int = 0
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None


@dataclass(frozen=True, slots=True)
class SourceStyle:
    """A style that a source has itself: another server's.

    Attributes:
        identifier: ours.
        name: what the source calls it.
        legends: that the source can be asked for, by their numbers from 0.
    """

    identifier: str
    name: str
    title: str = ""
    abstract: str = ""
    legends: tuple[SourceLegend, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """What a source says about itself: made by `sources`, read by `compile.py`.

    Attributes:
        crs: as PROJ understands it ("EPSG:2154", or WKT where there is no authority code).
        bounds: CRS units, x first.
        wgs84_bounds: degrees; left > right where the data crosses the antimeridian.
        cell_size: CRS units per pixel at full size, the finer of the two axes.
        palette: index -> (red, green, blue, alpha) for kind "palette".
        tells: whether it can be asked what is at a place.
        shown: bands that are colours or values when none are asked for, from 1.
        alpha: the band that holds transparency, 0 if none.
        transparent: whether some pixels may be missing or see-through.
        fingerprint: changes whenever the pixels may have changed; of a series only what all its
            maps have in common, since each of them has a fingerprint of its own.
        series: the maps by values of dimensions; None = there is only one.
        tile_formats: of the tiles that the source has, the usual one first; () = it has none.
        title, abstract, keywords, attribution: what layers have that say nothing themselves.
        styles: that the source has itself, its default first; () = ours alone.
        dimensions: that the source has itself, with all values.
        info_formats: in which the source writes of places itself.
        remote: what another server says of itself, for whoever asks it; None = no server is.
    """

    kind: DataKind
    crs: str
    bounds: BoundingBox
    wgs84_bounds: BoundingBox
    cell_size: float
    width: int
    height: int
    bands: tuple[BandDescription, ...]
    transparent: bool
    fingerprint: str
    palette: Mapping[int, tuple[int, int, int, int]] = field(default_factory=dict)
    category_names: Mapping[int, str] = field(default_factory=dict)
    tells: bool = True
    shown: tuple[int, ...] = ()
    alpha: int = 0
    warnings: tuple[str, ...] = ()
    series: SeriesDescription | None = None
    tile_formats: tuple[ImageFormat, ...] = ()
    title: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = ()
    attribution: str = ""
    styles: tuple[SourceStyle, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    info_formats: tuple[InfoFormat, ...] = ()
    remote: Any = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A published state.

    Attributes:
        revision: increases with every change that a client can see; the updateSequence.
        layers: by identifier, in the document's order.
        sources, caches: the settings as `document.py` models them, by identifier.
        matrix_sets: those that some layer links to, by identifier.
        themes: hierarchies of themes, by the operator's names, which nobody else sees.
        source_matrix_sets: those that sources name, by identifier.
        files: absolute paths of the files, besides data, that the document was read with.
        queries: what the databases of sources said, as fingerprints by source.
        remotes: what the servers of sources said of themselves, by source.
        remote_access: which addresses sources may have.
    """

    revision: int
    service: ServiceInfo
    layers: Mapping[str, Layer]
    sources: Mapping[str, Any]
    caches: Mapping[str, Any]
    matrix_sets: Mapping[str, TileMatrixSet]
    themes: Mapping[str, tuple[Theme, ...]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    queries: Mapping[str, str] = field(default_factory=dict)
    source_matrix_sets: Mapping[str, TileMatrixSet] = field(default_factory=dict)
    remotes: Mapping[str, Any] = field(default_factory=dict)
    remote_access: Any = None

    def dimensions_of(self, layer: str) -> tuple[str, ...]:
        """Return the identifiers of a layer's dimensions; () where there is no such layer."""
        found = self.layers.get(layer)
        return tuple(each.identifier for each in found.dimensions) if found is not None else ()

    def generation(self, tileset: TilesetKey) -> str:
        """Return the fingerprint that stored tiles of a tileset must carry to be this layer's.

        A new style, format or matrix set leaves the tiles of the others good, and so does a new
        value of a dimension, or another file for one.

        Raises: KeyError: the tileset is not of this catalogue.
        """
        layer = self.layers[tileset.layer]
        style = {each.identifier: each for each in layer.styles}[tileset.style]
        parts: list[Any] = [
            layer.generation,
            style.fingerprint,
            layer.links[tileset.matrix_set].fingerprint,
            layer.encoding.deciding(tileset.format),
        ]
        if tileset.dimensions:
            parts.append(layer.state_of(tileset.dimensions))
        return fingerprint(*parts)
