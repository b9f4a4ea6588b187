"""Percent-encoding (RFC 3986, 2.1) read strictly: what is not UTF-8 is an error, never a guess."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

__all__ = ["decode", "encode_address", "encode_segment"]

_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")
_SHORT = 128
_HOST = re.compile(r"[a-z]+://\[[0-9A-Fa-f:.]+\]")
_ADDRESS = "%:/@!$&'()*+,;="


def decode(text: str) -> str:
    """Return text with its escapes resolved.

    Short texts are remembered: every tile request repeats the same few ("image%2Fpng").

    Raises: ValueError: an escape is cut or not hexadecimal, or the bytes are not UTF-8 (overlong
    forms and surrogates included).
    """
    if "%" not in text:
        return text
    return _decode_short(text) if len(text) <= _SHORT else _decode(text)


def encode_segment(text: str) -> str:
    """Return text as one segment of a path: "/" and all else that is not unreserved is escaped.

    A lone surrogate, which no address can name, becomes "?".
    """
    return quote(text, safe="", errors="replace")


def encode_address(text: str) -> str:
    """Return a service's address in which all is escaped that its path may not hold.

    What is escaped already stays so. Brackets stand only around a numerical host.
    """
    host = _HOST.match(text)
    end = host.end() if host else 0
    return text[:end] + _BROKEN.sub("%25", quote(text[end:], safe=_ADDRESS, errors="replace"))


def _decode(text: str) -> str:
    broken = _BROKEN.search(text)
    if broken is not None:
        raise ValueError(f"{text[broken.start() : broken.start() + 3]!r} is no escape")
    return unquote_to_bytes(text).decode("utf-8")


_decode_short = lru_cache(maxsize=1024)(_decode)
