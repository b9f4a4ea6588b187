"""The command `tuilerie`: one door for each verb.

Heavy rooms are imported inside the verbs, so that help and completion answer at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tuilerie import __version__
from tuilerie.cli import add, check, inspect, schema, serve, update

__all__ = ["app", "main"]

_EPILOG = """Exit codes: 0 done; 1 the catalogue or the data must be mended; 2 wrong arguments;
3 the server could not start (port taken); 4 a remote server could not be reached or refused us;
130 interrupted."""

app = typer.Typer(
    name="tuilerie",
    help="A map tile server: serve rasters and catalogues as WMTS and other tile services.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tuilerie {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """A map tile server: serve rasters and catalogues as WMTS and other tile services."""


app.command("serve", epilog=_EPILOG)(serve.serve)
app.command("check", epilog=_EPILOG)(check.check)
app.command("add", epilog=_EPILOG)(add.add)
app.command("update", epilog=_EPILOG)(update.update)
app.command("schema")(schema.schema)
app.command("inspect", epilog=_EPILOG)(inspect.inspect)


def main() -> None:
    """Run the command; the console script."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output left (`tuilerie schema | head`): not an error.
        sys.stderr.close()
        sys.exit(0)
