"""Bytes of a stranger's server to XML elements: bounded, without DTD, entities or network.

A document type declaration is common in WMS 1.1.1 and means nothing to a reader: it is taken out
before the parser sees it, and a document that declares entities of its own is refused. So the
parser has nothing to resolve. The encoding is found by trying: UTF-8 is practically never valid
by accident, so it wins over whatever the document declares.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from lxml import etree

from tuilerie.errors import UnreadableDocument
from tuilerie.protocols.reading import xml_repair
from tuilerie.protocols.reading.remarks import Remarks

__all__ = ["MAX_BYTES", "MAX_ELEMENTS", "decode_text", "open_document", "without_comments"]

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_ELEMENTS: Final = 1_000_000
"""Measured: 10 MB have some 200,000."""
_PROLOG: Final = 65_536
"""Bytes before the root element; declarations and licences in comments."""

_DECLARATION = re.compile(r"<\?xml\b[^>]{0,300}\?>")
_CHARSET = re.compile(r"encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.I)
_ENTITY = re.compile(r"<!ENTITY\s+[^%\s]", re.I)
# Single bytes of which each is a character: nothing fails, so they come last.
_LAST_RESORT = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def open_document(data: bytes, *, charset: str, remarks: Remarks) -> etree._Element:
    """Return the root element of a document, without comments and processing instructions.

    Args:
        data: the bytes as they came, uncompressed.
        charset: what is known of their encoding, "" = nothing.
        remarks: told of every repair.

    Raises: UnreadableDocument: "too-large", "entities", "empty" or "not-xml".
    """
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(
            "too-large", f"The document is longer than {MAX_BYTES:,} bytes: {len(data):,}."
        )
    if data.count(b"<") > 2 * MAX_ELEMENTS + 100:
        raise UnreadableDocument(
            "too-large", f"The document has more than {MAX_ELEMENTS:,} elements."
        )
    text = decode_text(data, charset, remarks)
    text = _from_first_tag(text, remarks)
    text = _without_doctype(text)
    try:
        return _parse(text)
    except etree.XMLSyntaxError as error:
        reason = str(error.msg)[:200]
    mended = xml_repair.repaired(text)
    try:
        root = _parse(mended)
    except etree.XMLSyntaxError:
        raise UnreadableDocument("not-xml", f"The document is not XML: {reason}.") from None
    remarks.add("xml-repaired", "the document was read after repairs", f"it is not XML: {reason}")
    return root


def decode_text(data: bytes, charset: str, remarks: Remarks) -> str:
    """Return a document's characters, whatever it says of their encoding.

    Never fails: what cannot be a character is replaced.
    """
    mark, marked = next(((m, c) for m, c in _MARKS if data.startswith(m)), (b"", ""))
    data = data[len(mark) :]
    if not marked and b"\0" in data[:4]:
        marked = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    declared = _CHARSET.search(data[:400].decode("latin-1"))
    said = (declared[1] if declared else "").lower()
    for candidate in (charset, marked, "utf-8", said):
        try:
            text = data.decode(candidate) if candidate else None
        except (LookupError, UnicodeError):
            continue
        if text is not None:
            if candidate == "utf-8" and said and _single_bytes(said) and not text.isascii():
                _remark_charset(remarks, "UTF-8", said)
            return text
    if said in {"", "utf-8", "utf8"}:
        _remark_charset(remarks, "Windows-1252", said or "nothing, so UTF-8")
    return data.decode(_LAST_RESORT, errors="replace")


def _remark_charset(remarks: Remarks, taken: str, said: str) -> None:
    remarks.add(
        "charset-contradicted",
        f"the text was read as {taken}",
        f"its bytes contradict the encoding that the document declares: {said}",
    )


def _single_bytes(charset: str) -> bool:
    return charset not in {"utf-8", "utf8", "us-ascii", "ascii"}


def _from_first_tag(text: str, remarks: Remarks) -> str:
    start = text.find("<")
    if start < 0:
        code = "not-xml" if text.strip() else "empty"
        what = "is not XML: it has no element" if text.strip() else "is empty"
        raise UnreadableDocument(code, f"The document {what}.")
    if start:
        remarks.add(
            "text-before-document",
            "what stands before the document was ignored",
            f"{start} characters stand before its first tag",
        )
    text = text[start:]
    declaration = _DECLARATION.match(text)
    # The text is decoded: what the declaration says of bytes is no longer true.
    return text[declaration.end() :].lstrip() if declaration else text


def _without_doctype(text: str) -> str:
    """Return the text without its document type declaration.

    Raises: UnreadableDocument: "entities", "not-xml".
    """
    head = text[:_PROLOG]
    bare = without_comments(head)
    if _ENTITY.search(bare):
        raise UnreadableDocument(
            "entities", "The document declares entities of its own; such documents are not read."
        )
    found = _DOCTYPE.search(bare)
    if found is None:
        return text
    end = _end_of_doctype(bare, found.end())
    if end < 0:
        raise UnreadableDocument("not-xml", "The document type declaration does not end.")
    return text[end:]


def without_comments(text: str) -> str:
    """Return a text of the same length with blanks in place of comments."""
    pieces, position = [], 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start + 4)
        end = len(text) if end < 0 else end + 3
        pieces += [text[position:start], " " * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _end_of_doctype(text: str, position: int) -> int:
    """Return where a declaration ends, -1 if nowhere; brackets and quotes may hold ">"."""
    inside, quote, depth = False, "", 0
    for offset in range(position, len(text)):
        character = text[offset]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and (depth or not inside):
            quote = character
        elif character == "[":
            inside = True
        elif character == "]":
            inside = False
        elif character == "<":
            depth += 1
        elif character == ">":
            if not inside and not depth:
                return offset + 1
            depth = max(depth - 1, 0)
    return -1


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        strip_cdata=True,
    )
    root = etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocument("entities", "A document type declaration stands out of place.")
    return root
