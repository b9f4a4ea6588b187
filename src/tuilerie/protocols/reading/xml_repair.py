"""What can be mended in a text that is almost XML; only asked where a parser has refused it.

Each repair is of a fault that servers make again and again: bare ampersands in addresses, HTML's
names of characters, control characters, prefixes that nobody declared, output after the end.
What a repair cannot know (a tag that is not closed) is not guessed.
"""

from __future__ import annotations

import re
from html.entities import html5

__all__ = ["repaired"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AMPERSAND = re.compile(r"&(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};)(?:([A-Za-z]\w{1,31});)?")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*(?::[\w.-]+)?)")
_PREFIX = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]*):[\w.-]+(?=[\s=/>])")
_DECLARED = re.compile(r"\sxmlns:([\w.-]+)\s*=")
_MOST_PREFIXES = 50


def repaired(text: str) -> str:
    """Return a text that begins at its root element, or a comment before it, with repairs."""
    text = _FORBIDDEN.sub("", text)
    text = _AMPERSAND.sub(_character, text)
    root = _ROOT.search(text)
    if root is None:
        return text
    end = text.rfind(f"</{root[1]}")
    if end > 0:
        close = text.find(">", end)
        text = text[: close + 1] if close > 0 else text
    return _with_prefixes(text, root.end())


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name in _OF_XML:
        return found[0]
    return html5.get(f"{name};", f"&amp;{name};") if name else "&amp;"


def _with_prefixes(text: str, position: int) -> str:
    """Declare at the root, after its name, the prefixes that are used and nowhere declared."""
    used = {prefix for prefix in _PREFIX.findall(text) if prefix.lower() not in {"xmlns", "xml"}}
    missing = sorted(used - set(_DECLARED.findall(text)))[:_MOST_PREFIXES]
    declarations = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in missing)
    return text[:position] + declarations + text[position:]
