"""The server as a process: start, several workers, death of one, reload, stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.server.served import BLOCK, REST, Client, ask, fill

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "revision").write_text("20")
    fill(tmp_path / "cache")
    return tmp_path


def start(directory: Path, workers: int = 1, port: int = 0, uds: str = "") -> subprocess.Popen:
    with (directory / "access.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.server.program", directory, str(workers), str(port), uds],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=log,
            text=True,
        )


@contextmanager
def process(directory: Path, workers: int = 1) -> Iterator[tuple[subprocess.Popen, int]]:
    """A running server; stopped gently at the end, and it must obey."""
    server = start(directory, workers)
    try:
        port = int(server.stderr.readline().split()[1])
        yield server, port
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
            assert server.wait(10) == 0
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(5)
        server.stderr.close()


def eventually(condition: Callable[[], object], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError, KeyError):
            if condition():
                return
        time.sleep(0.02)
    pytest.fail("it never came true")


def health(port: int) -> dict:
    return json.loads(ask(port, "/health")[2])


def pids(port: int) -> set[int]:
    return {worker["pid"] for worker in health(port)["workers"]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_process_starts_quickly_and_stops_well(directory: Path, number: signal.Signals) -> None:
    """A service manager would wait, kill it, or take a stop for a failure."""
    started = time.monotonic()
    with process(directory) as (server, port):
        assert ask(port, f"{REST}/8/1/1.png")[0] == 200
        assert time.monotonic() - started < 5
        assert pids(port) == {server.pid}
        server.send_signal(number)
        assert server.wait(5) == 0


def test_workers_share_the_work_and_the_dead_are_replaced(directory: Path) -> None:
    """One core would do everything; a crash would take requests, counts or the service away."""
    with process(directory, workers=2) as (server, port):
        eventually(lambda: len(pids(port)) == 2)
        seen = {json.loads(ask(port, "/health")[2])["catalogue"]["revision"] for _ in range(10)}
        assert seen == {20}
        for _ in range(60):
            ask(port, f"{REST}/8/1/1.png")
        time.sleep(1.3)  # until every worker has put up its counts
        tiles = counted(port)
        assert tiles == 60
        before = pids(port)
        for pid in before:  # both have served: each new connection goes to either
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(pids(port)) == 2 and not pids(port) & before)
        assert server.poll() is None
        # What was counted in the last second before a kill may be lost, no more.
        assert counted(port) == 60
        assert ask(port, f"{REST}/8/1/1.png")[0] == 200


def counted(port: int) -> int:
    text = ask(port, "/metrics")[2].decode()
    return int(
        sum(
            float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith("tuilerie_tiles_total")
        )
    )


def test_connections_are_dealt_out_evenly(directory: Path) -> None:
    """One worker would be busy while the other sleeps."""
    with process(directory, workers=2) as (_, port):
        eventually(lambda: len(pids(port)) == 2)
        clients = [Client(port) for _ in range(100)]
        for client in clients:
            client.send(f"GET {REST}/8/1/1.png".encode() + BLOCK)
            assert client.answer().startswith(b"HTTP/1.1 200")
        time.sleep(1.3)
        text = ask(port, "/metrics")[2].decode()
        shares = [
            float(line.split()[-1])
            for line in text.splitlines()
            if line.startswith("tuilerie_connections{")
        ]
        for client in clients:
            client.socket.close()
    assert sum(shares) >= 100
    assert min(shares) >= 25


def test_a_stop_finishes_requests_in_every_worker(directory: Path) -> None:
    """A restart would cut tiles in the middle."""
    with process(directory, workers=2) as (server, port):
        eventually(lambda: len(pids(port)) == 2)
        clients = [Client(port, timeout=10) for _ in range(8)]
        for number, client in enumerate(clients):
            client.send(f"GET {REST}/8/{number + 20}/20.jpg".encode() + BLOCK)
        time.sleep(0.2)
        server.send_signal(signal.SIGTERM)
        for client in clients:
            assert client.answer().startswith(b"HTTP/1.1 200")
            client.socket.close()
        assert server.wait(10) == 0


def test_workers_do_not_outlive_their_parent(directory: Path) -> None:
    """A killed server would keep its address, and the next one could not start."""
    with process(directory, workers=2) as (server, port):
        eventually(lambda: len(pids(port)) == 2)
        workers = pids(port)
        server.kill()
        server.wait(5)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        assert start_and_read(directory, port) == ""


def start_and_read(directory: Path, port: int) -> str:
    """Start on a port and stop at once; return what was wrong."""
    server = start(directory, port=port)
    line = server.stderr.readline()
    server.terminate()
    server.wait(10)
    server.stderr.close()
    return "" if line.startswith("http") else line


def test_an_edit_reaches_every_worker(directory: Path) -> None:
    """Clients would see now the old and now the new catalogue."""
    with process(directory, workers=2) as (server, port):
        eventually(lambda: len(pids(port)) == 2)
        (directory / "revision").write_text("21")
        eventually(lambda: {worker["revision"] for worker in health(port)["workers"]} == {21})
        (directory / "revision").write_text("oops")
        server.send_signal(signal.SIGHUP)
        eventually(lambda: health(port)["status"] == "degraded")
        assert ask(port, f"{REST}/8/1/1.png")[0] == 200
        # A worker that dies now cannot come back; the other one serves on.
        victim = next(pid for pid in pids(port))
        os.kill(victim, signal.SIGKILL)
        time.sleep(0.5)
        assert server.poll() is None
        (directory / "revision").write_text("22")
        eventually(lambda: {w["revision"] for w in health(port)["workers"]} == {22}, 15)
        eventually(lambda: health(port)["status"] == "ok")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_taken_address_is_told(directory: Path, workers: int) -> None:
    """Two servers would share the port, and clients meet either of them."""
    with process(directory, workers=2) as (_, port):
        second = start(directory, workers, port)
        words = second.stderr.read()
        second.stderr.close()
        assert second.wait(10) == 7
        assert words == (
            f"cannot listen on 127.0.0.1:{port}: another program listens there; stop it or "
            "choose another port\n"
        )


@pytest.mark.parametrize("workers", [1, 2])
def test_a_catalogue_that_cannot_be_served_ends_the_start(directory: Path, workers: int) -> None:
    """The server would start its workers again and again."""
    (directory / "revision").write_text("oops")
    server = start(directory, workers)
    words = server.stderr.read()
    server.stderr.close()
    assert server.wait(10) == 1
    assert "no number: oops" in words


def test_a_unix_socket(directory: Path) -> None:
    """A proxy on the same machine would need a port."""
    path = directory / "socket"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    server = start(directory, uds=str(path))
    try:
        assert server.stderr.readline().split() == [f"unix:{path}", "0"]
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(5)
            caller.connect(str(path))
            for _ in range(2):
                caller.sendall(f"GET {REST}/8/1/1.png".encode() + BLOCK)
                assert caller.recv(65536).startswith(b"HTTP/1.1 200")
        second = start(directory, uds=str(path))
        assert "another program listens there" in second.stderr.read()
        second.stderr.close()
        assert second.wait(10) == 7
        server.terminate()
        assert server.wait(10) == 0
        assert not path.exists()
    finally:
        if server.poll() is None:
            server.kill()
            server.wait(5)
        server.stderr.close()
    log = (directory / "access.log").read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in log] == ["hit", "ready"]


def test_the_server_knows_no_pixel(tmp_path: Path) -> None:
    """A server of cached tiles would need the raster libraries."""
    code = (
        "import sys; import tuilerie.server.run, tuilerie.server.fastlane, tuilerie.server.guard;"
        "print([m for m in ('numpy','rasterio','cv2','PIL','tuilerie.raster','tuilerie.sources',"
        "'tuilerie.jobs','tuilerie.tiles') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
