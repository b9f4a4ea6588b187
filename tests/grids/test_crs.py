"""CRS: every spelling in, one text out; axis order, units and area as PROJ has them."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pyproj
import pytest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from tuilerie.grids import WGS84, Crs

LAMBERT_93 = pyproj.CRS("EPSG:2154")
GEOSTATIONARY = "+proj=geos +h=35785831 +lon_0=-75 +sweep=x +ellps=GRS80"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("EPSG:2154", "EPSG:2154"),
        ("epsg:2154", "EPSG:2154"),
        ("  EPSG:2154\n", "EPSG:2154"),
        ("2154", "EPSG:2154"),
        ("+init=epsg:2154", "EPSG:2154"),
        ("urn:ogc:def:crs:EPSG::2154", "EPSG:2154"),
        ("URN:OGC:DEF:CRS:EPSG::2154", "EPSG:2154"),
        ("urn:ogc:def:crs:EPSG:9.9.1:2154", "EPSG:2154"),
        ("urn:ogc:def:crs:EPSG:2154", "EPSG:2154"),
        ("urn:x-ogc:def:crs:EPSG::2154", "EPSG:2154"),
        ("urn:ogc:def:crs:EPSG:6.18:3:3857", "EPSG:3857"),
        ("urn:ogc:def:crs:EPSG:6.18.3:3857", "EPSG:3857"),
        ("http://www.opengis.net/def/crs/EPSG/0/2154", "EPSG:2154"),
        ("https://www.opengis.net/def/crs/EPSG/9.9.1/2154/", "EPSG:2154"),
        ("http://www.opengis.net/gml/srs/epsg.xml#2154", "EPSG:2154"),
        ("CRS:84", "OGC:CRS84"),
        ("crs84", "OGC:CRS84"),
        ("OGC:CRS84", "OGC:CRS84"),
        ("CRS:83", "OGC:CRS83"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"),
        ("urn:ogc:def:crs:OGC::CRS84", "OGC:CRS84"),
        ("urn:ogc:def:crs:OGC:2:84", "OGC:CRS84"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84"),
        ("EPSG:900913", "EPSG:3857"),
        ("ESRI:102100", "EPSG:3857"),
        ("urn:ogc:def:crs:EPSG::102113", "EPSG:3857"),
        ("EPSG:3785", "EPSG:3785"),
        ("IGNF:LAMB93", "IGNF:LAMB93"),
        ("ESRI:54009", "ESRI:54009"),
        ("IAU_2015:30100", "IAU_2015:30100"),
        ("urn:ogc:def:crs:IAU:2015:30100", "IAU_2015:30100"),
        ("WGS 84", "EPSG:4326"),
        ("RGF93 v1 / Lambert-93", "EPSG:2154"),
        ("EPSG:7415", "EPSG:7415"),
        ("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", "EPSG:7415"),
        (LAMBERT_93.to_json(), "EPSG:2154"),
        ("+proj=utm +zone=31 +datum=WGS84", "EPSG:32631"),
        (pyproj.CRS("EPSG:3857").to_wkt("WKT1_GDAL"), "EPSG:3857"),
        ("+proj=merc +a=6378137 +b=6378137 +units=m +nadgrids=@null +wktext", "EPSG:3857"),
    ],
)
def test_every_spelling_is_understood(text: str, canonical: str) -> None:
    """A catalogue, a GeoTIFF and a remote service would not know that they mean the same."""
    crs = Crs.parse(text)
    assert crs.text == canonical
    assert crs == Crs.parse(canonical)
    assert hash(crs) == hash(Crs.parse(canonical))


@pytest.mark.parametrize("version", ["WKT1_GDAL", "WKT1_ESRI", "WKT2_2015", "WKT2_2019"])
@pytest.mark.parametrize(
    "code", [2154, 4326, 3857, 3413, 32721, 3035, 2964, 27700, 28992, 4807, 5514, 31467, 2180, 3006]
)
def test_wkt_of_a_known_crs_becomes_its_code(code: int, version: str) -> None:
    """Files would be reprojected into the projection that they have already."""
    assert Crs.parse(pyproj.CRS(f"EPSG:{code}").to_wkt(version)).text == f"EPSG:{code}"


def test_wkt_with_a_false_label_is_not_believed() -> None:
    """Data would be placed hundreds of kilometres away by a copied AUTHORITY line."""
    wkt = LAMBERT_93.to_wkt("WKT1_GDAL").replace("700000", "700123")
    crs = Crs.parse(wkt)
    assert crs.authority_code is None
    assert "700123" in crs.proj4
    assert crs != Crs.parse("EPSG:2154")
    assert Crs.parse(crs.text) == crs


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "foo",
        "EPSG:",
        "EPSG:0",
        "EPSG:99999999999999999999",
        "EPSG:2154; DROP",
        "a:b:c",
        "urn:ogc:def:crs:EPSG::",
        "http://example.org/crs/2154",
        "file:///etc/passwd",
        "+proj=nowhere",
        "PROJCS[",
        "{}",
        "[1, 2]",
        "\x00",
        "EPSG:2154\x00",
        "é" * 1000,
        "x" * 1_000_000,
        "EPSG:5773",
        "EPSG:4978",
        'LOCAL_CS["site",UNIT["metre",1]]',
    ],
)
def test_what_is_no_crs_is_refused_with_a_short_sentence(text: str) -> None:
    """An operator would see a stack trace, or the CRS of a height taken for one of a map."""
    with pytest.raises(ValueError, match=r"CRS|characters") as caught:
        Crs.parse(text)
    assert len(str(caught.value)) < 300


# First axis first, as PROJ and the EPSG dataset have them.
@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("EPSG:4326", True),
        ("OGC:CRS84", False),
        ("EPSG:4258", True),
        ("EPSG:4807", True),
        ("EPSG:3857", False),
        ("EPSG:2154", False),
        ("EPSG:3035", True),  # northing, easting
        ("EPSG:2180", True),  # x north, y east
        ("EPSG:31467", True),
        ("EPSG:3006", True),
        ("EPSG:2193", True),
        ("EPSG:3413", False),  # X and Y both point south
        ("EPSG:3031", False),  # both point north
        ("EPSG:5041", False),  # E, N; both point south
        ("EPSG:32661", True),  # N, E; both point south
        ("EPSG:32761", True),  # N, E; both point north
        ("EPSG:5482", True),
        ("EPSG:5514", False),  # Krovak, east and north
        ("EPSG:5513", False),  # Krovak, X south and Y west: as PROJ and GDAL have it
        ("EPSG:2048", False),  # Lo19, west and south
        ("EPSG:7415", False),  # with a height
        ("EPSG:4979", True),  # 3D
        ("EPSG:9518", True),  # geographic with a height
    ],
)
def test_axis_order_of_notable_crs(text: str, swapped: bool) -> None:
    """Maps would be mirrored along their diagonal."""
    crs = Crs.parse(text)
    assert crs.axes_swapped is swapped
    assert crs.to_wire(1.0, 2.0) == ((2.0, 1.0) if swapped else (1.0, 2.0))
    assert crs.from_wire(*crs.to_wire(1.0, 2.0)) == (1.0, 2.0)


def _epsg_sample() -> list[str]:
    infos = query_crs_info("EPSG", pj_types=[PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS])
    return sorted(f"EPSG:{info.code}" for info in infos)[::79]


def test_axis_order_is_what_proj_does_all_over_the_database() -> None:
    """Our reading of the axes would differ from the order in which PROJ hands out numbers."""
    checked = 0
    for text in _epsg_sample():
        crs = Crs.parse(text)
        assert crs.area_of_use is not None
        west, south, east, north = crs.area_of_use
        middle = ((west + east) / 2 if west < east else 180.0, south + (north - south) * 0.4)
        base = crs.pyproj.geodetic_crs
        assert base is not None
        prescribed = pyproj.Transformer.from_crs(base, crs.pyproj)
        visual = pyproj.Transformer.from_crs(base, crs.pyproj, always_xy=True)
        latitude_first = base.axis_info[0].direction == "north"
        first, second = prescribed.transform(*(middle[::-1] if latitude_first else middle))
        x, y = visual.transform(*middle)
        if math.isfinite(x) and abs(x - y) > 1e-6 and crs.pyproj != base:
            assert crs.from_wire(first, second) == pytest.approx((x, y)), text
            checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    ("text", "unit", "metres"),
    [
        ("EPSG:2154", "metre", 1.0),
        ("EPSG:4326", "degree", 2 * math.pi * 6378137 / 360),
        ("OGC:CRS84", "degree", 2 * math.pi * 6378137 / 360),
        ("EPSG:4807", "grad", 2 * math.pi * 6378137 / 400),
        ("EPSG:2964", "US survey foot", 1200 / 3937),
        ("EPSG:2222", "foot", 0.3048),
        ("EPSG:7415", "metre", 1.0),
        ("+proj=utm +zone=31 +datum=WGS84 +units=km", "kilometre", 1000.0),
    ],
)
def test_units(text: str, unit: str, metres: float) -> None:
    """Scale denominators would be three times too large in feet."""
    crs = Crs.parse(text)
    assert crs.unit == unit
    assert crs.metres_per_unit == pytest.approx(metres, rel=1e-14)


def test_names_for_documents() -> None:
    """Clients would not recognise the CRS of a layer."""
    crs = Crs.parse("EPSG:2154")
    assert crs.urn == "urn:ogc:def:crs:EPSG::2154"
    assert crs.uri == "http://www.opengis.net/def/crs/EPSG/0/2154"
    assert crs.name == "RGF93 v1 / Lambert-93"
    assert crs.authority_code == ("EPSG", "2154")
    assert WGS84.urn == "urn:ogc:def:crs:OGC:1.3:CRS84"
    assert WGS84.uri == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert Crs.parse("IAU_2015:30100").urn == "urn:ogc:def:crs:IAU:2015:30100"
    for text in ("EPSG:2154", "OGC:CRS84", "IGNF:LAMB93", "ESRI:54009", "IAU_2015:30100"):
        assert Crs.parse(Crs.parse(text).urn).text == text


def test_a_definition_without_a_code() -> None:
    """Two satellites' layers would share a URN, or one have two."""
    crs = Crs.parse(GEOSTATIONARY)
    assert crs.authority_code is None
    assert crs.text.startswith("PROJCRS[")
    assert crs.urn.startswith("urn:uuid:")
    assert crs.uri == crs.urn == Crs.parse(crs.text).urn
    assert crs.urn != Crs.parse(GEOSTATIONARY.replace("-75", "0")).urn
    assert crs.area_of_use is None
    assert not crs.is_geographic
    assert "+proj=geos" in crs.proj4


def test_area_of_use_may_cross_the_antimeridian() -> None:
    """Alaska would be taken for the other three hundred degrees."""
    area = Crs.parse("EPSG:2964").area_of_use
    assert area is not None
    assert area.left > area.right
    assert Crs.parse("EPSG:7415").area_of_use == Crs.parse("EPSG:28992").area_of_use


@pytest.mark.parametrize("text", ["EPSG:2154", "EPSG:5513", "EPSG:7415", GEOSTATIONARY])
def test_the_string_for_browsers_means_the_same(text: str) -> None:
    """The front page would show the map beside its coordinates."""
    crs = Crs.parse(text)
    far = pyproj.Transformer.from_crs("OGC:CRS84", crs.horizontal, always_xy=True)
    near = pyproj.Transformer.from_crs(
        crs.horizontal, pyproj.CRS.from_string(crs.proj4), always_xy=True
    )
    point = far.transform(-70.0 if text == GEOSTATIONARY else 14.0, 49.0)
    # Without a datum in the string, shifts of some 100 m between datums are lost.
    assert near.transform(*point) == pytest.approx(point, abs=200)


def test_immutable_equal_and_picklable() -> None:
    """Catalogues could not be sent to other processes, or a CRS be changed under a cache."""
    crs = Crs.parse("EPSG:2154")
    with pytest.raises(AttributeError):
        crs.text = "EPSG:4326"
    assert crs is Crs.parse("urn:ogc:def:crs:EPSG::2154"), "PROJ would be asked anew each time"
    assert crs != "EPSG:2154"
    assert crs != Crs.parse("EPSG:9794")
    for text in ("EPSG:2154", GEOSTATIONARY):
        copy = pickle.loads(pickle.dumps(Crs.parse(text)))
        assert copy == Crs.parse(text)
        assert copy.metres_per_unit == 1.0
    assert repr(crs) == "Crs('EPSG:2154')"


def test_parsing_in_many_threads() -> None:
    """Warnings would leak, or a half-made CRS be seen, under a server's threads."""
    texts = [f"+proj=utm +zone={zone} +ellps=intl" for zone in range(1, 9)]

    def look(text: str) -> tuple[str, bool, str]:
        crs = Crs.parse(text)
        return crs.text, crs.axes_swapped, crs.proj4

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(look, texts * 4))
    assert together == [look(text) for text in texts] * 4


def test_grids_load_without_proj() -> None:
    """A server of stored tiles would pay 0.16 s and 20 MB at its start for nothing."""
    code = (
        "import sys, pickle; from tuilerie.grids import *;"
        "tms = pickle.loads(pickle.dumps(named_matrix_set('GoogleMapsCompatible')));"
        "tms.bounds(TileIndex('3', 1, 2)); tms.crs.urn; tms.supported_crs; tms.crs == WGS84;"
        "bad = {'pyproj', 'numpy', 'ssl', 'asyncio'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
