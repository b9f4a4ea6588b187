"""What our own writer says, our own reader reads: the client's half of one standard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols.published import a_catalogue, a_layer, full_link
from tuilerie.grids import Crs, TileIndex
from tuilerie.grids.build import pyramid
from tuilerie.protocols.wmts import rest
from tuilerie.protocols.wmts.capabilities import write_capabilities
from tuilerie.protocols.wmts.reading import read_capabilities, tile_address

BASE = "https://tiles.example.org/base"
CRSS = ("EPSG:3857", "EPSG:4326", "OGC:CRS84", "EPSG:2154", "EPSG:3035", "EPSG:2056", "EPSG:25832")


def _around(crs: Crs) -> tuple[float, float]:
    """A corner at the top left of where a CRS is used."""
    from tuilerie.grids import WGS84, transform_bounds

    area = crs.area_of_use
    assert area is not None
    box = area if crs.is_geographic else transform_bounds(area, WGS84, crs)
    return round(box.left), round(box.top)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(CRSS), st.integers(1, 5), st.integers(0, 3), st.text("aé:/&<Z 9", min_size=1)
)
def test_matrix_sets_and_addresses(crs: str, count: int, shift: int, name: str) -> None:
    known = Crs.parse(crs)
    cell = (8192.0 if not known.is_geographic else 0.5) / 2**shift
    tms = pyramid(
        f"x{name.strip()}",
        known,
        origin=_around(known),
        cell_sizes=[cell / 2**n for n in range(count)],
        matrix_sizes=[(2**n + 1, 2**n) for n in range(count)],
    )
    layer_of_ours = a_layer(f"l{name.strip()}", full_link(tms))
    catalogue = replace(a_catalogue(layer_of_ours), matrix_sets={tms.identifier: tms})
    data = write_capabilities(catalogue, base_url=BASE)
    service = read_capabilities(data, address=f"{BASE}/wmts/1.0.0/WMTSCapabilities.xml")
    assert service.warnings == ()
    read = service.matrix_sets[tms.identifier]
    assert read.crs == tms.crs
    for ours, theirs in zip(read.matrices, tms.matrices, strict=True):
        assert ours.identifier == theirs.identifier
        assert ours.cell_size == pytest.approx(theirs.cell_size, rel=1e-12)
        assert tuple(ours.bounds) == pytest.approx(tuple(theirs.bounds), rel=1e-12)
    layer = next(iter(service.layers.values()))
    index = TileIndex(tms.matrices[-1].identifier, 1, 0)
    address = tile_address(service, layer, "", "image/png", layer.links[0], index)
    path = address.removeprefix(BASE)
    asked = rest.parse_tile_path(path.encode("ascii"))
    assert (asked.layer, asked.matrix_set) == (layer.identifier, tms.identifier)
    assert (asked.matrix, asked.col, asked.row) == (index.matrix, "1", "0")
    by_kvp = tile_address(
        replace(service, encoding="kvp"), layer, "", "image/png", layer.links[0], index
    )
    assert by_kvp.startswith(f"{BASE}/wmts?SERVICE=WMTS&REQUEST=GetTile")
