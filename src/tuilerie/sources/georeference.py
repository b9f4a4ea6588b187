"""Where a raster lies: its CRS and transform from wherever they are said, or what is missing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from affine import Affine

from tuilerie.errors import Problem
from tuilerie.grids import Crs
from tuilerie.sources.control_points import affine_of
from tuilerie.sources.settings import RasterFile

__all__ = ["find_affine", "find_crs"]

_PLANE_AXES = 2
_LONGEST_PRJ = 100_000


def find_crs(dataset: Any, file: RasterFile, problems: list[Problem]) -> Crs | None:
    """Return the horizontal CRS that the settings, the file or a .prj beside it say.

    None, and a problem more, if none of them does or PROJ does not understand it.
    """
    text = file.crs or _own_crs(dataset, file.path)
    if not text:
        problems.append(
            Problem(
                "the file does not say its coordinate reference system",
                "give it: `crs: EPSG:2154` in a catalogue, `--crs EPSG:2154` on the command line",
            )
        )
        return None
    try:
        crs = Crs.parse(text)
        # Heights are no part of a map: of "Lambert 93 + NGF" only Lambert 93 is.
        flat = len(crs.pyproj.axis_info) == _PLANE_AXES and not crs.pyproj.is_compound
        return crs if flat else Crs.parse(crs.horizontal.to_wkt())
    except ValueError as error:
        problems.append(Problem(str(error), "give the right one, e.g. `crs: EPSG:2154`"))
        return None


def _own_crs(dataset: Any, path: Path) -> str:
    """Return the CRS from the file, its ground control points, or a .prj beside it; else ""."""
    found = dataset.crs or dataset.gcps[1]
    if found:
        return str(found.to_wkt())
    for name in (path.with_suffix(".prj"), path.with_suffix(".PRJ"), Path(f"{path}.prj")):
        if name.is_file():
            return name.read_text(encoding="utf-8", errors="replace").strip()[:_LONGEST_PRJ]
    return ""


def find_affine(dataset: Any, problems: list[Problem]) -> Affine | None:
    """Return (column, row) -> CRS units; None, or no use, and a problem more if there is none."""
    affine = affine_of(dataset)
    if affine is None:
        if dataset.rpcs is not None:
            problem = Problem(
                "the file is placed by rational polynomials (RPC) only",
                "rectify it with gdalwarp -rpc, with a height or an elevation model",
            )
        else:
            problem = Problem(
                "the file is not georeferenced: no transform, world file or control points",
                "put a world file (.tfw, .jgw, .pgw, .wld) beside it, or write its place into it"
                " with gdal_edit.py -a_ullr LEFT TOP RIGHT BOTTOM",
            )
        problems.append(problem)
    elif not all(map(math.isfinite, affine)) or affine.determinant == 0:
        problems.append(
            Problem(
                f"the file's georeferencing has no area: {tuple(affine)[:6]}",
                "mend its world file, or write it anew with gdal_edit.py -a_ullr",
            )
        )
    return affine
