"""Reading the capabilities of other WMS servers, and asking them.

model.py         what a remote service is: frozen values
capabilities.py  bytes -> RemoteWms
layers.py        its tree of layers, with what they inherit
addresses.py     addresses of maps, of information about features, of legends
tile_sets.py     WMS-C: tile sets in vendor-specific capabilities
"""

from tuilerie.protocols.wms.reading.addresses import (
    MapQuery,
    feature_info_address,
    legend_address,
    map_address,
)
from tuilerie.protocols.wms.reading.capabilities import read_capabilities
from tuilerie.protocols.wms.reading.model import RemoteMapLayer, RemoteMapStyle, RemoteWms

__all__ = [
    "MapQuery",
    "RemoteMapLayer",
    "RemoteMapStyle",
    "RemoteWms",
    "feature_info_address",
    "legend_address",
    "map_address",
    "read_capabilities",
]
