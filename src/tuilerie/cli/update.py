"""`tuilerie update`: what other servers say of themselves, read now."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from tuilerie.cli.data_directory import data_directory
from tuilerie.cli.problems import EXIT_DATA, EXIT_REMOTE, tell, tell_all
from tuilerie.errors import CatalogueError

if TYPE_CHECKING:
    from tuilerie.catalogue.remote_sources import RemoteSourceSettings
    from tuilerie.sources.remote.descriptions import RemoteDescriptions, Update

__all__ = ["update"]

_COLOURS: Final = {"failed": "yellow", "broken": "red", "changed": "green", "first": "green"}


def update(
    catalogue: Annotated[Path, typer.Argument(help="The catalogue, a YAML file.")],
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]…", help="Sources; all that are servers if absent."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Data directory, as `serve` has it. Default: below the user's cache folder.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Read anew what the servers of a catalogue say of themselves, and say what changed.

    A server with the same data directory takes over what is new by itself.

    Exits with 0 if all could be read, 1 if what a source wants is no longer there, 4 if a
    server cannot be reached or refuses us.
    """
    from tuilerie import assembly
    from tuilerie.sources.remote.descriptions import AT_ONCE
    from tuilerie.telemetry import configure_logging

    configure_logging("console", "error")
    publication = assembly.Publication.of([catalogue], data_directory(data, [catalogue]))
    try:
        remotes, settings = assembly.remotes_of(publication)
    except CatalogueError as error:
        tell_all(error.problems)
        raise typer.Exit(EXIT_DATA) from None
    chosen = _chosen(settings, sources or [])
    with ThreadPoolExecutor(AT_ONCE) as threads:
        done = list(threads.map(lambda name: _updated(remotes, name, settings[name]), chosen))
    results = dict(zip(chosen, done, strict=True))
    if as_json:
        typer.echo(json.dumps({name: _plain(each) for name, each in results.items()}, indent=2))
    else:
        _print(results)
    outcomes = {each.outcome for each in done}
    if outcomes & {"failed", "broken"}:
        raise typer.Exit(EXIT_DATA if "broken" in outcomes else EXIT_REMOTE)


def _chosen(settings: dict[str, RemoteSourceSettings], wanted: list[str]) -> list[str]:
    for name in wanted:
        if name not in settings:
            known = ", ".join(settings) or "none"
            tell(f"{name!r} is no source that is a server and that a layer uses", f"these: {known}")
            raise typer.Exit(EXIT_DATA)
    return wanted or list(settings)


def _updated(remotes: RemoteDescriptions, name: str, settings: RemoteSourceSettings) -> Update:
    from tuilerie.sources.remote.descriptions import Update

    try:
        return remotes.update(name, settings)
    except CatalogueError as error:
        return Update("failed", fault=error.problems[0].message)


def _plain(each: Update) -> dict[str, object]:
    return {"outcome": each.outcome, "changes": list(each.changes), "fault": each.fault}


def _print(results: dict[str, Update]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not results:
        console.print("no source of this catalogue is another server")
    for name, each in results.items():
        colour = _COLOURS.get(each.outcome, "dim")
        console.print(f"[{colour}]{each.outcome}[/] {escape(name)}")
        if each.fault:
            console.print(f"  {escape(each.fault)}")
        for change in each.changes:
            console.print(f"  {escape(change)}")
