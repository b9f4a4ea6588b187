"""Percent-encoding (RFC 3986, 2.1) read strictly: what is not UTF-8 is an error, never a guess."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

__all__ = ["decode", "encode_address", "encode_segment"]

_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")
_SHORT = 128
# What an address may hold unescaped beside the unreserved: the reserved characters of RFC 3986,
# and the "%" of what is escaped already.
_ADDRESS = "%:/?#[]@!$&'()*+,;="


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
    """Return text as one segment of a path: "/" and all else that is not unreserved is escaped."""
    return quote(text, safe="")


def encode_address(text: str) -> str:
    """Return an address in which everything that no URI may hold is escaped."""
    return quote(text, safe=_ADDRESS)


def _decode(text: str) -> str:
    broken = _BROKEN.search(text)
    if broken is not None:
        raise ValueError(f"{text[broken.start() : broken.start() + 3]!r} is no escape")
    return unquote_to_bytes(text).decode("utf-8")


_decode_short = lru_cache(maxsize=1024)(_decode)
