"""What remotes say of themselves: kept, read anew, and used when they are down or changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journeys.running import eventually
from tests.remote.beside import beside
from tests.remote.documents import wmts_document
from tests.remote.fake import Answer, FakeRemote
from tuilerie.catalogue.remote_sources import WmtsSource, XyzSource
from tuilerie.catalogue.update_schedule import UpdateSettings
from tuilerie.errors import CatalogueError
from tuilerie.protocols.wmts.reading import RemoteWmts
from tuilerie.sources.remote.descriptions import RemoteDescriptions
from tuilerie.sources.remote.schedule import RETRY_S, next_reading


@pytest.fixture
def remote() -> Iterator[FakeRemote]:
    with beside() as remote:
        yield remote


def _says(remote: FakeRemote, *layers: str, etag: str = "", **more: object) -> None:
    document = wmts_document(remote.url("/t"), layers, **more)  # type: ignore[arg-type]
    headers = {"ETag": etag} if etag else {}
    remote.on("/wmts", Answer(200, document, "text/xml", headers))


def _source(remote: FakeRemote, layer: str = "roads", **more: object) -> WmtsSource:
    quick = {"total_timeout_s": 3, "retries": 0}
    values = {"kind": "wmts", "url": remote.url("/wmts"), "layer": layer, "options": quick, **more}
    return WmtsSource.model_validate(values)


def test_a_remote_that_is_down_is_as_it_was(tmp_path: Path) -> None:
    """A server that does not start because another one does not."""
    with beside() as remote:
        _says(remote, "roads")
        source = _source(remote)
        first = RemoteDescriptions(tmp_path).get("a", source)
        assert not first.fault
    again = RemoteDescriptions(tmp_path)
    found = again.get("a", source)
    assert isinstance(found.service, RemoteWmts)
    assert list(found.service.layers) == ["roads"]
    assert "cannot be reached" in found.fault
    assert found.read_at == first.read_at
    state = again.states({"a": source})["a"]
    assert (state.state, bool(state.next_at)) == ("kept", True)
    with pytest.raises(CatalogueError) as caught:
        RemoteDescriptions(tmp_path / "elsewhere").get("a", source)
    assert caught.value.problems[0].pointer == "url"


def test_a_layer_that_vanished_is_still_described(remote: FakeRemote, tmp_path: Path) -> None:
    _says(remote, "roads", "relief")
    roads, relief = _source(remote), _source(remote, "relief")
    first = RemoteDescriptions(tmp_path)
    first.get("a", roads)
    first.get("b", relief)
    mark = first.poll({"a": roads, "b": relief})
    _says(remote, "relief", "new")
    later = RemoteDescriptions(tmp_path)
    assert later.get("a", roads).missing == ("layer roads",)
    service = later.get("b", relief).service
    assert isinstance(service, RemoteWmts)
    assert list(service.layers) == ["relief", "new"]
    states = later.states({"a": roads, "b": relief})
    assert (states["a"].state, states["b"].state) == ("broken", "ok")
    assert states["b"].changes == ("layer roads removed", "layer new added")
    assert later.poll({"a": roads, "b": relief}) != mark, "whoever serves must be told"
    _says(remote, "roads", "relief")
    assert RemoteDescriptions(tmp_path).update("a", roads).outcome == "unchanged"
    assert later.states({"a": roads})["a"].state == "ok"


def test_a_page_in_place_of_the_document_changes_nothing(
    remote: FakeRemote, tmp_path: Path
) -> None:
    _says(remote, "roads")
    source = _source(remote)
    RemoteDescriptions(tmp_path).get("a", source)
    remote.on("/wmts", Answer(200, b"<html><title>Sale</title></html>", "text/html"))
    descriptions = RemoteDescriptions(tmp_path)
    assert descriptions.get("a", source).service
    assert descriptions.states({"a": source})["a"].state == "broken"
    assert "Sale" in descriptions.states({"a": source})["a"].fault


def test_what_is_not_modified_is_not_sent(remote: FakeRemote, tmp_path: Path) -> None:
    _says(remote, "roads", etag='"1"')
    source = _source(remote)
    RemoteDescriptions(tmp_path).get("a", source)
    remote.on("/wmts", Answer(304))
    assert RemoteDescriptions(tmp_path).update("a", source).outcome == "unchanged"
    assert remote.seen("/wmts")[-1].headers["if-none-match"] == '"1"'


def test_new_bytes_that_mean_the_same_are_no_change(remote: FakeRemote, tmp_path: Path) -> None:
    """A server that publishes anew each hour, since a remote writes the time into its document."""
    _says(remote, "roads")
    source = _source(remote)
    descriptions = RemoteDescriptions(tmp_path)
    descriptions.get("a", source)
    mark = descriptions.poll({"a": source})
    document = wmts_document(remote.url("/t"), ["roads"]) + b"<!-- 12:00 -->"
    remote.on("/wmts", Answer(200, document, "text/xml"))
    later = RemoteDescriptions(tmp_path)
    assert later.update("a", source).outcome == "unchanged"
    assert later.poll({"a": source}) == mark


def test_sources_of_one_document_ask_once(remote: FakeRemote, tmp_path: Path) -> None:
    names = [f"layer{n}" for n in range(12)]
    _says(remote, *names)
    descriptions = RemoteDescriptions(tmp_path)
    threads = [
        threading.Thread(target=descriptions.get, args=(name, _source(remote, name)))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert remote.count("/wmts") == 1
    assert len(list((tmp_path / "documents").iterdir())) == 1


def test_what_is_due_is_read_beside(remote: FakeRemote, tmp_path: Path) -> None:
    """A schedule that nobody keeps, or that holds up whoever looks after it."""
    _says(remote, "roads")
    source = _source(remote, update={"every_s": 60})
    now = [1_000_000.0]
    descriptions = RemoteDescriptions(tmp_path, clock=lambda: now[0])
    descriptions.get("a", source)
    mark = descriptions.poll({"a": source})
    _says(remote, "roads", titles={"roads": "All roads"})
    descriptions._round._asked.clear()
    now[0] += 70
    assert descriptions.poll({"a": source}) == mark, "it does not wait"
    eventually(lambda: descriptions.poll({"a": source}) != mark, "the change is seen")
    assert descriptions.states({"a": source})["a"].changes == ("layer roads changed: texts",)


def test_of_two_processes_one_reads(remote: FakeRemote, tmp_path: Path) -> None:
    _says(remote, "roads")
    source = _source(remote, update={"every_s": 60})
    leader, other = RemoteDescriptions(tmp_path), RemoteDescriptions(tmp_path, clock=lambda: 9e12)
    leader.get("a", source)
    leader.poll({"a": source})
    other.poll({"a": source})
    assert not other._under_way
    assert remote.count("/wmts") == 1


def test_nothing_secret_is_kept(
    remote: FakeRemote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAPS_KEY", "s3cret-and-long")
    document = wmts_document(remote.url("/t"), ["roads"])
    document = document.replace(b".png", b".png?apikey=s3cret-and-long&amp;v=1")
    remote.on("/wmts", Answer(200, document, "text/xml"))
    source = _source(remote, options={"key": {"name": "apikey", "value": "env:MAPS_KEY"}})
    service = RemoteDescriptions(tmp_path).get("a", source).service
    assert isinstance(service, RemoteWmts)
    assert service.layers["roads"].templates[0].template.endswith(".png?v=1")
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert b"s3cret" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0, "others may not read it"


def test_damage_is_as_if_nothing_were_kept(remote: FakeRemote, tmp_path: Path) -> None:
    _says(remote, "roads")
    source = _source(remote)
    RemoteDescriptions(tmp_path).get("a", source)
    for path in (*tmp_path.glob("*.json"), *(tmp_path / "documents").iterdir()):
        path.write_bytes(path.read_bytes()[:100])
    assert RemoteDescriptions(tmp_path).get("a", source).fault == ""


def test_a_template_needs_no_remote(tmp_path: Path) -> None:
    source = XyzSource(kind="xyz", url="https://nowhere.invalid/{z}/{x}/{y}.png")
    assert RemoteDescriptions(tmp_path).get("a", source).read_at == 0.0


DAY = 86_400.0
TIMES = st.floats(1.6e9, 1.9e9)
SHARES = st.floats(0, 1, exclude_max=True)


@given(TIMES, SHARES, st.integers(1, 31))
def test_every_schedule_comes_and_is_over(last: float, share: float, day: int) -> None:
    """A time in the past, which would be due again and again, or none for months."""
    cases = (
        ({"daily_at": "03:30"}, 2 * DAY),
        ({"weekly": {"day": "sunday", "at": "23:59"}}, 8 * DAY),
        ({"monthly": {"day": day}}, 33 * DAY),
        ({"every_s": 600}, 700.0),
    )
    for entry, within in cases:
        update = UpdateSettings.model_validate(entry)
        due = next_reading(update, last, share)
        assert due is not None
        assert last < due <= last + within
        soon = next_reading(update, last, share, failed=True)
        assert soon is not None
        assert soon <= last + RETRY_S * 1.1


def test_hours_are_those_of_the_clock_on_the_wall() -> None:
    last = datetime(2026, 3, 4, 12).timestamp()
    daily = next_reading(UpdateSettings(daily_at="03:30"), last, 0.0)
    assert datetime.fromtimestamp(daily or 0) == datetime(2026, 3, 5, 3, 30)
    month = UpdateSettings.model_validate({"monthly": {"day": 31, "at": "01:00"}})
    february = datetime(2026, 2, 2).timestamp()
    assert datetime.fromtimestamp(next_reading(month, february, 0.0) or 0).day == 28
    assert next_reading(None, last, 0.5) is None
