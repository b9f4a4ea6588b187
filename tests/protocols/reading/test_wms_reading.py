"""WMS 1.0.0 to 1.3.0: inheritance, axis order, requests; small documents and the shared corpus."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.protocols.reading.shelf import data
from tuilerie.errors import UnreadableDocument
from tuilerie.grids import WGS84, BoundingBox, Crs
from tuilerie.protocols.reading.overrides import ReadingOverrides
from tuilerie.protocols.wms.reading import (
    MapQuery,
    RemoteWms,
    feature_info_address,
    legend_address,
    map_address,
    read_capabilities,
)

ADDRESS = "https://maps.example.org/wms?"
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "wms"
NAMES = sorted(path.name for path in CORPUS.glob("*.xml")) or ["(the corpus is not here)"]
BOX = BoundingBox(5.0, 45.0, 11.0, 48.0)


def _wms(name: str, overrides: ReadingOverrides | None = None) -> RemoteWms:
    return read_capabilities(data(name), address=ADDRESS, overrides=overrides or ReadingOverrides())


def _query(crs: Crs, **changes: object) -> MapQuery:
    values: dict[str, object] = {
        "layers": ("roads",), "crs": crs, "bounds": BOX, "width": 600, "height": 300,
        "format": "image/png",
    }  # fmt: skip
    return MapQuery(**(values | changes))  # type: ignore[arg-type]


def test_what_layers_inherit() -> None:
    service = _wms("wms-130.xml")
    roads, relief = service.layers["roads"], service.layers["relief"]
    assert list(roads.crs) == ["EPSG:4326", "OGC:CRS84", "EPSG:3857"]
    assert roads.crs["EPSG:3857"] == "EPSG:3857"
    assert roads.crs_unread == ("AUTO2:42003",)
    assert list(relief.crs) == ["EPSG:4326", "OGC:CRS84"]
    assert [style.name for style in roads.styles] == ["shared", "own"]
    assert roads.wgs84_bounds == relief.wgs84_bounds == BOX
    assert roads.bounds[Crs("EPSG:4326")] == BOX
    assert (roads.attribution.title, relief.attribution.title) == ("Survey", "Other")  # type: ignore[union-attr]
    assert roads.dimensions[0].values == ("2023", "2024")
    assert (roads.min_scale_denominator, roads.max_scale_denominator) == (100, 50000)
    assert (roads.queryable, relief.opaque, relief.fixed_width, relief.cascaded) == (
        True,
        True,
        512,
        2,
    )
    assert roads.path == ("All",)
    assert (service.layer_limit, service.max_width, service.max_height) == (3, 4096, 2048)


def test_bbox_in_the_axis_order_of_the_crs() -> None:
    service = _wms("wms-130.xml")
    latitude_first = map_address(service, _query(Crs("EPSG:4326")))
    assert "&CRS=EPSG:4326&BBOX=45.0,5.0,48.0,11.0&" in latitude_first
    assert latitude_first.startswith(
        "https://maps.example.org/wms?map=a&SERVICE=WMS&VERSION=1.3.0&"
    )
    assert "&CRS=CRS:84&BBOX=5.0,45.0,11.0,48.0&" in map_address(service, _query(WGS84))
    known = _wms("wms-130.xml", ReadingOverrides(axis_order="xy"))
    assert "BBOX=5.0,45.0,11.0,48.0" in map_address(known, _query(Crs("EPSG:4326")))
    with pytest.raises(ValueError, match="not offered"):
        map_address(service, _query(Crs("EPSG:2154")))


def test_requests_of_older_versions() -> None:
    older = map_address(_wms("wms-111.xml"), _query(Crs("EPSG:4326"), transparent=True))
    assert "VERSION=1.1.1&REQUEST=GetMap&" in older
    assert "SRS=EPSG:4326&BBOX=5.0,45.0,11.0,48.0&" in older
    assert older.endswith("TRANSPARENT=TRUE")
    oldest = map_address(_wms("wms-100.xml"), _query(Crs("EPSG:2056"), format="image/gif"))
    assert "?WMTVER=1.0.0&REQUEST=map&" in oldest
    assert "&FORMAT=GIF&" in oldest


def test_extents_scales_and_tile_sets_of_1_1_1() -> None:
    service = _wms("wms-111.xml")
    roads = service.layers["roads"]
    assert list(roads.crs) == ["EPSG:4326", "EPSG:2056"]
    time = roads.dimensions[0]
    assert (time.units, time.values, time.nearest) == ("ISO8601", ("2020/2024/P1Y",), True)
    assert roads.min_scale_denominator == pytest.approx(0.5 / (0.00028 * 2**0.5))
    tiles = service.tile_sets[0].matrix_set
    assert [(m.matrix_width, m.matrix_height, m.top) for m in tiles.matrices] == [
        (2, 1, 90.0),
        (4, 2, 90.0),
    ]


def test_dimensions_vendor_parameters_and_feature_info() -> None:
    service = _wms("wms-130.xml")
    query = _query(WGS84, dimensions={"time": "2023"}, parameters={"TRANSPARENT": "x", "MAP": "b"})
    address = feature_info_address(service, query, (10, 20), "text/plain", 5)
    assert (
        "&TIME=2023&QUERY_LAYERS=roads&INFO_FORMAT=text/plain&FEATURE_COUNT=5&I=10&J=20&" in address
    )
    assert address.endswith("&TRANSPARENT=x&MAP=b")
    assert legend_address(service, "roads") == ""


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_corpus(shared: Path, name: str) -> None:
    content = (shared / "corpus" / "wms" / name).read_bytes()
    if name == "terraserver-xxe.xml":
        with pytest.raises(UnreadableDocument) as error:
            read_capabilities(content, address=ADDRESS)
        assert error.value.code == "entities"
        return
    service = read_capabilities(content, address=ADDRESS)
    assert service.layers
    assert service.formats
    assert service.map_address.startswith("http")
    for layer in service.layers.values():
        if layer.wgs84_bounds and Crs("EPSG:4326") in layer.bounds:
            west, south, east, north = layer.bounds[Crs("EPSG:4326")]
            assert -361 <= west <= east <= 361
            assert -181 <= south <= north <= 181


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_names_and_titles_are_those_of_owslib(shared: Path, name: str) -> None:
    from owslib.wms import WebMapService

    content = (shared / "corpus" / "wms" / name).read_bytes()
    if name == "terraserver-xxe.xml":
        pytest.skip("refused: it declares an external entity")
    service = read_capabilities(content, address=ADDRESS)
    version = "1.3.0" if service.version == "1.3.0" else "1.1.1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = WebMapService("http://maps.example.org/wms", version=version, xml=content)
            theirs = {key: value.title for key, value in other.contents.items()}
    except Exception as error:  # noqa: BLE001 (the oracle fails in its own ways)
        pytest.skip(f"OWSLib cannot read it: {type(error).__name__}")
    # OWSLib knows groups only where they are deep in the tree.
    assert set(theirs) - {None} <= set(service.layers)
    same = sum(service.layers[key].title == (title or "").strip() for key, title in theirs.items())
    assert same >= 0.9 * len(theirs)
