"""Entries put into an operator's catalogue without touching anything else that stands in it.

The new lines are written behind the last entry of their block, in its indentation; every other
byte stays, comments and order with them. What the text says then is compared with what it should
say, so a form that is not understood here is refused rather than spoiled.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tuilerie.catalogue.load import parse_document
from tuilerie.catalogue.yaml_text import MAX_BYTES, decode, read_yaml
from tuilerie.errors import CatalogueError, Problem

__all__ = ["EMPTY", "add_entries", "read_text", "replace_file"]

EMPTY: Final = "tuilerie: 1\n"
"""A catalogue to begin with."""

Entries = Mapping[str, Mapping[str, Any]]
"""By section ("sources", "layers"), what is added to it by identifier."""


class _Dumper(yaml.SafeDumper):
    """Writes everything out, even where two entries share a part."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def read_text(path: Path) -> str:
    """Return the text of a catalogue, `EMPTY` if there is none yet. Raises: CatalogueError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return EMPTY
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CatalogueError([Problem(f"cannot be read: {reason}", file=str(path))]) from error
    return decode(data, str(path))


def add_entries(text: str, entries: Entries, *, file: str, base: Path) -> str:
    """Return the text of a catalogue with entries added, checked as a whole.

    Args:
        text: of the catalogue, YAML.
        file: what to call it in problems.
        base: the folder from which the files that it names are meant.

    Raises: CatalogueError: an identifier is taken, a section is not written as a block, or the
        catalogue could not be served with them; all problems at once.
    """
    before = read_yaml(text, file)
    if not isinstance(before, dict):
        raise CatalogueError([Problem("a catalogue is a block of keys", file=file)])
    taken = [
        Problem(f"{section} has an entry {name!r} already", "choose another name", file=file)
        for section, added in entries.items()
        for name in added
        if name in (before.get(section) or {})
    ]
    if taken:
        raise CatalogueError(taken)
    after = text
    for section, added in entries.items():
        after = _inserted(after, section, added, file)
    wanted = dict(before)
    for section, added in entries.items():
        wanted[section] = {**(before.get(section) or {}), **added}
    if read_yaml(after, file) != wanted:
        raise CatalogueError([_by_hand("the document", file)])
    parse_document(after, file=file, base=base)
    return after


def replace_file(path: Path, text: str) -> None:
    """Write a catalogue as a whole, with the rights of the one that it replaces.

    A link stays a link: what it leads to is replaced.

    Raises: OSError.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _inserted(text: str, section: str, added: Mapping[str, Any], file: str) -> str:
    line = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise CatalogueError([_by_hand("the document", file)])
    pair = next((pair for pair in root.value if pair[0].value == section), None)
    if pair is None:
        place = _behind(text, root)
        block = f"{line}{section}:{line}{_block(added, '  ', line)}"
    elif isinstance(pair[1], yaml.MappingNode) and pair[1].value and not pair[1].flow_style:
        place = _behind(text, pair[1])
        block = _block(added, " " * pair[1].start_mark.column, line)
    else:
        return _begun(text, pair, section, added, line, file)
    lead = "" if text[:place].endswith("\n") else line
    return f"{text[:place]}{lead}{block}{text[place:]}"


def _begun(
    text: str,
    pair: tuple[yaml.Node, yaml.Node],
    section: str,
    added: Mapping[str, Any],
    line: str,
    file: str,
) -> str:
    """Return the text with the first entries of a section that is written, and empty."""
    key, value = pair
    if value.value:
        raise CatalogueError([_by_hand(section, file)])
    # An empty scalar stands right behind the colon; `{}` and `null` have a text to take out.
    start, end = value.start_mark.index, value.end_mark.index
    kept = text[:start].rstrip(" ") + text[end:]
    rest = kept.index(":", key.end_mark.index)
    place = kept.find("\n", rest)
    place = len(kept) if place < 0 else place + 1
    lead = "" if kept[:place].endswith("\n") else line
    return f"{kept[:place]}{lead}{_block(added, '  ', line)}{kept[place:]}"


def _behind(text: str, node: yaml.Node) -> int:
    """Return where the line after the last value of a node begins.

    The end of a block is where the next one begins, behind comments that are the next one's; so
    the last leaf is looked for.
    """
    leaf = node
    while isinstance(leaf, yaml.CollectionNode) and leaf.value and not leaf.flow_style:
        last = leaf.value[-1]
        leaf = last[1] if isinstance(last, tuple) else last
    place = leaf.end_mark.index
    if text[:place].endswith("\n"):
        return place  # a text of several lines ends with its last one
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _block(added: Mapping[str, Any], indent: str, line: str) -> str:
    written = yaml.dump(
        dict(added),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100_000,
        default_flow_style=False,
    )
    return "".join(_indented(written.splitlines(), indent, line))


def _indented(lines: Iterable[str], indent: str, line: str) -> Iterable[str]:
    return (f"{indent}{each}{line}" if each else line for each in lines)


def _by_hand(what: str, file: str) -> Problem:
    return Problem(
        f"{what} is not written as a block of lines, so nothing can be added to it",
        "write it with one entry per line and without braces, or add the entries by hand",
        file=file,
    )
