"""What was found at a place, in every format, and templates that would never end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.protocols.envelopes import SOAP_11, SOAP_12, WMTS, content_of
from tests.protocols.published import LAMBERT, MERCATOR, a_catalogue, a_layer, full_link
from tests.protocols.schemas import application_schema, assert_valid
from tuilerie.catalogue.info import (
    GEOJSON,
    GML,
    HTML,
    INFO_FORMATS,
    JSON,
    PLAIN,
    Attribute,
    LayerInfo,
)
from tuilerie.catalogue.model import Layer, Text
from tuilerie.errors import FeatureInfoError
from tuilerie.grids import BoundingBox, Crs
from tuilerie.protocols.feature_info.found import Found, features_of, place_of
from tuilerie.protocols.feature_info.gml import write_schema
from tuilerie.protocols.feature_info.html import template_fault
from tuilerie.protocols.feature_info.template import MAX_HTML_BYTES, TemplateFault, render
from tuilerie.protocols.feature_info.write import write_found
from tuilerie.protocols.wmts import soap
from tuilerie.protocols.wmts.capabilities import write_capabilities

BASE = "https://maps.example.org/a b"
NAMED = Text((("en", "Height & <depth>"), ("fr", "Hauteur ✓")))
ATTRIBUTES = (
    Attribute("height", NAMED, "real", "m s-1 %", ("1",)),
    Attribute("kind", Text((("", "Kind"),)), "integer", "", ("2",)),
    Attribute("kind_name", Text((("", "Name"),)), "text", "", ("2",), "word", ((3, "Sand & <b>"),)),
    Attribute("colour", Text((("", "Colour"),)), "text", "", ("2", "3", "4"), "colour"),
)
VALUES = {"1": 712.5, "2": 3, "3": 255, "4": 0}


def layer(template: str = "", identifier: str = "a/b & ü", **changes: object) -> Layer:
    info = LayerInfo(INFO_FORMATS, ATTRIBUTES, (1, 2, 3, 4), template)
    title = Text((("en", "Ground & <co>"), ("fr", "Sol")))
    return replace(a_layer(identifier, full_link(MERCATOR)), info=info, title=title, **changes)


def found(one: Layer, *values: dict[str, object]) -> Found:
    at = BoundingBox(259_999.0, 5_999_999.0, 260_001.0, 6_000_001.0)
    place = place_of(at, Crs.parse("EPSG:3857"), one)
    return Found(one, place, features_of(one, values))


def written(kind, *values: dict[str, object], languages=(), **changes: object) -> bytes:
    return write_found(found(layer(**changes), *values), kind, base_url=BASE, languages=languages)


def schema_of(one: Layer) -> etree.XMLSchema:
    """The layer's application schema, over the bundled schemas of GML."""
    return application_schema(write_schema(one, "../gml.xsd"), "../gml.xsd")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2154", "+proj=utm +zone=31 +ellps=intl"])
@pytest.mark.parametrize("values", [(), (VALUES,), (VALUES, dict.fromkeys(VALUES))])
def test_gml_is_valid_by_its_schema(crs: str, values: tuple) -> None:
    """Clients that validate would refuse it, with features, without values and without any."""
    document = etree.fromstring(written(GML, *values, crs=crs))
    schema = schema_of(layer(crs=crs))
    assert schema.validate(document), schema.error_log
    location = document.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation")
    namespace, address = location.split(" ")
    assert document.tag == f"{{{namespace}}}FeatureCollection"
    assert (
        address == "https://maps.example.org/a%20b/wmts/1.0.0/a%2Fb%20%26%20%C3%BC/featureinfo.xsd"
    )
    assert len(document) == len(values)
    if values:
        assert document.findtext(f".//{{{namespace}}}height") == "712.5"
        assert document.find(f".//{{{namespace}}}height").get("uom") == "m%20s-1%20%25"
        assert document.findtext(f".//{{{namespace}}}kind_name") == "Sand & <b>"


def test_points_of_gml_are_in_the_order_of_their_crs() -> None:
    """In degrees latitude comes first, and a client would look into the ocean."""
    point = "{http://www.opengis.net/gml}Point"
    for crs, name, first in (
        ("EPSG:4326", "urn:ogc:def:crs:EPSG::4326", 47.4),
        ("EPSG:3857", "urn:ogc:def:crs:EPSG::3857", 260_000.0),
        ("+proj=utm +zone=31 +ellps=intl", None, None),
    ):  # fmt: skip
        (found_point,) = etree.fromstring(written(GML, VALUES, crs=crs)).iter(point)
        if name is not None:
            assert found_point.get("srsName") == name
            assert float(found_point[0].text.split()[0]) == pytest.approx(first, abs=0.1)
        else:
            assert "uuid" not in found_point.get("srsName")


def test_the_schema_says_level_0() -> None:
    """7.3.1: only simple properties, each at most once."""
    schema = etree.fromstring(write_schema(layer(), "gml.xsd"))
    assert schema.findtext(".//{http://www.opengis.net/gmlsf}ComplianceLevel") == "0"
    for element in schema.iter("{http://www.w3.org/2001/XMLSchema}element"):
        assert element.get("maxOccurs", "1") == "1"


@pytest.mark.parametrize("version", [soap.SOAP_12, soap.SOAP_11])
@pytest.mark.parametrize("kind", INFO_FORMATS)
def test_soap_answers_are_valid(kind, version: soap.Version) -> None:
    """9.3.3: a feature collection as it is, all other text as TextPayload."""
    document = written(kind, VALUES)
    answer = soap.feature_info_response(document, kind.media_type, version)
    (response,) = [content_of(answer, version.namespace)]
    assert response.tag == f"{{{WMTS}}}FeatureInfoResponse"
    (inside,) = response
    if kind == GML:
        same = [
            etree.tostring(one, method="c14n", exclusive=True)
            for one in (inside, etree.fromstring(document))
        ]
        assert same[0] == same[1]
        return
    assert_valid(etree.tostring(response))
    assert inside.tag == f"{{{WMTS}}}TextPayload"
    assert inside[0].text == kind.media_type
    assert inside[1].text == document.decode()


def test_an_empty_collection_is_valid_where_soap_has_it() -> None:
    """The wildcard of FeatureInfoResponse takes only what substitutes gml:_FeatureCollection."""
    one = layer()
    document = soap.feature_info_response(written(GML), GML.media_type, soap.SOAP_12)
    response = content_of(document)
    assert response[0].tag.endswith("}FeatureCollection")
    head = next(
        element
        for element in etree.fromstring(write_schema(one, "x")).iter()
        if element.get("name") == "FeatureCollection"
    )
    assert head.get("substitutionGroup") == "gml:_FeatureCollection"


@pytest.mark.parametrize(
    ("media_type", "element", "text"),
    [
        ("application/vnd.example+xml", "AnyContent", None),
        ("text/xml", "AnyContent", None),
        ("text/plain", "TextPayload", "<a/>]]>\ufffd"),
        ("image/png", "BinaryPayload", "PGEvPl1dPgE="),
    ],
)
def test_what_others_write_has_its_place_in_soap(
    media_type: str, element: str, text: str | None
) -> None:
    """A document that is handed on could break the envelope."""
    data = b"<?xml version='1.0'?><a xmlns=''/>" if text is None else b"<a/>]]>\x01"
    answer = soap.feature_info_response(data, media_type, soap.SOAP_12)
    response = assert_valid(etree.tostring(content_of(answer, SOAP_12)))
    (inside,) = response
    assert inside.tag == f"{{{WMTS}}}{element}"
    if text is None:
        assert inside[0].tag == "a"
    else:
        assert inside[1].text == text
    assert SOAP_11 not in answer.decode()


def test_geojson_has_flat_properties_and_says_what_they_are() -> None:
    """Clients show what is nested as text, and nobody would know the unit."""
    document = json.loads(written(GEOJSON, VALUES, dict.fromkeys(VALUES)))
    assert document["type"] == "FeatureCollection"
    first, second = document["features"]
    assert first["geometry"]["coordinates"] == pytest.approx([2.33563, 47.38], abs=0.1)
    assert first["properties"] == {
        "layer": "a/b & ü", "crs": "EPSG:4326", "x": pytest.approx(2.33563, abs=1e-4),
        "y": pytest.approx(47.38, abs=0.1), "height": 712.5, "kind": 3, "kind_name": "Sand & <b>",
        "colour": "#03ff00",
    }  # fmt: skip
    assert second["properties"]["height"] is None
    assert second["properties"]["colour"] is None
    assert document["attributes"][0] == {
        "name": "height", "title": {"en": "Height & <depth>", "fr": "Hauteur ✓"},
        "type": "real", "unit": "m s-1 %",
    }  # fmt: skip
    assert written(JSON, VALUES) == written(GEOJSON, VALUES)
    assert json.loads(written(GEOJSON))["features"] == []


@pytest.mark.parametrize(
    ("languages", "words"),
    [((), "There is no data"), (("fr-CA",), "Il n'y a pas"), (("de",), "There is no data")],
)
def test_texts_are_in_the_readers_language(languages: tuple[str, ...], words: str) -> None:
    """A French reader would be told in English."""
    for kind in (PLAIN, HTML):
        shown = written(kind, languages=languages).decode().replace("&#39;", "'")
        assert words in shown
    told = written(PLAIN, VALUES, languages=languages).decode()
    assert ("Hauteur ✓: 712.5 m s-1 %" in told) == ("fr" in str(languages))


def test_html_is_escaped() -> None:
    """A class named by a stranger would run in the reader's page."""
    page = written(HTML, VALUES).decode()
    assert "Sand &amp; &lt;b&gt;" in page
    assert "Ground &amp; &lt;co&gt;" in page
    assert "<b>" not in page
    assert page.startswith("<!doctype html>")
    assert '<meta charset="utf-8">' in page


def test_an_operators_template_is_taken() -> None:
    """It would be the same table for everybody."""
    own = "{% for f in features %}{{ f.values.height * 2 }} {{ f.values['kind'] }}{% endfor %}"
    assert written(HTML, VALUES, template=own) == b"1425.0 3"
    assert template_fault(own.replace("* 2", "")) == ""
    escaped = "{{ features|length }}{% for f in features %}{{ f.values.kind_name }}{% endfor %}"
    assert written(HTML, VALUES, template=escaped) == b"1Sand &amp; &lt;b&gt;"


def test_a_template_that_fails_is_our_fault_and_tells_the_operator_where() -> None:
    """A stranger would read it, or the operator would not."""
    with pytest.raises(FeatureInfoError, match=r"layer 'a/b & ü' failed: .*nothing"):
        written(HTML, VALUES, template="{{ nothing.at.all }}")


ENDLESS = [
    "{% for a in range(10000) %}{% endfor %}",
    "{% for a in features %}" * 4 + "{% endfor %}" * 4,
    "{% for a in features recursive %}{{ loop(features) }}{% endfor %}",
    "{% for a in [1] * 1000 %}{% endfor %}",
    "{% for a in 'x'|list %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set x = 'ab' %}{% set x = x ~ x %}",
    "{% set x %}a{% endset %}",
    "{% with x = 'a' %}{% endwith %}",
    "{{ 'x' * 100000000 }}",
    "{{ layer.title * 100000000 }}",
    "{{ 9 ** 99999999 }}",
    "{{ '%099999999d' % 1 }}",
    "{{ 'x'|center(100000000) }}",
    "{{ 'x'|replace('x', 'xx') }}",
    "{{ 'x'|join('x') }}",
    "{{ 'x'.join(features) }}",
    "{{ lipsum(1000) }}",
    "{{ cycler('a') }}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% import 'x' as y %}",
    "{% block b %}{{ self.b() }}{% endblock %}",
    "{% filter upper %}a{% endfilter %}",
    "{% call layer() %}{% endcall %}",
    "{% autoescape false %}{{ layer.title }}{% endautoescape %}",
    "{{ layer.title|safe }}",
    "{{ layer.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ text.__init__.__globals__ }}",
    "{{ layer['__class__'] }}",
    "{{ features.append(1) }}",
    "{{ 1 / 0 }}",
    "{{ unknown }}",
    "{{ layer.unknown }}",
    "{% for a in features %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
]


@pytest.mark.parametrize("text", ENDLESS, ids=[text[:40] for text in ENDLESS])
def test_what_could_run_or_grow_without_end_is_refused_at_load(text: str) -> None:
    """One request would hold a thread, or all of the memory."""
    assert template_fault(text).startswith("the template cannot be used: ")


def test_the_output_of_a_template_is_bounded() -> None:
    """Loops over what is given, in each other, are long with many features."""
    text = "{% for a in f %}{% for b in f %}" + "x" * 60_000 + "{% endfor %}{% endfor %}"
    with pytest.raises(TemplateFault, match=f"more than {MAX_HTML_BYTES:,} bytes"):
        render(text, {"f": list(range(100))})


@given(st.text(max_size=80))
def test_any_template_is_judged(text: str) -> None:
    """A broken one would be a crash at load."""
    assert isinstance(template_fault("{{ " + text + " }}"), str)
    assert isinstance(template_fault(text), str)


@given(st.text(max_size=30), st.text(max_size=20))
def test_any_text_is_written_in_every_format(word: str, unit: str) -> None:
    """A name out of a file would break the document."""
    attributes = (
        Attribute("a", Text((("", word),)), "real", unit, ("1",)),
        Attribute("b", Text((("", word),)), "text", "", ("2",), "word", ((1, word),)),
    )
    one = replace(layer(), info=LayerInfo(INFO_FORMATS, attributes), title=Text((("", word),)))
    told = found(one, {"1": 1.5, "2": 1})
    etree.fromstring(write_found(told, GML, base_url=BASE))
    etree.fromstring(write_schema(one, "gml.xsd"))
    json.loads(write_found(told, GEOJSON, base_url=BASE))
    assert write_found(told, PLAIN, base_url=BASE).decode().endswith("\n")
    for kind in (HTML, PLAIN, JSON):
        document = write_found(told, kind, base_url=BASE)
        etree.fromstring(soap.feature_info_response(document, kind.media_type, soap.SOAP_12))


class TestCapabilities:
    """InfoFormat and ResourceURL, where the schema wants them."""

    def written(self, *layers: Layer) -> etree._Element:
        return assert_valid(write_capabilities(a_catalogue(*layers), base_url="http://h"))

    def test_a_queryable_layer_says_so(self) -> None:
        """7.1.1.2.4.1 note d: without InfoFormat no client would ask."""
        root = self.written(layer())
        kinds = [each.text for each in root.iter(f"{{{WMTS}}}InfoFormat")]
        assert kinds == [each.media_type for each in INFO_FORMATS]
        templates = {
            each.get("format"): each.get("template")
            for each in root.iter(f"{{{WMTS}}}ResourceURL")
            if each.get("resourceType") == "FeatureInfo"
        }
        assert list(templates) == kinds
        assert templates[GML.media_type] == (
            "http://h/wmts/1.0.0/a%2Fb%20%26%20%C3%BC/{Style}/{TileMatrixSet}/{TileMatrix}"
            "/{TileRow}/{TileCol}/{J}/{I}.xml"
        )

    def test_the_operation_is_named_if_a_layer_has_it(self) -> None:
        """MapProxy and MapCache name it always (studies 2.7 and 1.4.6)."""

        def operations(*layers: Layer) -> list[str]:
            named = self.written(*layers).iter("{http://www.opengis.net/ows/1.1}Operation")
            return [each.get("name") for each in named]

        plain = a_layer("plain", full_link(LAMBERT))
        assert operations(plain) == ["GetCapabilities", "GetTile"]
        assert operations(plain, layer()) == ["GetCapabilities", "GetTile", "GetFeatureInfo"]
        hidden = replace(layer(), listed=False)
        assert operations(plain, hidden) == ["GetCapabilities", "GetTile"]
