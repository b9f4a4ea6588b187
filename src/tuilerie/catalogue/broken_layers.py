"""A word in the capabilities for layers whose source no longer offers them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from tuilerie.catalogue.model import Catalogue, Text
from tuilerie.catalogue.source_links import source_closure

__all__ = ["layers_on", "with_notes"]

_NOTES: Final = {
    "fr": (
        "Avis : le serveur d'origine n'offre plus cette couche\u202f; ce qui en avait été gardé "
        "est encore servi."
    ),
    "": "Notice: the server that this layer comes from no longer offers it; what was kept is "
    "still served.",
}


def layers_on(catalogue: Catalogue, sources: Collection[str]) -> tuple[str, ...]:
    """Return the layers that show one of some sources, directly or through others."""
    if not sources:
        return ()
    return tuple(
        layer.identifier
        for layer in catalogue.layers.values()
        if any(name in sources for name in source_closure(layer.source, catalogue.sources))
    )


def with_notes(catalogue: Catalogue, broken: Collection[str]) -> Catalogue:
    """Return a catalogue whose layers on broken sources say so in their abstracts."""
    affected = layers_on(catalogue, broken)
    if not affected:
        return catalogue
    layers = {
        identifier: replace(layer, abstract=_noted(layer.abstract))
        if identifier in affected
        else layer
        for identifier, layer in catalogue.layers.items()
    }
    return replace(catalogue, layers=layers)


def _noted(abstract: Text) -> Text:
    variants = abstract.variants or (("", ""),)
    return Text(tuple((tag, f"{text} {_note(tag)}".strip()) for tag, text in variants))


def _note(tag: str) -> str:
    return _NOTES.get(tag.lower().partition("-")[0], _NOTES[""])
