"""Ourselves, started as a user starts us."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.processes import free_port, running


@contextlib.contextmanager
def serving(
    folder: Path, catalogue: Path, *options: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve a catalogue by one worker; yields the origin and the process."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command: Sequence[str | Path] = [
        *(Path(sys.executable).parent / "tuilerie", "serve", catalogue),
        *("--port", str(port), "--data", folder / "data", "--no-access-log", *options),
    ]
    ready = f"{origin}/health"
    with running(command, log=folder / "tuilerie.log", ready=ready) as process:
        yield origin, process


def kvp_target(z: int, x: int, y: int, media_type: str = "image/jpeg") -> str:
    """A GetTile by KVP, with the very parameters that the peers get."""
    return (
        "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=world&STYLE=default"
        f"&FORMAT={media_type}&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX={z}"
        f"&TILEROW={y}&TILECOL={x}"
    )


def rest_target(z: int | str, x: int | str, y: int | str, extension: str = "jpg") -> str:
    """A GetTile by path; names in braces make it a template."""
    return f"/wmts/1.0.0/world/default/WebMercatorQuad/{z}/{y}/{x}.{extension}"


def soap_target(z: int, x: int, y: int, media_type: str = "image/jpeg") -> str:
    """A GetTile in an envelope: target, media type and body, parted by tabs."""
    values = {
        "Layer": "world",
        "Style": "default",
        "Format": media_type,
        "TileMatrixSet": "WebMercatorQuad",
        "TileMatrix": z,
        "TileRow": y,
        "TileCol": x,
    }
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    body = (
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>'
        '<GetTile xmlns="http://www.opengis.net/wmts/1.0" service="WMTS" version="1.0.0">'
        f"{inside}</GetTile></soap:Body></soap:Envelope>"
    )
    return f"/wmts\tapplication/soap+xml; charset=utf-8\t{body}"
