"""What is at a place, asked through a remote: its own pixel that holds the place, its formats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pyproj
import pytest

from tests.journeys.cascading import Cascade
from tests.remote.documents import wmts_document
from tests.remote.fake import Answer, FakeRemote, Request
from tuilerie.catalogue.info import GML, PLAIN
from tuilerie.catalogue.resolve_info import InfoAddress

_DCP = "<DCPType><HTTP><Get><OnlineResource xlink:href='{base}/wms?'/></Get></HTTP></DCPType>"
_BOX = {
    "1.3.0": "<EX_GeographicBoundingBox><westBoundLongitude>5</westBoundLongitude>"
    "<eastBoundLongitude>11</eastBoundLongitude><southBoundLatitude>45</southBoundLatitude>"
    "<northBoundLatitude>48</northBoundLatitude></EX_GeographicBoundingBox>",
    "1.1.1": "<LatLonBoundingBox minx='5' miny='45' maxx='11' maxy='48'/>",
}
PLACES = [
    ("WebMercatorQuad", "12", 2120, 1440),
    ("LAMB93", "8", 4, 25),
    ("WGS1984Quad", "9", 532, 122),
]


def wms_document(base: str, version: str, *, queryable: int = 1, info: bool = True) -> bytes:
    """Return a WMS with one layer in EPSG:4326 alone, whose axes 1.3.0 turns."""
    modern = version == "1.3.0"
    root, crs = ("WMS_Capabilities", "CRS") if modern else ("WMT_MS_Capabilities", "SRS")
    formats = "<Format>text/plain</Format><Format>application/vnd.ogc.gml/3.1.1</Format>"
    dcp = _DCP.format(base=base)
    told = f"<GetFeatureInfo>{formats}{dcp}</GetFeatureInfo>" * info
    return f"""<?xml version="1.0"?><{root} version="{version}"
 xmlns:xlink="http://www.w3.org/1999/xlink"><Service><Name>WMS</Name><Title>Maps</Title></Service>
<Capability><Request><GetMap><Format>image/png</Format>{dcp}</GetMap>{told}</Request>
<Layer><Title>All</Title><{crs}>EPSG:4326</{crs}>{_BOX[version]}
<Layer queryable="{queryable}"><Name>rivers</Name><Title>Rivers</Title></Layer></Layer>
</Capability></{root}>""".encode()


@pytest.fixture
async def remote() -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as found:
        yield found


def published(source: str) -> str:
    sets = ", ".join(name for name, *_ in PLACES)
    return f"""
sources: {{far: {{{source}}}}}
layers: {{near: {{source: far, matrix_sets: [{sets}]}}}}
"""


async def asked(cascade: Cascade, place: Any, i: int, j: int, form: Any = PLAIN) -> bytes:
    tms, matrix, col, row = place
    address = InfoAddress(cascade.address(f"near/{tms}/{matrix}/{col}/{row}.png"), i, j, form)
    data: bytes = await cascade.service.get_feature_info(
        address, base_url="http://here.example", languages=()
    )
    return data


def degrees_of(cascade: Cascade, place: Any, i: int, j: int) -> tuple[float, float, float]:
    """Return where the middle of a pixel is, and how many degrees of latitude it spans."""
    tms, matrix_name, col, row = place
    matrix_set = cascade.catalogue.matrix_sets[tms]
    matrix = matrix_set.matrix(matrix_name)
    x = matrix.left + (col * matrix.tile_width + i + 0.5) * matrix.cell_size
    y = matrix.top - (row * matrix.tile_height + j + 0.5) * matrix.cell_size
    back = pyproj.Transformer.from_crs(matrix_set.crs.text, 4326, always_xy=True)
    lon, lat = back.transform(x, y)
    _, above = back.transform(x, y + matrix.cell_size)
    return lon, lat, above - lat


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("version", ["1.1.1", "1.3.0"])
async def test_a_wms_is_asked_for_the_pixel_that_holds_the_place(
    tmp_path: Path, remote: FakeRemote, version: str, place: Any
) -> None:
    """In its own CRS, which is not that of all our matrix sets; axes and names by the version."""
    told: list[Mapping[str, str]] = []

    def answer(request: Request) -> Answer:
        if request.query.get("REQUEST") == "GetCapabilities":
            return Answer(200, wms_document(remote.url(""), version), "application/xml")
        told.append(request.query)
        return Answer(200, b"the Aare", "text/plain")

    remote.on("/wms", answer)
    cascade = await Cascade.of(
        tmp_path, published(f'kind: wms, url: "{remote.url("/wms")}", layers: [rivers]')
    )
    modern = version == "1.3.0"
    for i, j in [(0, 0), (255, 255), (13, 200)]:
        assert await asked(cascade, place, i, j) == b"the Aare"
        query = told[-1]
        assert (query["REQUEST"], query["VERSION"]) == ("GetFeatureInfo", version)
        assert query["QUERY_LAYERS"] == query["LAYERS"] == "rivers"
        assert query["INFO_FORMAT"] == "text/plain"
        assert query["CRS" if modern else "SRS"] == "EPSG:4326"
        column, row = int(query["I" if modern else "X"]), int(query["J" if modern else "Y"])
        box = [float(edge) for edge in query["BBOX"].split(",")]
        left, bottom, right, top = box if not modern else (box[1], box[0], box[3], box[2])
        width, height = int(query["WIDTH"]), int(query["HEIGHT"])
        lon, lat, span = degrees_of(cascade, place, i, j)
        cell_x, cell_y = (right - left) / width, (top - bottom) / height
        assert abs(left + (column + 0.5) * cell_x - lon) <= cell_x / 2
        assert abs(top - (row + 0.5) * cell_y - lat) <= cell_y / 2
        # Its pixel is about as large as ours, or what it calls near is not what the client means.
        assert 0.5 < cell_y / span < 2
    # Formats have their usual names here, whatever they are called there.
    formats = cascade.catalogue.layers["near"].info.formats
    assert set(formats) == {PLAIN, GML}
    await asked(cascade, place, 1, 1, GML)
    assert told[-1]["INFO_FORMAT"] == "application/vnd.ogc.gml/3.1.1"
    await cascade.close()


_KVP = """<ows:OperationsMetadata><ows:Operation name="GetTile"><ows:DCP><ows:HTTP>
<ows:Get xlink:href="{base}/kvp?"/></ows:HTTP></ows:DCP></ows:Operation>
<ows:Operation name="GetFeatureInfo"><ows:DCP><ows:HTTP><ows:Get xlink:href="{base}/kvp?"/>
</ows:HTTP></ows:DCP></ows:Operation></ows:OperationsMetadata>"""
_REST = """<ResourceURL format="text/plain" resourceType="FeatureInfo" template=
"{base}/info/{{Style}}/{{time}}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}/{{J}}/{{I}}.txt"
/>"""


def wmts(base: str, *, kvp: bool, rest: bool) -> bytes:
    """Return a WMTS that can be asked about places in these ways; its matrices end at 14."""
    document = wmts_document(base, ["roads"], matrices=15).decode()
    if kvp:
        document = document.replace("<Contents>", _KVP.format(base=base) + "<Contents>")
    if rest:
        document = document.replace("<ResourceURL", _REST.format(base=base) + "<ResourceURL", 1)
    return document.encode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", ["kvp", "rest"])
async def test_a_wmts_is_asked_for_the_pixel_that_holds_the_place(
    tmp_path: Path, remote: FakeRemote, way: str, place: Any
) -> None:
    """In its tile of the closest cell size; the very pixel where the grid is the same."""
    document = wmts(remote.url(""), kvp=way == "kvp", rest=way == "rest")
    remote.on("/wmts", Answer(200, document, "application/xml"))
    remote.otherwise(Answer(200, b"the road", "text/plain"))
    cascade = await Cascade.of(
        tmp_path, published(f'kind: wmts, url: "{remote.url("/wmts")}", encoding: {way}')
    )
    assert cascade.catalogue.layers["near"].info.formats == (PLAIN,)
    to_metres = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    for i, j in [(0, 0), (255, 255), (13, 200)]:
        assert await asked(cascade, place, i, j) == b"the road"
        request = remote.requests[-1]
        if way == "kvp":
            query = request.query
            names = ("TILEMATRIX", "TILEROW", "TILECOL", "J", "I")
            found = [int(query[name]) for name in names]
            assert (query["REQUEST"], query["INFOFORMAT"]) == ("GetFeatureInfo", "text/plain")
            assert query["time"] == "2020"
        else:
            start = "/info/plain/2020/PM/"
            assert request.target.startswith(start)
            found = [int(n) for n in request.target[len(start) : -len(".txt")].split("/")]
        matrix, row, col, theirs_j, theirs_i = found
        if place[0] == "WebMercatorQuad":
            assert found == [int(place[1]), place[3], place[2], j, i]
        cell = 2 * 20037508.3427892 / 256 / 2**matrix
        lon, lat, _ = degrees_of(cascade, place, i, j)
        x, y = to_metres.transform(lon, lat)
        assert abs(-20037508.3427892 + (col * 256 + theirs_i + 0.5) * cell - x) <= cell * 0.501
        assert abs(20037508.3427892 - (row * 256 + theirs_j + 0.5) * cell - y) <= cell * 0.501
    await cascade.close()


@pytest.mark.parametrize(
    "case", ["wms", "wms without the operation", "wmts", "kvp alone", "rest alone", "xyz"]
)
async def test_a_remote_that_tells_nothing_makes_a_layer_that_cannot_be_asked(
    tmp_path: Path, remote: FakeRemote, case: str
) -> None:
    """Or one that could only be asked in the way that the operator has ruled out."""
    base = remote.url("")
    kind, document, more = {
        "wms": ("wms", wms_document(base, "1.3.0", queryable=0), ", layers: [rivers]"),
        "wms without the operation": (
            "wms", wms_document(base, "1.3.0", info=False), ", layers: [rivers]",
        ),
        "wmts": ("wmts", wmts(base, kvp=False, rest=False), ""),
        "kvp alone": ("wmts", wmts(base, kvp=True, rest=False), ", encoding: rest"),
        "rest alone": (
            "wmts",
            wmts(base, kvp=True, rest=True).replace(b'name="GetFeatureInfo"', b'name="Other"'),
            ", encoding: kvp",
        ),
        "xyz": ("xyz", b"", ""),
    }[case]  # fmt: skip
    remote.on("/service", Answer(200, document, "application/xml"))
    url = remote.url("/{z}/{x}/{y}.png" if kind == "xyz" else "/service")
    cascade = await Cascade.of(tmp_path, published(f'kind: {kind}, url: "{url}"{more}'))
    assert cascade.catalogue.layers["near"].info.formats == ()
    await cascade.close()
