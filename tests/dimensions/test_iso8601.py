"""Times as ISO 8601 writes them, against Python's own reading of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.catalogue.iso8601 import parse_duration, parse_time, time_range

INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))
OFFSETS = st.integers(-14 * 60, 14 * 60)


def texts(written: str) -> list[str]:
    first, last, step = written.split("/")
    return [
        each.text for each in time_range(parse_time(first), parse_time(last), parse_duration(step))
    ]


@given(INSTANTS, OFFSETS)
def test_every_spelling_of_an_instant_is_one(instant: datetime, minutes: int) -> None:
    """Two spellings of the same moment would be two tiles."""
    here = instant.replace(tzinfo=UTC)
    there = here.astimezone(timezone(timedelta(minutes=minutes)))
    canonical = parse_time(here.isoformat()).text
    spellings = [
        there.isoformat(),
        there.isoformat().replace("T", " ").replace("+", " "),
        there.isoformat(timespec="microseconds"),
        here.strftime("%Y").zfill(4) + here.strftime("%m%dT%H%M%S.%fZ"),
        here.isoformat().replace("+00:00", "z").replace(".", ","),
        canonical,
    ]
    assert {parse_time(spelling).text for spelling in spellings} == {canonical}
    assert datetime.fromisoformat(canonical.replace("Z", "+00:00")) == here


@given(st.dates())
def test_a_period_ends_where_the_next_begins(day) -> None:
    day_after = (
        datetime(day.year, day.month, day.day) + timedelta(hours=24) if day.year < 9999 else None
    )
    if day_after is not None:
        asked = parse_time(day.isoformat())
        assert asked.end == parse_time(day_after.date().isoformat()).start
        month = parse_time(day.isoformat()[:7])
        assert month.start <= asked.start < asked.end <= month.end
        year = parse_time(day.isoformat()[:4])
        assert year.start <= month.start < month.end <= year.end


@given(st.text(max_size=40))
def test_no_text_is_too_much(text: str) -> None:
    """A client's word is a time or a ValueError, never anything else."""
    for read in (parse_time, parse_duration):
        try:
            read(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        *("", "2020-1-1", "202001", "2020-13", "2020-02-30", "2021-02-29", "0000", "10000-01-01"),
        *("2020-01-01T25", "2020-01-01T24:01", "2020-01-01T12:60", "2020-01T12", "T12:00Z"),
        *("2020-01-01T00:00:00+25:00", "2020-01-01T12.5", "2020-01-01T12:00:00.1234567891Z"),
        *("9999-12-31T23:00-02:00", "0001-01-01T00:00+02:00", "٢٠٢٠", "2020-01-01\n", "-2020"),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


def test_odd_times_are_where_they_belong() -> None:
    assert parse_time("2020-12-31T24:00Z").text == "2021-01-01T00:00:00Z"
    assert parse_time("2016-12-31T23:59:60Z").text == "2017-01-01T00:00:00Z"
    assert parse_time("2020-01-01T12:00:00.500000000000").text == "2020-01-01T12:00:00.5Z"


def test_ranges_have_the_precision_of_their_ends_or_steps() -> None:
    assert texts("2020-11/2021-02/P1M") == ["2020-11", "2020-12", "2021-01", "2021-02"]
    assert texts("2019/2021/P1Y") == ["2019", "2020", "2021"]
    assert texts("2020-02-28/2020-03-01/P1D") == ["2020-02-28", "2020-02-29", "2020-03-01"]
    assert texts("2020-01-01/2020-01-01/PT12H") == ["2020-01-01T00:00:00Z", "2020-01-01T12:00:00Z"]
    assert texts("2020-01-01T00:00Z/2020-01-01T01:00Z/PT30M")[-1] == "2020-01-01T01:00:00Z"
    assert len(texts("2020/2020/P1D")) == 366
    assert texts("9998/9999/P1Y") == ["9998", "9999"]


def test_months_are_counted_from_the_first() -> None:
    """Counted from one another, the 31st would become the 28th for ever after February."""
    found = texts("2021-01-31/2021-05-31/P1M")
    assert found == ["2021-01-31", "2021-02-28", "2021-03-31", "2021-04-30", "2021-05-31"]


@pytest.mark.parametrize(
    "text", ["P", "PT", "P0D", "1D", "P1", "P1H", "PT1D", "P-1D", "P1W1D", "p1d"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)
