"""Everything that an operator can write wrong about dimensions, told at once with its line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from tests.dimensions.publishing import CATALOGUE, days, problems_of, published, put
from tests.sources.making import write_raster

MANY = """\
tuilerie: 1
sources:
  rain: {kind: series, path: rain, files: "rain_{time:%Y%m%d}.tif"}
  levels: {kind: series, path: levels, files: "{level}_{sort}.tif"}
  plain: {kind: raster, path: rain/rain_20260301.tif}
layers:
  a:
    source: rain
    dimensions:
      time:
        kind: time
        values: [2026-03-01, "20260301", soon, 2026-01-01/2025-01-01/P1D, 2026/2027]
        default: 2030-01-01
        nearest: {within: two days}
  b: {source: rain}
  c: {source: rain, dimensions: {time: {kind: time}, level: {kind: elevation}}}
  d: {source: plain, dimensions: {time: {kind: time}}}
  e:
    source: levels
    dimensions:
      level: {kind: elevation, current: true, nearest: {within: -1}, values: [0/10/0, 1e99]}
      sort: {kind: list, nearest: true, default: none}
"""
WRONG_FORM = """\
tuilerie: 1
sources:
  a: {kind: series, path: rain}
  b: {kind: series, path: rain, files: x.tif}
  c: {kind: series, path: rain, files: "{t}", query: {database: a, sql: b}}
layers:
  a:
    source: a
    dimensions:
      TileRow: {kind: time}
      2nd: {kind: time}
      time: {kind: when}
      Time: {kind: time, values: []}
"""


def test_all_that_is_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    days(tmp_path, {"20260301": 10})
    for name in ("low_x", "3_x"):
        put(tmp_path / f"levels/{name}.tif", 1)
    told = [(problem.line, problem.message) for problem in problems_of(tmp_path, MANY)]
    expected = [
        (12, "value '2026-03-01' is here twice"),
        (12, "'soon' cannot be a value: no time"),
        (12, "the range ends before it begins"),
        (12, "a range is first/last/step"),
        (13, "the default '2030-01-01' is not one of the values"),
        (14, "'two days' is no distance"),
        (15, "of which the layer says nothing of time"),
        (16, "the source 'rain' knows nothing of 'level'"),
        (17, "the source 'plain' shows the same whatever"),
        (21, "values that are no elevation: low"),
        (21, "only times can be current"),
        (21, "'-1' is no distance"),
        (21, "the step must be more than 0"),
        (21, "'1e99' cannot be a value"),
        (22, "values of a list are not near each other"),
        (22, "the default 'none' is not one of the values"),
    ]
    for line, part in expected:
        assert any(at == line and part in message for at, message in told), (line, part, told)
    assert all(problem.hint for problem in problems_of(tmp_path, MANY))


def test_a_wrong_form_is_told_too(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, WRONG_FORM)
    told = {(problem.line, problem.message) for problem in problems}
    for line, part in (
        (3, "either the names of its files or a query"),
        (4, "names no dimension"),
        (5, "either the names of its files or a query"),
        (10, "'TileRow' is a parameter of every request"),
        (11, "'2nd' cannot name a dimension"),
        (12, '"when" is not possible here'),
        (13, "at least 1"),
    ):
        assert any(at == line and part in message for at, message in told), (line, part, told)
    assert all(problem.hint for problem in problems)


def test_names_that_only_capitals_tell_apart_are_refused(tmp_path: Path) -> None:
    text = CATALOGUE + "      Time: {kind: time}\n"
    (problem,) = problems_of(tmp_path, text)
    assert "differ by the case" in problem.message


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, CATALOGUE)
    assert "is not a folder" in problem.message
    (tmp_path / "rain").mkdir()
    (problem,) = problems_of(tmp_path, CATALOGUE)
    assert "no file is like rain_{time:%Y%m%d}.tif" in problem.message
    assert problem.line == 3


def test_values_and_ranges_are_written_out_in_order(tmp_path: Path) -> None:
    """Clients ask for what stands in a Value element: a range there would be a value nobody has."""
    days(tmp_path, {"20260301": 10})
    values = "values: [2026-03-01, 2020-01/2020-03/P1M, '1999']"
    layer = published(
        tmp_path, CATALOGUE.replace("{kind: time}", f"{{kind: time, {values}}}")
    ).layers["rain"]
    (time,) = layer.dimensions
    assert time.values == ("1999", "2020-01", "2020-02", "2020-03", "2026-03-01")
    assert (time.default, time.default_moves) == ("2026-03-01", False)


def test_levels_are_numbers_not_texts(tmp_path: Path) -> None:
    for level in ("-5", "0", "10", "9", "0.50"):
        put(tmp_path / "rain" / f"rain_{level}.tif", 1)
    text = CATALOGUE.replace("{time:%Y%m%d}", "{z}").replace(
        "time: {kind: time}", "z: {kind: elevation}"
    )
    (z,) = published(tmp_path, text).layers["rain"].dimensions
    assert z.values == ("-5", "0", "0.5", "9", "10")
    assert z.default == "-5"


def test_files_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    days(tmp_path, {"20260301": 10, "20260302": 20})
    write_raster(tmp_path / "rain" / "rain_20260303.tif", np.ones((1, 9, 9), "float32"))
    (tmp_path / "rain" / "rain_20260304.tif").write_bytes(b"no raster")
    (time,) = published(tmp_path).layers["rain"].dimensions
    assert time.values == ("2026-03-01", "2026-03-02")


def test_a_series_reaches_as_far_as_all_its_maps(tmp_path: Path) -> None:
    """A scene beside the first one would be out of range, or an opaque format without its edges."""
    put(tmp_path / "rain/rain_20260301.tif", 10, (0, 40, 5, 60))
    put(tmp_path / "rain/rain_20260302.tif", 10, (5, 40, 10, 60))
    layer = published(tmp_path, CATALOGUE.replace("    formats: [image/png]\n", "")).layers["rain"]
    assert layer.bounds == (0, 40, 10, 60)
    assert layer.formats[0].media_type == "image/png"


@pytest.mark.parametrize("change", [("every_s: 1", "every_s: 2"), ("a.sqlite", "b.sqlite")])
def test_how_maps_are_found_is_no_part_of_their_tiles(tmp_path: Path, change) -> None:
    """Moving a database would throw away every tile."""
    days(tmp_path, {"20260301": 10})
    for name in ("a", "b"):
        with sqlite3.connect(tmp_path / f"{name}.sqlite") as connection:
            connection.execute(
                "CREATE TABLE s AS SELECT '2026-03-01' AS time, 'rain_20260301.tif' AS file"
            )
        connection.close()
    query = "query: {database: a.sqlite, sql: SELECT * FROM s, every_s: 1}"
    text = CATALOGUE.replace('files: "rain_{time:%Y%m%d}.tif"', query)
    before, after = (
        published(tmp_path, each).layers["rain"] for each in (text, text.replace(*change))
    )
    assert (before.generation, before.series) == (after.generation, after.series)
