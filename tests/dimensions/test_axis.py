"""Which value is served for what a client wrote."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.catalogue.axis import Axis
from tuilerie.catalogue.dimension_settings import expanded
from tuilerie.catalogue.dimensions import Dimension, Nearest, canonical_value

DAY = Decimal(86_400 * 10**9)
MONTHS = Dimension("time", "time", ("2026-01", "2026-02", "2026-03"), default="2026-03")
DAYS = Dimension("time", "time", ("2026-03-01", "2026-03-03", "2026-03-10"), default="2026-03-10")


def with_policy(dimension: Dimension, direction="either", within=None, **changes) -> Axis:
    made = Dimension(
        dimension.identifier,
        dimension.kind,
        dimension.values,
        default=dimension.default,
        nearest=Nearest(direction, within),
        **changes,
    )
    return Axis(made)


def value(axis: Axis, text: str | None) -> str | None:
    found = axis.find(text)
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        *((same, "2026-03-03") for same in ("2026-03-03", "20260303", "2026-03-03T00:00:00.000Z")),
        *((same, "2026-03-03") for same in ("2026-03-03T01:00:00+01:00", "2026-03-02T24:00Z")),
        *((same, "2026-03-03") for same in (" 2026-03-03 ", "2026-03-03T01:00:00 01:00")),
        *((same, "2026-03-10") for same in (None, "default", "Default", "DEFAULT")),
        *(
            (no, None)
            for no in ("2026-03-03T00:00:01Z", "2026-03-04", "2026", "2026-03", "current")
        ),
        *((no, None) for no in ("../../etc/passwd", "2026-03-03/2026-03-10", "%00", "\0", "☃", "")),
        ("9" * 10_000, None),
    ],
)
def test_exactly_what_is_meant_is_served(asked: str | None, served: str | None) -> None:
    """A period is not one of the moments in it, unless the layer serves neighbours."""
    assert value(Axis(DAYS), asked) == served


def test_a_month_is_a_value_of_its_own() -> None:
    axis = Axis(MONTHS)
    assert value(axis, "2026-02") == "2026-02"
    assert value(axis, "2026-02-01") is None
    assert value(axis, "2026-02-01T00:00:00Z") is None
    assert value(with_policy(MONTHS), "2026-02-14T12:00Z") == "2026-02"
    assert value(with_policy(MONTHS, "after"), "2026-02-14T12:00Z") == "2026-02"


@pytest.mark.parametrize(
    ("direction", "within", "asked", "served"),
    [
        ("before", None, "2026-03-04", "2026-03-03"),
        ("before", DAY, "2026-03-04", "2026-03-03"),
        ("before", DAY, "2026-03-07", None),
        ("before", None, "2026-02-28", None),
        ("before", None, "2030", "2026-03-10"),
        ("after", None, "2026-03-04", "2026-03-10"),
        ("after", None, "2026-03-11", None),
        ("after", None, "2026-03-03T12:00Z", "2026-03-03"),
        ("either", None, "2026-03-05", "2026-03-03"),
        ("either", None, "2026-03-09T00:00Z", "2026-03-10"),
        ("either", None, "1990", "2026-03-01"),
        ("either", 2 * DAY, "2026-03-06T18:00Z", None),
        ("either", None, "2026-03", "2026-03-10"),
        ("after", None, "2026-03", "2026-03-01"),
        ("before", None, "2026", "2026-03-10"),
    ],
)
def test_neighbours(direction: str, within: Decimal | None, asked: str, served: str | None) -> None:
    found = with_policy(DAYS, direction, within).find(asked)
    assert (None if found is None else found.value) == served
    assert found is None or found.moves


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=30, unique=True),
    st.decimals(-1100, 1100, places=2),
)
def test_the_nearest_elevation_is_nearest(values: list[int], asked: Decimal) -> None:
    """Held against looking at every value."""
    texts = tuple(canonical_value("elevation", str(each)) for each in sorted(values))
    axis = with_policy(Dimension("z", "elevation", texts))
    found = value(axis, str(asked))
    assert found is not None
    assert abs(int(found) - asked) == min(abs(each - asked) for each in values)


@pytest.mark.parametrize("spelled", ["10", "10.0", "1e1", "+10", "010", "1E+1", "10."])
def test_every_spelling_of_a_number_is_one(spelled: str) -> None:
    assert value(Axis(Dimension("z", "elevation", ("-5", "0", "10"))), spelled) == "10"


def test_zero_has_no_sign() -> None:
    assert value(Axis(Dimension("z", "elevation", ("0",))), "-0.00") == "0"


@pytest.mark.parametrize("no", ["1e999999999", "nan", "inf", "1_0", "０", "--1", "0x10", "1" * 400])
def test_no_number_fills_the_memory(no: str) -> None:
    assert value(with_policy(Dimension("z", "elevation", ("0",))), no) is None


def test_capitals_count_unless_they_do_not() -> None:
    bands = ("Red", "straße")
    assert value(Axis(Dimension("band", "band", bands)), "red") is None
    axis = Axis(Dimension("band", "band", bands, ignore_case=True))
    assert value(axis, "rED") == "Red"
    assert value(axis, "STRASSE") == "straße"


def test_current_is_the_latest_that_is_not_to_come() -> None:
    """A forecast's last value is next week's weather, not the present."""

    def now(text: str) -> float:
        return datetime.fromisoformat(text).timestamp()

    forecast = Dimension("time", "time", DAYS.values, default="2026-03-10", current=True)
    for clock, served, hastens in (
        ("2026-03-05T00:00+00:00", "2026-03-03", True),
        ("2026-03-01T00:00+00:00", "2026-03-01", True),
        ("2026-02-01T00:00+00:00", "2026-03-01", True),
        ("2027-01-01T00:00+00:00", "2026-03-10", False),
    ):
        found = Axis(forecast, clock=lambda at=clock: now(at)).find("Current")
        assert found is not None
        assert (found.value, found.moves, found.hastens) == (served, True, hastens)


def test_looking_up_does_not_depend_on_how_many_there_are() -> None:
    """50,000 values would make every tile slow. Ten times as many may cost twice as much."""

    def seconds(count: int) -> float:
        hours = expanded("time", f"2020-01-01T00:00Z/2030-01-01T00:00Z/PT{87_648 // count}H")
        axis = with_policy(Dimension("time", "time", tuple(hours)))
        asked = [*hours[:: len(hours) // 200], "2025-05-05T05:05:05+05:00", "2024"]
        best = float("inf")
        for _ in range(5):
            start = perf_counter()
            for text in asked:
                axis.find(text)
            best = min(best, perf_counter() - start)
        return best / len(asked)

    assert seconds(40_000) < 3 * seconds(400) + 5e-6
