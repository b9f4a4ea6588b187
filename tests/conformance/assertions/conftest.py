"""The two servers that are examined: the demo's, and that of the catalogue made for the suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conformance.assertions.service import Service
from tests.journeys.running import serving

ROOT = Path(__file__).resolve().parents[3]
CATALOGUES = {
    "suite": ROOT / "tools" / "conformance" / "catalogue.yaml",
    "demo": ROOT / "examples" / "demo" / "catalogue.yaml",
}


def _running(name: str, folder: Path) -> Iterator[Service]:
    with serving(folder, CATALOGUES[name]) as server, httpx.Client(timeout=60) as client:
        yield Service(server.url, client, is_suites=name == "suite")


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server of the catalogue that has all that the suite wants to see."""
    yield from _running("suite", tmp_path_factory.mktemp("suite-server"))


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server of the demo."""
    yield from _running("demo", tmp_path_factory.mktemp("demo-server"))


@pytest.fixture(params=["suite", "demo"])
def service(request: pytest.FixtureRequest) -> Service:
    """Both, one after the other."""
    return request.getfixturevalue(f"{request.param}s")
