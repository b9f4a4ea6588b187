"""Where the suite is not to be had, nothing pretends that it was run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from conformance.__main__ import main


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without Java and Maven."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("claim", "code", "last"),
    [
        ("True", 0, "every assertion held, but for the differences"),
        ("False", 1, "an assertion failed."),
        (None, 2, "it did not run"),
    ],
)
def test_the_replay_decides_and_says_that_it_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], claim: str | None, code: int, last: str
) -> None:
    """A green replay would be taken for the suite's verdict, or a red one would be green."""
    tests = tmp_path / "assertions"
    tests.mkdir()
    if claim:
        (tests / "test_one.py").write_text(f"def test_one(): assert {claim}\n")
    assert main([], tmp_path / "shelf", tests) == code
    told = capsys.readouterr()
    assert told.err.startswith("The suite was not run: java is missing")
    assert told.out.splitlines()[-1].startswith(f"This was the replay and not the suite: {last}")


def test_who_wants_the_suite_alone_is_told_that_it_did_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release could be made on the strength of a run that never was."""
    assert main(["--suite-only"], tmp_path / "shelf", tmp_path / "none") == 2
    told = capsys.readouterr()
    assert "The suite was not run" in told.err
    assert "replay" not in told.out
