"""`tuilerie serve` as an operator starts it, and the plainest client that HTTP allows."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

__all__ = ["COMMAND", "Answer", "Server", "eventually", "serving"]

Found = TypeVar("Found")

_ADDRESS = re.compile(r"serves at\D*http://(?:127\.0\.0\.1|localhost):(\d+)")
_SAMPLE = re.compile(r"(\w+?)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_START_S = 60.0
_STOP_S = 30.0


def _command() -> list[str]:
    script = Path(sys.executable).with_name("tuilerie")
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", "from tuilerie.cli.main import main; main()"]


COMMAND = _command()


def eventually(look: Callable[[], Found], what: str, *, within_s: float = 20.0) -> Found:
    """Return the first answer of `look` that is true; fail if none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.03)


class Answer(NamedTuple):
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0]


class Server:
    """A running server.

    Attributes:
        port: on 127.0.0.1.
        process: what was started; of several workers, their parent.
        log: what it wrote to standard error.
        access: what it wrote to standard output.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path, access: Path) -> None:
        self.process = process
        self.log = log
        self.access = access
        self.port = 0

    @property
    def url(self) -> str:
        """The address of the service, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def get(
        self, target: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """Ask on a connection of its own; the target is sent as it stands."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            fields = headers or {}
            connection.putrequest(
                method, target, skip_host="Host" in fields, skip_accept_encoding=True
            )
            for name, value in fields.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get_all(self, targets: Sequence[str], side_by_side: int = 8) -> list[Answer]:
        """Ask for several things at once, and return the answers in the same order."""
        with ThreadPoolExecutor(side_by_side) as threads:
            return list(threads.map(self.get, targets))

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and return all that comes until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)

    def health(self) -> dict[str, Any]:
        """What `/health` says."""
        answer = self.get("/health")
        assert answer.status == 200
        return json.loads(answer.body)

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """What `/metrics` says: values by name and labels."""
        found = {}
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith("#"):
                continue
            sample = _SAMPLE.match(line)
            assert sample, line
            labels = frozenset(_LABEL.findall(sample[2] or ""))
            found[sample[1], labels] = float(sample[3])
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric over all samples that have these labels."""
        wanted = set(labels.items())
        return sum(
            value
            for (own, found), value in self.metrics().items()
            if own == name and wanted <= found
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Stop it as a service manager does; return the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"the server did not stop within {_STOP_S:g} s")

    def wait_until_serving(self, health: str) -> None:
        """Wait for the address that is printed, and for an answer there."""

        def address() -> str:
            found = _ADDRESS.search(self.log.read_text("utf-8", "replace"))
            if found is None and self.process.poll() is not None:
                pytest.fail(f"the server did not start:\n{self.log.read_text('utf-8', 'replace')}")
            return found[1] if found else ""

        self.port = int(eventually(address, "the server prints its address", within_s=_START_S))
        assert self.get(health).status == 200


@contextmanager
def serving(
    folder: Path,
    *arguments: str | Path,
    around: Sequence[str] = (),
    access_log: bool = False,
    health: str = "/health",
) -> Iterator[Server]:
    """Run `tuilerie serve` on a free port until the block ends.

    Args:
        folder: where its logs, and its data unless `--data` is given, are written.
        around: a command that runs the server's.
        access_log: whether it writes a line for every request.
        health: path that answers as soon as it serves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = [*around, *COMMAND, "serve", *map(str, arguments), "--port", "0"]
    if "--data" not in arguments:
        words += ["--data", str(folder / "data")]
    if not access_log:
        words.append("--no-access-log")
    log, access = folder / "log.txt", folder / "access.txt"
    with log.open("wb") as errors, access.open("wb") as output:
        process = subprocess.Popen(
            words, stdout=output, stderr=errors, cwd=folder, env={**os.environ, "COLUMNS": "200"}
        )
    server = Server(process, log, access)
    try:
        server.wait_until_serving(health)
        yield server
    finally:
        if process.poll() is None:
            server.stop()
