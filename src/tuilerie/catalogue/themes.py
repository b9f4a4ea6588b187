"""The themes under which an operator groups layers, and what they become."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tuilerie.catalogue.fields import Identifier, LocalText, Settings
from tuilerie.catalogue.keywords import Keywords, grouped, ungrouped
from tuilerie.catalogue.metadata import Theme
from tuilerie.catalogue.texts import NO_TEXT

__all__ = ["ThemeSettings", "compile_themes", "is_reference"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")


class ThemeSettings(Settings):
    """A group of layers for people to find them by (Theme)."""

    title: LocalText = Field(
        default=NO_TEXT,
        description="Name for people, in one or several languages; the identifier if absent.",
        examples=["Land", {"en": "Land", "fr": "Terres"}],
    )
    abstract: LocalText = Field(
        default=NO_TEXT, description="What the theme is about.", examples=["What covers the land."]
    )
    keywords: Keywords = Field(
        default=(), description="Words to find the theme by.", examples=[["land cover"]]
    )
    layers: Annotated[tuple[Identifier, ...], Field(max_length=100_000)] = Field(
        default=(), description="Layers of this theme itself.", examples=[["world", "relief"]]
    )
    themes: Mapping[Identifier, ThemeSettings] = Field(
        default_factory=dict,
        description="Themes within this one.",
        examples=[{"forests": {"title": "Forests", "layers": ["trees"]}}],
    )


def compile_themes(
    themes: Mapping[str, ThemeSettings], listed: Mapping[str, bool]
) -> tuple[Theme, ...]:
    """Return themes with what is within them.

    Args:
        themes: checked ones.
        listed: the layers that there are, and whether clients are told of them; a reference to
            one that is not would lead nowhere (A.3.4.17).
    """
    return tuple(
        Theme(
            identifier,
            settings.title,
            settings.abstract,
            ungrouped(settings.keywords),
            compile_themes(settings.themes, listed),
            tuple(layer for layer in settings.layers if listed.get(layer)),
            grouped(settings.keywords),
        )
        for identifier, settings in themes.items()
    )


def is_reference(identifier: str) -> bool:
    """Tell whether a layer's identifier can stand in a theme, where the schema wants a URI.

    Blanks and other scripts may stand in one (XLink escapes them), a broken escape may not; and
    what begins with two slashes would name a host.

    Source: W3C XML Schema 1.0 part 2, 3.2.17; RFC 2396, 4.
    """
    if identifier.startswith("//") or _BROKEN.search(identifier):
        return False
    if identifier.count("#") > 1 or set("[]") & set(identifier):
        return False
    first = re.split("[/?#]", identifier, maxsplit=1)[0]
    scheme, colon, _ = first.partition(":")
    return not colon or bool(_SCHEME.fullmatch(scheme))
