"""`python -m bench [serving] [rendering] [scale] [cascade]`: all of them when none is named."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench import cascade, rendering, scale, serving
from bench.report import Report

SECTIONS = {
    "serving": serving.measure,
    "rendering": rendering.measure,
    "scale": scale.measure,
    "cascade": cascade.measure,
}


def main(names: list[str]) -> int:
    """Measure the sections; exit status 1 if a promise was missed."""
    unknown = set(names) - set(SECTIONS)
    if unknown:
        print(f"no section {', '.join(sorted(unknown))}; there are: {', '.join(SECTIONS)}")
        return 2
    shelf = Path(__file__).resolve().parents[1] / "build" / "bench"
    shelf.mkdir(parents=True, exist_ok=True)
    report = Report()
    begin = time.monotonic()
    for name in names or list(SECTIONS):
        report.section(name)
        SECTIONS[name](shelf / name, shelf, report)
    report.note(f"{time.monotonic() - begin:.0f} s; figures in {shelf / 'report.json'}")
    return 0 if report.save(shelf / "report.json") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
