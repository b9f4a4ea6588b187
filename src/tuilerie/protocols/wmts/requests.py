"""What a client may ask of a WMTS, whatever encoding carried it: nothing here is validated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuilerie.catalogue.address import TileQuery
from tuilerie.catalogue.resolve_info import InfoQuery
from tuilerie.errors import Rejection, RequestError

__all__ = [
    "NAMESPACE",
    "SECTIONS",
    "VERSION",
    "FaultyTile",
    "GetCapabilities",
    "GetFeatureInfo",
    "GetTile",
]

NAMESPACE = "http://www.opengis.net/wmts/1.0"
VERSION = "1.0.0"

SECTIONS: tuple[str, ...] = (
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "Contents",
    "Themes",
)
"""The sections of a ServiceMetadata document, in its order (Table 18)."""


@dataclass(frozen=True, slots=True)
class GetCapabilities:
    """A request for the ServiceMetadata document; `negotiate` decides what it gets.

    Attributes:
        accept_versions, sections, accept_formats: as sent, in order; () = not sent.
        update_sequence: "" = not sent.
        language: INSPIRE's own parameter, an ISO 639-2/B code; "" = not sent.

    Source: OGC 07-057r7, Table 17.
    """

    accept_versions: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    update_sequence: str = ""
    accept_formats: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class GetTile:
    """A request for a tile; the catalogue's resolver decides whether there is one.

    Source: OGC 07-057r7, Table 22.
    """

    tile: TileQuery


class FaultyTile(Rejection):
    """A request for a tile, or for what is on one, of which some parameters are at fault.

    No catalogue has looked at the others.

    Attributes:
        tile: what was asked; "" for what is missing.
    """

    def __init__(self, errors: Sequence[RequestError], tile: TileQuery) -> None:
        super().__init__(errors)
        self.tile = tile


@dataclass(frozen=True, slots=True)
class GetFeatureInfo:
    """A request for what is at a pixel of a tile; `resolve_info` decides whether it can be told.

    Source: OGC 07-057r7, Table 25.
    """

    info: InfoQuery
