"""Keys and passwords out of every text that leaves a source: errors, logs, addresses."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, quote_plus

from tuilerie.protocols.redaction import REDACTED, redact_text

__all__ = ["HIDDEN", "Redactor"]

HIDDEN: Final = REDACTED

_SHORT: Final = 4
"""A secret shorter than that is not looked for: it would be found everywhere."""


class Redactor:
    """Takes secrets out of text: those it knows, and what is called like one.

    Args:
        secrets: as they are; found escaped for addresses too.
        names: of query parameters that are secret whatever they are called.
    """

    __slots__ = ("_names", "_secrets")

    def __init__(self, secrets: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> None:
        spelled = {
            spelling
            for secret in secrets
            if len(secret) >= _SHORT
            for spelling in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret))
        }
        # Long ones first: a secret may contain another.
        ordered = sorted(spelled, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._names = (
            re.compile(
                rf"(?i)([?&;](?:{'|'.join(map(re.escape, names))})=)[^&;#\s\"'<>]+",
            )
            if names
            else None
        )

    def __repr__(self) -> str:
        return "Redactor()"

    def __call__(self, text: str) -> str:
        """Return the text with an ellipsis in the place of each secret."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        if self._names is not None:
            text = self._names.sub(rf"\g<1>{HIDDEN}", text)
        return redact_text(text)
