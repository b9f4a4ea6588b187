"""`tuilerie inspect`: what a raster or a remote service is, and how it would be served."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tuilerie.cli import remote_arguments as remote
from tuilerie.cli.inspect_raster import inspect_raster
from tuilerie.cli.problems import EXIT_DATA, tell
from tuilerie.cli.remote_failures import failures_told

if TYPE_CHECKING:
    from tuilerie.sources.remote.discover import Discovered

__all__ = ["inspect"]

_DOCUMENTS: Final = frozenset({".xml", ".json", ".html", ".htm"})
_OPENING: Final = (b"<", b"{")
_MOST_BYTES: Final = 32 * 2**20


def inspect(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL",
            help="A raster, MBTiles or PMTiles, saved capabilities, or a server's address.",
            show_default=False,
        ),
    ],
    crs: Annotated[
        str,
        typer.Option(help="CRS of a file that has none, or that a remote's data are truly in."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
    layer: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this layer of a remote, in detail."),
    ] = None,
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
    """Say what a raster is, or what a remote server offers, and what would be served of it.

    An address may be pasted as it is: of capabilities, a service, a tile, a TileJSON, a TMS, an
    ArcGIS map service, or a template such as https://host/{z}/{x}/{y}.png.

    Exits with 0 if something can be served; with 1 if it is of no use, 4 if the remote cannot
    be reached or refuses us.
    """
    path = Path(what)
    if (path.exists() or not remote.is_address(what)) and not _is_document(path):
        inspect_raster(path, crs, as_json)
        return
    entry = remote.overrides_entry(
        axis_order=axis_order, crs=crs, charset=charset, literals=literal
    )
    overrides = remote.reading_overrides(entry, encoding)
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
    from tuilerie.sources.remote.discover import discover, discover_file

    with failures_told():
        if path.exists():
            found = discover_file(path, overrides)
        else:
            found = asyncio.run(discover(what, remote.remote_options(options), overrides))
    _show(found, layer, as_json)


def _is_document(path: Path) -> bool:
    """Return whether a file is read as a document of a service, not as a raster.

    GDAL has rasters in XML too: what is no document that we know is its matter.
    """
    from tuilerie.protocols.recognise import KINDS, recognise

    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(64)
        if not head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(_OPENING):
            return path.suffix.lower() in _DOCUMENTS
        kind = recognise(head + file.read(_MOST_BYTES))
    if path.suffix.lower() in _DOCUMENTS:
        return kind not in {"xml", "image"}
    return kind in KINDS[:7] or kind in {"service-exception", "wfs", "wcs", "csw", "html-page"}


def _show(found: Discovered, layers: list[str] | None, as_json: bool) -> None:
    from tuilerie.cli.inspect_remote import print_report
    from tuilerie.cli.remote_failures import check_layers
    from tuilerie.sources.remote.report import can_be_served, report, report_json

    if layers:
        check_layers(found, layers)
    document = report(found, layers or None)
    if as_json:
        typer.echo(json.dumps(report_json(document), indent=2, ensure_ascii=False))
    else:
        print_report(document)
    if not any(can_be_served(layer) for layer in document.layers):
        tell("nothing here can be served: no layer has pictures that can be asked for")
        raise typer.Exit(EXIT_DATA)
