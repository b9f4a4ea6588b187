"""The reference pages whose facts are in the code, each written by one file of this folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reference_pages.catalogue import catalogue_page
from reference_pages.command import command_page
from reference_pages.errors import errors_page
from reference_pages.matrix_sets import matrix_sets_page
from reference_pages.metrics import metrics_page

__all__ = ["FOLDER", "PAGES", "stale", "write"]

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"

PAGES: Mapping[str, Callable[[], str]] = {
    "catalogue.md": catalogue_page,
    "command.md": command_page,
    "matrix-sets.md": matrix_sets_page,
    "metrics.md": metrics_page,
    "errors.md": errors_page,
}
"""What writes each generated page."""


def write(folder: Path = FOLDER) -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), "utf-8")


def stale(folder: Path = FOLDER) -> list[str]:
    """Return the names of the pages that are not what the code says now."""
    return [name for name, page in PAGES.items() if _read(folder / name) != page()]


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""
