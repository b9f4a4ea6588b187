"""`make fuzz`: every target for some seconds each, led by coverage; exit code 1 at a finding.

Run as `python -m tests.fuzz [SECONDS [TARGET…]]`. Each target has a process of its own, since the
engine never returns; what it learned and what it found are kept below `build/fuzz`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10


def main(arguments: list[str]) -> int:
    """Run the targets one after the other; return the exit code."""
    if arguments[:1] == ["--run"]:
        return run(arguments[1], arguments[2:])
    from tests.fuzz.targets import TARGETS

    seconds = int(arguments[0]) if arguments else SECONDS
    found = []
    for name in arguments[1:] or TARGETS:
        corpus = ROOT / "build" / "fuzz" / name
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(TARGETS[name].seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096",
            "-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={corpus.parent}/{name}-",
        ]  # fmt: skip
        print(f"{name}: {seconds} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz", "--run", name, *options, str(corpus)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            found.append(name)
    print(f"findings in {', '.join(found)}, below build/fuzz" if found else "no findings")
    return 1 if found else 0


def run(name: str, options: list[str]) -> int:
    """Fuzz one target in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["tuilerie"]):
        from tests.fuzz.targets import TARGETS

    atheris.Setup(["fuzz", *options], TARGETS[name].read)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
