"""Start servers on free loopback ports, wait until they answer, and stop them whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

SERVER_CORE = "0"
LOAD_CORE = "1"

_GROUPS: set[int] = set()
"""Process groups of the servers that run now."""


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(command: Sequence[str | Path], core: str = SERVER_CORE) -> list[str]:
    """The command, held to one processor, so that server and load do not share one."""
    return ["taskset", "-c", core, *map(str, command)]


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: str,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 60,
    stop_s: float = 15,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server as its own process group until the block ends; `ready` is a URL that answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            pinned(command),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    _GROUPS.add(process.pid)
    try:
        wait_for(ready, process, log, timeout_s)
        yield process
    finally:
        _GROUPS.discard(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=stop_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, timeout_s: float) -> None:
    """Return when the URL answers anything by HTTP (or its port accepts, for other protocols)."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{_tail(log)}")
        try:
            if url.startswith("tcp:"):
                socket.create_connection(("127.0.0.1", int(url[4:])), 1).close()
            else:
                urllib.request.urlopen(url, timeout=30).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)  # a stranger's server tells nobody that it listens: it is asked again
        else:
            return
    raise RuntimeError(f"{url} did not answer within {timeout_s} s:\n{_tail(log)}")


def group_memory_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB (10^6 bytes)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) == pid:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total / 1e6


def servers_cpu_s() -> float:
    """Processor time of all servers that run now, in seconds: of the loaded one, if compared."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) in _GROUPS:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
