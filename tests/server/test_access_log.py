"""One line per request, whatever is asked; nothing secret in it, and nobody waits for it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.served import BLOCK, REST, Client, address, ask, live_of, serving
from tuilerie.server.access_log import MAX_TARGET, AccessLog, Record, format_record
from tuilerie.server.forwarded import TrustedProxies
from tuilerie.server.metrics import Metrics
from tuilerie.telemetry import LOG_KEYS, Meters


def record(target: bytes, **changes: object) -> Record:
    made = Record(1_700_000_000.1239, "GET", target, 200, 10, 0.0012345, "192.0.2.7", "", None)
    return made._replace(**changes)


def lines_of(filled: Path, talk: Callable[[int], None], **settings: object) -> list[dict]:
    """The lines that a conversation leaves."""
    reading, writing = os.pipe()
    text = b""

    def collect() -> None:
        nonlocal text
        while data := os.read(reading, 65536):
            text += data

    thread = threading.Thread(target=collect)
    thread.start()
    live = live_of(filled, **settings)
    with serving(live, log=AccessLog("json", live.metrics, descriptor=writing)) as (_, port):
        talk(port)
    os.close(writing)
    thread.join()
    os.close(reading)
    return [json.loads(line) for line in text.decode().splitlines()]


@pytest.mark.parametrize("fast_lane", [True, False])
def test_every_request_has_its_line(filled: Path, fast_lane: bool) -> None:
    """Requests on the fast lane would leave no trace."""

    def talk(port: int) -> None:
        ask(port, f"{REST}/8/1/2.png")
        ask(port, f"{REST}/8/1/2.png")
        ask(port, f"{REST}/8/1/2.png", "If-None-Match: *")
        ask(port, f"{REST}/8/1/5.png")
        ask(port, f"{REST}/8/1/6.png")
        ask(port, "/wmts?token=abc")

    lines = lines_of(filled, talk, fast_lane=fast_lane)
    assert [(line.get("outcome"), line["status"]) for line in lines] == [
        ("hit", 200), ("ready", 200), ("not_modified", 304), ("miss", 200), ("error", 500),
        (None, 400),
    ]  # fmt: skip
    first = lines[0]
    assert set().union(*lines) <= LOG_KEYS
    assert first["target"] == f"{REST}/8/1/2.png"
    assert first["remote"] == "127.0.0.1"
    assert first["bytes"] > 100
    assert first["ms"] > 0
    assert lines[2]["bytes"] == 0
    place = {key: first[key] for key in ("layer", "matrix_set", "matrix", "row", "col")}
    assert place == {
        "layer": "world",
        "matrix_set": "WebMercatorQuad",
        "matrix": "8",
        "row": 1,
        "col": 2,
    }
    assert lines[5]["target"] == "/wmts?token=***"


def test_thousands_of_lines_come_whole_and_in_order(filled: Path) -> None:
    """Under load lines would be lost or cut."""

    def talk(port: int) -> None:
        with Client(port) as client:
            for number in range(2000):
                client.send(f"GET {REST}/8/1/{number % 5}.png".encode() + BLOCK)
                client.answer()

    lines = lines_of(filled, talk)
    assert [line["col"] for line in lines] == [number % 5 for number in range(2000)]


@pytest.mark.parametrize("fast_lane", [True, False])
def test_the_client_behind_a_trusted_proxy_is_named(filled: Path, fast_lane: bool) -> None:
    """Every line would name the proxy; or whoever a stranger says he is."""
    fields = "X-Forwarded-For: 6.6.6.6, 192.0.2.7"
    trusted = TrustedProxies.parse(["127.0.0.1"])
    for settings, expected in (({"trusted": trusted}, "192.0.2.7"), ({}, "127.0.0.1")):
        lines = lines_of(
            filled,
            lambda port: ask(port, f"{REST}/8/1/2.png", fields),
            fast_lane=fast_lane,
            **settings,
        )
        assert lines[0]["remote"] == expected


def test_a_line_for_a_person() -> None:
    """The console format would differ from what the manual shows."""
    line = format_record(record(b"/x", outcome="hit", address=address(4, 3)), "console")
    assert line == (
        "2023-11-14T22:13:20.123Z 200 GET /x bytes=10 ms=1.234 remote=192.0.2.7 outcome=hit "
        "layer=world matrix_set=WebMercatorQuad matrix=8 row=3 col=4\n"
    )


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (b"/wmts?APIKEY=abc&layer=x", "/wmts?APIKEY=***&layer=x"),
        (b"/wmts?layer=x&access_token=abc", "/wmts?layer=x&access_token=***"),
        (b"/wmts?x=1&Password=a%26b&y=2", "/wmts?x=1&Password=***&y=2"),
        (b"/wmts?layer=keys&x=tokens", "/wmts?layer=keys&x=tokens"),
        (b'/a\x1b[31m\r\nb"\\\xff', "/a%1B[31m%0D%0Ab%22%5C%FF"),
    ],
)
def test_secrets_and_control_characters_stay_out(target: bytes, shown: str) -> None:
    """A key would be read by whoever reads the log; an escape would rewrite the terminal."""
    assert json.loads(format_record(record(target), "json"))["target"] == shown


@given(st.binary(max_size=2000), st.text(max_size=20))
def test_a_line_is_always_one_line_of_json(target: bytes, layer: str) -> None:
    """A hostile address would forge lines, or end the log."""
    one = record(target, address=address(1, 2, name=layer))
    for kind in ("json", "console"):
        line = format_record(one, kind)
        assert line.count("\n") == 1
        assert line.isprintable() or kind == "json" or line[:-1].isprintable()
        assert len(line) < 3 * MAX_TARGET + 600
    assert json.loads(format_record(one, "json"))["layer"] == layer


def test_nobody_waits_for_a_log_that_nobody_reads(filled: Path) -> None:
    """A full pipe would stop the service of tiles."""
    reading, writing = os.pipe()
    metrics = Metrics(Meters())
    log = AccessLog("json", metrics, descriptor=writing)
    live = live_of(filled)
    started = time.monotonic()
    with serving(live, log=log) as (_, port), Client(port) as client:
        for _ in range(1500):
            client.send(f"GET {REST}/8/1/1.png".encode() + BLOCK)
            client.answer()
    assert time.monotonic() - started < 12
    os.close(reading)
    log._writer.thread.join(5)
    os.close(writing)


def test_lines_that_cannot_be_written_are_counted() -> None:
    """An operator would believe that nothing was asked."""
    reading, writing = os.pipe()
    os.close(reading)
    metrics = Metrics(Meters())
    log = AccessLog("json", metrics, descriptor=writing)
    log._writer.thread.start()
    for _ in range(3):
        log.records.append(record(b"/x"))
        log._hand_over()
        deadline = time.monotonic() + 2
        while log._writer.taken < log._writer.given and time.monotonic() < deadline:
            time.sleep(0.005)
    log._hand_over()
    assert metrics.log_dropped == 3
    log._writer.queue.put(b"")
    log._writer.thread.join()
    os.close(writing)
