"""What the tests of the documentation ask of a Markdown text: its headings, links and blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown.extensions.toc import slugify, unique

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=fence)\s*$", re.M | re.S
)
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
_ROW = re.compile(r"^\| *(`[^|]*?) *\|", re.M)


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str


def documents() -> list[Path]:
    """Return every page that a reader may come to: those of the documentation, and the root's."""
    return sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("examples/*/*.md")])


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def blocks(*languages: str) -> Iterator[Block]:
    """Yield the fenced blocks in these languages of all documents."""
    for page in documents():
        text = page.read_text("utf-8")
        for found in _FENCE.finditer(text):
            if found["language"] in languages:
                line = text.count("\n", 0, found.start()) + 1
                yield Block(page, line, found["language"], found["text"])


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))


def anchors(page: Path) -> set[str]:
    """Return the ids that the built documentation gives the headings of a page."""
    taken: set[str] = set()
    for heading in headings(page):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        unique(slugify(plain, "-"), taken)
    return taken


def headings(page: Path) -> list[str]:
    """Return the headings of a page, in order."""
    return _HEADING.findall(prose(page))


def rows(text: str) -> set[str]:
    """Return what stands in code typeface in the first column of the tables of a text."""
    return {name for cell in _ROW.findall(text) for name in re.findall(r"`([^`]+)`", cell)}


def section(page: Path, heading: str) -> str:
    """Return the text below a heading of the second level, up to the next one."""
    parts = re.split(r"^## +(.+)$", prose(page), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]
