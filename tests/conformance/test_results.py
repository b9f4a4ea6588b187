"""A run of the suite is judged by logs alone: nothing that failed or broke off may pass."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from conformance.results import Outcome, counted, read, report

SESSION = "s1"


def write_log(logs: Path, path: str, name: str, body: str, end: str) -> None:
    """Write a log in the words of TEAM Engine's TECore.executeTest."""
    folder = logs / path
    folder.mkdir(parents=True)
    (folder / "log.xml").write_text(
        f'<log>\n<starttest local-name="{name}" prefix="wmts" '
        f'namespace-uri="http://www.opengis.net/wmts/1.0" type="Mandatory" defaultResult="1" '
        f'path="{path}" file="/x">\n<assertion>{name} holds.</assertion>\n<params/>\n</starttest>\n'
        f"{body}{end}"
    )


def ended(code: int) -> str:
    return f'<endtest result="{code}"/>\n</log>\n'


def called(path: str) -> str:
    return f'<testcall path="{path}"/>\n'


REQUEST = """<request id="d1">
<ctl:request xmlns:ctl="http://www.occamlab.com/ctl"><ctl:url>http://127.0.0.1:1/wmts?</ctl:url>
<ctl:method>get</ctl:method><ctl:param name="service">WMTS</ctl:param>
<ctl:param name="layer">a</ctl:param></ctl:request>
<response><parser/><content><response><status protocol="HTTP/1.1" code="404" reason="?"/>
<content>%s</content></response></content></response></request>
<message id="d2"><![CDATA[FAILURE: expected <400>]]></message>
"""


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A root with a group of which a test passed, one failed, one was skipped."""
    below = [f"{SESSION}/a/{name}" for name in ("ok", "bad", "none")]
    write_log(tmp_path, SESSION, "main", called(f"{SESSION}/a"), ended(5))
    write_log(tmp_path, f"{SESSION}/a", "group", "".join(map(called, below)), ended(5))
    write_log(tmp_path, below[0], "Server.KVP.GET.ok", "", ended(1))
    write_log(tmp_path, below[1], "Server.KVP.GET.bad", REQUEST % "no tile", ended(6))
    skipped = '<message id="d3"><![CDATA[No layer has dimensions]]></message>\n'
    write_log(tmp_path, below[2], "Server.KVP.GET.none", skipped, ended(3))
    return tmp_path / SESSION


def test_each_test_counts_once(session: Path) -> None:
    """A group that only inherits would count a failure twice, and a skip as a failure."""
    assert [(test.name.rpartition(".")[2], test.outcome) for test in counted(read(session))] == [
        ("ok", Outcome.PASSED),
        ("bad", Outcome.FAILED),
        ("none", Outcome.SKIPPED),
    ]


def test_a_failure_is_reported_with_its_request_and_a_skip_with_its_reason(session: Path) -> None:
    """Without them nobody could tell whether the server or the suite is wrong."""
    table = report(counted(read(session)))
    assert "FAILED Server.KVP.GET.bad\n    claim: Server.KVP.GET.bad holds." in table
    assert "asked: http://127.0.0.1:1/wmts?service=WMTS&layer=a -> 404" in table
    assert "said:  FAILURE: expected <400>" in table
    assert "SKIPPED Server.KVP.GET.none: No layer has dimensions" in table
    assert table.endswith("1 passed, 1 failed, 1 skipped")


@pytest.mark.parametrize("end", ["", "</log>\n", '<endtest result="x"/></log>', ended(42)])
def test_a_log_without_an_end_is_a_failure(tmp_path: Path, end: str) -> None:
    """A run that was killed, or an engine that speaks otherwise, would look like a good one."""
    write_log(tmp_path, SESSION, "main", "", end)
    [test] = counted(read(tmp_path / SESSION))
    assert test.outcome is Outcome.BROKEN
    assert test.outcome.is_failure


def test_a_missing_log_is_a_failure(tmp_path: Path) -> None:
    """A test that was called and left nothing behind would not be counted at all."""
    write_log(tmp_path, SESSION, "main", called(f"{SESSION}/gone"), ended(1))
    assert [test.outcome for test in counted(read(tmp_path / SESSION))] == [Outcome.BROKEN]


def test_a_group_that_failed_by_itself_counts(tmp_path: Path) -> None:
    """The bootstrap is a group: it fails if the capabilities document is wrong."""
    write_log(tmp_path, SESSION, "main", called(f"{SESSION}/a"), ended(6))
    write_log(tmp_path, f"{SESSION}/a", "ok", "", ended(1))
    assert [test.name for test in counted(read(tmp_path / SESSION))] == ["main", "ok"]


def test_an_answer_that_is_not_xml_does_not_hide_the_verdict(tmp_path: Path) -> None:
    """The engine copies answers into its log as they came."""
    write_log(tmp_path, SESSION, "main", REQUEST % "&nbsp; <br> \x01 <i", ended(6))
    [test] = counted(read(tmp_path / SESSION))
    assert test.outcome.is_failure


def test_no_log_is_no_run(tmp_path: Path) -> None:
    """A Java machine that did not start leaves nothing."""
    with pytest.raises(FileNotFoundError, match="no log"):
        read(tmp_path / SESSION)
