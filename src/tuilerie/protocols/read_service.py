"""A document of any kind that can be read, to the service that it describes: one door for all."""

from __future__ import annotations

from typing import Final

from tuilerie.errors import UnreadableDocument
from tuilerie.protocols import wms, wmts
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.recognise import explain, recognise
from tuilerie.protocols.wms.reading import RemoteWms
from tuilerie.protocols.wmts.reading import RemoteWmts
from tuilerie.protocols.xyz.arcgis import read_arcgis
from tuilerie.protocols.xyz.ogc_tiles import read_ogc_tileset
from tuilerie.protocols.xyz.templates import RemoteTiles
from tuilerie.protocols.xyz.tilejson import read_tilejson
from tuilerie.protocols.xyz.tms import TileMapEntry, read_tile_map, read_tile_map_service

__all__ = ["FAMILIES", "RemoteService", "read_service"]

RemoteService = RemoteWmts | RemoteWms | RemoteTiles

FAMILIES: Final = {
    "wmts": "wmts",
    "wms": "wms",
    "tms-service": "xyz",
    "tms-map": "xyz",
    "tilejson": "xyz",
    "arcgis": "xyz",
    "ogc-tiles": "xyz",
    "template": "xyz",
}
"""Which kind of source a kind of document is for."""

_WORDS: Final = {"wmts": "a WMTS", "wms": "a WMS", "xyz": "tiles by a template"}


def read_service(
    data: bytes,
    *,
    address: str,
    content_type: str = "",
    overrides: ReadingOverrides = AS_READ,
    family: str = "",
) -> tuple[str, RemoteService | tuple[TileMapEntry, ...]]:
    """Return what kind a document is, of `recognise.KINDS`, and the service; or a TMS's list.

    Args:
        address: where it was fetched, after redirects; "" or a path if from no server.
        content_type: that came with it.
        overrides: what the operator knows better; of documents in XML.
        family: the only one that is wanted, of "wmts", "wms" and "xyz"; "" = any.

    Raises: UnreadableDocument: as the readers; "wrong-service" if it is of another family.
    """
    unusable = explain(data, content_type)
    if unusable is not None:
        raise unusable
    kind = recognise(data, content_type)
    if family and FAMILIES[kind] != family:
        raise UnreadableDocument(
            "wrong-service",
            f"This is the document of {_WORDS[FAMILIES[kind]]}, not of {_WORDS[family]}.",
        )
    match kind:
        case "wmts":
            read = wmts.reading.read_capabilities(data, address=address, overrides=overrides)
            return kind, read
        case "wms":
            return kind, wms.reading.read_capabilities(data, address=address, overrides=overrides)
        case "tms-service":
            return kind, read_tile_map_service(data, address=address)
        case "tms-map":
            return kind, read_tile_map(data, address=address)
        case "tilejson":
            return kind, read_tilejson(data, address=address)
        case "arcgis":
            return kind, read_arcgis(data, address=address)
    return kind, read_ogc_tileset(data, address=address)
