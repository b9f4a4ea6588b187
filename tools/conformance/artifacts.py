"""The suite and its engine, fetched by Maven as the machine has it configured, and unpacked."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

__all__ = ["Unavailable", "fetch"]

ENGINE = "org.opengis.cite.teamengine:teamengine-console:6.0.0:zip"
SUITE = "org.opengis.cite:ets-wmts10:1.11:zip"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"

# What each archive holds, and where the engine looks for it.
_PLACES = (
    (f"{ENGINE}:bin", "home"),
    (f"{ENGINE}:base", "base"),
    (f"{SUITE}:ctl", "base/scripts"),
    (f"{SUITE}:deps", "base/resources/lib"),
)
_FETCH_S = 600


class Unavailable(Exception):
    """Something that a run needs is not to be had; the message says what."""


def fetch(shelf: Path) -> Path:
    """Return the folder with `home` and `base` of the engine, made anew from the archives.

    Args:
        shelf: where archives are kept between runs.

    Raises:
        Unavailable: Java, Maven or an archive is missing.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is missing: tools/install-system-packages conformance")
    engine = shelf / "engine"
    shutil.rmtree(engine, ignore_errors=True)
    for coordinates, place in _PLACES:
        archive = _archive(coordinates, shelf / "archives")
        folder = engine / place
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder)
    shutil.rmtree(engine / "base/scripts/note", ignore_errors=True)  # the engine's own example
    return engine


def _archive(coordinates: str, archives: Path) -> Path:
    _, artifact, version, packaging, classifier = coordinates.split(":")
    archive = archives / f"{artifact}-{version}-{classifier}.{packaging}"
    if archive.exists():
        return archive
    goal = [f"-Dartifact={coordinates}", f"-DoutputDirectory={archives}"]
    run = subprocess.run(
        # -U: Maven would otherwise remember for a day that it did not find something.
        ["mvn", "--batch-mode", "--quiet", "-U", f"{PLUGIN}:copy", *goal],
        capture_output=True,
        text=True,
        timeout=_FETCH_S,
    )
    if run.returncode or not archive.exists():
        said = next((line for line in run.stdout.splitlines() if "ERROR" in line), run.stderr)
        raise Unavailable(f"Maven does not deliver {coordinates}:\n{said.strip()}")
    return archive
