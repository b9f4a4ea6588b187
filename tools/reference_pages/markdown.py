"""The little Markdown that the generated pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml
from markdown.extensions.toc import slugify

__all__ = ["NOTE", "anchor", "as_yaml", "code", "page", "table"]

NOTE = "<!-- Written by tools/make-reference from the code: change that, and run it. -->"


def page(parts: Iterable[str]) -> str:
    """Return a page of paragraphs, headings and tables."""
    return "\n\n".join(part.strip() for part in parts) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, one line for each row."""
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    lines += [" | ".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def code(text: str) -> str:
    """Return text in the typeface of code; nothing for nothing."""
    return f"`{text}`" if text else ""


def as_yaml(value: object) -> str:
    """Return a value as it is written in a catalogue, in one line; nothing for an empty one."""
    if value in (None, "", [], {}, ()):
        return ""
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False
    )
    return code(text.strip().removesuffix("...").strip())


def anchor(heading: str) -> str:
    """Return the id that the built documentation gives a heading."""
    return str(slugify(heading, "-"))


def _plain(value: Any) -> Any:
    """Return a value with 4000000 for 4000000.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
