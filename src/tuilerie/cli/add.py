"""`tuilerie add`: layers of another server, put into a catalogue."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from tuilerie.cli import remote_arguments as remote
from tuilerie.cli.problems import EXIT_DATA, tell, tell_all
from tuilerie.cli.remote_failures import check_layers, failures_told
from tuilerie.errors import CatalogueError

if TYPE_CHECKING:
    from tuilerie.sources.remote.discover import Discovered

__all__ = ["add"]


def add(
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="Of the server, as pasted.", show_default=False),
    ],
    catalogue: Annotated[
        Path, typer.Option(metavar="FILE", help="The catalogue; begun if it is not there.")
    ] = Path("catalogue.yaml"),
    layer: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A layer of the server. May be repeated."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All its layers.")] = False,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What we call it; for one layer.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
    ] = False,
    crs: Annotated[str, typer.Option(help="CRS that the server's data are truly in.")] = "",
    user: remote.User = "",
    password: remote.Password = "",
    digest: remote.Digest = False,
    key: remote.Key = "",
    header: remote.Headers = None,
    ca: remote.Ca = "",
    cert: remote.Certificate = "",
    cert_key: remote.CertificateKey = "",
    insecure: remote.Insecure = False,
    proxy: remote.Proxy = "",
    timeout: remote.Timeout = None,
    axis_order: remote.AxisOrder = None,
    encoding: remote.Encoding = remote.EncodingChoice.auto,
    charset: remote.Charset = "",
    literal: remote.Literals = None,
) -> None:
    """Put layers of another server into a catalogue: a source and a layer for each.

    Everything else in the catalogue stays as it is, comments too. A server that serves the
    catalogue follows at once. Secrets are written as references alone.

    Exits with 0 if they were added, 1 if nothing could be, 4 if the server cannot be reached or
    refuses us.
    """
    from tuilerie.sources.remote.discover import discover

    overrides = remote.overrides_entry(
        axis_order=axis_order, crs=crs, charset=charset, literals=literal
    )
    options = remote.options_entry(
        user=user,
        password=password,
        digest=digest,
        key=key,
        headers=header,
        ca=ca,
        certificate=cert,
        certificate_key=cert_key,
        insecure=insecure,
        proxy=proxy,
        timeout=timeout,
    )
    read = remote.reading_overrides(overrides, encoding)
    with failures_told():
        found = asyncio.run(discover(url, remote.remote_options(options), read))
    chosen = _chosen(found, layer or [], every, name)
    entries = _entries(
        found,
        chosen,
        name=name,
        options=_from(catalogue.absolute().parent, options),
        overrides=overrides,
        encoding=encoding.value,
        key=key.partition("=")[0],
    )
    _write(catalogue, entries, dry_run)


def _chosen(found: Discovered, layers: list[str], every: bool, name: str) -> list[str]:
    """Return the layers that are wanted. Raises: typer.Exit, typer.BadParameter."""
    if layers and every:
        raise typer.BadParameter("say either --layer or --all")
    names = list(found.layers)
    if not layers and not every and len(names) > 1:
        shown = "\n  ".join(names[:30])
        more = f"\n  … and {len(names) - 30} more: see `tuilerie inspect`" if names[30:] else ""
        tell(f"the server has {len(names):,} layers:\n  {shown}{more}", "say --layer ID or --all")
        raise typer.Exit(EXIT_DATA)
    check_layers(found, layers)
    chosen = layers or names
    if name and len(chosen) > 1:
        raise typer.BadParameter("--as names one layer: choose it by --layer ID")
    return chosen


def _from(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Return options whose files are meant from the catalogue's folder, not from ours."""
    files = {
        name: os.path.relpath(options[name], folder)
        for name in ("ca_bundle", "client_certificate", "client_key")
        if name in options
    }
    return options | files


def _entries(found: Discovered, chosen: list[str], **how: Any) -> dict[str, dict[str, Any]]:
    from tuilerie.sources.remote.entries import KeyInAddress, entries_for

    try:
        return entries_for(found, chosen, **how)
    except KeyInAddress as error:
        tell(
            f"the address holds a secret, which a catalogue must not: {error}",
            "put it into the environment, and say --key PARAMETER=env:NAME",
        )
        raise typer.Exit(EXIT_DATA) from None


def _write(path: Path, entries: Mapping[str, Mapping[str, Any]], dry_run: bool) -> None:
    from tuilerie.catalogue.edit import EMPTY, add_entries, read_text, replace_file

    try:
        before = read_text(path)
        _refuse_twice(before, path, entries)
        after = add_entries(before, entries, file=str(path), base=path.absolute().parent)
    except CatalogueError as error:
        tell_all(error.problems)
        raise typer.Exit(EXIT_DATA) from None
    if dry_run:
        shown = before if path.exists() else before.replace(EMPTY, "")
        lines = difflib.unified_diff(
            shown.splitlines(), after.splitlines(), str(path), str(path), lineterm=""
        )
        typer.echo("\n".join(lines))
        return
    try:
        replace_file(path, after)
    except OSError as error:
        tell(f"{path} cannot be written: {error.strerror}")
        raise typer.Exit(EXIT_DATA) from None
    names = ", ".join(entries["layers"])
    count = len(entries["layers"])
    Console(highlight=False, soft_wrap=True).print(
        f"[green]added[/] {count} layer{'s' if count > 1 else ''} to {escape(str(path))}: "
        f"{escape(names)}"
    )


def _refuse_twice(text: str, path: Path, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse layers that the catalogue has already. Raises: CatalogueError."""
    from tuilerie.catalogue.yaml_text import read_yaml
    from tuilerie.errors import Problem

    document = read_yaml(text, str(path))
    sources = document.get("sources") if isinstance(document, dict) else None
    what = ("kind", "url", "layer", "layers")
    known = {
        repr([entry.get(part) for part in what]): name
        for name, entry in (sources or {}).items()
        if isinstance(entry, dict)
    }
    problems = [
        Problem(
            f"{name}: the same layer of the same server is the source {known[same]!r} already",
            "a second layer may use that source; write it by hand",
            file=str(path),
        )
        for name, entry in entries["sources"].items()
        if (same := repr([entry.get(part) for part in what])) in known
    ]
    if problems:
        raise CatalogueError(problems)
