"""Follows the path of a value into the document's models: which keys could stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from tuilerie.catalogue.document import CatalogueDocument

__all__ = ["Location", "example_at", "keys_at", "kinds_at", "pointer_parts"]

Location = Sequence[str | int]
"""Where pydantic found a fault: keys and positions, mixed with the tags of unions."""


def keys_at(location: Location) -> tuple[str, ...]:
    """Return the keys that the block at a location may have, () if it is no block."""
    found = _type_at(location)
    return tuple(found.model_fields) if _is_model(found) else ()


def kinds_at(location: Location) -> tuple[str, ...]:
    """Return the values of `kind` that tell the members of a union apart, () if it is none."""
    return tuple(_tag(member) for member in _members(_type_at(location)))


def example_at(location: Location) -> Any:
    """Return what could stand at a location, None if nothing is known of it."""
    for end in range(len(location), 0, -1):
        block, name = _type_at(location[: end - 1]), location[end - 1]
        if _is_model(block) and name in block.model_fields:
            examples = block.model_fields[name].examples
            return _inside(examples[0], location[end:]) if examples else None
    return None


def _inside(example: Any, path: Location) -> Any:
    """Return the part of an example that corresponds to a path, by its shape."""
    for part in path:
        if isinstance(example, dict) and example:
            example = example.get(part, next(iter(example.values())))
        elif isinstance(example, list) and example and isinstance(part, int):
            example = example[min(part, len(example) - 1)]
    return example


def pointer_parts(data: Any, location: Location) -> list[str | int]:
    """Return the path of a location in the data itself: without tags, and as far as it exists."""
    parts: list[str | int] = []
    here: Any = CatalogueDocument
    for part in location:
        is_tag = bool(_members(_plain(here)))
        here = _step(here, part)
        if not is_tag and _holds(data, part):
            parts.append(part)
            data = data[part]
    return parts


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _type_at(location: Location) -> Any:
    """Return the annotation at a location, None where the location leads out of the models."""
    here: Any = CatalogueDocument
    for part in location:
        here = _step(here, part)
    return _plain(here)


def _step(here: Any, part: str | int) -> Any:
    here = _plain(here)
    members = _members(here)
    if members:
        return next((member for member in members if _tag(member) == part), None)
    if _is_model(here):
        field = here.model_fields.get(part)
        return field.annotation if field is not None else None
    inner = get_args(here)
    if get_origin(here) is tuple:
        return inner[part] if isinstance(part, int) and inner[-1] is not ... else inner[0]
    return inner[-1] if inner and get_origin(here) is not Literal else None


def _plain(here: Any) -> Any:
    """Strip what surrounds a type: metadata, and the choice of nothing."""
    while True:
        origin = get_origin(here)
        if origin is Annotated:
            here = get_args(here)[0]
            continue
        if origin in (Union, UnionType):
            kept = [each for each in get_args(here) if each is not NoneType]
            if len(kept) == 1:
                here = kept[0]
                continue
        return here


def _members(here: Any) -> tuple[Any, ...]:
    """Return the members of a union whose members are blocks."""
    if get_origin(here) not in (Union, UnionType):
        return ()
    members = get_args(here)
    return members if all(_is_model(_plain(member)) for member in members) else ()


def _tag(member: Any) -> str:
    for extra in get_args(member)[1:] if get_origin(member) is Annotated else ():
        if isinstance(extra, Tag):
            return extra.tag
    return str(get_args(_plain(member).model_fields["kind"].annotation)[0])


def _is_model(here: Any) -> bool:
    return isinstance(here, type) and issubclass(here, BaseModel)
