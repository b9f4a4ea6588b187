"""How failures of remote servers are told, and which exit code they have."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from tuilerie.cli.problems import EXIT_DATA, EXIT_REMOTE, tell
from tuilerie.errors import UnreadableDocument, UpstreamError

if TYPE_CHECKING:
    from tuilerie.sources.remote.discover import Discovered

__all__ = ["check_layers", "failures_told"]


@contextlib.contextmanager
def failures_told() -> Iterator[None]:
    """Tell what went wrong with a remote, each with its exit code.

    Raises: typer.Exit, typer.BadParameter.
    """
    try:
        yield
    except UnreadableDocument as error:
        tell(f"{error.message} [{error.code}]", _ADVICE.get(error.code, ""))
        raise typer.Exit(EXIT_DATA) from None
    except UpstreamError as error:
        tell(f"{error} [{error.kind}]", _ADVICE.get(error.kind, ""))
        raise typer.Exit(EXIT_REMOTE) from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except OSError as error:
        tell(f"{error.filename}: {error.strerror}")
        raise typer.Exit(EXIT_DATA) from None


_ADVICE = {
    "authentication": "give --user and --password env:NAME, or --key, --header",
    "forbidden": "give --user and --password env:NAME, or --key, --header",
    "tls": "give the authority's certificate as --ca FILE",
    "timeout": "give it more time with --timeout",
    "login-page": "give --user and --password env:NAME, or --key, --header",
    "html-page": "paste the address of the capabilities, or of a tile, rather than of a page",
    "dns": "check how the host is spelled",
}


def check_layers(found: Discovered, wanted: Sequence[str]) -> None:
    """Return if all layers are there.

    Raises: typer.Exit: one is not; those with similar names are told.
    """
    names = found.layers
    for name in wanted:
        if name not in names:
            similar = difflib.get_close_matches(name, names, 3, 0.5)
            hint = f"did you mean {' or '.join(map(repr, similar))}?" if similar else ""
            tell(f"the server has no layer {name!r}", hint or _some(names))
            raise typer.Exit(EXIT_DATA)


def _some(names: Sequence[str]) -> str:
    return f"it has {', '.join(names[:10])}" + (", …" if len(names) > 10 else "")
