"""YAML text to plain data, with everything that can be wrong in between said by line and column.

The events of libyaml are read in one loop rather than composed into nodes: five times faster, and
no text, however deep or self-referring, can exhaust the stack or the memory. Keys are always
taken as they are spelled, so that `0:` and `2024:` are identifiers like others.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml import events

from tuilerie.catalogue.yaml_faults import character_problem, syntax_problem
from tuilerie.catalogue.yaml_scalars import plain_scalar
from tuilerie.errors import CatalogueError, Problem

__all__ = ["MAX_BYTES", "decode", "read_yaml"]

MAX_BYTES = 32_000_000
_MAX_DEPTH = 40
_MAX_VALUES = 4_000_000
"""How many values a document may have after its aliases are followed."""
_TAG = "tag:yaml.org,2002:"


class _Frame:
    """A mapping or sequence whose end has not been read yet."""

    __slots__ = ("anchor", "items", "key", "line", "lines", "merges", "merging", "size")

    def __init__(self, items: dict[str, Any] | list[Any], anchor: str | None, line: int) -> None:
        self.items = items
        self.anchor = anchor
        self.line = line
        self.size = 1
        self.key: str | None = None
        self.lines: dict[str, int] = {}
        self.merges: list[Any] = []
        self.merging = False


class _StopError(Exception):
    """Reading cannot go on."""


def decode(data: bytes, file: str = "") -> str:
    """Return the text of a file.

    Raises: CatalogueError: too large, or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise CatalogueError(
            [Problem(f"the file is larger than {MAX_BYTES // 1_000_000} MB", file=file)]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        start = before.rfind(b"\n") + 1
        raise CatalogueError(
            [
                Problem(
                    f"the byte 0x{data[error.start]:02x} is not UTF-8",
                    "save the file with the encoding UTF-8",
                    file=file,
                    line=before.count(b"\n") + 1,
                    column=len(before[start:].decode("utf-8", "replace")) + 1,
                )
            ]
        ) from error


def read_yaml(text: str, file: str = "") -> Any:
    """Return the data of a YAML document: dicts with text keys, lists, scalars.

    Raises: CatalogueError: not YAML, a key twice, an unknown tag, too deep, too large, several
        documents, or nothing at all.
    """
    return _Reader(file).read(text)


class _Reader:
    """The state of one reading."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._result: Any = None
        self._documents = 0

    def read(self, text: str) -> Any:
        """Read to the end or to the first thing that makes no sense."""
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._problems.append(syntax_problem(error, text, self._file))
        except yaml.reader.ReaderError as error:
            self._problems.append(character_problem(error, text, self._file))
        except UnicodeEncodeError as error:
            self._problems.append(
                Problem(f"the text is not Unicode: {error.reason}", file=self._file)
            )
        except _StopError:
            pass  # what is wrong has been said
        if not self._problems and self._documents == 0:
            self._problems.append(
                Problem("the file is empty", "begin with `tuilerie: 1`", file=self._file)
            )
        if self._problems:
            raise CatalogueError(self._problems)
        return self._result

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is events.ScalarEvent:
            self._scalar(event)
        elif kind is events.MappingStartEvent:
            self._open({}, event)
        elif kind is events.SequenceStartEvent:
            self._open([], event)
        elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
            self._close(event)
        elif kind is events.AliasEvent:
            self._alias(event)
        elif kind is events.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                self._fail(event, "a second document begins here", "remove the line ---")

    def _scalar(self, event: Any) -> None:
        stack = self._stack
        if stack:
            frame = stack[-1]
            if type(frame.items) is dict and frame.key is None:
                self._key(frame, event)
                return
        if event.implicit[0] and event.tag is None:
            value = plain_scalar(event.value)
        else:
            value = self._tagged(event)
        if event.anchor is not None:
            self._name(event, (value, 1))
        self._add(value, 1, event)

    def _key(self, frame: _Frame, event: Any) -> None:
        key = event.value
        line = event.start_mark.line + 1
        if event.anchor is not None:
            self._name(event, (key, 1))
        if key in frame.lines and not _is_merge(event):
            self._report(
                event,
                f"the key {key[:80]!r} is here twice: it was first written in line "
                f"{frame.lines[key]}",
                "remove or rename one of the two",
            )
        frame.lines.setdefault(key, line)
        frame.key = key
        frame.merging = _is_merge(event)

    def _open(self, items: dict[str, Any] | list[Any], event: Any) -> None:
        self._no_complex_key(event)
        if len(self._stack) >= _MAX_DEPTH:
            self._fail(event, f"blocks are nested more than {_MAX_DEPTH} deep", "")
        wanted = f"{_TAG}map" if isinstance(items, dict) else f"{_TAG}seq"
        if event.tag not in (None, "!", wanted):
            self._report_tag(event)
        if event.anchor is not None:
            self._name(event, None)
        self._stack.append(_Frame(items, event.anchor, event.start_mark.line + 1))

    def _name(self, event: Any, named: tuple[Any, int] | None) -> None:
        """Note an anchor. YAML lets a later one hide it; here that would be a mistake unseen."""
        if event.anchor in self._anchors:
            self._report(event, f"&{event.anchor} is here twice", "give one of them another name")
        self._anchors[event.anchor] = named

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        if isinstance(frame.items, dict):
            for merged in frame.merges:
                for key, value in merged.items():
                    frame.items.setdefault(key, value)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.items, frame.size)
        self._add(frame.items, frame.size, event)

    def _alias(self, event: Any) -> None:
        self._no_complex_key(event)
        if event.anchor not in self._anchors:
            self._report(event, f"*{event.anchor} refers to no &{event.anchor} above", "")
            self._add(None, 1, event)
            return
        known = self._anchors[event.anchor]
        if known is None:
            self._report(event, f"*{event.anchor} refers to the block that it stands in", "")
            known = (None, 1)
        value, size = known
        self._add(value, size, event)

    def _add(self, value: Any, size: int, event: Any) -> None:
        """Put a finished value into what surrounds it."""
        if not self._stack:
            self._result = value
            return
        frame = self._stack[-1]
        frame.size += size
        if frame.size > _MAX_VALUES:
            self._fail(
                event,
                f"the document has more than {_MAX_VALUES} values when its aliases are followed",
                "",
            )
        if isinstance(frame.items, list):
            frame.items.append(value)
        elif frame.merging:
            self._merge(frame, value, event)
            frame.key = None
            frame.merging = False
        elif frame.key is not None:
            frame.items[frame.key] = value
            frame.key = None

    def _merge(self, frame: _Frame, value: Any, event: Any) -> None:
        merged = value if isinstance(value, list) else [value]
        if all(isinstance(each, dict) for each in merged):
            frame.merges.extend(merged)
        else:
            self._report(event, "<< must be followed by blocks of keys", "write <<: *name")

    def _tagged(self, event: Any) -> Any:
        """Return a quoted or explicitly tagged scalar."""
        tag, text = event.tag, event.value
        if tag is None or tag in ("!", f"{_TAG}str"):
            return text
        value = plain_scalar(text)
        wanted: dict[str, type | tuple[type, ...]] = {
            "int": int, "float": (int, float), "bool": bool, "null": type(None),
        }  # fmt: skip
        kinds = wanted.get(tag.removeprefix(_TAG))
        if kinds is None or not isinstance(value, kinds):
            self._report_tag(event)
        return value

    def _no_complex_key(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.items, dict) and frame.key is None:
            self._fail(event, "a key must be a plain text", "put it in quotes")

    def _report_tag(self, event: Any) -> None:
        self._report(event, f"the tag {event.tag} means nothing here", "remove it")

    def _report(self, event: Any, message: str, hint: str) -> None:
        mark = event.start_mark
        self._problems.append(
            Problem(message, hint, file=self._file, line=mark.line + 1, column=mark.column + 1)
        )

    def _fail(self, event: Any, message: str, hint: str) -> None:
        self._report(event, message, hint)
        raise _StopError


def _is_merge(event: Any) -> bool:
    return event.value == "<<" and bool(event.implicit[0])
