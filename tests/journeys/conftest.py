"""The servers that journeys share: one with the demo, started once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys import noise, published
from tests.journeys.published import Capabilities
from tests.journeys.running import Server, serving

CAPABILITIES = "/wmts/1.0.0/WMTSCapabilities.xml"


@pytest.fixture(scope="session")
def demo_server(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tuilerie serve` with the bundled demo."""
    folder = tmp_path_factory.mktemp("demo-server")
    with serving(folder, demo / "catalogue.yaml", access_log=True) as server:
        yield server


@pytest.fixture(scope="session")
def demo_capabilities(demo_server: Server) -> Capabilities:
    """What the demo publishes, as a client reads it."""
    return published.read(demo_server.get(CAPABILITIES).body)


@pytest.fixture(scope="session")
def gdal() -> None:
    """Debian's GDAL tools."""
    if shutil.which("gdalwarp") is None:
        pytest.skip("Debian's gdal-bin is not installed: make system")


@pytest.fixture(scope="session")
def noise_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`tuilerie serve` with the catalogue of `noise.py`."""
    folder = tmp_path_factory.mktemp("noise-server")
    with serving(folder, noise.write(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def noise_capabilities(noise_server: Server) -> Capabilities:
    """What it publishes, as a client reads it."""
    return published.read(noise_server.get(CAPABILITIES).body)
