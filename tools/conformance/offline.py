"""An HTTP proxy that knows the schemas and nothing else, so that a run needs no network.

The suite's schemas import others by their public addresses. The Java machine is told to ask this
proxy for every address outside the loopback; it hands out the copies in the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

__all__ = ["SchemaProxy", "schema_proxy"]

_HOSTS = {"schemas.opengis.net": "", "www.w3.org": "w3c"}


@dataclass(frozen=True, slots=True)
class SchemaProxy:
    """A running proxy: its port on 127.0.0.1, and the addresses it was asked for and has not."""

    port: int
    refused: list[str] = field(default_factory=list)

    @property
    def java_options(self) -> list[str]:
        """System properties that send a Java machine here; it asks the loopback directly."""
        hosts = ["-Dhttp.nonProxyHosts=localhost|127.*|[::1]", "-Djava.net.useSystemProxies=false"]
        for scheme in ("http", "https"):
            hosts += [f"-D{scheme}.proxyHost=127.0.0.1", f"-D{scheme}.proxyPort={self.port}"]
        return hosts


@contextmanager
def schema_proxy(schemas: Path) -> Iterator[SchemaProxy]:
    """Serve a folder of schemas under their public addresses until the block ends."""
    root = schemas.resolve()
    refused: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = _place(self.path, root)
            if place is None:
                self._refuse()
                return
            body = place.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _refuse(self) -> None:
            refused.append(self.path)
            self.send_error(403, "not a schema that is kept here")

        do_CONNECT = do_POST = do_HEAD = _refuse  # noqa: N815 - the names that the base class calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield SchemaProxy(server.server_port, refused)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _place(url: str, root: Path) -> Path | None:
    parts = urlsplit(url)
    folder = _HOSTS.get(parts.hostname or "")
    if folder is None:
        return None
    home = root / folder
    place = (home / parts.path.lstrip("/")).resolve()
    kept = place.is_relative_to(home) and place.suffix == ".xsd" and place.is_file()
    return place if kept else None
