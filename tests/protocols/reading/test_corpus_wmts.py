"""Real documents of the shared corpus: each is read, and what it says is what others read in it."""

from __future__ import annotations

import csv
import io
import warnings
from pathlib import Path

import pytest

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import WGS84, BoundingBox, TileIndex, transform_bounds, transform_points
from tuilerie.protocols.wmts.reading import RemoteWmts, read_capabilities, tile_address

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "wmts"
NAMES = sorted(path.name for path in CORPUS.glob("*.xml")) or ["(the corpus is not here)"]
REFUSED = {
    "jhs180-tilematrixset-only.xml": "no-layers",
    "nlsc-taiwan-empty-contents.xml": "no-layers",
    "ogc-schema-mismatched-tag.xml": "not-xml",
}
# Where GDAL takes literally what contradicts itself; each is looked at in test_quirks.
GDAL_BELIEVES = {
    "arcgis-doggersbank-nl.xml": "denominators of 96 dpi",
    "cuzk-zabaged-cz.xml": "wrong CRS and order",
    "dibel-onlinewmts-china.xml": "denominators of 96 dpi",
    "dlr-eoc-geowebcache.xml": "northing first at the poles",
    "kartverket-opencache-geowebcache.xml": "easting first in EPSG:3035",
    "nasa-gibs-eosdis-2012.xml": "degrees of a sphere",
    "nasa-mars-viking.xml": "degrees of a sphere, order",
    "us-navy-nrl-osm.xml": "denominators of 96 dpi",
    "swisstopo-mixed-4326.xml": "longitude first",
}


def _read(shared: Path, name: str) -> RemoteWmts:
    data = (shared / "corpus" / "wmts" / name).read_bytes()
    return read_capabilities(data, address="https://tiles.example.org/wmts")


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_every_document_is_read_or_says_why_not(shared: Path, name: str) -> None:
    if name in REFUSED:
        with pytest.raises(UnreadableDocument) as error:
            _read(shared, name)
        assert error.value.code == REFUSED[name]
        return
    service = _read(shared, name)
    for layer in service.layers.values():
        for link in layer.links:
            _check_link(service, layer.identifier, link.matrix_set)


def _check_link(service: RemoteWmts, identifier: str, matrix_set: str) -> None:
    """A tile at the layer's centre holds that centre, lies within the set, and has an address."""
    layer = service.layers[identifier]
    tms = service.matrix_sets[matrix_set]
    finest = tms.matrices[-1]
    link = layer.link(matrix_set)
    corner = TileIndex(finest.identifier, 0, 0)
    if any(not template.format or template.format in layer.formats for template in layer.templates):
        address = tile_address(service, layer, "", layer.formats[0], link, corner)
        assert address.startswith("http")
        assert "{" not in address
    for matrix, limits in link.limits.items():
        size = tms.matrix(matrix)
        assert 0 <= limits.min_col <= limits.max_col < size.matrix_width
        assert 0 <= limits.min_row <= limits.max_row < size.matrix_height
    where = layer.wgs84_bounds
    told = any(w.code == "origin-contradicted" and matrix_set in w.where for w in service.warnings)
    if where is None or told or not where.width or not where.height:
        return
    box = _in_set(where, service, matrix_set)
    if box is None:
        return
    bounds = tms.matrices[0].bounds
    assert bounds.intersects(box), f"{identifier} lies outside {matrix_set}"
    common = bounds.intersection(box)
    assert common is not None
    x, y = (common.left + common.right) / 2, (common.bottom + common.top) / 2
    matrix = tms.matrices[0]
    col = min(int((x - matrix.left) / matrix.span_x), matrix.matrix_width - 1)
    row = min(int((matrix.top - y) / matrix.span_y), matrix.matrix_height - 1)
    tile = tms.bounds(TileIndex(matrix.identifier, col, row))
    assert tile.left <= x <= tile.right
    assert tile.bottom <= y <= tile.top


def _in_set(where: BoundingBox, service: RemoteWmts, matrix_set: str) -> BoundingBox | None:
    crs = service.matrix_sets[matrix_set].crs
    if crs.is_geographic:
        return where
    try:
        return transform_bounds(where, WGS84, crs)
    except ValueError:
        return None


@pytest.mark.shared
def test_bounds_are_those_of_gdal(shared: Path) -> None:
    """Where GDAL opens a layer, its raster lies in our matrix set, with our finest cells."""
    table = (shared / "corpus" / "wmts" / "gdal_reference.tsv").read_text("utf-8")
    compared, read = 0, {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t"):
        name, pair = row["file"], row["layer_tms"] or ""
        if name in REFUSED or name in GDAL_BELIEVES or "tilematrixset=" not in pair:
            continue
        if not row["bounds"] or not row["resolution"]:
            continue
        service = read.setdefault(name, None) or _read(shared, name)
        read[name] = service
        tms = service.matrix_sets.get(pair.partition("tilematrixset=")[2])
        if tms is None:
            continue
        left, bottom, right, top = map(float, row["bounds"].split())
        cells = {m.cell_size for m in tms.matrices}
        resolution = float(row["resolution"].split()[0])
        off = min(abs(cell / resolution - 1) for cell in cells)
        assert off < 1e-3, (name, pair, resolution)
        matrix = min(tms.matrices, key=lambda m: abs(m.cell_size - resolution))
        inside = BoundingBox(left, bottom, right, top).intersection(matrix.bounds)
        assert inside is not None, (name, pair)
        assert inside.width >= 0.9 * min(right - left, matrix.bounds.width), (name, pair)
        compared += 1
    assert compared > 50


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_identifiers_and_titles_are_those_of_owslib(shared: Path, name: str) -> None:
    from owslib.wmts import WebMapTileService

    data = (shared / "corpus" / "wmts" / name).read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = WebMapTileService("http://tiles.example.org/wmts", xml=data)
            theirs = {key: value.title for key, value in other.contents.items()}
    except Exception as error:  # noqa: BLE001 (the oracle fails in its own ways)
        pytest.skip(f"OWSLib cannot read it: {type(error).__name__}")
    if name in REFUSED:
        assert theirs == {}
        return
    ours = _read(shared, name).layers
    assert set(ours) <= {key.strip() for key in theirs if key}
    assert len(theirs) - len(ours) <= 1, "only a layer without tiles may be left out"
    for key, title in theirs.items():
        if key in ours and title and title.strip():
            assert ours[key].title == title.strip()


@pytest.mark.shared
def test_corners_against_pyproj(shared: Path) -> None:
    """Belgium's set in Lambert 72 lies on Belgium, and its Web Mercator one on the same ground."""
    service = _read(shared, "ngi-belgium-cartoweb.xml")
    tms = service.matrix_sets["3812"]
    x, y = transform_points([4.35], [50.85], WGS84, tms.crs)
    assert tms.matrices[-1].bounds.left < x[0] < tms.matrices[-1].bounds.right
    assert tms.matrices[-1].bounds.bottom < y[0] < tms.matrices[-1].bounds.top
