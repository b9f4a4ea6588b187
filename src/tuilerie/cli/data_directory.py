"""Where a server keeps its data unless it is told: the same place for the same paths, always."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["data_directory"]


def data_directory(given: Path | None, paths: Sequence[Path]) -> Path:
    """Return the directory asked for, or one that the same paths always get."""
    if given is not None:
        return given.absolute()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    names = "\n".join(sorted(str(path.absolute()) for path in paths))
    digest = hashlib.sha256(names.encode()).hexdigest()[:12]
    return caches / "tuilerie" / f"{paths[0].stem}-{digest}"
