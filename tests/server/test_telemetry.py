"""The program's own lines and counts."""

from __future__ import annotations

import errno
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

import tuilerie
from tuilerie.errors import CacheError
from tuilerie.telemetry import LOG_KEYS, Meters, configure_logging, fault_kind, get_logger


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("uvicorn", "asyncio")}
    yield
    root.handlers, root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def test_lines_are_json_where_machines_read_them() -> None:
    """A log collector could not read them; lines of libraries would be of another kind."""
    stream = io.StringIO()
    configure_logging("json", "info", stream=stream)
    get_logger("tuilerie.x").warning("cache fault", kind="disk_full", error="line\nbreak")
    get_logger("tuilerie.x").debug("not said")
    logging.getLogger("library").warning("%s fell", "it")
    logging.getLogger("uvicorn.error").info("chatter")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["cache fault", "it fell"]
    assert lines[0]["error"] == "line\nbreak"
    assert all(set(line) <= LOG_KEYS for line in lines)
    assert lines[0]["time"].endswith("Z")


def test_hostile_values_do_not_reach_the_terminal() -> None:
    """A request could rewrite what the operator sees."""
    stream = io.StringIO()
    configure_logging("console", "info", stream=stream)
    get_logger("x").warning("request failed", target="/\x1b[2J\r\nall is well")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_faults_are_told_with_their_trace() -> None:
    """A bug would be reported without the place where it is."""
    for kind in ("console", "json"):
        stream = io.StringIO()
        configure_logging(kind, "info", stream=stream)
        try:
            raise RuntimeError("here")
        except RuntimeError:
            get_logger("x").exception("request failed")
        assert "test_telemetry.py" in stream.getvalue()
        structlog.reset_defaults()


def test_mistakes_are_told() -> None:
    """An unknown level would silence everything."""
    for arguments in (("json", "loud"), ("xml", "info")):
        with pytest.raises(ValueError, match="no such log level or format"):
            configure_logging(*arguments)


def test_every_key_in_the_code_is_on_the_list() -> None:
    """Dashboards would look for a key under one name and find it under another."""
    call = re.compile(r"_log\.(?:debug|info|warning|error|exception)\((.*?)\n?\s*\)\n", re.DOTALL)
    for file in Path(tuilerie.__file__).parent.rglob("*.py"):
        for found in call.finditer(file.read_text()):
            for key in re.findall(r"[(,]\s*([a-z_]+)=(?!=)", found[1]):
                assert key in LOG_KEYS, f"{key} in {file.name}"


def test_the_kind_of_a_fault_is_found_behind_its_words() -> None:
    """An operator would be told "other" where the disk is full."""

    def caused(cause: BaseException) -> CacheError:
        fault = CacheError("not stored")
        fault.__cause__ = cause
        return fault

    assert fault_kind(caused(OSError(errno.ENOSPC, "x"))) == "disk_full"
    assert fault_kind(caused(OSError(errno.EROFS, "x"))) == "read_only"
    assert fault_kind(caused(PermissionError(errno.EACCES, "x"))) == "permission"
    assert fault_kind(CacheError("/srv/read-only maps/no space left: odd")) == "other"


def test_a_fault_that_comes_again_and_again_is_said_once_a_minute() -> None:
    """A full disk would be made fuller by its own log."""
    stream = io.StringIO()
    configure_logging("json", "info", stream=stream)
    now = [1000.0]
    meters = Meters(clock=lambda: now[0])
    for _ in range(100):
        meters.cache_fault(CacheError("disk is full", errno.ENOSPC))
        now[0] += 1
    assert meters.cache_faults == {"disk_full": 100}
    assert len(stream.getvalue().splitlines()) == 2
    assert meters.last_cache_fault is not None
    assert meters.last_cache_fault.time == 1099.0
