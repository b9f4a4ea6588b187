"""`tuilerie serve`: raster files, or a catalogue, as a tile service."""

from __future__ import annotations

import gc
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tuilerie.cli.data_directory import data_directory
from tuilerie.cli.problems import EXIT_DATA, EXIT_START, tell, tell_all
from tuilerie.errors import CatalogueError

if TYPE_CHECKING:
    from tuilerie.server.live import Live
    from tuilerie.server.run import Listening
    from tuilerie.telemetry import Meters

__all__ = ["serve"]


class LogFormat(StrEnum):
    """How log lines look."""

    console = "console"
    json = "json"


class LogLevel(StrEnum):
    """From which weight on lines are written."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


def serve(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…|CATALOGUE",
            help="Raster files and folders of them, or one catalogue (.yaml).",
            show_default=False,
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 = all networks.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = any free one.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Server processes.")] = 1,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Data directory, where tiles are kept. Default: below the user's cache folder.",
        ),
    ] = None,
    crs: Annotated[
        str, typer.Option(help="CRS of data files that say none, such as EPSG:2154.")
    ] = "",
    prefix: Annotated[
        str, typer.Option(metavar="PATH", help="Path before every route, such as /maps.")
    ] = "",
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address or network of a proxy whose Forwarded headers count; may be repeated.",
        ),
    ] = None,
    ready_answers_mb: Annotated[
        int, typer.Option(min=0, help="Memory for ready answers in each worker, MB.")
    ] = 128,
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="One line per request.")
    ] = True,
    log_format: Annotated[LogFormat, typer.Option(help="Form of the log lines.")] = (
        LogFormat.console
    ),
    log_level: Annotated[LogLevel, typer.Option(help="Least weight of log lines.")] = LogLevel.info,
    graceful_timeout: Annotated[
        int, typer.Option(min=0, metavar="SECONDS", help="Time for requests to finish at a stop.")
    ] = 30,
) -> None:
    """Serve raster files or a catalogue as WMTS, with a map at the printed address.

    [bold]tuilerie serve world.tif[/] serves a raster as layer "world", without configuration.
    [bold]tuilerie serve catalogue.yaml[/] serves a described catalogue and follows its changes.
    """
    gc.disable()  # a start throws nothing away; `run` collects once, then goes on as usual
    from tuilerie import assembly
    from tuilerie.server.forwarded import TrustedProxies
    from tuilerie.server.run import AddressError, run
    from tuilerie.server.settings import ServerSettings
    from tuilerie.telemetry import configure_logging

    catalogues = [path for path in paths if path.suffix.lower() in assembly.CATALOGUE_SUFFIXES]
    if catalogues and len(paths) > 1:
        raise typer.BadParameter("give either one catalogue or data files, not both")
    if crs:
        _check_crs(crs, catalogues)
    configure_logging(log_format.value, log_level.value)
    try:
        settings = ServerSettings(
            prefix=prefix,
            trusted=TrustedProxies.parse(trusted_proxy or ()),
            ready_bytes=ready_answers_mb * 1_000_000,
            graceful_timeout_s=graceful_timeout,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    directory = data_directory(data, paths)
    publication = assembly.Publication.of(paths, directory, crs=crs)

    try:
        # Once, before the workers are forked: they share it, and errors are told before anything.
        remotes = assembly.Remotes(publication)
        first = assembly.publish(publication, remotes)

        def make(meters: Meters) -> Live:
            return assembly.make_live(publication, first, directory, settings, meters, remotes)

        code = run(
            make,
            host=host,
            port=port,
            workers=workers,
            settings=settings,
            access_log=log_format.value if access_log else None,
            on_listening=lambda listening: _greet(listening, prefix, directory),
        )
    except CatalogueError as error:
        tell_all(error.problems)
        raise typer.Exit(EXIT_DATA) from None
    except AddressError as error:
        tell(error.strerror or str(error))
        raise typer.Exit(EXIT_START) from None
    raise typer.Exit(code)


def _check_crs(crs: str, catalogues: list[Path]) -> None:
    from tuilerie.grids import Crs

    if catalogues:
        raise typer.BadParameter("a catalogue says the CRS of its sources itself: leave out --crs")
    try:
        Crs.parse(crs)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _greet(listening: Listening, prefix: str, data: Path) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    url = escape(listening.url + prefix)
    console.print(f"[bold]Tuilerie[/] serves at [bold link={url}]{url}/[/]")
    console.print(f"[dim]WMTS:[/] {url}/wmts/1.0.0/WMTSCapabilities.xml")
    console.print(f"[dim]Data:[/] {escape(str(data))}   [dim]Stop with Ctrl-C[/]")
