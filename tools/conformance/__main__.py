"""`make conformance`: exit code 0 if nothing failed, 1 if a test did, 2 if nothing was run.

Where the suite is not to be had its assertions are replayed by tests of our own, and the last line
says so; `--suite-only` ends with 2 instead.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance import artifacts, results, suite
from conformance.offline import schema_proxy
from conformance.replay import replay
from conformance.serve import serving

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path(__file__).with_name("catalogue.yaml")
ASSERTIONS = ROOT / "tests" / "conformance" / "assertions"
SCHEMAS = ROOT / "src" / "tuilerie" / "protocols" / "schemas"
# A run that reaches fewer tests has stopped at the suite's bootstrap.
FEWEST_TESTS = 30


def main(
    arguments: Sequence[str],
    shelf: Path = ROOT / "build" / "conformance",
    assertions: Path = ASSERTIONS,
) -> int:
    """Fetch the suite and run it, or replay its assertions; return the exit code."""
    parser = argparse.ArgumentParser(prog="conformance", description="Run the OGC's WMTS suite.")
    parser.add_argument(
        "--suite-only", action="store_true", help="where it is not to be had, end with 2"
    )
    suite_only = parser.parse_args(arguments).suite_only
    shelf.mkdir(parents=True, exist_ok=True)
    print(f"{artifacts.SUITE} by {artifacts.ENGINE}")
    try:
        engine = artifacts.fetch(shelf)
    except (artifacts.Unavailable, OSError, subprocess.SubprocessError) as error:
        print(f"The suite was not run: {error}", file=sys.stderr)
        if suite_only:
            return 2
        print("Its assertions are replayed instead, by tests of our own:", flush=True)
        code, became = replay(assertions, ROOT)
        print(f"This was the replay and not the suite: {became}.")
        return code
    return _run(engine, shelf)


def _run(engine: Path, shelf: Path) -> int:
    """Serve, run the suite, print; return the exit code."""
    try:
        with serving(CATALOGUE, shelf / "server.log") as server, schema_proxy(SCHEMAS) as proxy:
            url = f"{server}/wmts?service=WMTS&request=GetCapabilities"
            parts = suite.parts_for(url)
            print("\n".join(f"{name}: {value}" for name, value in parts.items()))
            session = suite.run(engine, url, parts, proxy, shelf / "engine.log")
        tests = results.counted(results.read(session))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"The suite was not run: {error}", file=sys.stderr)
        return 2
    table = results.report(tests)
    (shelf / "report.txt").write_text(table + "\n")
    print(table)
    for address in sorted(set(proxy.refused)):
        print(f"not fetched: {address}")
    if any(test.outcome.is_failure for test in tests):
        return 1
    if len(tests) < FEWEST_TESTS:
        print(f"Only {len(tests)} tests: see {shelf / 'engine.log'}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
