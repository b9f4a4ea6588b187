"""Exceptions: each code with its status, locator and a report that is valid (Tables 20 to 27)."""

from __future__ import annotations

import ast
import inspect
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.schemas import assert_valid
from tuilerie import errors
from tuilerie.catalogue import resolve_slowly
from tuilerie.errors import (
    AccessDenied,
    CacheError,
    InvalidParameter,
    InvalidUpdateSequence,
    MissingParameter,
    NotFound,
    OperationNotSupported,
    PointIJOutOfRange,
    Rejection,
    RenderError,
    RequestError,
    TileOutOfRange,
    UpstreamError,
    VersionNegotiationFailed,
)
from tuilerie.protocols import ows
from tuilerie.protocols.wmts import kvp, legends, negotiate, rest, soap, xml_requests
from tuilerie.protocols.wmts.exceptions import (
    REPORTING,
    Encoding,
    report_language,
    reporting,
    status,
    write_report,
)
from tuilerie.protocols.wmts.messages import FRENCH

OWS = "{http://www.opengis.net/ows/1.1}"


def report(error, **options):
    root = assert_valid(write_report(error, **options))
    assert root.tag == f"{OWS}ExceptionReport"
    assert root.get("version") == "1.0.0"
    return [
        (each.get("exceptionCode"), each.get("locator"), each.findtext(f"{OWS}ExceptionText"))
        for each in root
    ]


@pytest.mark.parametrize(
    ("error", "code", "locator", "statuses"),
    [
        (MissingParameter("m", "Layer"), "MissingParameterValue", "Layer", (400, 404, 400)),
        (InvalidParameter("m", "Style"), "InvalidParameterValue", "Style", (400, 404, 400)),
        (TileOutOfRange("m", "TileRow"), "TileOutOfRange", "TileRow", (400, 404, 400)),
        (PointIJOutOfRange("m", "I"), "PointIJOutOfRange", "I", (400, 404, 400)),
        (
            OperationNotSupported("m", "GetFeatureInfo"),
            "OperationNotSupported",
            "GetFeatureInfo",
            (501, 404, 501),
        ),
        (VersionNegotiationFailed("m", "x"), "VersionNegotiationFailed", None, (400, 404, 400)),
        (InvalidUpdateSequence("m", "x"), "InvalidUpdateSequence", None, (400, 404, 400)),
        (AccessDenied("m", "x"), "NoApplicableCode", None, (403, 403, 403)),
        (NotFound("m"), "NoApplicableCode", None, (404, 404, 404)),
        (RequestError("m", "x"), "NoApplicableCode", None, (400, 404, 400)),
    ],
)
def test_what_the_client_did_wrong(error, code, locator, statuses):
    """Code, locator (none where the tables want none) and the status of each encoding."""
    assert report(error) == [(code, locator, "m")]
    assert tuple(status(error, encoding) for encoding in Encoding) == statuses
    assert reporting(error).retry_after_s is None


@pytest.mark.parametrize(
    ("error", "expected", "retry"),
    [
        (RenderError("/srv/secret/file.tif is cut"), 500, None),
        (UpstreamError("http://key@10.0.0.1 refused", "remote"), 502, 30),
        (CacheError("/var/lib/x: disk full"), 503, 10),
        (errors.JobError("secret"), 500, None),
        (ZeroDivisionError("secret"), 500, None),
    ],
)
def test_what_we_did_wrong(error, expected, retry):
    """NoApplicableCode without locator; paths, addresses and keys stay inside."""
    ((code, locator, text),) = report(error)
    assert (code, locator) == ("NoApplicableCode", None)
    assert text.endswith(".")
    assert not any(secret in text for secret in ("srv", "10.0", "disk", "secret"))
    assert {status(error, encoding) for encoding in Encoding} == {expected}
    assert reporting(error).retry_after_s == retry


def test_every_request_error_has_a_row_of_its_own():
    """A class added to errors.py is added to the table, not silently NoApplicableCode."""
    for _, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, RequestError) and kind is not Rejection:
            assert reporting(kind("m", "L")) is reporting(kind("m"))
            located = reporting(kind("m")).located
            assert located == (kind.code.startswith(("M", "InvalidP", "T", "P", "Op")))


def test_several_exceptions_in_one_report():
    """7.2.2.2: the first decides the status."""
    error = Rejection([MissingParameter("a", "Layer"), InvalidParameter("b", "version")])
    assert report(error) == [
        ("MissingParameterValue", "Layer", "a"),
        ("InvalidParameterValue", "version", "b"),
    ]
    assert report([error, TileOutOfRange("c", "TileCol")])[2] == ("TileOutOfRange", "TileCol", "c")
    assert status(error, Encoding.KVP) == 400
    assert (error.code, error.locator) == ("MissingParameterValue", "Layer")


def test_the_language_is_said_if_it_is_one():
    """xml:lang of the texts; a wrong tag would make the report invalid."""
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for language, expected in (("en", "en"), ("fr-FR", "fr-FR"), ("", None), ('x"<', None)):
        root = assert_valid(write_report(NotFound("m"), language=language))
        assert root.get(lang) == expected


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ((), "en"),
        (("fr",), "fr"),
        (("fr-CA", "en"), "fr"),
        (("de", "FR", "en"), "fr"),
        (("en-GB", "fr"), "en"),
        (("ja", "*"), "en"),
    ],
)
def test_the_language_is_the_first_that_we_speak(wanted, spoken):
    """A French agency's users would read English, or others French."""
    assert report_language(wanted) == spoken


def test_codes_and_locators_are_the_same_in_every_language():
    """Programs look at the code; only the text is for people."""
    error = Rejection(
        [
            MissingParameter("{name} is missing or empty", "TileRow", name="TileRow"),
            InvalidParameter("there is no layer {layer}", "Layer", layer="'{x} é'"),
        ]
    )
    assert report(error) == [
        ("MissingParameterValue", "TileRow", "TileRow is missing or empty"),
        ("InvalidParameterValue", "Layer", "there is no layer '{x} é'"),
    ]
    assert report(error, language="fr") == [
        ("MissingParameterValue", "TileRow", "TileRow manque ou est vide"),
        ("InvalidParameterValue", "Layer", "il n'y a pas de couche '{x} é'"),
    ]
    ((_, _, text),) = report(RenderError("/secret"), language="fr")
    assert text == "La tuile n'a pas pu être produite."


def test_an_unknown_sentence_stays_english():
    """Better one language too few than no text, and braces of a client's stay what they are."""
    assert report(NotFound("{x} {} {0}"), language="fr") == [
        ("NoApplicableCode", None, "{x} {} {0}")
    ]


def test_translations_have_the_same_places():
    """A place that only one language has would fail on the day of the error."""
    for english, french in FRENCH.items():
        assert places(english) == places(french), english


@pytest.mark.parametrize(
    "module", [negotiate, resolve_slowly, legends, kvp, rest, xml_requests, soap]
)
def test_every_sentence_is_translated(module):
    """A new error would be told in English to everybody."""
    tree = ast.parse(inspect.getsource(module))
    kinds = {name for name, kind in inspect.getmembers(errors, inspect.isclass)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    texts = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in kinds
    ]
    # A sentence that is put together before it is told is found in no list.
    assert not [text for text in texts if isinstance(text, ast.JoinedStr)]
    said = {text.value for text in texts if isinstance(text, ast.Constant)}
    assert said
    assert said <= FRENCH.keys()
    assert {row.text for row in REPORTING.values() if row.text} <= FRENCH.keys()


def places(template):
    return sorted(name for _, name, _, _ in Formatter().parse(template) if name)


def test_an_empty_report_is_refused():
    """The schema wants one exception; a report of nothing is a fault of ours."""
    with pytest.raises(ValueError, match="at least one"):
        ows.exception_report([])


@given(st.text(st.characters() | st.sampled_from('\ud800\x00\x1f\uffff<&>"]\r')), st.text())
def test_any_message_makes_a_valid_report(message, locator):
    """A report quotes what the client sent: %00 and %FF must not crash it or make it invalid."""
    ((_, _, text),) = report(InvalidParameter(message, locator))
    assert (text or "").replace("\ufffd", "") == "".join(
        letter
        for letter in message
        if letter in "\t\n\r"
        or (
            (ord(letter) >= 32 and letter not in "\ufffd\ufffe\uffff")
            and not 0xD800 <= ord(letter) < 0xE000
        )
    )
