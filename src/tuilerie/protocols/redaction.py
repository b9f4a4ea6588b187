"""Addresses as they may be shown: without passwords and keys, wherever these stand in them.

Logs, errors, warnings and documents of ours pass every address of a stranger through here. What
is redacted too much costs a reader a moment; what is redacted too little costs the operator a key.
"""

from __future__ import annotations

import re

__all__ = ["REDACTED", "redact_address", "redact_text"]

REDACTED = "…"

_HIDDEN_NAMES = (
    r"[\w.-]*(?:key|token|secret|passw(?:or)?d|pwd|passphrase|signature|credential|session|ticket)"
    r"[\w.-]*|auth\w*|sig|user(?:name)?|login|pass|pw|hash|tk|ak|sid|hmac|jwt|code|map_id|uuid"
)
_PARAMETER = re.compile(rf"([?&;,/](?:{_HIDDEN_NAMES})=)[^&;,/#\s\"'<>]*", re.I)
_USER = re.compile(r"(?<=//)[^/?#@\s]*(?:@[^/?#@\s]*)*@")
# A segment as long as a key is, of letters and digits mixed: UUIDs, hashes, tokens in a path.
_SEGMENT = re.compile(
    r"(?<=/)(?=[\w~-]*\d)(?=[\w~-]*[A-Za-z])(?:[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_~-]{20,})"
    r"(?=[/?#;\s]|$)",
    re.I,
)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,15}:)?//[^\s\"'<>]+|[?&;][\w.-]+=[^\s\"'<>]+", re.I)
_LONGEST = 2048


def redact_address(address: str) -> str:
    """Return an address without user, password and the values of whatever may be a key.

    Longer ones than 2,048 characters are cut.
    """
    shown = _USER.sub(f"{REDACTED}@", address[:_LONGEST])
    shown = _PARAMETER.sub(rf"\g<1>{REDACTED}", shown)
    return _SEGMENT.sub(REDACTED, shown)


def redact_text(text: str) -> str:
    """Return a text of any origin with every address in it redacted."""
    return _ADDRESS.sub(lambda found: redact_address(found[0]), text)
