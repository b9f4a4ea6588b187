"""Elements by their local names, since servers get namespaces wrong; texts bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

__all__ = [
    "MAX_TEXT",
    "attribute",
    "child",
    "children",
    "descendant",
    "href",
    "local_name",
    "text_of",
    "texts_of",
]

MAX_TEXT: Final = 1_000_000
"""Characters of one text; a dimension's list of values is the longest that is seen."""


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the children of a local name, whatever their namespace."""
    yield from parent.iterchildren(f"{{*}}{name}")


def child(parent: etree._Element, *names: str) -> etree._Element | None:
    """Return the first child of a chain of local names, None if there is none."""
    found: etree._Element | None = parent
    for name in names:
        if found is None:
            return None
        found = next(found.iterchildren(f"{{*}}{name}"), None)
    return found


def descendant(parent: etree._Element, *names: str) -> etree._Element | None:
    """Return the first element of these local names in the tree, the parent included."""
    return next(parent.iter(*(f"{{*}}{name}" for name in names)), None)


def text_of(element: etree._Element | None, *names: str) -> str:
    """Return the text of an element, or of a child by its local names; "" if there is none."""
    found = child(element, *names) if element is not None and names else element
    if found is None:
        return ""
    text = found.text or ""
    if len(found):
        text = "".join(str(piece) for piece in found.itertext())
    return text[:MAX_TEXT].strip()


def texts_of(parent: etree._Element, name: str, most: int) -> tuple[str, ...]:
    """Return the texts of the children of a name, without empty ones, at most so many."""
    found = []
    for element in parent.iterchildren(f"{{*}}{name}"):
        text = text_of(element)
        if text:
            found.append(text)
            if len(found) == most:
                break
    return tuple(found)


def attribute(element: etree._Element, *names: str) -> str:
    """Return the first of some attributes that is there, "" if none; local names, in any case."""
    for name in names:
        value = element.get(name)
        if value is not None:
            return str(value).strip()
    wanted = {name.lower() for name in names}
    for name, value in element.attrib.items():
        if str(name).rpartition("}")[2].lower() in wanted:
            return str(value).strip()
    return ""


def href(element: etree._Element | None) -> str:
    """Return the xlink:href of an element, or of its OnlineResource; "" if there is none."""
    if element is None:
        return ""
    found = attribute(element, "{http://www.w3.org/1999/xlink}href", "href")
    if found:
        return found
    resource = child(element, "OnlineResource")
    if resource is None:
        return ""
    return attribute(resource, "{http://www.w3.org/1999/xlink}href", "href") or text_of(resource)
