"""What a remote service offers, said in one form for all kinds of services.

model.py     the form: frozen values that become JSON as they are
services.py  a service of any kind -> its outline
grids.py     a matrix set as a layer has it, with the address of a tile of each matrix
of_wmts.py   layers of a WMTS
of_wms.py    layers of a WMS
of_tiles.py  tiles by a template
"""

from tuilerie.protocols.outline.model import (
    DimensionOutline,
    LayerOutline,
    LegendOutline,
    MatrixOutline,
    MatrixSetOutline,
    ServiceOutline,
    StyleOutline,
)
from tuilerie.protocols.outline.services import layer_names, outline_service

__all__ = [
    "DimensionOutline",
    "LayerOutline",
    "LegendOutline",
    "MatrixOutline",
    "MatrixSetOutline",
    "ServiceOutline",
    "StyleOutline",
    "layer_names",
    "outline_service",
]
