"""Rasters in every position: what a tile shows at a place is what is known of that place.

The rasters are samples of one known function of longitude and latitude, so that what should be
seen is computed and not drawn, by nobody's warp.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyproj
import pytest
import rasterio
import yaml
from affine import Affine
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from tests.journeys import published
from tests.journeys.blocks import Block, block_near, fetch
from tests.journeys.conftest import CAPABILITIES
from tests.journeys.pictures import Picture, compare
from tests.journeys.published import Capabilities
from tests.journeys.running import Server, serving

Numbers = NDArray[np.float64]


class Position(NamedTuple):
    """A raster's grid, and places in it to look at.

    `matrices` are those of WebMercatorQuad and WorldCRS84Quad; both enlarge the raster.
    """

    crs: str
    transform: Affine
    width: int
    height: int
    places: tuple[tuple[float, float], ...]
    kind: str = ""
    matrices: tuple[str, str] = ("6", "4")


def upright(left: float, top: float, cell_x: float, cell_y: float | None = None) -> Affine:
    """Return the transform of a raster along the axes."""
    return Affine(cell_x, 0, left, 0, -(cell_x if cell_y is None else cell_y), top)


POSITIONS = {
    "plain": Position("EPSG:4326", upright(5, 50, 0.1), 200, 200, ((15, 40),)),
    "over the 180th meridian": Position(
        "EPSG:4326", upright(170, 20, 0.1), 200, 200, ((179.99, 5), (-178, 8))
    ),
    "west of the 180th meridian": Position(
        "EPSG:4326", upright(-190, 20, 0.1), 200, 200, ((180, 5), (178, 8))
    ),
    "from 0 to 360": Position("EPSG:4326", upright(0, 90, 0.5), 720, 360, ((0, 20), (-90, -60))),
    "from -180 to 180": Position(
        "EPSG:4326",
        upright(-180, 90, 0.5),
        720,
        360,
        ((180, 20), (-179.9, 70)),
        matrices=("3", "2"),
    ),
    "south up": Position("EPSG:4326", Affine(0.1, 0, 5, 0, 0.1, 40), 200, 200, ((15, 50),)),
    "right to left": Position("EPSG:4326", Affine(-0.1, 0, 25, 0, -0.1, 60), 200, 200, ((15, 50),)),
    "turned": Position(
        "EPSG:4326",
        Affine.translation(5, 50) @ Affine.rotation(-30) @ Affine.scale(0.1, -0.1),
        200,
        200,
        ((12, 36),),
    ),
    "flat pixels": Position("EPSG:4326", upright(5, 50, 0.2, 0.05), 100, 400, ((15, 40),)),
    "latitude first": Position("EPSG:4258", upright(5, 50, 0.1), 200, 200, ((15, 40),)),
    "northing first": Position("EPSG:3035", upright(4e6, 3.4e6, 4000), 200, 200, ((10, 48),)),
    "southern zone": Position("EPSG:32738", upright(2e5, 8.6e6, 4000), 200, 300, ((45, -18),)),
    "feet": Position("EPSG:2264", upright(5e5, 1.0e6, 10000), 200, 80, ((-79, 32),)),
    "around the north pole": Position(
        "EPSG:3413", upright(-2e6, 2e6, 10000), 400, 400, ((0, 84), (180, 80))
    ),
    "around the south pole": Position(
        "EPSG:3031", upright(-3e6, 3e6, 15000), 400, 400, ((100, -75), (180, -80))
    ),
    "over the 180th meridian in metres": Position(
        "EPSG:3832", upright(2.5e6, 2e6, 8000), 200, 200, ((180, 10), (-176, 8))
    ),
    "control points": Position(
        "EPSG:4326", upright(5, 50, 0.1), 200, 200, ((15, 40),), kind="control points"
    ),
    "floats with gaps": Position(
        "EPSG:4326", upright(5, 50, 0.1), 200, 200, ((15, 40),), kind="gaps"
    ),
}
GAP = (slice(90, 110), slice(80, 120))


def known(lon: Numbers, lat: Numbers) -> Numbers:
    """Return the three colours of places, 27 to 227: waves in space, as smooth at the poles."""
    across, up = np.radians(lon), np.radians(lat)
    axes = np.stack([np.cos(across) * np.cos(up), np.sin(across) * np.cos(up), np.sin(up)])
    return 127 + 100 * np.sin(12 * axes + 5 * np.roll(axes, 1, axis=0))


def sample(position: Position) -> Numbers:
    """Return the known function at the centres of a raster's pixels."""
    col, row = np.meshgrid(np.arange(position.width) + 0.5, np.arange(position.height) + 0.5)
    x, y = position.transform @ (col, row)
    to_degrees = pyproj.Transformer.from_crs(position.crs, "OGC:CRS84", always_xy=True)
    return known(*to_degrees.transform(x, y))


def write(path: Path, position: Position) -> None:
    """Write the raster of a position."""
    pixels = np.rint(sample(position)).astype("uint8")
    profile: dict[str, Any] = {"crs": position.crs, "transform": position.transform}
    if position.kind == "gaps":
        pixels = sample(position).astype("float32")
        pixels[:, *GAP] = np.nan
    if position.kind == "control points":
        corners = [(col, row) for col in (0, position.width) for row in (0, position.height)]
        points = [GroundControlPoint(r, c, *(position.transform @ (c, r))) for c, r in corners]
        profile = {"gcps": points, "crs": CRS.from_string(position.crs)}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=position.width,
        height=position.height,
        count=3,
        dtype=pixels.dtype,
        photometric="RGB",
        **profile,
    ) as dataset:
        dataset.write(pixels)


def expected(block: Block, position: Position) -> Picture:
    """Return what is known of the places of a block's pixels, and which lie in the raster."""
    (cols, rows), bounds = block.size, block.bounds
    x = bounds.left + (np.arange(cols) + 0.5) * (bounds.right - bounds.left) / cols
    y = bounds.top - (np.arange(rows) + 0.5) * (bounds.top - bounds.bottom) / rows
    to_degrees = pyproj.Transformer.from_crs(block.matrix_set.crs, "OGC:CRS84", always_xy=True)
    lon, lat = to_degrees.transform(*np.meshgrid(x, y))
    seen = np.zeros(lon.shape, bool)
    for turns in (-360, 0, 360):
        to_raster = pyproj.Transformer.from_crs("OGC:CRS84", position.crs, always_xy=True)
        geographic = pyproj.CRS(position.crs).is_geographic
        place = (lon + turns, lat) if geographic else to_raster.transform(lon, lat)
        col, row = ~position.transform @ place
        inside = (col > 0) & (col < position.width) & (row > 0) & (row < position.height)
        if position.kind == "gaps":
            inside &= ~((row > GAP[0].start) & (row < GAP[0].stop)
                        & (col > GAP[1].start) & (col < GAP[1].stop))  # fmt: skip
        seen |= inside
    return Picture(np.moveaxis(known(lon, lat), 0, -1), seen)


def stretched_alike(known_picture: Picture, ours: Picture) -> Picture:
    """Return what is known, stretched as ours is: by the range of the file, about known only."""
    colours = known_picture.colours.copy()
    for band in range(3):
        before, after = known_picture.colours[ours.seen, band], ours.colours[ours.seen, band]
        inside = (after > 0) & (after < 255)
        scale = np.polyfit(before[inside], after[inside], 1)
        assert 1.0 < scale[0] < 3.0
        colours[..., band] = np.polyval(scale, colours[..., band]).clip(0, 255)
    return known_picture._replace(colours=colours)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """All positions, served tile by tile."""
    folder = tmp_path_factory.mktemp("places")
    for name, position in POSITIONS.items():
        write(folder / f"{name}.tif", position)
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(
        yaml.safe_dump(
            {
                "tuilerie": 1,
                "defaults": {"metatile": 1, "formats": ["image/png"]},
                "sources": {name: {"kind": "raster", "path": f"{name}.tif"} for name in POSITIONS},
                "layers": {name: {"source": name} for name in POSITIONS},
            }
        )
    )
    with serving(folder, catalogue) as running:
        yield running


@pytest.fixture(scope="module")
def capabilities(server: Server) -> Capabilities:
    """What is published."""
    return published.read(server.get(CAPABILITIES).body)


@pytest.mark.parametrize("name", POSITIONS)
def test_every_place_shows_what_is_there(
    server: Server, capabilities: Capabilities, name: str
) -> None:
    """A raster that comes out elsewhere, turned round, torn at a meridian, or not at all."""
    position = POSITIONS[name]
    for n, (lon, lat) in enumerate(position.places):
        sets = zip(("WebMercatorQuad", "WorldCRS84Quad"), position.matrices, strict=True)
        for matrix_set, matrix in list(sets)[: 1 if n else 2]:
            block = block_near(capabilities, name, matrix_set, matrix, lon, lat, every=1, side=1)
            ours = fetch(server, block)
            theirs = expected(block, position)
            if position.kind == "gaps":
                theirs = stretched_alike(theirs, ours)
            found = compare(ours, theirs, 8, edge_px=6)
            assert found.common > 0.01, (lon, lat)
            assert found.agreeing > 0.99
            assert found.mean < 2.0
            assert found.off < 0.01
            # All are enlarged: half a pixel of a raster would be one or more of these.
            assert np.abs(found.shift).max() < 0.5
