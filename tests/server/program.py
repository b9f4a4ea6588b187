"""A server of its own for the tests: `python -m tests.server.program DIRECTORY WORKERS …`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.server.served import SmallService, catalogue, layer
from tuilerie.errors import CatalogueError, Problem
from tuilerie.server.listen import AddressError, Listening
from tuilerie.server.live import Live
from tuilerie.server.run import run
from tuilerie.server.settings import ServerSettings
from tuilerie.telemetry import Meters, configure_logging


def main(directory: Path, workers: int, port: int, uds: str) -> int:
    configure_logging("json", "info")
    file = directory / "revision"
    settings = ServerSettings(graceful_timeout_s=5)

    def service() -> SmallService:
        text = file.read_text()
        if not text.isdigit():
            raise CatalogueError([Problem(f"no number: {text}")])
        made = SmallService(catalogue(layer(), revision=int(text)), directory / "cache")
        made.slowness_s = 0.5
        return made

    def make_live(meters: Meters) -> Live:
        return Live(service(), settings, meters=meters, watch=lambda: [file], rebuild=service)

    def listening(where: Listening) -> None:
        print(f"{where.url} {where.port}", file=sys.stderr, flush=True)

    try:
        return run(
            make_live,
            port=port,
            uds=Path(uds) if uds else None,
            workers=workers,
            settings=settings,
            access_log="json",
            on_listening=listening,
        )
    except AddressError as error:
        print(error.strerror, file=sys.stderr)
        return 7


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
