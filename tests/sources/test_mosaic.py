"""A folder of files is one map: no joints, the right one on top, bad files left out."""

from __future__ import annotations

import math
import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.sources.making import ramp, write_raster
from tests.sources.oracle import gdalwarp
from tuilerie.errors import CatalogueError, RenderError
from tuilerie.grids import BoundingBox, Crs
from tuilerie.sources.base import MapRequest
from tuilerie.sources.datasets import DatasetPool
from tuilerie.sources.mosaic import MosaicSource
from tuilerie.sources.rasterfile import RasterFileSource
from tuilerie.sources.settings import RasterFile, SheetFolder
from tuilerie.sources.sheet_index import folder_fingerprint, sheet_index
from tuilerie.sources.sheets import describe_folder, describe_mosaic

UTM = "EPSG:32631"


def mosaic(folder: Path, **settings) -> MosaicSource:
    return MosaicSource(SheetFolder(folder, **settings), pool=DatasetPool(8))


def ask(bounds, width=64, height=64, crs=UTM, **more) -> MapRequest:
    return MapRequest(BoundingBox(*bounds), crs, width, height, **more)


def valid(raster) -> np.ndarray:
    return np.ones(raster.array.shape[1:], bool) if raster.mask is None else raster.mask > 0


def cut_up(folder: Path, array: np.ndarray, side: int, **profile) -> None:
    """Write an array of 1 m pixels as sheets, and as one file beside the folder."""
    folder.mkdir(exist_ok=True)
    _, height, width = array.shape
    for top in range(0, height, side):
        for left in range(0, width, side):
            piece = array[:, top : top + side, left : left + side]
            bounds = (
                5e5 + left, 4e6 - top - piece.shape[1], 5e5 + left + piece.shape[2], 4e6 - top
            )  # fmt: skip
            write_raster(
                folder / f"r{top:04d}c{left:04d}.tif", piece.copy(), bounds, UTM, **profile
            )
    bounds = (5e5, 4e6 - height, 5e5 + width, 4e6)
    write_raster(folder.parent / "whole.tif", array, bounds, UTM, **profile)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "cubic", "average"])
@pytest.mark.parametrize("factor", [0.21, 0.5, 1, 1.7, 4])
@pytest.mark.parametrize("crs", [UTM, "EPSG:3857"])
def test_sheets_are_like_one_file(tmp_path: Path, factor, resampling, crs) -> None:
    """Pixel by pixel the same as of the uncut raster: a joint anywhere would differ."""
    noise = np.random.default_rng(4).integers(0, 255, (3, 256, 320), np.uint8)
    array = np.stack([cv2.blur(band, (5, 5)) for band in noise])
    cut_up(tmp_path / "sheets", array, 64, photometric="RGB")
    size = int(60 / factor**0.2)
    x, y = (5e5 + 37, 4e6 - 210) if crs == UTM else (333_958.0 + 60, 4_322_263.0)
    if crs == UTM:
        bounds = (x, y, x + size * factor, y + size * factor)
    else:
        from tuilerie.grids import Crs, transform_bounds

        inner = BoundingBox(5e5 + 40, 4e6 - 200, 5e5 + 40 + 40 * factor, 4e6 - 200 + 40 * factor)
        bounds = tuple(transform_bounds(inner, Crs.parse(UTM), Crs.parse(crs)))
    asked = ask(bounds, size, size, crs, resampling=resampling)
    whole = RasterFileSource(RasterFile(tmp_path / "whole.tif"), pool=DatasetPool())
    one, many = whole.read_sync(asked), mosaic(tmp_path / "sheets").read_sync(asked)
    assert (valid(one) == valid(many)).all()
    both = valid(one) & valid(many)
    assert both.any()
    # OpenCV knows places to 1/32 pixel, counted from each picture's own corner.
    assert np.abs(one.array.astype(int) - many.array)[:, both].max() <= 2


def test_the_last_by_name_is_on_top(tmp_path: Path) -> None:
    """Which of two overlapping sheets is shown must not depend on chance."""
    for name, value, left in (("b", 20, 0), ("a", 10, 4), ("c", 30, 8)):
        write_raster(
            tmp_path / f"{name}.tif", np.full((8, 8), value, np.uint8), (left, 0, left + 8, 8), UTM
        )
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 16, 8), 16, 8))
    assert drawn.array[0, 0].tolist() == [20] * 8 + [30] * 8


def test_the_newest_on_top_if_wanted(tmp_path: Path) -> None:
    """Corrections are often new files with any name."""
    for age, name in ((100, "a"), (50, "c"), (75, "b")):
        path = write_raster(
            tmp_path / f"{name}.tif", np.full((8, 8), age, np.uint8), (0, 0, 8, 8), UTM
        )
        os.utime(path, (1e9 - age, 1e9 - age))
    drawn = mosaic(tmp_path, newest_on_top=True).read_sync(ask((0, 0, 8, 8), 8, 8))
    assert (drawn.array == 50).all()


def test_gaps_let_the_sheet_below_through(tmp_path: Path) -> None:
    """The empty corners of a satellite scene must not hide its neighbour."""
    top = np.full((8, 8), 9, np.uint8)
    top[:, :4] = 0
    write_raster(tmp_path / "a.tif", np.full((8, 8), 5, np.uint8), (0, 0, 8, 8), UTM, nodata=0)
    write_raster(tmp_path / "b.tif", top, (0, 0, 8, 8), UTM, nodata=0)
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 8, 8), 8, 8))
    assert drawn.mask is None
    assert drawn.array[0, 0].tolist() == [5] * 4 + [9] * 4


def test_between_sheets_is_no_data(tmp_path: Path) -> None:
    """Holes in the coverage are transparent, and far away is nothing at all."""
    for left in (0, 16):
        write_raster(tmp_path / f"{left}.tif", ramp(8, 8), (left, 0, left + 8, 8), UTM)
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 24, 8), 24, 8))
    assert valid(drawn)[0].tolist() == [True] * 8 + [False] * 8 + [True] * 8
    assert mosaic(tmp_path).read_sync(ask((9, 0, 15, 8))) is None
    assert mosaic(tmp_path).read_sync(ask((1000, 0, 1015, 8))) is None


def test_sheets_in_two_zones(tmp_path: Path) -> None:
    """A country in two UTM zones is one map; each sheet lies where its own CRS says."""
    write_raster(
        tmp_path / "a.tif", np.full((80, 80), 10, np.uint8), (7e5, 5e6, 7.8e5, 5.08e6), "EPSG:32631"
    )
    write_raster(
        tmp_path / "b.tif",
        np.full((80, 80), 20, np.uint8),
        (2.5e5, 5e6, 3.3e5, 5.08e6),
        "EPSG:32632",
    )
    drawn = mosaic(tmp_path).read_sync(ask((5.4, 45, 6.7, 45.9), 130, 90, "EPSG:4326"))
    assert set(np.unique(drawn.array[0][valid(drawn)])) == {10, 20}
    described = describe_mosaic(tmp_path)
    assert described.crs == "EPSG:32631"
    assert described.wgs84_bounds.left == pytest.approx(5.54, abs=0.02)
    assert described.wgs84_bounds.right > 6.8


def test_sheets_of_different_cell_sizes(tmp_path: Path) -> None:
    """City sheets of 1 m beside country sheets of 4 m are read at what the map needs."""
    fine = ramp(64, 64)
    coarse = cv2.resize(ramp(128, 64)[0][:, 64:], (16, 16), interpolation=cv2.INTER_AREA)
    write_raster(tmp_path / "a.tif", fine, (0, 0, 64, 64), UTM)
    write_raster(tmp_path / "b.tif", coarse, (64, 0, 128, 64), UTM)
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 128, 64), 128, 64))
    assert drawn.mask is None
    assert (drawn.array[0, :, :64] == fine).all()
    assert np.abs(np.diff(drawn.array[0, 32, 66:].astype(int))).max() <= 10


def test_unaligned_and_turned_sheets(tmp_path: Path) -> None:
    """Sheets whose grids are shifted by parts of a pixel, or run upwards, leave no gap."""
    from affine import Affine

    write_raster(tmp_path / "a.tif", np.full((32, 32), 100, np.uint8), (0, 0, 32, 32), UTM)
    write_raster(
        tmp_path / "b.tif", np.full((32, 32), 102, np.uint8), (31.63, 0.21, 63.63, 32.21), UTM
    )
    write_raster(
        tmp_path / "c.tif", np.full((32, 32), 104, np.uint8),
        transform=Affine(1, 0, 63.4, 0, 1, 0), crs=UTM,
    )  # fmt: skip
    for factor in (0.3, 1, 2.3):
        size = int(90 / factor), int(30 / factor)
        drawn = mosaic(tmp_path).read_sync(
            ask((2, 1, 2 + size[0] * factor, 1 + size[1] * factor), *size)
        )
        assert drawn.mask is None
        assert drawn.array.min() >= 100
        assert drawn.array.max() <= 104


def test_a_rotated_sheet_among_others(tmp_path: Path) -> None:
    """An aerial photo with a rotated world file belongs to the mosaic too."""
    from affine import Affine

    write_raster(tmp_path / "a.tif", np.full((32, 32), 100, np.uint8), (0, 0, 32, 32), UTM)
    turned = Affine.translation(40, 16) @ Affine.rotation(45) @ Affine.scale(1, -1)
    write_raster(tmp_path / "b.tif", np.full((20, 20), 200, np.uint8), transform=turned, crs=UTM)
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 80, 32), 80, 32))
    assert drawn.array[0, 16, 50] == 200
    assert drawn.array[0, 16, 10] == 100
    assert not valid(drawn)[0, 75]


def test_alpha_in_some_sheets(tmp_path: Path) -> None:
    """RGB and RGBA sheets of one production go together."""
    rgba = np.full((4, 8, 8), 50, np.uint8)
    rgba[3, :, 4:] = 0
    write_raster(
        tmp_path / "a.tif", np.full((3, 8, 8), 90, np.uint8), (0, 0, 8, 8), UTM, photometric="RGB"
    )
    write_raster(tmp_path / "b.tif", rgba, (4, 0, 12, 8), UTM, photometric="RGB", alpha="YES")
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 12, 8), 12, 8))
    assert drawn.array.shape == (4, 8, 12)
    assert drawn.array[0, 0].tolist() == [90] * 4 + [50] * 4 + [0] * 4
    assert drawn.array[3, 0].tolist() == [255] * 4 + [50] * 4 + [0] * 4


def test_classes_stay_classes(tmp_path: Path) -> None:
    """A mosaic of palette sheets is a palette raster."""
    colours = {1: (10, 0, 0, 255), 5: (0, 10, 0, 255)}
    for left, value in ((0, 1), (8, 5)):
        write_raster(
            tmp_path / f"{left}.tif", np.full((8, 8), value, np.uint8), (left, 0, left + 8, 8), UTM,
            palette=colours,
        )  # fmt: skip
    drawn = mosaic(tmp_path).read_sync(ask((0, 0, 16, 8), 111, 57, resampling="bilinear"))
    assert set(np.unique(drawn.array)) == {1, 5}
    assert drawn.palette[5].tolist() == [0, 10, 0, 255]


def test_world_sheets_across_the_antimeridian(tmp_path: Path) -> None:
    """Sheets at both ends of the world meet at 180 degrees, also where one says 190."""
    write_raster(tmp_path / "a.tif", np.full((10, 10), 1, np.uint8), (170, 0, 180, 10), "EPSG:4326")
    write_raster(
        tmp_path / "b.tif", np.full((10, 10), 2, np.uint8), (-180, 0, -170, 10), "EPSG:4326"
    )
    drawn = mosaic(tmp_path).read_sync(
        ask((-1e6, 1e5, 1e6, 1e6), 40, 18, "EPSG:3832")  # Pacific Mercator, 150° east
    )
    fiji = mosaic(tmp_path).read_sync(ask((2.9e6, 1e5, 3.7e6, 9e5), 40, 40, "EPSG:3832"))
    assert drawn is None or not valid(drawn).any()
    assert fiji.mask is None
    assert fiji.array[0, 20].tolist() == sorted(fiji.array[0, 20].tolist())
    assert set(np.unique(fiji.array)) >= {1, 2}


def test_bad_files_are_left_out_and_said(tmp_path: Path) -> None:
    """One bad file must not take the other thousand from the map."""
    write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 0, 8, 8), UTM)
    write_raster(tmp_path / "b.tif", ramp(8, 8, dtype="uint16"), (8, 0, 16, 8), UTM)
    write_raster(tmp_path / "c.tif", ramp(8, 8), (0, 0, 8, 8), None)
    (tmp_path / "d.tif").write_bytes(b"II*\0 broken")
    (tmp_path / "e.tif").write_bytes(b"")
    write_raster(tmp_path / ".hidden.tif", ramp(8, 8), (50, 0, 58, 8), UTM)
    described = describe_mosaic(tmp_path)
    assert described.bounds == (0, 0, 8, 8)
    text = "\n".join(described.warnings)
    for name in ("b.tif", "c.tif", "d.tif", "e.tif"):
        assert f"{name} is left out" in text
    assert mosaic(tmp_path).read_sync(ask((0, 0, 8, 8))) is not None


def test_no_folder_and_no_file(tmp_path: Path) -> None:
    """An empty mosaic is a mistake in the catalogue."""
    with pytest.raises(CatalogueError, match="is not a folder"):
        describe_mosaic(tmp_path / "nothing")
    with pytest.raises(CatalogueError, match="none of 0 files"):
        describe_mosaic(tmp_path)
    (tmp_path / "a.tif").write_text("nothing")
    with pytest.raises(CatalogueError, match=r"(?s)none of 1 files.*a.tif"):
        describe_mosaic(tmp_path)


def test_description_of_a_mosaic(tmp_path: Path) -> None:
    """The whole's bounds and limits, from sheets that overlap and leave gaps."""
    write_raster(tmp_path / "a.tif", np.full((8, 8), 100, np.float32), (0, 0, 8, 8), UTM)
    write_raster(tmp_path / "b.tif", np.full((8, 8), 900, np.float32), (8, 0, 16, 8), UTM)
    full = describe_mosaic(tmp_path)
    assert (full.kind, full.bounds, full.width, full.height) == ("values", (0, 0, 16, 8), 16, 8)
    assert (full.bands[0].minimum, full.bands[0].maximum) == (100, 900)
    assert not full.transparent
    write_raster(tmp_path / "c.tif", np.full((8, 8), 500, np.float32), (16, 8, 24, 16), UTM)
    assert describe_mosaic(tmp_path).transparent


def test_the_fingerprint_follows_the_folder(tmp_path: Path) -> None:
    """Added, removed, renamed and rewritten sheets and sidecars are noticed, other files not."""
    folder = SheetFolder(tmp_path)
    a = write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 0, 8, 8), UTM)
    seen = {folder_fingerprint(folder)}

    def is_new() -> bool:
        found = folder_fingerprint(folder)
        new = found not in seen
        seen.add(found)
        return new

    (tmp_path / "readme.md").write_text("not a sheet")
    assert not is_new()
    b = write_raster(tmp_path / "b.tif", ramp(8, 8), (8, 0, 16, 8), UTM)
    assert is_new()
    b.rename(tmp_path / "c.tif")
    assert is_new()
    os.utime(a, (1e9, 1e9))
    assert is_new()
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset/>")
    assert is_new()
    (tmp_path / "c.tif").unlink()
    assert is_new()
    assert len(sheet_index(folder).sheets) == 1
    assert sheet_index(folder) is sheet_index(folder)


def test_patterns_and_folders_below(tmp_path: Path) -> None:
    """Only what the operator named is shown."""
    (tmp_path / "in").mkdir()
    write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 0, 8, 8), UTM)
    write_raster(tmp_path / "in" / "b.tif", ramp(8, 8), (8, 0, 16, 8), UTM)
    write_raster(tmp_path / "c_x.tif", ramp(8, 8), (0, 8, 8, 16), UTM)
    names = {
        settings: [s.name for s in sheet_index(SheetFolder(tmp_path, *settings)).sheets]
        for settings in (("*.tif", False), ("*.tif", True), ("*_x.tif", True), ("*", False))
    }
    assert names["*.tif", False] == ["a.tif", "c_x.tif"]
    assert names["*.tif", True] == ["a.tif", "c_x.tif", "in/b.tif"]
    assert names["*_x.tif", True] == ["c_x.tif"]
    assert names["*", False] == ["a.tif", "c_x.tif"]


def test_a_sheet_that_goes_away_leaves_a_gap(tmp_path: Path) -> None:
    """Between a deletion and the next load the other sheets go on being served."""
    write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 0, 8, 8), UTM)
    write_raster(tmp_path / "b.tif", ramp(8, 8), (8, 0, 16, 8), UTM)
    one = mosaic(tmp_path)
    assert one.read_sync(ask((0, 0, 16, 8), 16, 8)).mask is None
    (tmp_path / "b.tif").unlink()
    assert valid(one.read_sync(ask((0, 0, 16, 8), 16, 8)))[0].tolist() == [True] * 8 + [False] * 8


def test_a_damaged_sheet_is_named(tmp_path: Path) -> None:
    """The operator must learn which of thousands it is; the client must not learn where."""
    noise = np.random.default_rng(1).integers(0, 255, (3, 100, 100), np.uint8)
    write_raster(tmp_path / "a.tif", noise, (0, 0, 100, 100), UTM)
    broken = write_raster(tmp_path / "b.tif", noise, (100, 0, 200, 100), UTM)
    one = MosaicSource(SheetFolder(tmp_path), identifier="ortho", pool=DatasetPool())
    with broken.open("r+b") as file:
        file.truncate(15_000)
    with pytest.raises(RenderError, match=r"ortho.*b\.tif") as caught:
        one.read_sync(ask((90, 0, 200, 100)))
    assert str(tmp_path) not in str(caught.value)
    assert one.read_sync(ask((10, 10, 80, 80))) is not None


def test_handles_stay_bounded(tmp_path: Path) -> None:
    """A coarse map of many sheets opens them one after the other."""
    cut_up(tmp_path / "sheets", ramp(160, 160, 3), 16)
    pool = DatasetPool(5)
    one = MosaicSource(SheetFolder(tmp_path / "sheets"), pool=pool)
    drawn = one.read_sync(ask((5e5, 4e6 - 160, 5e5 + 160, 4e6), 40, 40))
    assert drawn.mask is None
    assert pool.open_count <= 5


async def test_it_is_a_map_source(tmp_path: Path) -> None:
    """Reading through the event loop, and closing twice."""
    write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 0, 8, 8), UTM)
    one = mosaic(tmp_path)
    assert (await one.read(ask((0, 0, 8, 8)))).array.shape == (1, 64, 64)
    await one.close()
    await one.close()
    assert describe_folder(SheetFolder(tmp_path)).kind == "picture"


def test_a_transparent_class_makes_a_folder_transparent(tmp_path: Path) -> None:
    """Its tiles would be JPEG by default, and the class black."""
    (tmp_path / "sheets").mkdir()
    # Two of them: GDAL takes a single one for the value of missing data.
    colours = {0: (0, 0, 0, 0), 1: (200, 0, 0, 255), 2: (0, 200, 0, 0)}
    array = np.ones((1, 8, 8), np.uint8)
    bounds = (5e5, 4e6 - 8, 5e5 + 8, 4e6)
    path = tmp_path / "sheets" / "a.png"
    write_raster(path, array, bounds, UTM, palette=colours, driver="PNG")
    assert describe_folder(SheetFolder(path.parent, pattern="*.png")).transparent


@pytest.mark.gdal
@pytest.mark.parametrize("side", [450, 300, 101])
@pytest.mark.parametrize("factor", [5.3, 9.1])
def test_coarse_maps_of_sheets_are_what_gdalwarp_makes(
    tmp_path: Path, side: int, factor: float
) -> None:
    """Sheets would shift, or begin a pixel too late, where their edges cut coarser pixels."""
    across = np.linspace(0, 250, side * 3)
    array = np.stack([np.tile(across, (side * 3, 1)), np.tile(across[:, None], (1, side * 3))])
    array = np.concatenate([array, np.full((1, side * 3, side * 3), 90.0)]).astype(np.uint8)
    cut_up(tmp_path / "sheets", array, side, photometric="RGB")
    (tmp_path / "sheets" / f"r{side:04d}c{side:04d}.tif").unlink()  # a hole in the middle
    vrt = tmp_path / "all.vrt"
    sheets = sorted((tmp_path / "sheets").glob("*.tif"))
    subprocess.run(["gdalbuildvrt", "-q", str(vrt), *map(str, sheets)], check=True)
    utm, size = Crs.parse(UTM), math.ceil(side * 3 / factor)
    for start in (0.0, 0.37 * factor, side * 0.9):
        left, top = 5e5 + start, 4e6 - start
        bounds = BoundingBox(left, top - size * factor, left + size * factor, top)
        drawn = mosaic(tmp_path / "sheets").read_sync(ask(bounds, size, size))
        theirs, there = gdalwarp(vrt, utm, utm, bounds, size, "average", tmp_path)
        assert drawn is not None
        # Valid is what has its centre in a sheet; gdalwarp's average takes every pixel touched.
        centres_x = np.tile((start + (np.arange(size) + 0.5) * factor) / side, (size, 1))
        col, row = np.floor(centres_x), np.floor(centres_x.T)
        sheet = (col < 3) & (row < 3) & ((col != 1) | (row != 1))
        # Places are known to 1/32 pixel: a centre so near to an edge may lie on either side of it.
        # And what is valid ends in a curve around the corners of the hole.
        apart = np.abs(centres_x - np.rint(centres_x)) * side / factor
        clear = (apart > 1 / 32) & (apart.T > 1 / 32) & ((apart > 0.25) | (apart.T > 0.25))
        assert (valid(drawn) == sheet)[clear].all()
        inner = cv2.erode((sheet & there).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        apart = np.abs(drawn.array.astype(float) - theirs)[:, inner]
        assert apart.max() <= 0.35 * 250 / (side * 3) * factor + 1.0
