"""What every test may ask for: the shared data beside the checkout, and small real rasters."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared sample data, capabilities documents and schemas beside the checkout.

    It is not part of the project: a clone without it skips what only it can show.
    """
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared sample data is not beside this checkout (../shared)")
    return folder


@pytest.fixture(scope="session")
def demo() -> Path:
    """The folder of the bundled demo."""
    return ROOT / "examples" / "demo"
