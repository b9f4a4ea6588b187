"""MapProxy on loopback in front of a cache of tiles, with every service that it has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from bench.processes import free_port, running

from tests.sources.archives import Tiles, write_mbtiles

__all__ = ["over_tiles"]

_PROGRAM = """
import sys
from mapproxy.wsgiapp import make_wsgi_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[2]), make_wsgi_app(sys.argv[1]), threaded=True)
"""


@contextmanager
def over_tiles(folder: Path, tiles: Tiles) -> Iterator[str]:
    """Serve PNG tiles of Web Mercator's pyramid as layer "world"; yields the origin."""
    # Its MBTiles count rows as its grid does: this one from the bottom, as the format wants.
    write_mbtiles(folder / "world.mbtiles", tiles, name="world", format="png")
    configuration = {
        "services": {
            "demo": None,
            "tms": {"use_grid_names": True, "origin": "sw"},
            "wmts": {"kvp": True, "restful": True},
            "wms": {"srs": ["EPSG:3857", "EPSG:4326"], "md": {"title": "The world's maps"}},
        },
        "layers": [{"name": "world", "title": "World", "sources": ["world"]}],
        "grids": {"mercator": {"base": "GLOBAL_MERCATOR", "num_levels": 4}},
        "caches": {
            "world": {
                "grids": ["mercator"],
                "sources": [],
                "format": "image/png",
                "cache": {"type": "mbtiles", "filename": str(folder / "world.mbtiles")},
            }
        },
        "globals": {
            "cache": {"base_dir": str(folder), "lock_dir": str(folder / "locks")},
            "image": {"paletted": False, "resampling_method": "bicubic"},
        },
    }
    path = folder / "mapproxy.yaml"
    path.write_text(yaml.safe_dump(configuration))
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-c", _PROGRAM, str(path), str(port)]
    with running(command, log=folder / "mapproxy.log", ready=f"{origin}/wmts"):
        yield origin
