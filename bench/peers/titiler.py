"""TiTiler on uvicorn: tiles straight from a raster file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from bench.peers.environment import environment
from bench.processes import free_port, running

_PACKAGES = ("titiler.core==2.4.0", "uvicorn[standard]==0.54.0")

_APPLICATION = """
from fastapi import FastAPI
from titiler.core.factory import TilerFactory

app = FastAPI()
app.include_router(TilerFactory().router)
"""

# The settings that its own documentation recommends for speed.
_GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": "200",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": "5000000",
}


@contextlib.contextmanager
def serving(folder: Path, shelf: Path) -> Iterator[str]:
    """Run one worker; yields the origin."""
    folder.mkdir(parents=True, exist_ok=True)
    binaries = environment(shelf / "titiler", _PACKAGES)
    (folder / "application.py").write_text(_APPLICATION)
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [
        *(binaries / "uvicorn", "application:app", "--host", "127.0.0.1", "--port", str(port)),
        *("--no-access-log", "--log-level", "error"),
    ]
    log = folder / "titiler.log"
    with running(command, log=log, ready=f"{origin}/docs", cwd=folder, env=_GDAL):
        yield origin


def target(raster: Path, z: int, x: int, y: int, extension: str) -> str:
    """A tile of a raster file, interpolated like ours."""
    return (
        f"/tiles/WebMercatorQuad/{z}/{x}/{y}.{extension}"
        f"?url={quote(str(raster))}&resampling=bilinear&reproject=bilinear"
    )
