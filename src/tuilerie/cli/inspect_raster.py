"""What `tuilerie inspect` says of a file of pixels or tiles, and how it would be served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuilerie.cli.inspect_archive import ARCHIVES, tell_archive
from tuilerie.cli.problems import EXIT_DATA, tell_all
from tuilerie.errors import CatalogueError

if TYPE_CHECKING:
    from tuilerie.sources.inspect import Inspection

__all__ = ["inspect_raster"]


def inspect_raster(file: Path, crs: str, as_json: bool) -> None:
    """Print what a raster is. Raises: typer.Exit: it cannot be served."""
    from tuilerie.sources.inspect import inspect_file

    try:
        if file.suffix.lower() in ARCHIVES:
            tell_archive(file, as_json=as_json)
            return
        inspection = inspect_file(file, crs=crs)
    except CatalogueError as error:
        tell_all(error.problems)
        raise typer.Exit(EXIT_DATA) from None
    if as_json:
        typer.echo(_json(inspection))
    else:
        _print(inspection)


def _json(inspection: Inspection) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(inspection), indent=2, default=str, ensure_ascii=False)


def _print(inspection: Inspection) -> None:
    console = Console(highlight=False)
    console.print(_facts(inspection))
    console.print(_bands(inspection))
    console.print(_matrix_sets(inspection))
    for warning in inspection.description.warnings:
        console.print(f"[yellow]warning:[/] {escape(warning)}")


def _facts(inspection: Inspection) -> Table:
    about, storage = inspection.description, inspection.storage
    left, bottom, right, top = about.wgs84_bounds
    overviews = ", ".join(f"1:{factor}" for factor in storage.overviews) or "none"
    table = Table(box=None, show_header=False, title=escape(inspection.path.name))
    table.add_column(style="dim")
    table.add_column()
    for name, value in (
        ("format", f"{storage.driver}, {storage.compression or 'not compressed'}"),
        ("size", f"{about.width} × {about.height} pixels, {storage.size_bytes / 1e6:.1f} MB"),
        ("blocks", f"{storage.block_width} × {storage.block_height}, overviews: {overviews}"),
        ("kind", about.kind + (", partly transparent" if about.transparent else "")),
        ("CRS", about.crs if len(about.crs) < 40 else about.crs[:39] + "…"),
        ("cell size", f"{about.cell_size:.6g} CRS units per pixel"),
        ("bounds", ", ".join(f"{value:.12g}" for value in about.bounds)),
        ("degrees", f"{left:.4f}, {bottom:.4f}, {right:.4f}, {top:.4f}"),
    ):
        table.add_row(name, escape(value))
    return table


def _bands(inspection: Inspection) -> Table:
    table = Table(box=None, title="Bands", title_justify="left", header_style="dim")
    for heading in ("band", "type", "no data", "minimum", "maximum", "2 %", "98 %", "unit"):
        table.add_column(heading, justify="right")
    for number, band in enumerate(inspection.description.bands, 1):
        values = (
            band.nodata,
            band.minimum,
            band.maximum,
            band.percentile_2,
            band.percentile_98,
        )
        numbers = ("–" if value is None else f"{value:.6g}" for value in values)
        table.add_row(str(number), band.dtype, *numbers, escape(band.unit))
    return table


def _matrix_sets(inspection: Inspection) -> Table:
    table = Table(box=None, title="Matrix sets", title_justify="left", header_style="dim")
    for heading in ("identifier", "matrices", "tiles of the last", ""):
        table.add_column(heading)
    for suitable in inspection.matrix_sets:
        table.add_row(
            escape(suitable.identifier),
            f"{suitable.first} – {suitable.last}",
            f"{suitable.tiles:,}",
            "own CRS" if suitable.own_crs else "",
        )
    return table
