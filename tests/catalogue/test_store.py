"""Revisions: the updateSequence that clients compare must only grow, the same in all processes."""

from __future__ import annotations

import multiprocessing

import pytest

from tuilerie.catalogue.store import RevisionStore


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_the_same_state_keeps_its_revision(tmp_path):
    """A restart would make every client read the capabilities again."""
    first = RevisionStore(tmp_path).revision_of("a")
    assert RevisionStore(tmp_path).revision_of("a") == first


def test_every_change_grows_even_when_the_clock_stands_or_goes_back(tmp_path):
    """A client would keep capabilities that are out of date."""
    clock = Clock(1_700_000_000)
    store = RevisionStore(tmp_path, clock=clock)
    seen = [store.revision_of("a"), store.revision_of("b")]
    clock.now -= 1_000_000
    seen += [store.revision_of("a"), store.revision_of("c")]
    assert seen == sorted(set(seen))


def test_a_lost_directory_does_not_make_it_shrink(tmp_path):
    """Clients that remember a greater number would get InvalidUpdateSequence for ever."""
    clock = Clock(1_700_000_000)
    before = RevisionStore(tmp_path / "lost", clock=clock).revision_of("a")
    clock.now += 60
    assert RevisionStore(tmp_path / "new", clock=clock).revision_of("a") > before


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"fingerprint": "a"}', '{"revision": null}'])
def test_a_damaged_file_counts_as_none(tmp_path, damage):
    """The server would not start for the sake of a counter."""
    (tmp_path / "revision.json").write_text(damage)
    assert RevisionStore(tmp_path).revision_of("a") > 1_600_000_000


def _ask(directory, fingerprint):
    return RevisionStore(directory).revision_of(fingerprint)


def test_processes_agree(tmp_path):
    """Workers would tell different sequences for the same state."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.starmap(_ask, [(tmp_path, "same")] * 16)
    assert len(set(answers)) == 1
