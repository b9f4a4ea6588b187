"""From what people paste to what a server offers, and to the reason where it offers nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.remote.documents import wms_document, wmts_document
from tests.remote.fake import Answer, FakeRemote
from tuilerie.catalogue.remote_options import RemoteOptions
from tuilerie.errors import UnreadableDocument, UpstreamError
from tuilerie.sources.remote.discover import discover
from tuilerie.sources.remote.report import report, report_json

QUICK = RemoteOptions(total_timeout_s=3, connect_timeout_s=1, read_timeout_s=1, retries=0)


async def _code(address: str, options: RemoteOptions = QUICK) -> str:
    with pytest.raises(UpstreamError) as caught:
        await discover(address, options)
    error = caught.value
    return error.code if isinstance(error, UnreadableDocument) else error.kind


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(401, b"who?"), "authentication"),
        (Answer(403, b"no"), "forbidden"),
        (Answer(200, b"<html><title>Welcome to maps</title></html>"), "html-page"),
        (Answer(200, b"<html><form><input type='password'></form></html>"), "login-page"),
        (Answer(200, b"no XML at all"), "not-xml"),
        (Answer(200, b""), "empty"),
        (Answer(200, b"<books/>"), "not-capabilities"),
        (Answer(200, b"<WFS_Capabilities version='1.1.0'/>"), "wrong-service"),
        (Answer(200, b"<ServiceExceptionReport>no</ServiceExceptionReport>"), "service-exception"),
        (
            Answer(200, b"<Capabilities xmlns='http://www.opengis.net/wmts/9' version='2.0.0'/>"),
            "wrong-version",
        ),
        (
            Answer(200, b"<Capabilities xmlns='http://www.opengis.net/wmts/1.0' version='1.0.0'/>"),
            "no-layers",
        ),
        (Answer(500, b"oh"), "server_error"),
        (Answer(404, b"gone"), "not_found"),
        (Answer(200, b"never", held=True), "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_each_failure_has_its_own_name(answer: Answer, code: str) -> None:
    """A person who cannot tell a closed door from a wrong address."""
    async with FakeRemote() as remote:
        remote.otherwise(answer)
        assert await _code(remote.url("/wmts?SERVICE=WMTS&REQUEST=GetCapabilities")) == code


async def test_nobody_there_and_no_such_name() -> None:
    async with FakeRemote() as remote:
        address = remote.url("/wmts")
    assert await _code(address) == "unreachable"
    assert await _code("https://nowhere.invalid/wmts") == "dns"


async def test_a_web_page_is_called_by_its_title() -> None:
    async with FakeRemote() as remote:
        remote.otherwise(Answer(200, b"<html><title>Welcome to maps</title></html>", "text/html"))
        with pytest.raises(UnreadableDocument, match="Welcome to maps"):
            await discover(remote.url("/"), QUICK)


async def test_the_most_telling_failure_is_told() -> None:
    """Not found, where one of the addresses tried said that a password is wanted."""
    async with FakeRemote() as remote:
        remote.on("/geo", Answer(200, b"<html/>", "text/html"), Answer(401, b"who?"))
        assert await _code(remote.url("/geo")) == "authentication"


@pytest.mark.parametrize(
    "pasted",
    [
        "{host}/wmts",
        " {host}/wmts?request=getcapabilities&service=wmts ",
        "<http://{host}/wmts?layer=x&TileMatrixSet=PM&tilecol=1>",
        "http://{host}/wmts/1.0.0/roads/plain/PM/3/1/2.png",
    ],
)
async def test_addresses_as_people_paste_them(pasted: str) -> None:
    async with FakeRemote() as remote:
        answer = Answer(200, wmts_document(remote.url("/t")), "text/xml")
        remote.on("/wmts", answer)
        remote.on("/wmts/1.0.0/WMTSCapabilities.xml", answer)
        found = await discover(pasted.replace("{host}", f"127.0.0.1:{remote.port}"), QUICK)
        assert (found.kind, found.layers) == ("wmts", ("roads", "relief"))


async def test_a_wms_and_what_its_layers_inherit() -> None:
    async with FakeRemote() as remote:
        remote.on("/wms", Answer(200, wms_document(remote.url()), "text/xml"))
        told = report(await discover(remote.url("/wms"), QUICK))
        assert (told.kind, told.version) == ("wms", "1.3.0")
        layer = told.layers[0]
        assert (layer.identifier, layer.attribution) == ("rivers", "The agency")
        assert layer.crs == ("EPSG:3857", "EPSG:4326")
        assert "LAYERS=rivers" in layer.map


async def test_documents_in_json_and_templates() -> None:
    async with FakeRemote() as remote:
        tilejson = {"tilejson": "3.0.0", "tiles": [remote.url("/x/{z}/{x}/{y}.png")], "name": "X"}
        remote.on("/x.json", Answer(200, json.dumps(tilejson).encode(), "application/json"))
        found = await discover(remote.url("/x.json"), QUICK)
        assert (found.kind, found.layers) == ("tilejson", ("X",))
        remote.otherwise(Answer(200, _PNG, "image/png"))
        found = await discover(remote.url("/base/{z}/{x}/{y}.png"), QUICK)
        assert (found.kind, found.layers) == ("template", ("base",))
        assert remote.seen()[-1].path == "/base/0/0/0.png"
        remote.otherwise(Answer(200, b"<html>no</html>", "text/html"))
        assert await _code(remote.url("/base/{z}/{x}/{y}.png")) == "exception"


async def test_secrets_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the output, which ends in an issue tracker."""
    monkeypatch.setenv("MAPS_KEY", "s3cret-and-long")
    options = QUICK.model_validate(
        {**QUICK.model_dump(), "key": {"name": "apikey", "value": "env:MAPS_KEY"}, "headers": {}}
    )
    async with FakeRemote() as remote:
        base = remote.url("/t")
        document = wmts_document(base).replace(b".png", b".png?apikey=s3cret-and-long")
        remote.on("/wmts", Answer(200, document, "text/xml"))
        found = await discover(remote.url("/wmts"), options)
        text = json.dumps(report_json(report(found)))
        assert "s3cret" not in text
        assert "abcdefgh" not in text, "the key of the legend's address"
        assert remote.seen("/wmts")[0].query["apikey"] == "s3cret-and-long"


async def test_what_is_told_of_a_layer() -> None:
    async with FakeRemote() as remote:
        remote.on("/wmts", Answer(200, wmts_document(remote.url("/t")), "text/xml"))
        told = report_json(report(await discover(remote.url("/wmts"), QUICK), ["roads"]))
    (layer,) = told["layers"]
    assert layer["styles"][0]["identifier"] == "plain"
    assert layer["styles"][0]["is_default"]
    assert layer["dimensions"][0]["values"] == ("2019", "2020")
    (matrix_set,) = layer["matrix_sets"]
    assert (matrix_set["crs"], matrix_set["encoding"]) == ("EPSG:3857", "rest")
    matrix = matrix_set["matrices"][2]
    assert matrix["cell_size"] == pytest.approx(39135.758482, rel=1e-9)
    assert matrix["tile"].endswith("/roads/plain/2020/PM/2/1/2.png")


CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
NAMES = sorted(f"{path.parent.name}/{path.name}" for path in CORPUS.glob("wm*/*.xml"))


@pytest.mark.shared
async def test_the_corpus_served(shared: Path) -> None:
    """A usable document that inspect makes nothing of."""
    useless = []
    async with FakeRemote() as remote:
        for name in NAMES[::4]:
            data = (shared / "corpus" / name).read_bytes()
            remote.on("/doc.xml", Answer(200, data, "text/xml"))
            try:
                told = report(await discover(remote.url("/doc.xml"), QUICK))
            except UnreadableDocument:
                useless.append(name)
                continue
            assert told.layers, name
            for layer in told.layers:
                assert layer.map or layer.matrix_sets or told.kind == "wms", (name, layer)
    assert len(useless) <= 2, useless


_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "6060600000000500015ea3a5c50000000049454e44ae426082"
)
