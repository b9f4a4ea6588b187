"""`tuilerie schema`: the JSON Schema of the catalogue, for editors and other programs."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

__all__ = ["schema"]


class Document(StrEnum):
    """Documents that have a schema."""

    catalogue = "catalogue"
    inspect = "inspect"


def schema(
    document: Annotated[
        Document,
        typer.Argument(help="The catalogue, or what `inspect --json` prints of a server."),
    ] = Document.catalogue,
) -> None:
    """Print the JSON Schema of the catalogue document, or of what `inspect --json` prints.

    An editor that knows it completes and checks while you write:
    put [bold]# yaml-language-server: $schema=catalogue.schema.json[/] on the first line.
    """
    if document is Document.inspect:
        from tuilerie.sources.remote.report import report_schema as json_schema
    else:
        from tuilerie.catalogue.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
