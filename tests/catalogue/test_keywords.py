"""Keywords with a type and a vocabulary, from the operator's document to the client's."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.catalogue.documents import compiled, described, problems_of
from tests.protocols.schemas import assert_valid
from tuilerie.catalogue.metadata import KeywordGroup
from tuilerie.catalogue.texts import Text
from tuilerie.protocols.wmts.capabilities import write_capabilities

GEMET = "http://www.eionet.europa.eu/gemet/inspire_themes"
GROUPED = """
tuilerie: 1
service:
  keywords:
    - plain
    - {en: world, fr: monde}
    - type: theme
      code_space: "http://www.eionet.europa.eu/gemet/inspire_themes"
      keywords: [{en: Elevation, fr: Altitude}, "a & <b>"]
    - {type: place, keywords: [France]}
sources: {s: {kind: raster, path: s.tif}}
styles:
  x: {kind: default, keywords: [{type: stratum, keywords: [one]}]}
layers:
  a: {source: s, styles: [x], keywords: [{type: theme, keywords: [Relief]}, other]}
themes:
  t: {land: {layers: [a], keywords: [{type: discipline, code_space: "urn:x:y", keywords: [q]}]}}
"""
NS = {"w": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def lists(root: etree._Element, path: str) -> list[tuple[list[str], str | None, str | None]]:
    """Words, type and authority of each list of keywords."""
    found = []
    for each in root.iterfind(f"{path}/ows:Keywords", NS):
        kind = each.find("ows:Type", NS)
        words = [word.text for word in each.iterfind("ows:Keyword", NS)]
        said = (None, None) if kind is None else (kind.text, kind.get("codeSpace"))
        found.append((words, *said))
    return found


def test_every_level_has_its_groups():
    """Words of a vocabulary would be lost among free ones; all of it valid by the schemas."""
    catalogue = compiled(GROUPED, s=described())
    assert catalogue.service.keyword_groups[1] == KeywordGroup(
        "place", "", (Text((("", "France"),)),)
    )
    root = assert_valid(write_capabilities(catalogue, base_url="https://x.org", languages=("fr",)))
    assert lists(root, "ows:ServiceIdentification") == [
        (["plain", "monde", "world"], None, None),
        (["Altitude", "Elevation", "a & <b>"], "theme", GEMET),
        (["France"], "place", None),
    ]
    layer = "w:Contents/w:Layer"
    assert lists(root, layer) == [(["other"], None, None), (["Relief"], "theme", None)]
    assert lists(root, f"{layer}/w:Style") == [(["one"], "stratum", None)]
    assert lists(root, "w:Themes/w:Theme") == [(["q"], "discipline", "urn:x:y")]
    (french,) = [word for word in root.iter(f"{{{NS['ows']}}}Keyword") if word.text == "Altitude"]
    assert french.get(LANG) == "fr"


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ("{type: theme}", "/service/keywords/0"),
        ("{type: theme, keywords: []}", "/service/keywords/0/keywords"),
        ("{type: '', keywords: [a]}", "/service/keywords/0/type"),
        ("{type: theme, code_space: 'not a uri', keywords: [a]}", "/service/keywords/0/code_space"),
        ("{code_space: 'urn:a:b', keywords: [a]}", "/service/keywords/0"),
        ("{type: theme, kewords: [a]}", "/service/keywords/0"),
        ("{en: ''}", "/service/keywords/0"),
    ],
)
def test_groups_that_are_none_are_refused_at_their_place(written, pointer):
    text = GROUPED.replace("    - plain\n", f"    - {written}\n")
    problems = problems_of(text, s=described())
    assert problems
    assert all(problem.pointer.startswith(pointer) for problem in problems)
