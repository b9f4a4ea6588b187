"""How an operator says which files belong to which values: by their names, or a database."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import Line, PathText, Settings, Whole
from tuilerie.catalogue.file_pattern import parse_file_pattern

__all__ = ["FilesPattern", "QuerySettings"]

_SCHEME = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)


def _pattern(text: str) -> str:
    try:
        parse_file_pattern(text)
    except ValueError as error:
        raise PydanticCustomError("file_pattern", "{why}", {"why": str(error)}) from error
    return text


FilesPattern = Annotated[PathText, AfterValidator(_pattern)]
"""A pattern that `parse_file_pattern` understands."""


class QuerySettings(Settings):
    """A question to a database that tells the files and their values."""

    database: PathText = Field(
        description="An SQLite file, from the catalogue's folder, or a postgresql:// address.",
        examples=["data/scenes.sqlite", "postgresql://maps@db.example.org/scenes"],
    )
    sql: Line = Field(
        description=(
            "One SELECT with a column for each dimension, by its name, and the column `file`: a "
            "path below the source's folder."
        ),
        examples=["SELECT acquired AS time, path AS file FROM scenes"],
    )
    every_s: Annotated[Whole, Field(ge=1, le=86_400)] = Field(
        default=60, description="Seconds after which it is asked again.", examples=[60]
    )

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is a server rather than a file."""
        return bool(_SCHEME.match(self.database))
