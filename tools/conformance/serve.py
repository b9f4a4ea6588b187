"""A server of ours for the length of a run, on a free port of the loopback."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

__all__ = ["serving"]

_ADDRESS = re.compile(rb"serves at (http://127\.0\.0\.1:\d+)/")
_START_S = 60
_STOP_S = 30
_LOOK_S = 0.1


@contextmanager
def serving(catalogue: Path, log: Path) -> Iterator[str]:
    """Serve a catalogue with an empty cache until the block ends; yield the address, no slash.

    Raises:
        RuntimeError: the server ended, or said no address within a minute.
    """
    program = Path(sys.executable).with_name("tuilerie")
    with TemporaryDirectory() as data, log.open("wb") as output:
        process = subprocess.Popen(
            [program, "serve", catalogue, "--port", "0", "--data", data, "--no-access-log"],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            yield _address(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = monotonic() + _START_S
    while monotonic() < deadline:
        if found := _ADDRESS.search(log.read_bytes()):
            return found[1].decode()
        try:
            process.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')}")
