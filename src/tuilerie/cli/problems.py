"""How problems are told to the operator: all of them, each with its place and its mend."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from tuilerie.errors import Problem

__all__ = ["EXIT_DATA", "EXIT_REMOTE", "EXIT_START", "tell", "tell_all"]

EXIT_DATA = 1
"""The catalogue or the data must be mended."""

EXIT_START = 3
"""The server could not start."""

EXIT_REMOTE = 4
"""A remote server could not be reached, or refused us."""

_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def tell_all(problems: Iterable[Problem]) -> None:
    """Print problems to standard error, one paragraph each."""
    for problem in problems:
        place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
        if place:
            _errors.print(f"[bold]{escape(place)}[/]  [dim]{escape(problem.pointer)}[/]")
        _errors.print(f"[red]error:[/] {escape(problem.message)}")
        if problem.hint:
            _errors.print(f"[green]hint:[/]  {escape(problem.hint)}")
        _errors.print()


def tell(message: str, hint: str = "") -> None:
    """Print one error that has no place in a document."""
    tell_all([Problem(message, hint)])
