"""The command as it is called: inside this process for most, as a program where it matters."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from tests.cli.making import make_files
from tests.journeys.running import COMMAND
from tuilerie.cli.main import app

Invoke = Callable[..., Result]
Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files, good and bad."""
    folder = tmp_path_factory.mktemp("files")
    make_files(folder)
    return folder


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Invoke]:
    """Call the command in this process; what it does to the logs is undone."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    loggers = [logging.getLogger(name) for name in ("", "uvicorn", "asyncio", "rasterio")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    structure = structlog.get_config()

    def call(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    yield call
    structlog.configure(**structure)
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run the command as a program, in a folder of its own."""

    def run(*arguments: str | Path, **changes: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            check=False,
            **changes,
        )

    return run
