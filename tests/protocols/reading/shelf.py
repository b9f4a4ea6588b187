"""The shelf of small documents, one for each habit of servers."""

from __future__ import annotations

from pathlib import Path

from tuilerie.grids import BoundingBox, TileIndex, TileMatrixSet, wgs84_bounds
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.wmts.reading import RemoteWmts, read_capabilities, tile_address

DOCUMENTS = Path(__file__).parent / "documents"
ADDRESS = "https://maps.example.org/wmts?REQUEST=GetCapabilities"


def data(name: str) -> bytes:
    return (DOCUMENTS / name).read_bytes()


def wmts(name: str, overrides: ReadingOverrides = AS_READ, address: str = ADDRESS) -> RemoteWmts:
    return read_capabilities(data(name), address=address, overrides=overrides)


def codes(service: RemoteWmts) -> list[str]:
    return [warning.code for warning in service.warnings]


def first_tile(service: RemoteWmts, matrix: str = "", col: int = 0, row: int = 0) -> str:
    layer = next(iter(service.layers.values()))
    link = layer.links[0]
    matrix = matrix or service.matrix_sets[link.matrix_set].matrices[-1].identifier
    index = TileIndex(matrix, col, row)
    return tile_address(service, layer, "", layer.formats[0], link, index)


def ground(tms: TileMatrixSet) -> BoundingBox:
    """Where the finest matrix lies, degrees."""
    return wgs84_bounds(tms.matrices[-1].bounds, tms.crs)
