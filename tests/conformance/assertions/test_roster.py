"""No assertion of the suite is forgotten, and every difference from it is told."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tests.conformance.assertions.differences import DIFFERENCES
from tests.conformance.assertions.roster import BEYOND, SUITE, names

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "reference" / "conformance.md"


def replayed() -> Iterator[str]:
    """The ids of all tests here that have the name of a test of the suite."""
    for file in HERE.glob("test_*.py"):
        for found in vars(import_module(f"{__package__}.{file.stem}")).values():
            for mark in getattr(found, "pytestmark", ()):
                for case in mark.args[1] if mark.name == "parametrize" else ():
                    name = getattr(case, "id", None)
                    if name and name.startswith("Server."):
                        yield name


def test_every_test_of_the_suite_is_replayed() -> None:
    """The suite has 310, of which its runs reach those of GET and of resources."""
    assert len(names(SUITE)) == 310
    assert set(replayed()) == names(SUITE) | names(BEYOND)
    assert not names(SUITE) & names(BEYOND)


def test_every_difference_is_on_the_page() -> None:
    """A reader of the page would think that we do what the suite wants."""
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("|")
    ]
    told = {row[:3]: row[3:] for row in rows if len(row) == 5}
    for difference in DIFFERENCES:
        runs, why = told[difference[:3]]
        assert runs == ("yes" if difference.runs else "no")
        assert why
    assert len(told) == len(DIFFERENCES) + 2, "the head of the table, its line, and these"
