"""Any text as a safe, readable file name, because identifiers are the operator's, not ours.

A name made only of `a-z 0-9 _ - .` stands for itself. Anything else (capitals, because of
case-insensitive file systems; spaces, slashes, unicode, length) becomes a readable lower-case
stem, `~`, and 80 bits of the text's hash. `~` occurs in no plain name, so two texts never share
a name.
"""

from __future__ import annotations

import base64
import hashlib
import re

__all__ = ["dimension_segment", "safe_name"]

_LONGEST = 80
_PLAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?")
_STRANGE = re.compile(r"[^a-z0-9_.-]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_STEM = 40


def safe_name(text: str) -> str:
    """Return a file name of at most 80 ASCII characters that stands for `text` alone.

    The name has no separator, `@`, `=`, leading dot or capital, and is no device of Windows.
    """
    if len(text) <= _LONGEST and _PLAIN.fullmatch(text) and not _DEVICES.fullmatch(text):
        return text
    stem = _STRANGE.sub("-", text[: 4 * _STEM].lower()).strip("-.")[:_STEM]
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return f"{stem}~{base64.b32encode(digest).decode('ascii').lower()}"


def dimension_segment(name: str, value: str) -> str:
    """Return the file name of one dimension's value; the `=` tells it from other names."""
    return f"{safe_name(name)}={safe_name(value)}"
