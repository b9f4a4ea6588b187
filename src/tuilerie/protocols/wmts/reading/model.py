"""What another WMTS offers, as it means it: frozen values, coordinates x first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuilerie.grids import BoundingBox, Crs, TileMatrixSet, TileRange
from tuilerie.protocols.reading.remarks import ReadingWarning

__all__ = [
    "RemoteDimension",
    "RemoteLayer",
    "RemoteLegend",
    "RemoteLink",
    "RemoteStyle",
    "RemoteTemplate",
    "RemoteWmts",
]


@dataclass(frozen=True, slots=True)
class RemoteLegend:
    """A picture of a style's legend; sizes in pixels, 0 and None where nothing is said."""

    address: str
    format: str = ""
    width: int = 0
    height: int = 0
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None


@dataclass(frozen=True, slots=True)
class RemoteStyle:
    """A style of a layer; `identifier` may be "", which some servers want to be sent."""

    identifier: str
    title: str = ""
    abstract: str = ""
    is_default: bool = False
    legends: tuple[RemoteLegend, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteDimension:
    """A dimension of a layer (Table 9).

    Attributes:
        values: as listed: single ones, or intervals "start/end/period".
        current: whether the word "current" may be asked for.
        value: what is asked where nobody says otherwise: the default, else "current", else the
            last listed value, of an interval its end.
    """

    identifier: str
    title: str = ""
    unit: str = ""
    unit_symbol: str = ""
    default: str = ""
    current: bool = False
    values: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """Return the value to ask for where nobody says another."""
        if self.default or self.current:
            return self.default or "current"
        last = self.values[-1] if self.values else ""
        parts = last.split("/")
        return parts[1] if len(parts) == 3 else last


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """A ResourceURL: an address with variables in braces.

    Attributes:
        kind: "tile" or "FeatureInfo".
        format: media type, "" if none is said.
        variables: names in lower case.
    """

    kind: str
    format: str
    template: str
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class RemoteLink:
    """A matrix set that a layer has tiles in.

    Attributes:
        matrix_set: identifier.
        limits: by matrix identifier; a matrix without an entry has no limits. None of a set that
            has limits at all may be asked outside them.
        restricted: whether only the matrices in `limits` have tiles.
    """

    matrix_set: str
    limits: Mapping[str, TileRange]
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class RemoteLayer:
    """A layer of the service.

    Attributes:
        formats: media types of tiles, as they are to be asked for.
        wgs84_bounds: degrees, longitude first; None if not said.
        bounds: by CRS, x first.
        templates: ResourceURLs that can be filled.
        links: never empty.
    """

    identifier: str
    title: str
    abstract: str
    keywords: tuple[str, ...]
    wgs84_bounds: BoundingBox | None
    bounds: Mapping[Crs, BoundingBox]
    styles: tuple[RemoteStyle, ...]
    formats: tuple[str, ...]
    info_formats: tuple[str, ...]
    dimensions: tuple[RemoteDimension, ...]
    links: tuple[RemoteLink, ...]
    templates: tuple[RemoteTemplate, ...]

    @property
    def default_style(self) -> str:
        """Return the identifier of the default style, of the first if none is; "" if none."""
        chosen = next((style for style in self.styles if style.is_default), None)
        if chosen is None and self.styles:
            chosen = self.styles[0]
        return chosen.identifier if chosen else ""

    def link(self, matrix_set: str) -> RemoteLink:
        """Return the link to a matrix set; KeyError if there is none."""
        for link in self.links:
            if link.matrix_set == matrix_set:
                return link
        raise KeyError(matrix_set)


@dataclass(frozen=True, slots=True)
class RemoteWmts:
    """A WMTS as its capabilities describe it, after the corrections in `warnings`.

    Attributes:
        address: where the document was fetched, "" if unknown.
        layers: by identifier; never empty.
        matrix_sets: by identifier, all that are sound, used or not.
        kvp_addresses: where GetTile is asked by KVP; empty if it cannot be.
        info_addresses: the same of GetFeatureInfo.
        encodings: in which tiles can be asked, of "kvp" and "rest".
        encoding: the one that the operator has chosen; "" = by what a layer declares.
    """

    address: str
    title: str
    abstract: str
    provider: str
    fees: str
    access_constraints: str
    update_sequence: str
    layers: Mapping[str, RemoteLayer]
    matrix_sets: Mapping[str, TileMatrixSet]
    kvp_addresses: tuple[str, ...]
    info_addresses: tuple[str, ...]
    encodings: frozenset[str]
    encoding: str
    warnings: tuple[ReadingWarning, ...]
