"""The XML writer: what goes in as text comes out as the same text, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from tuilerie.protocols.xml import XmlWriter, escape_attribute, escape_text

LEGAL = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\t\n\r<&>\"'"))


@given(LEGAL.filter(lambda text: not {"\ufffe", "\uffff"} & set(text)))
@example("]]>\r\n\t<![CDATA[&amp;")
def test_legal_text_is_read_back_unchanged(text):
    """Line ends and tabs too, in text as in attributes."""
    xml = XmlWriter()
    xml.text("a", text, [("b", text)])
    root = etree.fromstring(xml.document())
    assert (root.text or "") == text
    assert root.get("b") == text


def test_illegal_characters_are_replaced():
    """XML has no NUL, no form feed, no lone surrogate, not even as references."""
    for escape in (escape_text, escape_attribute):
        assert escape("a\x00\x0c\x1f\ud800\udfff\ufffe\uffffb") == "a" + "\ufffd" * 7 + "b"
        assert escape("\x7f\x85\U0001fffe") == "\x7f\x85\U0001fffe"


def test_an_unfinished_document_is_refused():
    """A document cut short would be sent as if it were whole."""
    xml = XmlWriter()
    xml.start("a")
    xml.start("b")
    with pytest.raises(ValueError, match="a, b"):
        xml.document()
    xml.end()
    xml.empty("c", [("d", "<")])
    xml.end()
    assert xml.document().endswith(b'<a>\n<b>\n</b>\n<c d="&lt;"/>\n</a>\n')
