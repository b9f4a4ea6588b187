"""nginx: static files (the ceiling), and the front of uWSGI and FastCGI as its users run them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.processes import free_port, running

_CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  types {{ image/jpeg jpg; image/png png; }}
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 65;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    {location}
  }}
}}
"""


@contextlib.contextmanager
def serving(folder: Path, location: str, *, ready: str = "/") -> Iterator[str]:
    """Run one nginx worker with one location block; yields the origin."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, location=location))
    origin = f"http://127.0.0.1:{port}"
    command = ["/usr/sbin/nginx", "-p", folder, "-c", configuration]
    with running(command, log=folder / "nginx.log", ready=origin + ready):
        yield origin


def static_files(folder: Path, root: Path) -> contextlib.AbstractContextManager[str]:
    """Serve the files below `root`."""
    return serving(folder, f"root {root};")
