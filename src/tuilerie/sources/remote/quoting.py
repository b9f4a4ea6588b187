"""The words of a remote's error page, cut out of XML, HTML or JSON: short, plain, one line."""

from __future__ import annotations

import html
import json
import re
from typing import Final

__all__ = ["QUOTED_BYTES", "is_text", "quote_body"]

QUOTED_BYTES: Final = 8_192
"""More of an error page is not read."""
_LENGTH: Final = 300

_MARKS: Final = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")
_TAG: Final = re.compile(r"<[^<>]*>")
_CODE: Final = re.compile(r"""(?:exceptionCode|\bcode)\s*=\s*["']([^"'<>]{1,60})["']""")
_TITLE: Final = re.compile(r"<title\b[^<>]*>([^<]+)", re.IGNORECASE)
_ACTIVE: Final = re.compile(r"<(script|style)\b[^<>]*>[^<]*", re.IGNORECASE)
_JSON_NAMES: Final = ("message", "error", "detail", "description", "title", "details")


def is_text(data: bytes) -> bool:
    """Return whether a body that should be a picture is XML, HTML or JSON instead."""
    for mark in _MARKS:
        data = data.removeprefix(mark)
    start = data[:64].replace(b"\0", b"").lstrip()
    return start.startswith((b"<", b"{", b"["))


def quote_body(data: bytes, charset: str = "") -> str:
    """Return what an error page says, at most 300 characters in one line; "" if nothing.

    Args:
        charset: as the transport has it; "" = UTF-8, or what a byte order mark says.
    """
    text = _text(data[:QUOTED_BYTES], charset)
    words = _from_json(text) or _from_markup(text)
    plain = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return plain if len(plain) <= _LENGTH else plain[: _LENGTH - 1] + "…"


def _text(data: bytes, charset: str) -> str:
    if data.startswith(_MARKS[1:]):
        charset = "utf-16"
    try:
        return data.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


def _from_json(text: str) -> str:
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return ""
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return ""
    for _ in range(3):
        if not isinstance(found, dict):
            break
        found = next((found[name] for name in _JSON_NAMES if name in found), "")
    return found if isinstance(found, str) else ""


def _from_markup(text: str) -> str:
    title = _TITLE.search(text)
    if title is not None:
        return html.unescape(title.group(1))
    code = _CODE.search(text)
    body = text.replace("<![CDATA[", " ").replace("]]>", " ")
    words = html.unescape(_TAG.sub(" ", _ACTIVE.sub(" ", body)))
    return f"{code.group(1)}: {words}" if code is not None and words.strip() else words
