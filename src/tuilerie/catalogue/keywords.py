"""Keywords as an operator writes them: words, and groups of words out of some vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from tuilerie.catalogue.addresses import Uri
from tuilerie.catalogue.fields import Line, LocalText, Settings
from tuilerie.catalogue.metadata import KeywordGroup
from tuilerie.catalogue.texts import Text

__all__ = ["KeywordGroupSettings", "Keywords", "grouped", "ungrouped"]


class KeywordGroupSettings(Settings):
    """Keywords of one kind, and perhaps of one vocabulary (ows:Type)."""

    type: Annotated[Line, Field(min_length=1)] = Field(
        description="What kind of words they are, in the terms of ISO 19115 for example.",
        examples=["theme", "place"],
    )
    code_space: Uri | None = Field(
        default=None,
        description="URI of the vocabulary or authority that has them.",
        examples=["http://www.eionet.europa.eu/gemet/inspire_themes"],
    )
    keywords: Annotated[tuple[LocalText, ...], Field(min_length=1, max_length=1000)] = Field(
        description="The words.", examples=[["Elevation", {"fr": "Altitude"}]]
    )


def _form(value: object) -> str:
    if isinstance(value, KeywordGroupSettings):
        return "group"
    # A text in several languages is a mapping too; but a language has no list of texts.
    grouping = isinstance(value, Mapping) and ("type" in value or "code_space" in value)
    return "group" if grouping else "text"


Keywords = Annotated[
    tuple[
        Annotated[
            Annotated[LocalText, Tag("text")] | Annotated[KeywordGroupSettings, Tag("group")],
            Discriminator(_form),
        ],
        ...,
    ],
    Field(max_length=1000),
]
"""Words, in one or several languages, and groups of words."""


def ungrouped(keywords: Sequence[Text | KeywordGroupSettings]) -> tuple[Text, ...]:
    """Return the words that stand alone."""
    return tuple(each for each in keywords if isinstance(each, Text))


def grouped(keywords: Sequence[Text | KeywordGroupSettings]) -> tuple[KeywordGroup, ...]:
    """Return the groups, as the catalogue keeps them."""
    return tuple(
        KeywordGroup(each.type, each.code_space or "", each.keywords)
        for each in keywords
        if isinstance(each, KeywordGroupSettings)
    )
