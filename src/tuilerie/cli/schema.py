"""`tuilerie schema`: the JSON Schema of the catalogue, for editors and other programs."""

from __future__ import annotations

import json

import typer

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of the catalogue document.

    An editor that knows it completes and checks while you write:
    put [bold]# yaml-language-server: $schema=catalogue.schema.json[/] on the first line.
    """
    from tuilerie.catalogue.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
