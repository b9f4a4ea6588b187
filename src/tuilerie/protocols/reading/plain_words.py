"""Words out of HTML: the credits of tiles are often written as links, and shown here as text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

__all__ = ["plain_words"]

_MOST: Final = 10_000
_UNSEEN: Final = frozenset({"script", "style"})


def plain_words(text: str) -> str:
    """Return what a reader of HTML sees, in one line; a text without markup as it is."""
    if not {"<", "&"} & set(text):
        return text
    reader = _Words()
    reader.feed(text[:_MOST])
    reader.close()
    return " ".join("".join(reader.pieces).split())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag == "br":
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(self._unseen - (tag in _UNSEEN), 0)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)
