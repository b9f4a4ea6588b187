"""What sources are made of: other sources and layers, and no circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuilerie.catalogue.places import join_pointer
from tuilerie.errors import Problem

__all__ = ["circles", "members_of", "source_closure"]

Node = tuple[str, str]
"""("source" or "layer", identifier)."""


def members_of(source: Any) -> Iterator[tuple[Node, tuple[str | int, ...]]]:
    """Yield the sources and layers that a source is made of, and where it names them.

    Args:
        source: its settings, or the plain data that may become such.
    """
    kind = _get(source, "kind")
    if kind == "layer":
        yield ("layer", _get(source, "layer")), ("layer",)
    elif kind == "fallback":
        for n, name in enumerate(_entries(_get(source, "sources"))):
            yield ("source", name), ("sources", n)
    elif kind == "by_matrix":
        for n, part in enumerate(_entries(_get(source, "parts"))):
            yield ("source", _get(part, "source")), ("parts", n, "source")


def source_closure(first: str, sources: Mapping[str, Any]) -> dict[str, None]:
    """Return a source and all that it is made of, those of layers left out; members first."""
    found: dict[str, None] = {}
    _close(first, sources, found, set())
    return found


def _close(
    name: str, sources: Mapping[str, Any], found: dict[str, None], under_way: set[str]
) -> None:
    if name in found or name in under_way or name not in sources:
        return
    under_way.add(name)
    for (what, member), _ in members_of(sources[name]):
        if what == "source" and isinstance(member, str):
            _close(member, sources, found, under_way)
    found[name] = None


def circles(sources: Mapping[str, Any], layers: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each source that is made of itself, by whatever ways."""
    edges: dict[Node, list[Node]] = {}
    for name, source in sources.items():
        edges["source", name] = [node for node, _ in members_of(source) if _is_name(node)]
    for name, layer in layers.items():
        used = _get(layer, "source")
        edges["layer", name] = [("source", used)] if isinstance(used, str) else []
    reported: set[Node] = set()
    for name in sources:
        way = _way_back(("source", name), edges)
        if way and reported.isdisjoint(way):
            reported.update(way)
            text = " → ".join(f"{what} {each!r}" for what, each in [*way, way[0]])
            yield Problem(
                f"the source is made of itself: {text}",
                "take one of them out",
                join_pointer("sources", name),
            )


def _way_back(start: Node, edges: Mapping[Node, list[Node]]) -> list[Node]:
    """Return the nodes on a way from a node to itself; none if there is no such way."""
    came: dict[Node, Node] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for there in edges.get(here, ()):
            if there == start:
                way = [here]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if there not in came:
                came[there] = here
                waiting.append(there)
    return []


def _is_name(node: Node) -> bool:
    return isinstance(node[1], str)


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _entries(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else ()
