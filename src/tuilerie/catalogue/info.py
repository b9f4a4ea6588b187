"""What a client may learn of a place in a layer: in which formats, and in which words.

Sources say what they know by keys of their own; a layer's attributes say what that is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tuilerie.catalogue.texts import Text

__all__ = [
    "GEOJSON",
    "GML",
    "HTML",
    "INFO_FORMATS",
    "JSON",
    "NOT_QUERYABLE",
    "PLAIN",
    "Attribute",
    "AttributeKind",
    "InfoFormat",
    "LayerInfo",
    "Value",
    "info_format_by_extension",
    "info_format_by_media_type",
]

Value = int | float | str | None
"""What is known of one attribute; None = no value there."""

AttributeKind = Literal["integer", "real", "text"]


class InfoFormat(NamedTuple):
    """One way to write feature info.

    Attributes:
        media_type: as advertised, asked for and answered, exactly so (7.3.1).
        extension: of resources; that of GML is "xml", as in the standard's example (10.3.2).
    """

    media_type: str
    extension: str


GML = InfoFormat("application/gml+xml; version=3.1", "xml")
HTML = InfoFormat("text/html", "html")
GEOJSON = InfoFormat("application/geo+json", "geojson")
JSON = InfoFormat("application/json", "json")
PLAIN = InfoFormat("text/plain", "txt")

INFO_FORMATS: tuple[InfoFormat, ...] = (GML, HTML, GEOJSON, JSON, PLAIN)
"""All of them, the one that the standard recommends most first (7.3.1)."""

_BY_EXTENSION = {each.extension: each for each in INFO_FORMATS} | {"gml": GML}


class Attribute(NamedTuple):
    """One thing that is told of a place.

    Attributes:
        name: for machines: unique in the layer, an XML name without colon, ASCII.
        title: for people.
        unit: "" = none.
        keys: the source's keys of the values that it is made of.
        role: how it is made: "value" is the first key's value, "word" what `words` has for that,
            "colour" is "#rrggbb" of one value (grey) or three, 0 to 255.
    """

    name: str
    title: Text
    kind: AttributeKind
    unit: str = ""
    keys: tuple[str, ...] = ()
    role: Literal["value", "word", "colour"] = "value"
    words: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """How a layer answers about places.

    Attributes:
        formats: those offered, the first is the default; none = the layer is not queryable.
        attributes: in the order in which they are told.
        bands: 1-based bands that raster sources are asked for.
        template: of the HTML, "" = our own.
    """

    formats: tuple[InfoFormat, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    bands: tuple[int, ...] = ()
    template: str = ""


NOT_QUERYABLE = LayerInfo()


def info_format_by_extension(extension: str) -> InfoFormat | None:
    """Return the format of a file extension without its dot, in small letters; None if none."""
    return _BY_EXTENSION.get(extension)


def info_format_by_media_type(media_type: str) -> InfoFormat | None:
    """Return the format of a media type in any case and spacing around ";", None if none."""
    wanted = _plain(media_type)
    return next((each for each in INFO_FORMATS if _plain(each.media_type) == wanted), None)


def _plain(media_type: str) -> str:
    return ";".join(part.strip() for part in media_type.lower().split(";"))
