"""The Python peers live in environments of their own, made once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """Return the `bin` of a virtual environment that has the packages."""
    marker = folder / ".installed"
    if not marker.exists() or marker.read_text() != " ".join(packages):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", *packages], check=True)
        marker.write_text(" ".join(packages))
    return folder / "bin"
