"""MapCache in Apache with the event MPM and modules that Debian enables, over tiles in files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.processes import free_port, running

_MAPCACHE = """<?xml version="1.0"?>
<mapcache>
  <cache name="disk" type="disk"><base>{folder}/tiles</base></cache>
  <tileset name="world">
    <cache>disk</cache>
    <grid>GoogleMapsCompatible</grid>
    <format>JPEG</format>
    <read-only>true</read-only>
  </tileset>
  <service type="wmts" enabled="true"/>
  <service type="tms" enabled="true"/>
  <service type="gmaps" enabled="true"/>
  <errors>report</errors>
  <log_level>error</log_level>
</mapcache>
"""

_APACHE = """
ServerName localhost
ServerRoot {folder}
PidFile {folder}/apache.pid
Listen 127.0.0.1:{port}
ListenBacklog 4096
IncludeOptional /etc/apache2/mods-enabled/*.load
IncludeOptional /etc/apache2/mods-enabled/*.conf
<IfModule !mpm_event_module>
  LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
</IfModule>
<IfModule !mapcache_module>
  LoadModule mapcache_module /usr/lib/apache2/modules/mod_mapcache.so
</IfModule>
ErrorLog {folder}/error.log
LogLevel error
User www-data
Group www-data
ServerLimit 8
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers 512
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
MapCacheAlias /mapcache {folder}/mapcache.xml
<Location /mapcache>
  Require all granted
</Location>
"""


@contextlib.contextmanager
def over_files(folder: Path, files: Mapping[tuple[int, int, int], Path]) -> Iterator[str]:
    """Serve JPEG files, by (z, x, y from the top), as layer "world"; yields the origin."""
    folder.mkdir(parents=True, exist_ok=True)
    for tile, file in files.items():
        _link(folder / "tiles" / "world" / "GoogleMapsCompatible", tile, file)
    port = free_port()
    (folder / "mapcache.xml").write_text(_MAPCACHE.format(folder=folder))
    (folder / "apache.conf").write_text(_APACHE.format(folder=folder, port=port))
    origin = f"http://127.0.0.1:{port}"
    command = ["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", folder / "apache.conf"]
    with running(command, log=folder / "apache.log", ready=f"{origin}/mapcache/wmts"):
        yield origin


def _link(base: Path, tile: tuple[int, int, int], file: Path) -> None:
    """Put a tile where its default disk layout wants it, rows counted from the bottom."""
    z, x, y = tile
    col, row = f"{x:09}", f"{2**z - 1 - y:09}"
    path = base / f"{z:02}" / col[:3] / col[3:6] / col[6:] / row[:3] / row[3:6] / f"{row[6:]}.jpg"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(file)


def kvp_target(z: int, x: int, y: int) -> str:
    """A GetTile by KVP."""
    return (
        "/mapcache/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=world&STYLE=default"
        f"&FORMAT=image/jpeg&TILEMATRIXSET=GoogleMapsCompatible&TILEMATRIX={z}"
        f"&TILEROW={y}&TILECOL={x}"
    )


def rest_target(z: int, x: int, y: int) -> str:
    """A GetTile by path."""
    return f"/mapcache/wmts/1.0.0/world/default/GoogleMapsCompatible/{z}/{y}/{x}.jpg"
