"""Checks that themes have names of their own and refer to layers that there are.

Like `references.py` it reads the plain data, of any shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tuilerie.catalogue.faults import Suggestions
from tuilerie.catalogue.fields import spelled
from tuilerie.catalogue.places import join_pointer
from tuilerie.catalogue.themes import is_reference
from tuilerie.errors import Problem

__all__ = ["theme_problems"]


class _Found(NamedTuple):
    """A theme somewhere in the document."""

    identifier: str
    path: tuple[str, ...]
    layers: object


def theme_problems(
    themes: Mapping[str, Any], layers: Mapping[str, Any], suggestions: Suggestions
) -> Iterator[Problem]:
    """Yield what is wrong with the references of themes.

    Identifiers are unique in all hierarchies together, so that a client can keep one list of
    what the user has unfolded.

    Args:
        themes: the document's hierarchies. layers: its layers.
    """
    seen: set[str] = set()
    for hierarchy, block in themes.items():
        for theme in _walk(block, ("themes", hierarchy)):
            if theme.identifier in seen:
                yield Problem(
                    f"there is another theme {theme.identifier!r}",
                    "give this one a name of its own",
                    join_pointer(*theme.path),
                )
            seen.add(theme.identifier)
            yield from _layer_problems(theme, layers, suggestions)


def _layer_problems(
    theme: _Found, layers: Mapping[str, Any], suggestions: Suggestions
) -> Iterable[Problem]:
    written = theme.layers if isinstance(theme.layers, list | tuple) else ()
    names = [spelled(each) for each in written]
    for n, name in enumerate(names):
        pointer = join_pointer(*theme.path, "layers", n)
        if not isinstance(name, str):
            continue  # of a wrong form, which the models report
        if name not in layers:
            hint = suggestions.hint(name, layers, "layers")
            yield Problem(f"there is no layer {name[:80]!r}", hint, pointer)
        elif name in names[:n]:
            yield Problem(f"{name!r} is here twice", "remove one", pointer)
        elif not is_reference(name):
            yield Problem(
                f"the layer {name[:80]!r} has an identifier that cannot stand in a theme",
                "themes refer to layers by URI: no [ ] in it, no second #, no % without two "
                "hexadecimal digits, no : before the first /",
                pointer,
            )


def _walk(block: object, path: tuple[str, ...]) -> Iterator[_Found]:
    """Yield themes, each before those within it."""
    if not isinstance(block, Mapping):
        return
    for identifier, theme in block.items():
        if isinstance(theme, Mapping):
            place = (*path, identifier)
            yield _Found(identifier, place, theme.get("layers"))
            yield from _walk(theme.get("themes"), (*place, "themes"))
