"""Which files belong to which values of dimensions, as a database tells.

Databases are only read: SQLite files are opened so, PostgreSQL sessions are told so. What they
say is not trusted further than the operator's folder: no path leads out of it.
"""

from __future__ import annotations

import datetime
import sqlite3
import time
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

from tuilerie.errors import CatalogueError, Problem
from tuilerie.sources.series_files import FilesByValues
from tuilerie.sources.settings import SeriesQuery

__all__ = ["MAX_ROWS", "TIMEOUT_S", "Answer", "ask", "files_by_query"]

MAX_ROWS = 200_000
TIMEOUT_S = 20
FILE_COLUMN = "file"
_SQL = "query/sql"
"""Where problems stand in the source's block."""


class Answer(NamedTuple):
    """What a database said: names of columns, and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class _FailedError(Exception):
    """The database could not be asked; the text says why, without addresses or secrets."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def files_by_query(
    folder: Path, answer: Answer
) -> tuple[tuple[str, ...], FilesByValues, list[str]]:
    """Return the dimensions that a database names, the files that it tells, and what it lacks.

    Raises: CatalogueError: its answer cannot be used.
    """
    names = [name.lower() for name in answer.columns]
    if FILE_COLUMN not in names or len(set(names)) < len(names) or len(names) < 2:
        raise CatalogueError(
            [
                Problem(
                    f"the query's columns are {', '.join(answer.columns)}",
                    f"name one of them {FILE_COLUMN!r}, and one after each dimension, by AS",
                    _SQL,
                )
            ]
        )
    place = names.index(FILE_COLUMN)
    found: FilesByValues = {}
    warnings = []
    for number, row in enumerate(answer.rows, 1):
        values = [_text(value) for n, value in enumerate(row) if n != place]
        file = _below(folder, row[place])
        if file is None or None in values:
            warnings.append(f"row {number} is left out: no file in the folder, or no value")
        else:
            files = found.setdefault(tuple(value or "" for value in values), [])
            if file not in files:
                files.append(file)
    if not found:
        message = f"the query tells no file: it has {len(answer.rows)} rows"
        hint = "check the query, and that its files lie in the source's folder"
        raise CatalogueError([Problem(message, hint, _SQL)])
    dimensions = [name for n, name in enumerate(answer.columns) if n != place]
    return tuple(dimensions), found, warnings


def ask(query: SeriesQuery) -> Answer:
    """Ask a database. Raises: CatalogueError: no answer, or too long a one."""
    try:
        answer = _ask_postgresql(query) if query.is_postgresql else _ask_sqlite(query)
    except _FailedError as error:
        raise CatalogueError([Problem(f"the query failed: {error}", error.hint, _SQL)]) from error
    if len(answer.rows) > MAX_ROWS:
        message = f"the query has more than {MAX_ROWS:,} rows"
        raise CatalogueError([Problem(message, "make several sources of them", _SQL)])
    return answer


def _ask_sqlite(query: SeriesQuery) -> Answer:
    path = Path(query.database)
    if not path.is_file():
        raise _FailedError(f"there is no file {query.database}", "give the path of the database")
    deadline = time.monotonic() + TIMEOUT_S
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=TIMEOUT_S
        )
        try:
            connection.execute("PRAGMA query_only = 1")
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            cursor = connection.execute(query.sql)
            if cursor.description is None:
                raise _FailedError("it has no answer", "write a SELECT")
            return Answer(
                tuple(column[0] for column in cursor.description), cursor.fetchmany(MAX_ROWS + 1)
            )
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _FailedError(str(error), "try it with the program sqlite3") from error


def _ask_postgresql(query: SeriesQuery) -> Answer:
    try:
        import psycopg
    except ImportError as error:
        raise _FailedError(
            "the library for PostgreSQL is not installed", "pip install 'tuilerie[postgresql]'"
        ) from error
    try:
        with psycopg.connect(
            query.database,
            connect_timeout=TIMEOUT_S,
            options=f"-c statement_timeout={TIMEOUT_S}s -c default_transaction_read_only=on",
            application_name="tuilerie",
        ) as connection:
            connection.read_only = True
            # As bytes: the type asks for text known beforehand, which an operator's query is not.
            cursor = connection.execute(query.sql.encode())
            if cursor.description is None:
                raise _FailedError("it has no answer", "write a SELECT")
            columns = tuple(column.name for column in cursor.description)
            return Answer(columns, cursor.fetchmany(MAX_ROWS + 1))
    except psycopg.Error as error:
        # The address may hold a password, and libpq repeats what it cannot read of it.
        reason = error.diag.message_primary or type(error).__name__
        raise _FailedError(reason, "try it with the program psql") from error


def _text(value: Any) -> str | None:
    """Return a value of a database as files' names would spell it; None for NULL and bytes."""
    match value:
        case None | bytes() | memoryview():
            return None
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def _below(folder: Path, file: Any) -> str | None:
    """Return a path below the folder; None where it leads elsewhere, or to nothing."""
    if not isinstance(file, str) or not file or "\0" in file:
        return None
    path = PurePosixPath(file)
    if path.is_absolute():
        try:
            path = path.relative_to(folder)
        except ValueError:
            return None
    if ".." in path.parts or not (folder / path).is_file():
        return None
    return str(path)
