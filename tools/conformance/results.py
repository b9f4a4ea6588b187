"""What the suite found, read from the logs that TEAM Engine leaves.

The engine writes a log.xml per test into a tree of folders: `starttest` with the test's name and
assertion, then requests, messages and `testcall` for the tests below it, then `endtest` with a
code. A group inherits failures, and skips too: so only tests without others below them count, and
groups that failed by themselves. A log without an end means that the run broke off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lxml import etree

__all__ = ["Finding", "Outcome", "counted", "read", "report"]

_CTL = "{http://www.occamlab.com/ctl}"


class Outcome(Enum):
    """How a test ended, by the engine's codes; `BROKEN` is our word for a log without an end."""

    CONTINUE = -1
    BEST_PRACTICE = 0
    PASSED = 1
    NOT_TESTED = 2
    SKIPPED = 3
    WARNING = 4
    INHERITED = 5
    FAILED = 6
    BROKEN = 99

    @property
    def is_failure(self) -> bool:
        """Whether a run with such a test must not end well."""
        return self in (Outcome.FAILED, Outcome.BROKEN, Outcome.CONTINUE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one test of a run.

    Attributes:
        name: as the suite has it, such as `Server.KVP.GET.GetTile.Mandatory`.
        assertion: what it claims of the server.
        outcome: how it ended.
        messages: what it said on the way; the reason of a skip or failure is among them.
        requests: the addresses it asked for, and the status lines where they are known.
        is_group: whether other tests are below it.
    """

    name: str
    assertion: str
    outcome: Outcome
    messages: tuple[str, ...]
    requests: tuple[str, ...]
    is_group: bool


def read(session: Path) -> list[Finding]:
    """Return the tests of a session, the root first, in the order in which they were called.

    Args:
        session: the folder with the root's log.xml.

    Raises:
        FileNotFoundError: there is no log, so the engine did not start the suite.
    """
    if not (session / "log.xml").exists():
        raise FileNotFoundError(f"the engine wrote no log for session {session.name}")
    return list(_walk(session.parent, session.name))


def counted(tests: Iterable[Finding]) -> list[Finding]:
    """Return the tests that count: those with none below, and groups that failed themselves."""
    return [test for test in tests if not test.is_group or test.outcome.is_failure]


def _walk(logs: Path, path: str) -> Iterator[Finding]:
    log = _log(logs / path / "log.xml")
    if log is None:
        yield Finding(
            path, "", Outcome.BROKEN, ("its log is missing or empty",), (), is_group=False
        )
        return
    calls = [call.get("path", "") for call in log.iterfind("testcall")]
    start, end = log.find("starttest"), log.find("endtest")
    exceptions = [f"exception: {_text(found)}" for found in log.iterfind("exception")]
    yield Finding(
        name=path if start is None else start.get("local-name", path),
        assertion="" if start is None else _text(start.find("assertion")),
        outcome=_outcome(end),
        messages=tuple([_text(found) for found in log.iterfind("message")] + exceptions),
        requests=tuple(_request(found) for found in log.iterfind("request")),
        is_group=bool(calls),
    )
    for call in calls:
        yield from _walk(logs, call)


def _log(file: Path) -> etree._Element | None:
    # Answers of the server stand in the log as they came: what is not XML must not hide the rest.
    parser = etree.XMLParser(recover=True, no_network=True, resolve_entities=False, huge_tree=True)
    try:
        return etree.parse(str(file), parser).getroot()
    except (OSError, etree.XMLSyntaxError):
        return None


def _outcome(end: etree._Element | None) -> Outcome:
    try:
        return Outcome(int("" if end is None else end.get("result", "")))
    except ValueError:
        return Outcome.BROKEN


def _text(found: etree._Element | None) -> str:
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _request(found: etree._Element) -> str:
    url = _text(found.find(f".//{_CTL}url"))
    pairs = [f"{p.get('name')}={_text(p)}" for p in found.iterfind(f".//{_CTL}param")]
    if pairs:
        url += ("" if url.endswith(("?", "&")) else "&" if "?" in url else "?") + "&".join(pairs)
    status = found.find(".//response//status")
    return url if status is None else f"{url} -> {status.get('code', '?')}"


def report(tests: Sequence[Finding]) -> str:
    """Return the table that a run prints: failures at length, then skips, then counts."""
    of = {outcome: [t for t in tests if t.outcome is outcome] for outcome in Outcome}
    lines: list[str] = []
    for test in tests:
        if test.outcome.is_failure:
            lines += [f"{test.outcome.name} {test.name}", f"    claim: {test.assertion}"]
            lines += [f"    asked: {request}" for request in test.requests]
            lines += [f"    said:  {message}" for message in test.messages]
    for outcome in (Outcome.WARNING, Outcome.NOT_TESTED, Outcome.SKIPPED):
        for test in of[outcome]:
            reason = test.messages[-1] if test.messages else "no reason given"
            lines.append(f"{outcome.name} {test.name}: {reason}")
    passed = len(of[Outcome.PASSED]) + len(of[Outcome.BEST_PRACTICE]) + len(of[Outcome.WARNING])
    skipped = len(of[Outcome.SKIPPED]) + len(of[Outcome.NOT_TESTED])
    failed = sum(test.outcome.is_failure for test in tests)
    return "\n".join([*lines, f"{passed} passed, {failed} failed, {skipped} skipped"])
