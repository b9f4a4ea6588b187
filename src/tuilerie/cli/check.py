"""`tuilerie check`: would this catalogue be served, and if not, why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tuilerie.cli.problems import EXIT_DATA, tell, tell_all
from tuilerie.errors import CatalogueError

__all__ = ["check"]


def check(
    catalogue: Annotated[Path, typer.Argument(help="The catalogue, a YAML file.")],
) -> None:
    """Check a catalogue and the data that it names; print every error with its line.

    Exits with 0 if it can be served, else with 1.
    """
    from tuilerie import assembly

    try:
        published = assembly.publish(assembly.Publication.of([catalogue]))
    except CatalogueError as error:
        tell_all(error.problems)
        count = len(error.problems)
        tell(f"{count} error{'s' if count > 1 else ''}; this catalogue cannot be served")
        raise typer.Exit(EXIT_DATA) from None
    layers, sets = len(published.layers), len(published.matrix_sets)
    Console(highlight=False).print(
        f"[green]ok[/]: {layers} layer{'s' if layers != 1 else ''}"
        f" in {sets} matrix set{'s' if sets != 1 else ''}"
    )
