"""What the server draws of the demo, against GDAL's own drawing of the same files."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import rasterio

from tests.journeys.blocks import Block, block_near, fetch
from tests.journeys.pictures import (
    Picture,
    compare,
    expand,
    gdalwarp,
    jumps,
    mean_of_gdal,
    picture,
    stretch,
)
from tests.journeys.published import Capabilities
from tests.journeys.running import Server

pytestmark = [pytest.mark.gdal, pytest.mark.usefixtures("gdal")]


class Case(NamedTuple):
    """A layer at a place of a matrix; `reduced` where the matrix is coarser than the data."""

    layer: str
    file: str
    matrix_set: str
    matrix: str
    lon: float
    lat: float
    reduced: bool = False

    def __str__(self) -> str:
        return f"{self.layer}-{self.matrix_set}-{self.matrix}-{self.lon:g},{self.lat:g}"


PICTURES = [
    Case("world", "world.tif", "WebMercatorQuad", "5", 10, 50),
    Case("world", "world.tif", "WebMercatorQuad", "3", 0, 45, reduced=True),
    Case("world", "world.tif", "WebMercatorQuad", "4", 179.9, 60),
    Case("world", "world.tif", "WorldCRS84Quad", "4", 140, -25),
    # The pole and the 180th meridian in the middle of the picture.
    Case("world", "world.tif", "arctic", "1", 0, 90, reduced=True),
    Case("world", "world.tif", "arctic", "0", 0, 90, reduced=True),
    Case("sheets", "sheets.vrt", "WebMercatorQuad", "7", 10, 46.5),
    Case("sheets", "sheets.vrt", "EuropeanETRS89_LAEAQuad", "6", 10, 46.5),
    Case("france", "france_utm31n.tif", "WebMercatorQuad", "7", 2, 47),
    # A corner of the scene, with nothing around it.
    Case("france", "france_utm31n.tif", "WebMercatorQuad", "6", 0, 41),
    Case("france", "france_utm31n.tif", "LAMB93", "8", 4, 46),
    Case("madagascar", "madagascar_utm38s.tif", "madagascar", "2000", 46.5, -19),
    Case("madagascar", "madagascar_utm38s.tif", "madagascar", "8000", 46.5, -19, reduced=True),
    Case("arctic", "arctic_polar.tif", "arctic", "1", -40, 72),
    Case("arctic", "arctic_polar.tif", "WebMercatorQuad", "4", 20, 78),
    Case("arctic", "arctic_polar.tif", "WorldCRS84Quad", "3", 90, 88),
    Case("bering", "bering_strait.tif", "bering", "town", -170, 65),
    # Both sides of the 180th meridian.
    Case("bering", "bering_strait.tif", "WebMercatorQuad", "6", -179.9, 66),
    Case("bering", "bering_strait.tif", "WebMercatorQuad", "6", 179.9, 66),
    Case("bering", "bering_strait.tif", "WorldCRS84Quad", "3", 179.9, 64, reduced=True),
]


def of_gdal(block: Block, source: Path, *, reduced: bool) -> Picture:
    """Draw a block with GDAL: pixel by pixel, or as the mean of what pixels cover."""
    where = source, block.matrix_set.crs, block.bounds, block.size
    return picture(*(mean_of_gdal(*where) if reduced else gdalwarp(*where, "bilinear")))


@pytest.fixture(scope="module")
def data(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's data, and the sheets as one file for GDAL."""
    folder = tmp_path_factory.mktemp("gdal")
    for path in (demo / "data").iterdir():
        (folder / path.name).symlink_to(path)
    sheets = sorted((demo / "data" / "sheets").glob("*.tif"))
    subprocess.run(
        ["gdalbuildvrt", "-q", folder / "sheets.vrt", *sheets], check=True, capture_output=True
    )
    return folder


@pytest.mark.parametrize("case", PICTURES, ids=str)
def test_pictures_are_gdals(
    demo_server: Server, demo_capabilities: Capabilities, data: Path, case: Case
) -> None:
    """A wrong place, size, resampling, edge of the data, or a line between two metatiles.

    Where a matrix is about as fine as the data or finer, colours differ by about one level of
    255 in the mean (1.3 at most), by more than 12 nowhere to speak of, and nothing is moved by
    a fiftieth of a pixel. Where it is coarser, the reference is the mean of all that a pixel
    covers, and bilinear reading of an overview may be off by 4 in the mean.
    """
    block = block_near(demo_capabilities, *case[:1], *case[2:6])
    ours = fetch(demo_server, block)
    theirs = of_gdal(block, data / case.file, reduced=case.reduced)
    found = compare(ours, theirs, 24 if case.reduced else 12)
    assert found.common > 0.1
    assert found.agreeing > 0.99
    assert found.mean < (4.0 if case.reduced else 1.3)
    assert found.off < (0.03 if case.reduced else 0.005)
    assert np.abs(found.shift).max() < (0.1 if case.reduced else 0.02)
    for axis, (count, length) in enumerate(
        [(block.rows, block.matrix.tile_height), (block.cols, block.matrix.tile_width)]
    ):
        steps = jumps(ours, theirs, axis)
        if count > 1:
            assert not steps[length - 1] > 2 * np.nanmedian(steps) + 1.0


def test_classes_are_gdals(
    demo_server: Server, demo_capabilities: Capabilities, data: Path
) -> None:
    """An interpolated class, a wrong colour of the palette, or pixels chosen half a pixel off."""
    block = block_near(demo_capabilities, "surface", "WebMercatorQuad", "5", 20, 10)
    source = data / "surface_classes.tif"
    bands, seen = gdalwarp(source, block.matrix_set.crs, block.bounds, block.size, "near")
    theirs = expand(bands, source)
    theirs = theirs._replace(seen=theirs.seen & seen)
    for media_type in ("image/png", "image/png; mode=8bit"):
        found = compare(fetch(demo_server, block, media_type=media_type), theirs, 0, edge_px=0)
        assert found.common > 0.9
        assert found.agreeing > 0.999
        assert found.off < 0.001


def test_classes_in_other_colours(
    demo_server: Server, demo_capabilities: Capabilities, data: Path
) -> None:
    """A palette style that gives a class the colour of another."""
    block = block_near(demo_capabilities, "surface", "WebMercatorQuad", "5", 20, 10)
    bands, _ = gdalwarp(
        data / "surface_classes.tif", block.matrix_set.crs, block.bounds, block.size, "near"
    )
    water = np.isin(bands[0], (1, 2))[..., None]
    colours = np.where(water, (0xB9, 0xCF, 0xD8), (0xF4, 0xEF, 0xE6)).astype(np.float64)
    ours = fetch(demo_server, block, "land_and_water")
    assert compare(ours, Picture(colours, bands[0] > 0), 0, edge_px=0).off < 0.001


def test_sixteen_bits_are_stretched_after_the_warp(
    demo_server: Server, demo_capabilities: Capabilities, data: Path
) -> None:
    """Reflectance cut to 8 bits in the wrong way, or no data that is drawn black."""
    block = block_near(demo_capabilities, "levant", "WebMercatorQuad", "7", 36, 32)
    bands, seen = gdalwarp(
        data / "levant_reflectance_16bit.tif",
        block.matrix_set.crs,
        block.bounds,
        block.size,
        "bilinear",
    )
    found = compare(fetch(demo_server, block), picture(stretch(bands, 0, 7000), seen), 3)
    assert found.agreeing > 0.99
    assert found.mean < 0.6
    assert found.off < 0.001


@pytest.mark.parametrize("matrix", ["10", "13"])
def test_heights_are_gdaldems(
    demo_server: Server, demo_capabilities: Capabilities, data: Path, tmp_path: Path, matrix: str
) -> None:
    """A ramp whose stops are mixed up, or that colours before the heights are interpolated."""
    block = block_near(demo_capabilities, "cumberland", "WebMercatorQuad", matrix, -84.2, 36.6)
    ramp = tmp_path / "ramp.txt"
    ramp.write_text(
        "230 47 107 79\n330 127 168 101\n450 217 211 154\n600 199 154 99\n"
        "800 150 96 63\n1080 243 236 228\nnv 0 0 0\n"
    )
    heights = warped_heights(block, data, tmp_path)
    theirs = gdaldem("color-relief", heights, tmp_path / "colours.tif", str(ramp))
    found = compare(fetch(demo_server, block, "heights"), theirs, 4)
    assert found.common > 0.2
    assert found.mean < 0.6
    assert found.off < 0.005
    assert np.abs(found.shift).max() < 0.05


@pytest.mark.parametrize("matrix", ["11", "13"])
def test_hill_shading_is_gdaldems(
    demo_server: Server, demo_capabilities: Capabilities, data: Path, tmp_path: Path, matrix: str
) -> None:
    """Light from the wrong side, slopes in pixels instead of metres on the ground, dark seams.

    GDAL is told by how much Mercator is too large at this latitude.
    """
    block = block_near(demo_capabilities, "cumberland", "WebMercatorQuad", matrix, -84.2, 36.6)
    middle = (block.bounds.bottom + block.bounds.top) / 2
    latitude = 2 * np.arctan(np.exp(middle / 6378137)) - np.pi / 2
    heights = warped_heights(block, data, tmp_path)
    theirs = gdaldem(
        "hillshade", heights, tmp_path / "shade.tif",
        "-az", "315", "-alt", "45", "-z", "1.5", "-s", repr(float(np.cos(latitude))),
        "-compute_edges",
    )  # fmt: skip
    ours = fetch(demo_server, block, "shading")
    found = compare(ours, theirs, 10)
    assert found.common > 0.2
    assert found.mean < 3.0
    assert found.off < 0.01
    assert np.abs(found.shift).max() < 0.02
    steps = jumps(ours, theirs, 1)
    assert steps[block.matrix.tile_width - 1] < 2 * np.nanmedian(steps) + 1.0


def warped_heights(block: Block, data: Path, folder: Path) -> Path:
    """Let GDAL interpolate the heights of a block, to fractions of a metre."""
    target = folder / "heights.tif"
    subprocess.run(
        [
            "gdalwarp", "-q", "-et", "0", "-r", "cubic", "-ot", "Float32",
            "-t_srs", block.matrix_set.crs,
            "-te", *map(repr, block.bounds), "-ts", *map(str, block.size),
            data / "cumberland_dem.tif", target,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return target


def gdaldem(verb: str, heights: Path, target: Path, *arguments: str) -> Picture:
    """Let GDAL colour or shade heights."""
    between = arguments if verb == "color-relief" else ()
    after = () if verb == "color-relief" else arguments
    subprocess.run(
        ["gdaldem", verb, heights, *between, target, *after, "-q"],
        check=True,
        capture_output=True,
    )
    with rasterio.open(heights) as dataset:
        seen = dataset.read_masks(1) > 0
    with rasterio.open(target) as dataset:
        return picture(dataset.read(), seen)
