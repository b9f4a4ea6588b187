"""One cache for the whole room, and servers over it with and without the fast lane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.served import fill, live_of, serving


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the tiles of matrix 8, columns and rows 0 to 4, in PNG and JPEG."""
    directory = tmp_path_factory.mktemp("cache")
    fill(directory)
    return directory


@pytest.fixture(scope="module")
def lane(filled: Path) -> Iterator[int]:
    """Port of a server with the fast lane."""
    with serving(live_of(filled)) as (_, port):
        yield port


@pytest.fixture(scope="module")
def no_lane(filled: Path) -> Iterator[int]:
    """Port of a server that sends everything through the application."""
    with serving(live_of(filled, fast_lane=False)) as (_, port):
        yield port
