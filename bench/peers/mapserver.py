"""MapServer over FastCGI behind nginx: a WMS on one raster file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.peers import nginx
from bench.processes import free_port, running

_MAPFILE = """
MAP
  NAME world
  STATUS ON
  SIZE 256 256
  MAXSIZE 8192
  EXTENT -180 -90 180 90
  PROJECTION "init=epsg:4326" END
  IMAGETYPE jpeg
  OUTPUTFORMAT NAME jpeg DRIVER "AGG/JPEG" MIMETYPE "image/jpeg" FORMATOPTION "QUALITY=85" END
  OUTPUTFORMAT NAME png DRIVER "AGG/PNG" MIMETYPE "image/png" IMAGEMODE RGB END
  WEB METADATA "ows_title" "world" "ows_enable_request" "*" "ows_srs" "EPSG:3857 EPSG:4326" END END
  LAYER
    NAME world
    TYPE RASTER
    STATUS ON
    DATA "{raster}"
    PROCESSING "RESAMPLE=BILINEAR"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "init=epsg:4326" END
    METADATA "ows_title" "world" END
  END
END
"""


_CONFIGURATION = """
CONFIG
  ENV
    MS_MAP_PATTERN "."
  END
END
"""


@contextlib.contextmanager
def over_raster(folder: Path, raster: Path, *, processes: int = 2) -> Iterator[str]:
    """Serve a raster in EPSG:4326 as WMS layer "world"; yields the WMS address."""
    folder.mkdir(parents=True, exist_ok=True)
    mapfile = folder / "world.map"
    mapfile.write_text(_MAPFILE.format(raster=raster))
    configuration = folder / "mapserver.conf"
    configuration.write_text(_CONFIGURATION)
    port = free_port()
    watch = ("/usr/bin/multiwatch", "-f", str(processes), "--") if processes > 1 else ()
    command = [
        *("spawn-fcgi", "-n", "-a", "127.0.0.1", "-p", str(port), "--"),
        *(*watch, "/usr/lib/cgi-bin/mapserv"),
    ]
    location = (
        "location / { include /etc/nginx/fastcgi_params;"
        f" fastcgi_param MS_MAPFILE {mapfile};"
        f" fastcgi_pass 127.0.0.1:{port}; }}"
    )
    environment = {"MAPSERVER_CONFIG_FILE": str(configuration)}
    ready, log = f"tcp:{port}", folder / "mapserv.log"
    with (
        running(command, log=log, ready=ready, env=environment, stop_s=1),
        nginx.serving(folder / "front", location) as origin,
    ):
        yield f"{origin}/?"
