"""The one rule of freshness."""

from __future__ import annotations

import pytest

from tuilerie.formats import PNG, StoredTile
from tuilerie.tiles.freshness import is_fresh


@pytest.mark.parametrize(
    ("expire_after_s", "age", "fresh"),
    [(None, 1e9, True), (60, 59, True), (60, 60, False), (60, 1e9, False), (60, -3600, True)],
)
def test_a_tile_is_fresh_until_its_age_reaches_the_limit(expire_after_s, age, fresh):
    """A tile from the future (a clock that went back) is not made again and again."""
    stored = StoredTile(b"", PNG, 1_000_000_000, "")
    assert is_fresh(stored, expire_after_s, 1_000_000_000 + age) is fresh
