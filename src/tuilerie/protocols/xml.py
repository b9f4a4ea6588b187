"""The one writer of XML: what it is given as text can never become markup, nor ill-formed XML."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Attributes", "XmlWriter", "escape_attribute", "escape_cdata", "escape_text"]

Attributes = Iterable[tuple[str, str]]
"""(qualified name, value) pairs in the order in which they are written; values unescaped."""

# XML 1.0, 2.2: no other characters exist in a document, not even as references. They come from
# titles pasted out of office documents and from requests that an exception text quotes.
_ILLEGAL = {
    code: "\ufffd"
    for codes in (
        range(0x09),
        range(0x0B, 0x0D),
        range(0x0E, 0x20),
        range(0xD800, 0xE000),
        range(0xFFFE, 0x10000),
    )
    for code in codes
}
# A carriage return would be read back as a line feed (XML 1.0, 2.11).
_TEXT = _ILLEGAL | {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
# Line feeds and tabs in attributes would be read back as blanks (XML 1.0, 3.3.3).
_ATTRIBUTE = _TEXT | {ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}

_PLAIN = re.compile('[^\x00-\x1f&<>"\ud800-\udfff\ufffe\uffff]*')


def escape_text(text: str) -> str:
    """Return text as it stands between tags; characters that XML cannot hold become U+FFFD."""
    return text if _PLAIN.fullmatch(text) else text.translate(_TEXT)


def escape_attribute(text: str) -> str:
    """Return text as it stands between double quotes, line breaks kept; else like escape_text."""
    return text if _PLAIN.fullmatch(text) else text.translate(_ATTRIBUTE)


def escape_cdata(text: str) -> str:
    """Return text as CDATA sections; characters that XML cannot hold become U+FFFD."""
    return f"<![CDATA[{text.translate(_ILLEGAL).replace(']]>', ']]]]><![CDATA[>')}]]>"


class XmlWriter:
    """Appends elements to a list and joins it once: 5,000 layers in a fraction of a second.

    Names are the program's own words and are written as they are; every value is escaped.
    Each element ends its line, so that documents can be read and compared by line.
    """

    __slots__ = ("_open", "_parts")

    def __init__(self) -> None:
        self._parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
        self._open: list[str] = []

    def start(self, name: str, attributes: Attributes = ()) -> None:
        """Open an element that holds elements."""
        self._parts.append(f"<{name}{_written(attributes)}>\n")
        self._open.append(name)

    def end(self) -> None:
        """Close the element opened last."""
        self._parts.append(f"</{self._open.pop()}>\n")

    def text(self, name: str, text: str, attributes: Attributes = ()) -> None:
        """Write an element that holds text."""
        self._parts.append(f"<{name}{_written(attributes)}>{escape_text(text)}</{name}>\n")

    def empty(self, name: str, attributes: Attributes = ()) -> None:
        """Write an element that holds nothing."""
        self._parts.append(f"<{name}{_written(attributes)}/>\n")

    def fragment(self, markup: str) -> None:
        """Append markup that is well-formed already: this room's own, for the many small parts."""
        self._parts.append(markup)

    def document(self) -> bytes:
        """Return the finished document in UTF-8."""
        if self._open:
            raise ValueError(f"elements are still open: {', '.join(self._open)}")
        return "".join(self._parts).encode("utf-8")


def _written(attributes: Attributes) -> str:
    return "".join(f' {name}="{escape_attribute(value)}"' for name, value in attributes)
