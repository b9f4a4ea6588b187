"""Dimensions of a remote: every value in the spelling that the remote wrote, whoever asks how."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.journeys.cascading import Cascade
from tests.remote.documents import wms_document, wmts_document
from tests.remote.fake import Answer, FakeRemote, Request
from tests.sources.archives import image

TIMES = ("2019-01-01T00:00:00.000Z", "2019-07-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z")
DEPTHS = ("-10.0", "0.0", "+5.50")
BANDS = ("visible", "infra red", "UV/B")
DEFAULTS = {"time": TIMES[1], "elevation": DEPTHS[1], "Band": BANDS[0]}
PICTURE = image(np.full((256, 256, 3), 90, np.uint8))
QUERY = "near/WebMercatorQuad/3/4/2.png"

_WMTS = "".join(
    f"<Dimension><ows:Identifier>{name}</ows:Identifier><Default>{DEFAULTS[name]}</Default>"
    f"{''.join(f'<Value>{value}</Value>' for value in values)}</Dimension>"
    for name, values in (("time", TIMES), ("elevation", DEPTHS), ("Band", BANDS))
)
_WMS = (
    f'<Dimension name="time" units="ISO8601" default="{TIMES[1]}">{",".join(TIMES)}</Dimension>'
    f'<Dimension name="elevation" units="EPSG:5030" default="0.0">{",".join(DEPTHS)}</Dimension>'
    f'<Dimension name="Band" units="" default="visible">{",".join(BANDS)}</Dimension>'
)
_KVP = """<ows:OperationsMetadata><ows:Operation name="GetTile"><ows:DCP><ows:HTTP>
<ows:Get xlink:href="{base}/kvp?"/></ows:HTTP></ows:DCP></ows:Operation></ows:OperationsMetadata>"""


def wmts(base: str) -> bytes:
    """A WMTS with three dimensions, by KVP and REST."""
    text = wmts_document(base, ["roads"], matrices=10).decode()
    before, _, rest = text.partition("<Dimension>")
    text = before + _WMTS + rest.rpartition("</Dimension>")[2]
    text = text.replace("/{time}/", "/{time}/{elevation}/{Band}/")
    return text.replace("<Contents>", _KVP.format(base=base) + "<Contents>").encode()


def wms(base: str) -> bytes:
    """A WMS with the same."""
    return wms_document(base).replace(b"<Title>Rivers</Title>", b"<Title>R</Title>" + _WMS.encode())


@pytest.fixture
async def remote() -> AsyncIterator[FakeRemote]:
    async with FakeRemote() as found:
        base = found.url("")
        found.on("/wmts", Answer(200, wmts(base), "application/xml"))
        found.on("/wms", lambda request: _map(request, base))
        found.otherwise(Answer(200, PICTURE, "image/png"))
        yield found


def _map(request: Request, base: str) -> Answer:
    if request.query.get("REQUEST") == "GetCapabilities":
        return Answer(200, wms(base), "application/xml")
    size = (int(request.query["HEIGHT"]), int(request.query["WIDTH"]), 3)
    return Answer(200, image(np.full(size, 90, np.uint8)), "image/png")


async def of(folder: Path, remote: FakeRemote, way: str) -> Cascade:
    source = f'kind: wms, url: "{remote.url("/wms")}", layers: [rivers]'
    if way != "wms":
        source = f'kind: wmts, url: "{remote.url("/wmts")}", encoding: {way}'
    return await Cascade.of(
        folder,
        f"""
sources: {{far: {{{source}}}}}
layers: {{near: {{source: far, matrix_sets: [WebMercatorQuad, WorldCRS84Quad], metatile: 1}}}}
""",
    )


def told(request: Request, way: str) -> tuple[str, ...]:
    """Return what a remote was told of the three, in its own spelling or none."""
    if way == "rest":
        return tuple(
            part.replace("%20", " ").replace("%2F", "/").replace("%2B", "+").replace("%3A", ":")
            for part in request.target.split("/")[3:6]
        )
    query = {name.upper(): value for name, value in request.query.items()}
    return query["TIME"], query["ELEVATION"], query["DIM_BAND" if way == "wms" else "BAND"]


ASKED = [
    ((), (TIMES[1], "0.0", "visible")),
    ((("time", "default"), ("elevation", "default")), (TIMES[1], "0.0", "visible")),
    ((("time", "2020-01-01T00:00:00Z"),), (TIMES[2], "0.0", "visible")),
    ((("time", "2020-01-01"),), (TIMES[2], "0.0", "visible")),
    ((("time", "2020-01-01T01:00:00+01:00"),), (TIMES[2], "0.0", "visible")),
    ((("time", TIMES[0]), ("elevation", "-10")), (TIMES[0], "-10.0", "visible")),
    ((("elevation", "5.5"), ("band", "infra red")), (TIMES[1], "+5.50", "infra red")),
    ((("ELEVATION", "+5.5000"), ("Band", "UV/B")), (TIMES[1], "+5.50", "UV/B")),
]


@pytest.mark.parametrize("way", ["kvp", "rest", "wms"])
async def test_the_remote_is_told_its_own_spelling(
    tmp_path: Path, remote: FakeRemote, way: str
) -> None:
    cascade = await of(tmp_path, remote, way)
    for n, (dimensions, expected) in enumerate(ASKED):
        # Another tile each time, since equal values are one map in the cache.
        await cascade.tile(f"near/WebMercatorQuad/9/{264 + n}/181.png", dimensions=dimensions)
        assert told(remote.requests[-1], way) == expected
    # In another grid too.
    await cascade.tile("near/WorldCRS84Quad/2/4/0.png", dimensions=ASKED[-1][0])
    assert told(remote.requests[-1], way) == ASKED[-1][1]
    await cascade.close()


@pytest.mark.parametrize("way", ["kvp", "rest", "wms"])
async def test_every_value_is_served_and_a_map_of_its_own(
    tmp_path: Path, remote: FakeRemote, way: str
) -> None:
    """Spellings of one value are one tile, which is fetched once; other values are other tiles."""
    cascade = await of(tmp_path, remote, way)
    layer = cascade.catalogue.layers["near"]
    found = {one.identifier.lower(): one for one in layer.dimensions}
    assert list(found) == ["time", "elevation", "band"]
    assert found["time"].values == tuple(text.replace(".000", "") for text in TIMES)
    assert found["time"].default == "2019-07-01T00:00:00Z"
    assert [float(value) for value in found["elevation"].values] == [-10, 0, 5.5]
    assert found["band"].values == BANDS
    before = remote.count()
    for name, one in found.items():
        for value in one.values:
            await cascade.tile(QUERY, dimensions=((name, value),))
    # Of the nine three are the default, which is one tile.
    assert remote.count() - before == 7
    assert len({told(request, way) for request in remote.requests[before:]}) == 7
    for dimensions, _ in ASKED[:5]:
        await cascade.tile(QUERY, dimensions=dimensions)
    assert remote.count() - before == 7
    await cascade.close()
