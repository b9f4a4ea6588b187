"""Errors and documents in the client's language, whatever carried the request; codes untouched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from tests.protocols.envelopes import SOAP_11, SOAP_12, SOAPS, TYPES, content_of, envelope, get_tile
from tests.protocols.envelopes import report_of as report_in
from tests.protocols.schemas import assert_valid
from tests.server.served import ask, catalogue, layer, live_of, serving
from tests.server.test_post import FORM, post
from tuilerie.catalogue.metadata import Inspire
from tuilerie.catalogue.model import Text

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
OWS = "{http://www.opengis.net/ows/1.1}"
COMMON = "{http://inspire.ec.europa.eu/schemas/common/1.0}"
FRENCH = "Accept-Language: fr-CA, en;q=0.5"
CAPABILITIES = "/wmts?service=WMTS&request=GetCapabilities"


def told(report: etree._Element) -> tuple[str | None, list[tuple[str, str | None, str]]]:
    """Language, and code, locator and text of each exception."""
    return report.get(LANG), [
        (each.get("exceptionCode"), each.get("locator"), each.findtext(f"{OWS}ExceptionText"))
        for each in report.iter(f"{OWS}Exception")
    ]


@pytest.mark.parametrize("version", SOAPS)
def test_faults_speak_the_language_of_the_client(lane: int, version: str) -> None:
    """SOAP users would be told in English what KVP users are told in French."""
    body = envelope(get_tile([("Layer", "nope")]), version)
    status, fields, answer = post(lane, body, TYPES[version], FRENCH)
    assert status == 400
    assert fields["vary"] == "accept-language"
    language, exceptions = told(assert_valid(etree.tostring(report_in(answer, version))))
    assert language == "fr"
    assert exceptions[0] == ("MissingParameterValue", "Style", "Il manque Style.")
    assert ("InvalidParameterValue", "Layer", "il n'y a pas de couche 'nope'") in exceptions
    status, _, answer = post(lane, body, TYPES[version], "Accept-Language: de")
    english, exceptions = told(report_in(answer, version))
    assert english == "en"
    assert exceptions[0] == ("MissingParameterValue", "Style", "Style is missing.")


def test_the_reason_is_said_in_both_languages(lane: int) -> None:
    """SOAP 1.2 has a Text for each language; the prescribed sentence comes first (9.4)."""
    body = envelope(get_tile([("Layer", "nope")]), SOAP_12)
    for language, said in (
        ("fr", [("en", "A server exception was encountered."),
                ("fr", "Le serveur a rencontré une exception.")]),
        ("en", [("en", "A server exception was encountered.")]),
    ):  # fmt: skip
        answer = post(lane, body, TYPES[SOAP_12], f"Accept-Language: {language}")[2]
        texts = content_of(answer).iter(f"{{{SOAP_12}}}Text")
        assert [(text.get(LANG), text.text) for text in texts] == said


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12])
def test_unopened_envelopes_are_refused_in_the_language_too(lane: int, version: str) -> None:
    head = '<x:h xmlns:x="urn:x" soap:mustUnderstand="1"/>'
    body = envelope("<a/>", version).replace(b"<soap:Body>", f"<soap:Header>{head}</soap:Header><soap:Body>".encode())  # fmt: skip  # noqa: E501
    answer = post(lane, body, TYPES[version], FRENCH)[2].decode()
    code = "MustUnderstand"
    assert f"soap:{code}" in answer
    assert ("Des blocs d'en-tête" in answer) == (version == SOAP_12)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/wmts?service=WMTS", "Il manque request."),
        ("/wmts?service=WMS&request=GetTile", 'service doit être "WMTS".'),
        ("/wmts?service=WMTS&request=Get", "Il n'y a pas de requête 'Get'."),
        ("/wmts/1.0.0/x", "Une tuile est à /wmts/1.0.0/{Layer}/{Style}["),
        ("/wmts?" + "a=b&" * 101, "Une requête a au plus 100 paramètres et 8192 octets."),
    ],
)
def test_requests_that_cannot_be_read_are_refused_in_the_language(
    lane: int, target: str, said: str
) -> None:
    """Sentences that are put together before they are told are found in no dictionary."""
    ((_, _, text),) = told(etree.fromstring(ask(lane, target, FRENCH)[2]))[1]
    assert text.startswith(said)


def test_pairs_in_a_body_too(lane: int) -> None:
    answer = post(lane, "service=WMTS", FORM, FRENCH)[2]
    assert told(assert_valid(answer)) == (
        "fr",
        [("MissingParameterValue", "request", "Il manque request.")],
    )


@pytest.fixture(scope="module")
def inspired(filled: Path) -> Iterator[int]:
    """An INSPIRE view service in French (its default), English and German."""
    plain = catalogue(layer(title=Text((("en", "World"), ("fr", "Monde"), ("de", "Welt")))))
    inspire = Inspire(("fr", "en", "de"), "https://example.org/record", "application/xml")
    published = replace(plain, service=replace(plain.service, inspire=inspire))
    with serving(live_of(filled, published)) as (_, port):
        yield port


@pytest.mark.parametrize(
    ("more", "accepted", "response", "title"),
    [
        ("&LANGUAGE=eng", "de", "eng", "World"),
        ("&language=ger", "", "ger", "Welt"),
        ("&Language=FRE", "en", "fre", "Monde"),
        ("&LANGUAGE=fin", "de", "fre", "Monde"),
        ("&LANGUAGE=xyz", "de", "fre", "Monde"),
        ("&LANGUAGE=%ff", "de", "ger", "Welt"),
        ("&LANGUAGE=", "de", "ger", "Welt"),
        ("", "de", "ger", "Welt"),
        ("", "", "fre", "Monde"),
    ],
)
def test_inspire_asks_for_a_language(
    inspired: int, more: str, accepted: str, response: str, title: str
) -> None:
    """ISO 639-2/B codes; an unknown one gets the default language, and ResponseLanguage says so."""
    fields = [f"Accept-Language: {accepted}"] if accepted else []
    status, _, body = ask(inspired, CAPABILITIES + more, *fields)
    assert status == 200
    root = assert_valid(body)
    (said,) = root.iter(f"{COMMON}ResponseLanguage")
    assert said.findtext(f"{COMMON}Language") == response
    first = root.find("{*}Contents/{*}Layer/{*}Title")
    assert first.text == title


def test_language_is_an_unknown_parameter_elsewhere(lane: int) -> None:
    """Without INSPIRE it is ignored as any other that WMTS does not know, even when repeated."""
    plain = ask(lane, CAPABILITIES)
    for more in ("&LANGUAGE=fre", "&LANGUAGE=fre&LANGUAGE=eng", "&LANGUAGE=%ff"):
        assert ask(lane, CAPABILITIES + more)[2] == plain[2]
