"""What people read, in as many languages as the operator wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["NO_TEXT", "Text", "credits_of"]

_AND = " · "


class Text(NamedTuple):
    """A text in one or several languages, as (BCP 47 tag, text) pairs; tag "" = unspecified."""

    variants: tuple[tuple[str, str], ...] = ()

    def best(self, languages: tuple[str, ...] = ()) -> str:
        """Return the variant for the first language that matches, else the first one, else ""."""
        for language in languages:
            wanted = language.lower()
            for tag, text in self.variants:
                if tag.lower() == wanted or tag.lower().split("-")[0] == wanted.split("-")[0]:
                    return text
        return self.variants[0][1] if self.variants else ""


NO_TEXT = Text()
"""Nothing is said, in any language."""


def credits_of(each: Iterable[str]) -> str:
    """Return whom a map must name that shows the work of several, each once."""
    names = (name for text in each for name in text.split(_AND))
    return _AND.join(dict.fromkeys(filter(None, names)))
