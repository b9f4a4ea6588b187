"""Where in the operator's file a value stands: JSON pointers to lines and columns.

Nearly every catalogue loads without a complaint, so nothing is noted while reading: the first
question reads the text again, with marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import yaml

from tuilerie.errors import Problem

__all__ = ["Place", "Places", "join_pointer", "split_pointer"]


class Place(NamedTuple):
    """A position in a file; line and column from 1, 0 = unknown."""

    file: str = ""
    line: int = 0
    column: int = 0


def join_pointer(*parts: str | int) -> str:
    """Return the JSON pointer of a path.

    Source: RFC 6901, 3.
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split_pointer(pointer: str) -> list[str]:
    """Return the path of a JSON pointer.

    Source: RFC 6901, 4.
    """
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


class Places:
    """Finds lines and columns in one YAML text.

    Args:
        text: YAML that `read_yaml` has accepted, so that its depth is bounded; "" = unknown.
        file: what to call it in problems.
    """

    def __init__(self, text: str = "", file: str = "") -> None:
        self.file = file
        self._text = text
        self._root: Any = None
        self._steps: dict[int, dict[str, tuple[Any, Any]]] = {}

    def find(self, pointer: str, *, key: bool = False) -> Place:
        """Return where a value stands, or its key; the nearest block around it if it is absent."""
        node = self._compose()
        if node is None:
            return Place(self.file)
        spot = node
        for part in split_pointer(pointer):
            step = self._children(node).get(part)
            if step is None:
                break
            key_node, node = step
            spot = key_node if key else node
        return Place(self.file, spot.start_mark.line + 1, spot.start_mark.column + 1)

    def place(self, problem: Problem, *, key: bool = False) -> Problem:
        """Return a problem with file, line and column; one that has its line already is kept."""
        if problem.line:
            return problem
        file, line, column = self.find(problem.pointer, key=key)
        return replace(problem, file=problem.file or file, line=line, column=column)

    def in_order(self, problems: Iterable[Problem]) -> Sequence[Problem]:
        """Return problems with their places, in the order of the document, each once."""
        placed = dict.fromkeys(self.place(problem) for problem in problems)
        return sorted(placed, key=lambda problem: (problem.line, problem.column))

    def _compose(self) -> Any:
        if self._root is None and self._text:
            self._root = yaml.compose(self._text, Loader=yaml.CSafeLoader)
        return self._root

    def _children(self, node: Any) -> dict[str, tuple[Any, Any]]:
        """Return the key's and the value's node of each child; made once for each block."""
        found = self._steps.get(id(node))
        if found is None:
            found = self._steps[id(node)] = self._listed(node)
        return found

    def _listed(self, node: Any) -> dict[str, tuple[Any, Any]]:
        if isinstance(node, yaml.SequenceNode):
            return {str(n): (child, child) for n, child in enumerate(node.value)}
        if not isinstance(node, yaml.MappingNode):
            return {}
        merged: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value:
            if key.value == "<<":
                blocks = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for block in reversed(blocks):
                    merged |= self._children(block)
        return merged | {key.value: (key, value) for key, value in node.value}
