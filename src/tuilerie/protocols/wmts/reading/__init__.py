"""Reading the capabilities of other WMTS servers (OGC 07-057r7 from the client's side).

model.py         what a remote service is: frozen values
capabilities.py  bytes -> RemoteWmts
layers.py        its layers
matrix_sets.py   numbers as written -> tile matrix sets as meant
scales.py        with which pixel its scale denominators were computed
origins.py       which corner a TopLeftCorner is, and in which axis order
limits.py        TileMatrixSetLimits
addresses.py     the addresses of tiles and of information about features
"""

from tuilerie.protocols.wmts.reading.addresses import feature_info_address, tile_address
from tuilerie.protocols.wmts.reading.capabilities import read_capabilities
from tuilerie.protocols.wmts.reading.model import (
    RemoteDimension,
    RemoteLayer,
    RemoteLegend,
    RemoteLink,
    RemoteStyle,
    RemoteTemplate,
    RemoteWmts,
)

__all__ = [
    "RemoteDimension",
    "RemoteLayer",
    "RemoteLegend",
    "RemoteLink",
    "RemoteStyle",
    "RemoteTemplate",
    "RemoteWmts",
    "feature_info_address",
    "read_capabilities",
    "tile_address",
]
