"""What `tuilerie inspect` prints of a remote service for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuilerie.protocols.outline import LayerOutline, MatrixSetOutline

if TYPE_CHECKING:
    from tuilerie.sources.remote.report import ServiceReport

__all__ = ["print_report"]

_DETAILED: Final = 2
"""Up to so many layers are shown with all their matrices."""
_WARNINGS: Final = 20
_LONGEST: Final = 60


def print_report(document: ServiceReport) -> None:
    """Print a service: its facts, its layers, and of few layers everything."""
    console = Console(highlight=False)
    console.print(_facts(document))
    console.print(_layers(document.layers))
    if len(document.layers) <= _DETAILED:
        for layer in document.layers:
            _print_layer(console, layer)
    else:
        console.print("[dim]Everything about one layer: --layer ID; about all: --json[/]")
    for warning in document.warnings[:_WARNINGS]:
        place = f"{warning.where}: " if warning.where else ""
        reason = f" ({warning.reason})" if warning.reason else ""
        text = f"{place}{warning.message}{reason} [{warning.code}]"
        console.print(f"[yellow]warning:[/] {escape(text)}")
    if len(document.warnings) > _WARNINGS:
        more = len(document.warnings) - _WARNINGS
        console.print(f"[yellow]warning:[/] {more:,} more, all of them with --json")


def _facts(document: ServiceReport) -> Table:
    table = Table(box=None, show_header=False, title=escape(document.title or document.kind))
    table.title_justify = "left"
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    kind = f"{document.document} {document.version}".strip()
    for name, value in (
        ("kind", kind if document.document == document.kind else f"{kind}, kind: {document.kind}"),
        ("address", document.address),
        ("abstract", _short(document.abstract, 200)),
        ("provider", document.provider),
        ("fees", _short(document.fees, 200)),
        ("constraints", _short(document.access_constraints, 200)),
        ("layers", f"{len(document.layers):,}"),
    ):
        if value:
            table.add_row(name, escape(value))
    return table


def _layers(layers: Sequence[LayerOutline]) -> Table:
    table = Table(box=None, title="Layers", title_justify="left", header_style="dim")
    table.add_column("identifier", overflow="fold")
    table.add_column("title")
    for heading in ("styles", "formats", "dimensions", "matrix sets, CRSs"):
        table.add_column(heading)
    for layer in layers:
        grids = [found.identifier for found in layer.matrix_sets] or list(layer.crs)
        table.add_row(
            escape(layer.identifier),
            escape(_short(layer.title)),
            escape(_some([style.identifier or "(unnamed)" for style in layer.styles])),
            escape(_some([name.removeprefix("image/") for name in layer.formats])),
            escape(_some([dimension.identifier for dimension in layer.dimensions])),
            escape(_some(grids)),
        )
    return table


def _print_layer(console: Console, layer: LayerOutline) -> None:
    table = Table(box=None, show_header=False, title=escape(layer.identifier))
    table.title_justify = "left"
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    rows = [
        ("abstract", _short(layer.abstract, 400)),
        ("attribution", layer.attribution),
        ("degrees", ", ".join(f"{edge:.4f}" for edge in layer.wgs84_bounds or ())),
        ("CRSs", ", ".join(layer.crs)),
        ("formats", ", ".join(layer.formats)),
        ("information", ", ".join(layer.info_formats)),
        ("map", layer.map),
    ]
    for style in layer.styles:
        mark = " (default)" if style.is_default else ""
        legends = "".join(f", legend {legend.address}" for legend in style.legends)
        rows.append(("style", f"{style.identifier}{mark} {style.title}{legends}"))
    for dimension in layer.dimensions:
        values = _some(list(dimension.values), 5)
        rows.append(("dimension", f"{dimension.identifier} = {dimension.default or '–'}: {values}"))
    for name, value in rows:
        if value:
            table.add_row(name, escape(value))
    console.print(table)
    for matrix_set in layer.matrix_sets:
        console.print(_matrix_set(matrix_set))
        console.print(f"[dim]tile[/] {escape(matrix_set.tile)}", soft_wrap=True)


def _matrix_set(matrix_set: MatrixSetOutline) -> Table:
    asked = f", by {matrix_set.encoding}" if matrix_set.encoding else ""
    table = Table(
        box=None,
        title=escape(f"{matrix_set.identifier}: {matrix_set.crs}{asked}"),
        title_justify="left",
        header_style="dim",
    )
    for heading in ("matrix", "cell size", "left", "top", "tile", "tiles", "columns", "rows"):
        table.add_column(heading, justify="right")
    for matrix in matrix_set.matrices:
        limits = matrix.limits
        table.add_row(
            escape(matrix.identifier),
            f"{matrix.cell_size:.9g}",
            f"{matrix.left:.12g}",
            f"{matrix.top:.12g}",
            f"{matrix.tile_width} × {matrix.tile_height}",
            f"{matrix.matrix_width:,} × {matrix.matrix_height:,}",
            "all" if limits is None else f"{limits[0]} – {limits[1]}",
            "all" if limits is None else f"{limits[2]} – {limits[3]}",
        )
    return table


def _short(text: str, longest: int = _LONGEST) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def _some(names: Sequence[str], most: int = 3) -> str:
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more
