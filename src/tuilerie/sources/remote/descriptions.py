"""What remote servers say of themselves: read when it is time, and kept for when they are down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuilerie.catalogue.remote_sources import RemoteSourceSettings
from tuilerie.grids import TileMatrixSet
from tuilerie.protocols.read_service import RemoteService
from tuilerie.sources.remote.addresses import OPERATOR_POLICY, AddressPolicy

__all__ = ["RemoteDescription", "RemoteDescriptions"]


@dataclass(frozen=True, slots=True)
class RemoteDescription:
    """A remote service as its document describes it.

    Attributes:
        service: as read, with the operator's overrides.
        read_at: seconds since the epoch when the remote said so last; 0.0 = it need not be asked
            (a template).
        fault: why it could not be read anew, "" if it was: then this is what it said before.
        missing: layers that the source wants and the remote no longer has: this is then what it
            said when it still had them.
    """

    service: RemoteService
    read_at: float
    fault: str = ""
    missing: tuple[str, ...] = ()


class RemoteDescriptions:
    """Reads the documents of remote sources; one per server process, for all of them.

    Args:
        directory: where what they said is kept; None = nowhere.
        base: the folder from which relative paths of the sources' options are meant.
        policy: which addresses may be asked.
    """

    def __init__(
        self,
        directory: Path | None,
        *,
        base: str = "",
        policy: AddressPolicy = OPERATOR_POLICY,
    ) -> None:
        self._directory = directory
        self._base = base
        self._policy = policy

    def get(
        self,
        source: str,
        settings: RemoteSourceSettings,
        *,
        matrix_set: TileMatrixSet | None = None,
    ) -> RemoteDescription:
        """Return what the remote of a source says: synchronous, for the threads that publish.

        The first call of a process for a source reads the remote; later ones return what was
        read last, by whichever process.

        Args:
            source: its identifier in the catalogue.
            matrix_set: of a template; None = WebMercatorQuad.

        Raises: CatalogueError: it cannot be read and nothing is kept; pointer "url".
        """
        raise NotImplementedError

    def poll(self, sources: Mapping[str, RemoteSourceSettings]) -> str:
        """Start what is due; return a text that changes when a description did; never waits."""
        raise NotImplementedError
