"""`make conformance`: exit code 0 if nothing failed, 1 if a test did, 2 if no suite was run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conformance import artifacts, results, suite
from conformance.offline import schema_proxy
from conformance.serve import serving

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path(__file__).with_name("catalogue.yaml")
SCHEMAS = ROOT / "src" / "tuilerie" / "protocols" / "schemas"
# A run that reaches fewer tests has stopped at the suite's bootstrap.
FEWEST_TESTS = 30


def main() -> int:
    """Fetch the suite, serve, run, print; return the exit code."""
    shelf = ROOT / "build" / "conformance"
    shelf.mkdir(parents=True, exist_ok=True)
    print(f"{artifacts.SUITE} by {artifacts.ENGINE}")
    try:
        engine = artifacts.fetch(shelf)
        with serving(CATALOGUE, shelf / "server.log") as server, schema_proxy(SCHEMAS) as proxy:
            url = f"{server}/wmts?service=WMTS&request=GetCapabilities"
            parts = suite.parts_for(url)
            print("\n".join(f"{name}: {value}" for name, value in parts.items()))
            session = suite.run(engine, url, parts, proxy, shelf / "engine.log")
        tests = results.counted(results.read(session))
    except (artifacts.Unavailable, OSError, RuntimeError, subprocess.SubprocessError) as error:
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
    sys.exit(main())
