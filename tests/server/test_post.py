"""WMTS by POST over HTTP: bodies of every kind, good, odd and hostile."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.protocols.envelopes import (
    SOAP_11,
    SOAP_12,
    SOAPS,
    TILE,
    TYPES,
    WMTS,
    content_of,
    envelope,
    get_capabilities,
    get_tile,
    report_of,
    tile_with,
    told,
)
from tests.protocols.schemas import assert_valid
from tests.server.served import (
    KVP,
    REST,
    Client,
    SmallService,
    ask,
    catalogue,
    layer,
    live_of,
    parsed,
    serving,
)
from tuilerie.server.live import Live
from tuilerie.server.posted import MAX_BODY
from tuilerie.server.settings import ServerSettings

FORM = "application/x-www-form-urlencoded"
PAIRS = (
    "service=WMTS&request=GetTile&version=1.0.0&layer=world&style=default&format=image%2Fpng"
    "&tilematrixset=WebMercatorQuad&tilematrix=8&tilerow=1&tilecol=2"
)

Answer = tuple[int, dict[str, str], bytes]


def post(
    port: int, body: bytes | str, media_type: str | None = None, *fields: str, target: str = "/wmts"
) -> Answer:
    """Send a body on a connection of its own."""
    data = body.encode() if isinstance(body, str) else body
    said = [] if media_type is None else [f"Content-Type: {media_type}"]
    lines = [
        f"POST {target} HTTP/1.1", "Host: maps.example.org", f"Content-Length: {len(data)}",
        *said, *fields, "", "",
    ]  # fmt: skip
    with Client(port) as client:
        client.send("\r\n".join(lines).encode("latin-1") + data)
        return parsed(client.answer())


def soap(port: int, content: str, version: str = SOAP_12) -> Answer:
    return post(port, envelope(content, version), TYPES[version])


def payload(body: bytes, version: str = SOAP_12) -> tuple[str, bytes]:
    """Format and bytes of the BinaryPayload in an envelope."""
    content = content_of(body, version)
    assert_valid(etree.tostring(content))
    assert content.tag == f"{{{WMTS}}}BinaryPayload"
    data = content.findtext(f"{{{WMTS}}}BinaryContent")
    return content.findtext(f"{{{WMTS}}}Format"), base64.b64decode(data, validate=True)


# The same tile by every way.


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    row=st.integers(0, 4),
    col=st.integers(0, 4),
    kind=st.sampled_from([("image/png", "png"), ("image/jpeg", "jpg")]),
    version=st.sampled_from(SOAPS),
)
def test_the_same_tile_comes_by_every_way(
    lane: int, row: int, col: int, kind: tuple[str, str], version: str
) -> None:
    """One encoding would serve another tile than the others."""
    media_type, extension = kind
    query = KVP.replace("image/png", media_type)
    pairs = f"{query}&tilematrix=8&tilerow={row}&tilecol={col}"
    status, fields, body = ask(lane, pairs)
    assert (status, fields["content-type"]) == (200, media_type)
    assert ask(lane, f"{REST}/8/{row}/{col}.{extension}")[2] == body
    plain = pairs.partition("?")[2]
    assert post(lane, plain, FORM)[2] == body
    assert post(lane, plain.replace("&", "\r\n"), "text/plain")[2] == body
    xml = get_tile(tile_with(Format=media_type, TileRow=str(row), TileCol=str(col)))
    assert post(lane, xml, "application/xml")[2] == body
    for _ in range(2):  # out of the cache, and ready
        assert payload(soap(lane, xml, version)[2], version) == (media_type, body)


def test_an_answer_to_a_post_is_never_one_to_a_get(lane: int) -> None:
    """A tile in an envelope would be sent to a browser, or a bare one to a SOAP client."""
    for _ in range(2):
        assert post(lane, PAIRS, FORM)[2].startswith(b"\x89PNG")
        assert ask(lane, "/wmts")[0] == 400
        assert ask(lane, f"/wmts?{PAIRS}")[1]["content-type"] == "image/png"
        assert payload(soap(lane, get_tile())[2])[0] == "image/png"
        assert payload(soap(lane, get_tile(), SOAP_11)[2], SOAP_11)[0] == "image/png"


def test_a_tile_that_is_not_at_hand_is_made(lane: int) -> None:
    """Only what was seeded would be served by POST."""
    xml = get_tile(tile_with(Format="image/jpeg", TileRow="9", TileCol="9"))
    assert payload(soap(lane, xml)[2])[0] == "image/jpeg"


def test_a_tile_that_cannot_be_made_is_told_in_an_envelope(lane: int) -> None:
    """Paths of ours would get out, or HTML."""
    status, fields, body = soap(lane, get_tile(tile_with(TileCol="6")))
    assert (status, fields["content-type"]) == (500, TYPES[SOAP_12])
    assert told(report_of(body)) == [("NoApplicableCode", None)]
    assert b"secret" not in body


def test_tiles_by_post_are_counted(filled: Path) -> None:
    """An operator could not see who uses SOAP."""
    with serving(live_of(filled)) as (_, port):
        size = 0
        for _ in range(2):
            size += len(soap(port, get_tile())[2])
        size += len(post(port, PAIRS, FORM)[2])
        text = ask(port, "/metrics")[2].decode()
    assert 'tuilerie_tiles_total{layer="world",outcome="ready"} 1' in text
    assert 'tuilerie_tiles_total{layer="world",outcome="hit"} 2' in text
    assert f'tuilerie_tile_bytes_total{{layer="world"}} {size}' in text


def test_nothing_is_kept_ready_of_a_layer_that_keeps_nothing(filled: Path) -> None:
    """A stale answer would be given for half a minute."""
    published = catalogue(layer(client_max_age_s=0, expire_after_s=1))
    with serving(live_of(filled, published)) as (_, port):
        for _ in range(2):
            assert soap(port, get_tile())[0] == 200


# Headers.


@pytest.mark.parametrize("version", SOAPS)
def test_headers_of_an_envelope(lane: int, version: str) -> None:
    """SOAP 1.2 clients look at the media type before anything else."""
    for content in (get_tile(), get_capabilities(), get_tile(name="Dance")):
        status, fields, body = soap(lane, content, version)
        assert status == (400 if "Dance" in content else 200)
        assert fields["content-type"] == TYPES[version]
        assert fields["content-length"] == str(len(body))
        assert fields["access-control-allow-origin"] == "*"
        assert fields["x-content-type-options"] == "nosniff"


def test_conditions_are_no_matter_of_post(lane: int) -> None:
    """A client would get a 304 for an answer that it cannot have kept (RFC 9110, 13.1)."""
    etag = ask(lane, f"/wmts?{PAIRS}")[1]["etag"]
    for field in (f"If-None-Match: {etag}", "If-None-Match: *"):
        assert post(lane, PAIRS, FORM, field)[0] == 200
        assert post(lane, get_capabilities(), "text/xml", field)[0] == 200
        assert post(lane, envelope(get_tile()), TYPES[SOAP_12], field)[0] == 200


def test_a_browser_may_post_from_another_site(lane: int) -> None:
    """A SOAP client in a page would be stopped by the browser."""
    fields = ask(lane, "/wmts", "Origin: https://a.example", method="OPTIONS")[1]
    assert fields["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    "target", [f"{REST}/8/1/1.png", "/", "/health", "/wmts/1.0.0", "/schemas/"]
)
def test_nothing_else_takes_a_body(lane: int, target: str) -> None:
    """A REST tile would be changed, or seem to be."""
    status, fields, _ = post(lane, PAIRS, FORM, target=target)
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")


# Media types.


@pytest.mark.parametrize(
    "media_type",
    [
        FORM,
        f"{FORM}; charset=UTF-8",
        FORM.upper(),
        "text/plain",
        "text/plain;charset=utf-8",
        None,
        "",
    ],
)
def test_pairs_come_under_every_name_they_have(lane: int, media_type: str | None) -> None:
    """Some library's form would be refused."""
    assert post(lane, PAIRS, media_type)[1]["content-type"] == "image/png"
    assert post(lane, PAIRS, media_type, target="/wmts/")[0] == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "application/soap+xml",
        'application/soap+xml; charset="utf-8"; action="http://www.opengis.net/wmts/requests#GetTile"',
        "text/xml",
        "text/xml; charset=UTF-8",
        "application/xml",
        "Application/XML",
        FORM,  # curl's own, where nobody says otherwise
        None,
    ],
)  # fmt: skip
def test_xml_comes_under_every_name_it_has(lane: int, media_type: str | None) -> None:
    """An envelope would be refused for its label, though it says itself what it is."""
    for version in SOAPS:
        status, fields, body = post(lane, envelope(get_tile(), version), media_type)
        assert (status, fields["content-type"]) == (200, TYPES[version])
        assert payload(body, version)[0] == "image/png"
    assert post(lane, get_tile(), media_type)[1]["content-type"] == "image/png"
    document = post(lane, get_capabilities(), media_type)
    assert document[1]["content-type"] == "application/xml"
    assert_valid(document[2])


@pytest.mark.parametrize(
    "media_type", ["image/png", "application/json", "multipart/form-data; boundary=x", "xml", "*/*"]
)
def test_other_media_types_are_refused(lane: int, media_type: str) -> None:
    """A body would be guessed at."""
    status, fields, _ = post(lane, PAIRS, media_type)
    assert status == 415
    assert FORM in fields["accept"]


def test_a_compressed_body_is_refused(lane: int) -> None:
    """A bomb would be unpacked, or gibberish be read."""
    packed = gzip.compress(envelope(get_tile()))
    assert post(lane, packed, TYPES[SOAP_12], "Content-Encoding: gzip")[0] == 415


def test_xml_in_other_encodings_is_read(filled: Path) -> None:
    """A layer with an accent could not be asked for from such a client."""
    published = catalogue(layer("forêt"), layer())
    xml = get_tile(tile_with(Layer="forêt", TileCol="5"))
    with serving(live_of(filled, published)) as (_, port):
        for encoding in ("utf-8", "utf-16", "latin-1"):
            body = envelope(xml).decode().replace('encoding="UTF-8"', "").encode(encoding)
            charset = "" if encoding == "utf-16" else f"; charset={encoding}"
            assert post(port, body, f"application/soap+xml{charset}")[0] == 200
        assert post(port, envelope(xml).decode().encode("latin-1"), "text/xml")[0] == 400


# Pairs.


@pytest.mark.parametrize(
    "body",
    [
        PAIRS.replace("&", "\n"),
        PAIRS.replace("&", "\r\n") + "\r\n",
        PAIRS.replace("&", "\r"),
        "\n\n" + PAIRS.replace("&", "\n\n"),
        PAIRS.replace("&", "&\n"),
        " " + PAIRS.replace("&", " \n ").replace("%2F", "/"),
        PAIRS + "\n",
        PAIRS + "&",
        PAIRS + "&&comment=a+b",
        PAIRS.replace("&", "\n").upper().replace("WORLD", "world").replace("DEFAULT", "default")
        .replace("IMAGE%2FPNG", "image/png").replace("WEBMERCATORQUAD", "WebMercatorQuad")
        .replace("GETTILE", "GetTile"),
    ],
)  # fmt: skip
def test_pairs_are_read_by_line_and_by_form(lane: int, body: str) -> None:
    """Clause 8 has one pair per line, and everybody sends forms."""
    for media_type in (FORM, "text/plain", None):
        assert post(lane, body, media_type)[1]["content-type"] == "image/png"


def test_in_lines_signs_stand_for_themselves(filled: Path) -> None:
    """A layer called "A&B" or "C+D" could not be asked for by line."""
    published = catalogue(layer("A&B"), layer("C+D"))
    with serving(live_of(filled, published)) as (_, port):
        for name in ("A&B", "C+D", "A%26B", "C%2BD"):
            lines = (
                PAIRS.replace("&", "\n").replace("world", name).replace("tilecol=2", "tilecol=5")
            )
            assert post(port, lines, "text/plain")[0] == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", [("MissingParameterValue", "service"), ("MissingParameterValue", "request")]),
        ("request~GetCapabilities!service~!'WMTS'version~'1.0.0",
         [("MissingParameterValue", "service"), ("MissingParameterValue", "request")]),
        ("service=BOGUS&request=GetTile", [("InvalidParameterValue", "service")]),
        (PAIRS.replace("GetTile", "GetBOGUS"), [("InvalidParameterValue", "request")]),
        (PAIRS.replace("tilecol=2", "tilecol=%ff"), [("InvalidParameterValue", "TileCol")]),
        (PAIRS + "&layer=other", [("InvalidParameterValue", "Layer")]),
        (PAIRS.replace("tilerow=1", "tilerow=999"), [("TileOutOfRange", "TileRow")]),
        ("a=1&" * 200, [("InvalidParameterValue", None)]),
        ("\n".join("a=1" for _ in range(200)), [("InvalidParameterValue", None)]),
        ("a" * 10_000, [("InvalidParameterValue", None)]),
    ],
)  # fmt: skip
def test_errors_of_pairs_are_those_of_get(
    lane: int, body: str, expected: list[tuple[str, str | None]]
) -> None:
    """One table of codes, and another by POST."""
    status, fields, answer = post(lane, body, FORM)
    assert (status, fields["content-type"]) == (400, "application/xml")
    assert told(assert_valid(answer)) == expected


# Hostile bodies.


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]>" + envelope(get_tile(tile_with(Layer="&a11;"))).partition(b"?>")[2]
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        + envelope(get_tile(tile_with(Layer="&e;"))).partition(b"?>")[2],
        b"<a>" * 200_000,
        b"<a " + b" ".join(b"a%d=''" % n for n in range(20_000)) + b"/>",
        b"<a>" + b"<b/>" * 100_000 + b"</a>",
        b"\xff\xfe\x00\x00",
        b"<",
        b"<\x00\x00\x00",
        b"",
    ],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("version", SOAPS)
def test_hostile_xml_is_answered_in_kind(lane: int, version: str, body: bytes) -> None:
    """The server would stop, tell its files, or answer in a way that the client cannot read."""
    fields = ['SOAPAction: ""'] if version == SOAP_11 else []
    status, found, answer = post(lane, body, TYPES[version], *fields)
    assert (status, found["content-type"]) == (400, TYPES[version])
    assert b"root:" not in answer
    assert told(report_of(answer, version)) == [("NoApplicableCode", None)]
    status, found, answer = post(lane, body, "application/xml")
    assert (status, found["content-type"]) == (400, "application/xml")
    assert told(assert_valid(answer)) == [("NoApplicableCode", None)]


@pytest.mark.parametrize("size", [MAX_BODY + 1, 10_000_000, 10**30])
def test_too_large_a_body_is_refused_before_it_comes(lane: int, size: int) -> None:
    """A client would fill the memory."""
    with Client(lane) as client:
        head = f"POST /wmts HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\nabc"
        client.send(head.encode())
        assert client.answer().split()[1] in ((b"413",) if size < 2**63 else (b"400", b"413"))
        assert client.ended()


def test_a_body_of_unknown_length_is_bounded_too(lane: int) -> None:
    """Chunks have no announced end."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with Client(lane) as client:
        client.send(b"POST /wmts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(17):
            client.send(chunk)
        assert client.answer().startswith(b"HTTP/1.1 413")
        assert client.ended()


def test_a_chunked_body_is_read(lane: int) -> None:
    """Java's client sends no length."""
    body = envelope(get_tile())
    chunks = (
        b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (body[:100], body[100:])) + b"0\r\n\r\n"
    )
    with Client(lane) as client:
        client.send(
            b"POST /wmts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/soap+xml\r\n\r\n" + chunks
        )
        assert payload(parsed(client.answer())[2])[0] == "image/png"


def test_a_connection_is_good_for_more_than_one_post(lane: int) -> None:
    """Every tile by SOAP would cost a connection."""
    body = envelope(get_tile())
    head = (
        "POST /wmts HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with Client(lane) as client:
        for _ in range(3):
            client.send(head + body)
            assert client.answer().startswith(b"HTTP/1.1 200")
            client.send(f"GET {REST}/8/1/1.png HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert b"content-type: image/png" in client.answer()


def test_a_client_that_goes_away_in_the_middle_harms_nobody(lane: int) -> None:
    """Half a body would stay for ever, or end in the log as a fault of ours."""
    with Client(lane) as client:
        client.send(b"POST /wmts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert post(lane, PAIRS, FORM)[0] == 200


def test_a_host_that_is_none_is_refused_in_kind(lane: int) -> None:
    """A hostile Host header would stand in the document."""
    body = envelope(get_capabilities())
    with Client(lane) as client:
        client.send(
            b'POST /wmts HTTP/1.1\r\nHost: a b"<\r\nContent-Type: application/soap+xml\r\n'
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        status, _, answer = parsed(client.answer())
    assert status == 400
    assert b"a b" not in answer


class Broken(SmallService):
    """A service with a fault of its own."""

    async def get_tile(self, wanted: object) -> None:
        raise ZeroDivisionError("/secret")


@pytest.mark.parametrize("version", SOAPS)
def test_a_fault_of_ours_is_told_in_an_envelope(tmp_path: Path, version: str) -> None:
    """A SOAP client would get a report that it cannot read, or a stack trace."""
    live = Live(Broken(catalogue(), tmp_path), ServerSettings())
    with serving(live) as (_, port):
        status, _, body = post(
            port, envelope(get_tile(), version), TYPES[version], 'SOAPAction: ""'
        )
    assert status == 500
    assert b"secret" not in body
    assert told(report_of(body, version)) == [("NoApplicableCode", None)]


# Never a 500, whatever comes.


PART = st.sampled_from(
    [name for name, _ in TILE]
    + ["layer", "DimensionNameValue", "GetTile", "GetCapabilities", "GetFeatureInfo", "Sections",
       "AcceptVersions", "J", "soap:Header", "soap:Body", "soap:Fault", "soap:Envelope"]
)  # fmt: skip
VALUE = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "")
) | st.sampled_from(
    [value for _, value in TILE] + ["", "WMTS", "1.0.0", "-1", "99999999999999999999"]
)
ATTRIBUTES = st.lists(
    st.sampled_from(
        ['service="WMTS"', 'version="1.0.0"', 'service=""', 'updateSequence="9"', 'name="TIME"',
         'soap:mustUnderstand="1"', 'xmlns="urn:x"', f'xmlns="{WMTS}"', 'xmlns=""']
    ), max_size=3, unique_by=lambda text: text.partition("=")[0],
).map(" ".join)  # fmt: skip
TREE = st.recursive(
    st.tuples(PART, ATTRIBUTES, VALUE),
    lambda inner: st.tuples(PART, ATTRIBUTES, st.lists(inner, max_size=8)),
    max_leaves=12,
)


def markup(tree: tuple) -> str:
    name, attributes, content = tree
    inside = content if isinstance(content, str) else "".join(markup(child) for child in content)
    return f"<{name} {attributes}>{inside}</{name}>"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=TREE, version=st.sampled_from(SOAPS), wrapped=st.booleans())
def test_no_envelope_brings_the_server_down(
    lane: int, tree: tuple, version: str, wrapped: bool
) -> None:
    """A 500, or an answer that is no XML, for something that a client can send."""
    content = markup(tree)
    if wrapped:
        body = envelope(content, version)
    else:
        inside = f'<soap:Envelope xmlns:soap="{version}" xmlns="{WMTS}">{content}</soap:Envelope>'
        body = inside.encode()
    status, fields, answer = post(lane, body, TYPES[version])
    assert status in (200, 400, 501)
    assert fields["content-type"] == TYPES[version]
    root = etree.fromstring(answer)
    assert root.tag == f"{{{version}}}Envelope"
    for report in root.iter("{http://www.opengis.net/ows/1.1}ExceptionReport"):
        assert_valid(etree.tostring(report))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=80)
    | st.lists(
        st.sampled_from([*PAIRS.split("&"), "=", "%", "%ff", "+", "\r", "é", "<", "a=b", "\x00"])
    ).map(lambda parts: "&".join(parts).encode())
    | st.lists(st.sampled_from(PAIRS.split("&"))).map(lambda parts: "\n".join(parts).encode()),
    media_type=st.sampled_from([FORM, "text/plain", "", "text/xml", TYPES[SOAP_12], "image/png"]),
)
def test_no_body_brings_the_server_down(lane: int, body: bytes, media_type: str) -> None:
    """A 500 for something that a client can send."""
    status, fields, answer = post(lane, body, media_type)
    assert status in (200, 400, 415, 501)
    if status != 200 and status != 415:
        etree.fromstring(answer)
    assert "content-type" in fields
