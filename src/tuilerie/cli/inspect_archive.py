"""`tuilerie inspect` of an archive of tiles: what is inside, and how it would be served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from tuilerie.sources.archive import ArchiveFacts

__all__ = ["ARCHIVES", "tell_archive"]

ARCHIVES = frozenset({".mbtiles", ".pmtiles"})


def tell_archive(path: Path, *, as_json: bool) -> None:
    """Print what an archive is. Raises: CatalogueError: it cannot be served."""
    from tuilerie.sources.mbtiles import read_mbtiles
    from tuilerie.sources.pmtiles import read_pmtiles

    read = read_mbtiles if path.suffix.lower() == ".mbtiles" else read_pmtiles
    facts = read(path)
    if as_json:
        typer.echo(json.dumps(_plain(facts), indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    table = Table(box=None, show_header=False, title=escape(path.name))
    table.add_column(style="dim")
    table.add_column()
    for name, value in _plain(facts).items():
        if value not in ("", []) and name not in ("path", "warnings"):
            table.add_row(name.replace("_", " "), escape(_words(value)))
    console.print(table)
    for warning in facts.warnings:
        console.print(f"[yellow]warning:[/] {escape(warning)}")


def _plain(facts: ArchiveFacts) -> dict[str, object]:
    return {
        "path": str(facts.path),
        "kind": facts.kind,
        "size_bytes": facts.path.stat().st_size,
        "formats": [each.media_type for each in facts.formats],
        "tile_size": facts.tile_px,
        "matrix_set": "WebMercatorQuad",
        "matrices": [str(facts.first), str(facts.last)],
        "degrees": list(facts.bounds),
        "name": facts.name,
        "attribution": facts.attribution,
        "description": facts.description,
        "warnings": list(facts.warnings),
    }


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
