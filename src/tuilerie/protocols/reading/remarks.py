"""Warnings: what a reader corrected or left out, and why; bounded, each said once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_REMARKS", "ReadingWarning", "Remarks"]

MAX_REMARKS: Final = 1_000
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class ReadingWarning:
    """One thing in which a document was not taken literally, or was left out.

    Attributes:
        code: which kind; stable, and what `ReadingOverrides.literal` names.
        message: what was done.
        reason: what in the document made it necessary.
        where: the part of the document, e.g. "TileMatrixSet EPSG:3857"; "" = the whole.
    """

    code: str
    message: str
    reason: str
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message} ({self.reason}) [{self.code}]"


class Remarks:
    """Collects the warnings of one document; at most MAX_REMARKS, none of them twice."""

    def __init__(self, literal: Collection[str] = ()) -> None:
        self._literal = frozenset(literal)
        self._found: dict[ReadingWarning, None] = {}

    def add(self, code: str, message: str, reason: str, where: str = "") -> None:
        """Record what was done; nothing beyond the bound."""
        if len(self._found) < MAX_REMARKS:
            texts = (text[:_LONGEST] for text in (message, reason, where))
            self._found[ReadingWarning(code, *texts)] = None

    def may(self, code: str) -> bool:
        """Return whether corrections of this kind are wanted."""
        return code not in self._literal

    @property
    def warnings(self) -> tuple[ReadingWarning, ...]:
        """Return all that was recorded, in the order of reading."""
        return tuple(self._found)
