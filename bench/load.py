"""Two load generators: wrk for cached tiles, and a small client that asks each tile once."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from bench.processes import LOAD_CORE, pinned, servers_cpu_s

_SCRIPT = """
local requests = {}
function init(args)
  for line in io.lines(args[1]) do
    local target, media_type, body = line:match("^(%S+)\\t(.-)\\t(.*)$")
    requests[#requests + 1] = body
      and wrk.format("POST", target, {["Content-Type"] = media_type}, body)
      or wrk.format("GET", line)
  end
  math.randomseed(20261121)
end
function request() return requests[math.random(#requests)] end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw; latencies in milliseconds."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float = 0.0
    """Processor time of the server per request: what a shared machine disturbs least."""


def wrk(
    origin: str, targets: Sequence[str], *, connections: int, seconds: float, folder: Path
) -> Load:
    """Ask random targets over keep-alive connections from one thread on the load's core.

    A target is asked by GET; one with a media type and a body behind it, parted by tabs, by POST.
    """
    script, listing = folder / "random.lua", folder / "targets.txt"
    script.write_text(_SCRIPT)
    listing.write_text("\n".join(targets))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script]
    before = servers_cpu_s()
    run = subprocess.run(
        pinned([*command, origin, "--", listing], LOAD_CORE),
        capture_output=True,
        text=True,
        check=True,
    )
    seen = _read(run.stdout)
    requests = max(seen.requests_per_s * seconds, 1.0)
    return replace(seen, cpu_us=(servers_cpu_s() - before) / requests * 1e6)


def _read(text: str) -> Load:
    def milliseconds(percentile: str) -> float:
        number, unit = re.search(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s|m)$", text, re.M).groups()
        return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[unit]

    socket_errors = re.search(r"Socket errors: (.*)", text)
    bad_status = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, re.findall(r"\d+", socket_errors[1]))) if socket_errors else 0
    return Load(
        requests_per_s=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        p50_ms=milliseconds("50"),
        p99_ms=milliseconds("99"),
        errors=errors + (int(bad_status[1]) if bad_status else 0),
    )


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of asking every target once."""

    tiles_per_s: float
    bytes: int
    errors: int


def _forget(target: str, body: bytes) -> None:
    """Keep nothing."""


def sweep(
    origin: str,
    targets: Sequence[str],
    *,
    clients: int,
    keep: Callable[[str, bytes], None] = _forget,
) -> Sweep:
    """Ask every target once, in order, by several keep-alive clients side by side."""
    return uvloop.run(_sweep(origin, list(reversed(targets)), clients, keep))


async def _sweep(
    origin: str, queue: list[str], clients: int, keep: Callable[[str, bytes], None]
) -> Sweep:
    count, size, errors = len(queue), 0, 0
    address = urlsplit(origin)

    async def client() -> None:
        nonlocal size, errors
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while queue:
            target = queue.pop()
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            status, body = await _answer(reader)
            size += len(body)
            errors += status != 200
            keep(target, body)
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Sweep(count / (time.perf_counter() - start), size, errors)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head[9:12])
    length = re.search(r"^content-length: *(\d+)", head, re.M)
    if length:
        return status, await reader.readexactly(int(length[1]))
    body = b""
    while (size := int(await reader.readuntil(b"\r\n"), 16)) > 0:
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, body
