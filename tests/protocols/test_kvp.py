"""Key-value pairs: every careless, odd and hostile way in which clients write them (clause 8)."""

from __future__ import annotations

import itertools
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tuilerie.catalogue.address import TileQuery
from tuilerie.catalogue.resolve_info import InfoQuery
from tuilerie.errors import InvalidParameter, RequestError
from tuilerie.protocols.wmts.exceptions import Rejection
from tuilerie.protocols.wmts.kvp import MAX_PARAMETERS, MAX_QUERY, parse, parse_get_tile
from tuilerie.protocols.wmts.requests import (
    FaultyTile,
    GetCapabilities,
    GetFeatureInfo,
    GetTile,
)

GOOD = {
    "service": "WMTS",
    "request": "GetTile",
    "version": "1.0.0",
    "layer": "etopo2",
    "style": "default",
    "format": "image/png",
    "TileMatrixSet": "WholeWorld_CRS_84",
    "TileMatrix": "10m",
    "TileRow": "1",
    "TileCol": "3",
}
TILE = TileQuery("etopo2", "default", "image/png", "WholeWorld_CRS_84", "10m", "1", "3")


def query(changes=(), *, without=()):
    pairs = {name: value for name, value in (GOOD | dict(changes)).items() if name not in without}
    return "&".join(f"{name}={value}" for name, value in pairs.items()).encode()


def refused(raw, *, strict=False):
    """Return the errors of a query that both readers refuse alike, as (code, locator)."""
    with pytest.raises(RequestError) as caught:
        parse(raw, strict=strict)
    if isinstance(raw, bytes):
        with pytest.raises(RequestError) as fast:
            parse_get_tile(raw, strict=strict)
        assert told(fast.value) == told(caught.value)
    return told(caught.value)


def told(error):
    errors = error.errors if isinstance(error, Rejection) else [error]
    return [(each.code, each.locator) for each in errors]


def test_the_example_of_the_standard():
    """8.2.2, as printed."""
    assert parse(query(), strict=True) == GetTile(TILE)
    assert parse_get_tile(query(), strict=True) == TILE


def test_names_in_any_case_and_order():
    """A.3.1.3: spelling and sequence of names change nothing."""
    names = list(GOOD)
    for shift, spelled in itertools.product(range(10), (str.upper, str.lower, str.title)):
        order = names[shift:] + names[:shift]
        raw = "&".join(f"{spelled(name)}={GOOD[name]}" for name in order).encode()
        assert parse(raw, strict=True) == GetTile(TILE)
        assert parse_get_tile(raw, strict=True) == TILE


def test_pairs_are_read_like_bytes():
    """Forms and other encodings hand over decoded pairs."""
    assert parse(list(GOOD.items()), strict=True) == GetTile(TILE)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", list(GOOD)[3:])
def test_each_missing_parameter_is_named(name, strict):
    """Table 23: MissingParameterValue with the name; the same if it is empty."""
    assert refused(query(without=[name]), strict=strict) == [("MissingParameterValue", title(name))]
    if name != "style":
        code = [("MissingParameterValue", title(name))]
        assert refused(query({name: ""}), strict=strict) == code


def title(name):
    return name[0].upper() + name[1:]


def test_all_missing_parameters_are_told_at_once():
    """A client mends its request in one go, not in seven."""
    raw = b"SERVICE=WMTS&REQUEST=GetTile&LAYER=etopo2&TileRow=x"
    expected = ["Style", "Format", "TileMatrixSet", "TileMatrix", "TileCol"]
    assert refused(raw) == [("MissingParameterValue", name) for name in expected]
    assert refused(raw, strict=True)[0] == ("MissingParameterValue", "version")
    assert refused(b"") == [
        ("MissingParameterValue", "service"),
        ("MissingParameterValue", "request"),
    ]


def test_an_empty_style_is_the_default_unless_strict():
    """Many clients send STYLE= for the default style; Table 22 wants it filled."""
    raw = query({"style": ""})
    assert parse(raw) == GetTile(TILE._replace(style=""))
    assert parse_get_tile(raw) == TILE._replace(style="")
    assert refused(raw, strict=True) == [("MissingParameterValue", "Style")]


def test_version_is_mandatory_if_strict_and_never_wrong():
    """Table 22: SHALL contain 1.0.0."""
    raw = query(without=["version"])
    assert parse_get_tile(raw) == TILE
    assert refused(raw, strict=True) == [("MissingParameterValue", "version")]
    for strict in (False, True):
        assert refused(query({"version": "1.1.0"}), strict=strict) == [
            ("InvalidParameterValue", "version")
        ]


def test_missing_comes_before_invalid():
    """The first error decides the answer, and a missing parameter must win."""
    raw = query({"version": "9", "layer": ""})
    expected = [("MissingParameterValue", "Layer"), ("InvalidParameterValue", "version")]
    assert refused(raw) == expected


def test_values_of_service_and_request_in_any_case_unless_strict():
    """Addresses like "?service=wmts&request=getcapabilities" are in the wild."""
    raw = b"service=wmts&request=getcapabilities"
    assert parse(raw) == GetCapabilities()
    assert refused(raw, strict=True) == [("InvalidParameterValue", "service")]


def test_wrong_service_and_request():
    """A.3.1.6 and the official suite: InvalidParameterValue for both, 400."""
    assert refused(query({"service": "WMS"})) == [("InvalidParameterValue", "service")]
    assert refused(query({"request": "GetBOGUS"})) == [("InvalidParameterValue", "request")]
    assert refused(b"service=WMTS&request~GetCapabilities!version~1.0.0") == [
        ("MissingParameterValue", "request")
    ]


INFO = {"request": "GetFeatureInfo", "J": "86", "I": "132", "InfoFormat": "text/plain"}


def test_feature_info_is_a_tile_and_a_pixel():
    """Table 30: J is the row, I the column; they are easily taken for each other."""
    read = parse(query(INFO))
    assert read == GetFeatureInfo(InfoQuery(TILE, j="86", i="132", info_format="text/plain"))
    assert (
        parse(query(INFO).replace(b"&J=86&I=132&InfoFormat", b"&i=132&INFOFORMAT") + b"&j=86")
        == read
    )
    assert parse_get_tile(query(INFO)) is None


def test_the_standards_example_of_feature_info_is_read():
    """8.3.2: with a "+" that is not escaped, and a blank."""
    example = (
        "service=WMTS&request=GetFeatureInfo&version=1.0.0&layer=coastlines&style=default"
        "&format=image/png&TileMatrixSet=WholeWorld_CRS_84&TileMatrix=10m&TileRow=1&TileCol=3"
        "&J=86&I=132&InfoFormat=application/gml+xml; version=3.1"
    )
    for raw in (example, example.replace(" ", "%20"), example.replace("+", "%2B")):
        info = parse(raw.encode()).info
        assert (info.j, info.i) == ("86", "132")
        assert info.info_format == "application/gml+xml; version=3.1"


def test_what_feature_info_lacks_is_told_at_once():
    """Table 26: MissingParameterValue, with the parameter's name."""
    wanted = query({"request": "GetFeatureInfo", "layer": ""})
    assert refused(wanted) == [
        ("MissingParameterValue", name) for name in ("Layer", "J", "I", "InfoFormat")
    ]
    assert refused(query(INFO) + b"&i=7") == [("InvalidParameterValue", "I")]


@pytest.mark.parametrize("place", ["front", "back"])
def test_repeated_parameters(place):
    """Of two values a cache in front could take the other; twice the same does no harm."""
    other, same = b"layer=other", b"LAYER=etopo2"
    together = (lambda a, b: a + b"&" + b) if place == "front" else (lambda a, b: b + b"&" + a)
    assert refused(together(other, query())) == [("InvalidParameterValue", "Layer")]
    assert parse_get_tile(together(same, query())) == TILE
    assert refused(together(same, query()), strict=True) == [("InvalidParameterValue", "Layer")]


@pytest.mark.parametrize("name", ["TileMatrix", "TileRow", "TileCol"])
def test_a_repeated_index_is_seen_by_the_fast_reader(name):
    """The remembered beginning of a query must not hide a second value."""
    for value in ("", "0", "7"):
        pair = f"{name}={value}".encode()
        for raw in (pair + b"&" + query(), query() + b"&" + pair):
            assert refused(raw) == [("InvalidParameterValue", name)]


def test_unknown_parameters_are_ignored():
    """7.2.2.2: unknown parameters SHALL be ignored, whatever they hold and however often.

    All that becomes of them are pairs in which a layer may look for its dimensions.
    """
    raw = query() + b"&time=2020&TIME=%ff&%zz=1&%80=2&a&=&&apikey=x+y&amp;layer=other&I=1"
    found = parse_get_tile(raw, strict=True)
    assert parse(raw, strict=True) == GetTile(found)
    assert found._replace(dimensions=()) == TILE
    assert found.dimensions[:2] == (("time", "2020"), ("TIME", "\ufffd"))


def test_escapes_are_utf8_or_refused():
    """Bad bytes are an answer with the parameter's name, not a crash and not a guess."""
    for bad in ("%FF", "%C0%80", "%ED%A0%80", "%", "%2", "%zz", "%F4%90%80%80"):
        raw = query({"layer": bad, "TileRow": bad})
        assert refused(raw) == [
            ("InvalidParameterValue", "Layer"),
            ("InvalidParameterValue", "TileRow"),
        ]
    assert refused(query().replace(b"etopo2", b"\xff")) == [("InvalidParameterValue", "Layer")]
    assert parse_get_tile(query({"layer": "%C3%A9%2F%00"})) == TILE._replace(layer="é/\0")
    assert parse_get_tile(query({"layer": "é"})) == TILE._replace(layer="é")
    assert parse_get_tile(query().replace(b"layer", b"%6Cay%65r")) == TILE


def test_plus_and_semicolon_in_media_types():
    """A "+" is a blank except in media types: the standard's own example (8.3.2) has it bare."""
    cases = {
        "image/svg+xml": "image/svg+xml",
        "image/svg%2Bxml": "image/svg+xml",
        "application/gml+xml;+version=3.1": "application/gml+xml; version=3.1",
        "application/gml+xml; version=3.1": "application/gml+xml; version=3.1",
        "image/png; mode=8bit": "image/png; mode=8bit",
        "image%2Fpng%3B%20mode%3D8bit": "image/png; mode=8bit",
        "image/png;+mode=8bit": "image/png; mode=8bit",
    }
    for written, meant in cases.items():
        assert parse_get_tile(query({"format": written})) == TILE._replace(format=meant)
    assert parse_get_tile(query({"layer": "a+b"})) == TILE._replace(layer="a b")
    assert parse_get_tile(query({"TileMatrix": "a+b"})) == TILE._replace(matrix="a b")


def test_values_may_hold_equal_signs():
    """Only the first "=" ends the name."""
    assert parse_get_tile(query({"layer": "a=b"})) == TILE._replace(layer="a=b")
    assert parse_get_tile(query({"TileCol": "=3"})) == TILE._replace(col="=3")


def test_size_and_number_are_bounded():
    """A query of megabytes costs nothing but its refusal."""
    assert refused(b"a" * (MAX_QUERY + 1)) == [("InvalidParameterValue", None)]
    assert refused(b"&" * MAX_PARAMETERS) == [("InvalidParameterValue", None)]
    assert refused([("a", "b")] * (MAX_PARAMETERS + 1)) == [("InvalidParameterValue", None)]
    assert refused([("a", "b" * MAX_QUERY)]) == [("InvalidParameterValue", None)]
    long = "x" * (MAX_QUERY - 300)
    assert parse_get_tile(query({"layer": long})) == TILE._replace(layer=long)


def test_get_capabilities_parameters():
    """Table 17, lists by comma; `version` is no parameter of it, though 8.1.2 sends it."""
    raw = (
        b"service=WMTS&REQUEST=GetCapabilities&version=1.0.0&acceptversions=2.0.0,%201.0.0"
        b"&Sections=Contents,Themes&updatesequence=17&AcceptFormats=text/xml,application/soap+xml"
    )
    assert parse(raw, strict=True) == GetCapabilities(
        ("2.0.0", "1.0.0"), ("Contents", "Themes"), "17", ("text/xml", "application/soap+xml")
    )
    assert parse_get_tile(raw) is None
    assert parse(b"service=WMTS&request=GetCapabilities&AcceptVersions=") == GetCapabilities()


def test_sections_without_a_name_are_missing():
    """The official suite sends "Sections=" and wants MissingParameterValue."""
    raw = b"service=WMTS&request=GetCapabilities&Sections="
    assert refused(raw) == [("MissingParameterValue", "Sections")]


NAMES = st.sampled_from(["service", "request", "version", *list(GOOD)[3:], "time", "", "Sections"])
VALUES = st.sampled_from([*GOOD.values(), "", "GetCapabilities", "%", "%2F", "a+b", "7", "é"])
SPELLED = st.sampled_from([str, str.upper, str.lower, str.title, quote, lambda name: f"%{name}"])
PAIRS = st.builds(lambda name, spell, value: f"{spell(name)}={value}", NAMES, SPELLED, VALUES)


@st.composite
def near_misses(draw):
    """Queries that are a good one with a few pairs added, dropped or moved."""
    pairs = draw(st.permutations([f"{name}={value}" for name, value in GOOD.items()]))
    pairs = pairs[draw(st.integers(0, 2)) :] + draw(st.lists(PAIRS, max_size=3))
    separator = draw(st.sampled_from(["&", "&", "&", ";", "&&"]))
    return separator.join(draw(st.permutations(pairs))).encode()


@settings(max_examples=400, deadline=None)
@given(st.one_of(near_misses(), st.binary(max_size=300)), st.booleans())
@example(b"&" * 50 + b"=%", False)
@example(query() + b"&TileCol=3", True)
def test_both_readers_agree_and_only_request_errors_escape(raw, strict):
    """The fast reader may never see another tile than the precise one, nor another error."""
    for reader in (parse, parse, parse_get_tile, parse_get_tile):  # twice: remembered or not
        try:
            answer = reader(raw, strict=strict)
        except RequestError as error:
            outcome = told(error)
        else:
            outcome = answer.tile if isinstance(answer, GetTile) else answer
            if isinstance(answer, GetCapabilities):
                outcome = None
        if reader is parse:
            expected = outcome
        assert outcome == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=7, max_size=7), st.booleans())
def test_any_identifier_survives_the_encoding(values, plus):
    """An identifier of any characters is read back as it was, by either way to write a blank."""
    encode = quote_plus if plus else quote
    names = list(GOOD)[3:]
    raw = query(dict(zip(names, map(encode, values), strict=True)))
    expected = TileQuery(*values)
    if "  " in expected.format or " " in expected.format.split(";")[0]:
        expected = parse(raw).tile  # blanks in media types become "+", see above
    assert parse(raw) == GetTile(expected)
    assert parse_get_tile(raw) == expected


def test_errors_quote_little_of_what_was_sent():
    """An error's text stays small, whatever the client sent."""
    with pytest.raises(InvalidParameter) as caught:
        parse(query({"request": "x" * 5000}))
    assert len(caught.value.message) < 200
    with pytest.raises(FaultyTile) as missing:
        parse(query(without=["layer"]))
    assert missing.value.message == "Layer is missing."
    assert missing.value.code == "MissingParameterValue"
