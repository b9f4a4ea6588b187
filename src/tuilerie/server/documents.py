"""Capabilities documents as bytes: written once per published state, then only handed out.

A document depends on the address by which the client knows us, which without a configured
`base_url` is the client's word. So the text is written once with a stand-in for the address,
which is then exchanged: a hostile Host header costs a copy in memory, not a rendering.
"""

from __future__ import annotations

import asyncio
import gzip
import html
import secrets
from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b
from typing import Final, Generic, NamedTuple, TypeVar

from tuilerie.catalogue.dimensions import Dimension
from tuilerie.catalogue.metadata import Theme
from tuilerie.catalogue.model import Catalogue, Layer, ServiceInfo, StylePlan, Text
from tuilerie.protocols.wmts.capabilities import write_capabilities
from tuilerie.protocols.wmts.negotiate import COMPLETE

__all__ = ["Document", "Documents"]

_GZIP_LEVEL: Final = 6
_GZIP_MIN: Final = 1024


class Document(NamedTuple):
    """A document ready to send.

    Attributes:
        gzip: the same compressed, b"" where that is not worth it.
        etag: of `data`, hexadecimal, without quotes.
    """

    data: bytes
    gzip: bytes
    etag: str


class Documents:
    """The capabilities documents of one catalogue.

    Args:
        max_bytes: bound of what is kept; the latest document is kept whatever its size.
    """

    def __init__(self, catalogue: Catalogue, max_bytes: int) -> None:
        self._catalogue = catalogue
        self._languages = _languages(catalogue)
        self._stand_in = f"http://{secrets.token_hex(16)}.invalid"
        self._texts: _Kept[tuple[bytes, ...]] = _Kept(max_bytes // 2)
        self._documents: _Kept[Document] = _Kept(max_bytes // 2)
        self._writing = asyncio.Lock()

    async def capabilities(
        self, base_url: str, sections: frozenset[str], languages: tuple[str, ...]
    ) -> Document:
        """Return the document with these sections for clients of this address.

        `languages` is what the client reads, the best first; only the first that the catalogue
        has makes a difference.
        """
        language = self._language(languages)
        key = (base_url, sections, language)
        found = self._documents.get(key)
        if found is None:
            async with self._writing:
                found = self._documents.get(key)
                if found is None:
                    found = await asyncio.to_thread(self._make, base_url, sections, language)
                    self._documents.put(key, found, len(found.data) + len(found.gzip))
        return found

    async def prepare(self) -> None:
        """Write the complete document, in the operator's own order of languages, in a thread.

        Which address clients use is not known before they come; all but that is done after.
        """
        async with self._writing:
            await asyncio.to_thread(self._parts, COMPLETE, "")

    def _make(self, base_url: str, sections: frozenset[str], language: str) -> Document:
        parts = self._parts(sections, language)
        data = html.escape(base_url).encode().join(parts)
        packed = gzip.compress(data, _GZIP_LEVEL, mtime=0) if len(data) >= _GZIP_MIN else b""
        return Document(data, packed, blake2b(data, digest_size=16).hexdigest())

    def _parts(self, sections: frozenset[str], language: str) -> tuple[bytes, ...]:
        """Return what stands between the places of the address."""
        key = (sections, language)
        parts = self._texts.get(key)
        if parts is None:
            text = write_capabilities(
                self._catalogue,
                base_url=self._stand_in,
                sections=sections,
                languages=(language,) if language else (),
            )
            parts = tuple(text.split(self._stand_in.encode("ascii")))
            self._texts.put(key, parts, len(text))
        return parts

    def _language(self, wanted: tuple[str, ...]) -> str:
        for tag in wanted:
            for known in self._languages:
                if known == tag or known.split("-")[0] == tag.split("-")[0]:
                    return known
        return ""


Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """Values by key, least recently used ones going first."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._max_bytes = max_bytes
        self._size = 0

    def get(self, key: Hashable) -> Value | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        self._entries[key] = (value, size)
        self._size += size
        while self._size > self._max_bytes and len(self._entries) > 1:
            _, (_, freed) = self._entries.popitem(last=False)
            self._size -= freed


def _languages(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the languages in which anything in a catalogue is said, lower case."""
    service = catalogue.service
    texts: list[Text] = [service.title, service.abstract, *_words(service)]
    for layer in catalogue.layers.values():
        texts += [layer.title, layer.abstract, *_words(layer)]
        for dimension in layer.dimensions:
            texts += [dimension.title, dimension.abstract, *_words(dimension)]
        for style in layer.styles:
            texts += [style.title, style.abstract, *_words(style)]
            texts.append(Text(tuple((each.language, "") for each in style.legends)))
    for themes in catalogue.themes.values():
        for theme in themes:
            texts += _texts(theme)
    tags = {tag.lower(): None for text in texts for tag, _ in text.variants if tag}
    if service.inspire is not None:
        tags |= dict.fromkeys(service.inspire.languages)
    return tuple(tags)


def _texts(theme: Theme) -> list[Text]:
    inner = [text for each in theme.themes for text in _texts(each)]
    return [theme.title, theme.abstract, *_words(theme), *inner]


def _words(described: ServiceInfo | Layer | StylePlan | Theme | Dimension) -> list[Text]:
    """Return all keywords of something, those in groups too."""
    groups = described.keyword_groups
    return [*described.keywords, *(word for group in groups for word in group.keywords)]
