"""Names of files that say the values of dimensions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.catalogue.file_pattern import parse_file_pattern


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("rain_{time:%Y%m%d}.tif", "rain_20260301.tif", {"time": "2026-03-01"}),
        ("{time:%Y}/{time:%m}/r{time:%d}.tif", "2026/03/r01.tif", {"time": "2026-03-01"}),
        ("{time:%Y}/x_{time:%Y%m}.tif", "2026/x_202603.tif", {"time": "2026-03"}),
        ("{time:%Y}/x_{time:%Y%m}.tif", "2025/x_202603.tif", None),
        ("{time:%Y%j}_{level}.tif", "2026060_10.5.tif", {"time": "2026-03-01", "level": "10.5"}),
        ("{time:%Y%j}.tif", "2026366.tif", None),
        ("{t:%Y-%m-%dT%H%M%S.%f}Z.tif", "2026-03-01T123000.25Z.tif",
         {"t": "2026-03-01T12:30:00.25Z"}),
        ("*_{band}.jp2", "T31_B04.jp2", {"band": "B04"}),
        ("a?{v}.tif", "ab[1].tif", {"v": "[1]"}),
        ("a.tif{v}", "axtifz", None),
        ("{v}.tif", "sub/x.tif", None),
        ("{time:%Y%m%d}.tif", "20260230.tif", None),
        ("{time:%Y%%}.tif", "2026%.tif", {"time": "2026"}),
        ("{v}.tif", "été ☃.tif", {"v": "été ☃"}),
    ],
)  # fmt: skip
def test_names_say_values(pattern: str, path: str, values: dict[str, str] | None) -> None:
    found = parse_file_pattern(pattern).values(path)
    assert (None if found is None else dict(found)) == values


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "rain.tif",
            "../{v}.tif",
            "/{v}.tif",
            "a//{v}",
            "{v",
            "v}",
            "{}",
            "{1}",
            "{v:%Q}",
            "{v:%",
        ),
        *("{v:%m}.tif", "{v:%Y%d}", "{v:%Y%H}", "{v:%Y}{v}", "{v:%Y%m%j}", "{v:abc}", "./{v}"),
    ],
)
def test_what_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        parse_file_pattern(pattern)


@given(st.dates())
def test_every_day_comes_back(day: date) -> None:
    name = f"{day.year:04}/{day.timetuple().tm_yday:03}.tif"
    assert parse_file_pattern("{time:%Y}/{time:%j}.tif").values(name) == (
        ("time", day.isoformat()),
    )
