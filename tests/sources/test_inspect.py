"""`tuilerie inspect` tells an operator where and how far a raster can be served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.sources.making import ramp, write_raster
from tuilerie.errors import CatalogueError
from tuilerie.grids import named_matrix_set
from tuilerie.sources.inspect import inspect_file


def test_a_raster_in_a_national_projection(tmp_path: Path) -> None:
    """Its own CRS comes first, then the worldwide sets; levels end at the raster's fineness."""
    path = write_raster(
        tmp_path / "a.tif", ramp(2000, 1000, 3), (6e5, 6.5e6, 6.2e5, 6.51e6), "EPSG:2154"
    )
    found = inspect_file(path)
    first, *others = found.matrix_sets
    assert first.own_crs
    assert named_matrix_set(first.identifier).crs.text == "EPSG:2154"
    assert {"WebMercatorQuad", "WorldCRS84Quad"} <= {other.identifier for other in others}
    web = next(other for other in others if other.identifier == "WebMercatorQuad")
    # 10 m on the ground at 45.6° north are 14.3 m in Web Mercator: between 13 (19 m) and 14.
    assert web.last == "13"
    assert int(web.first) < 13
    assert web.tiles == pytest.approx(2000 * 1000 / 256**2, abs=40)
    assert (found.storage.driver, found.storage.overviews) == ("GTiff", ())


def test_a_zone_in_the_south(tmp_path: Path) -> None:
    """Southern UTM is found by its own name, and at the right place."""
    path = write_raster(
        tmp_path / "a.tif", ramp(300, 300), (3e5, 7.5e6, 3.03e5, 7.503e6), "EPSG:32756"
    )
    found = inspect_file(path)
    assert found.matrix_sets[0].identifier == "UTM56WGS84QuadSouth"
    assert found.description.wgs84_bounds.top < 0


def test_the_pole_does_not_make_mercator_endless(tmp_path: Path) -> None:
    """Pixels at the pole are infinitely large in Mercator; the raster's edge decides."""
    path = write_raster(tmp_path / "a.tif", ramp(800, 800), (-4e6, -4e6, 4e6, 4e6), "EPSG:3413")
    web = next(s for s in inspect_file(path).matrix_sets if s.identifier == "WebMercatorQuad")
    assert web.last == "4"


def test_refused_files_are_refused(tmp_path: Path) -> None:
    """What cannot be served is not inspected either, but for what was given."""
    path = write_raster(tmp_path / "a.tif", np.zeros((4, 4), np.uint8), crs=None)
    with pytest.raises(CatalogueError, match="coordinate reference system"):
        inspect_file(path)
    assert inspect_file(path, crs="EPSG:4326").description.crs == "EPSG:4326"
