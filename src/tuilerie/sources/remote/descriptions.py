"""What remote servers say of themselves: read when it is time, and kept for when they are down."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.remote_sources import RemoteSourceSettings, WmtsSource, XyzSource
from tuilerie.errors import CatalogueError, Problem, UnreadableDocument, UpstreamError
from tuilerie.grids import Crs, TileMatrixSet
from tuilerie.protocols.discovery import candidates
from tuilerie.protocols.read_service import RemoteService, read_service
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.xyz.templates import RemoteTiles, is_template, read_template
from tuilerie.sources.remote.addresses import OPERATOR_POLICY, AddressPolicy
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.from_options import remote_settings
from tuilerie.telemetry import Meters

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
        self._lock = threading.Lock()
        self._read: dict[str, tuple[RemoteSourceSettings, RemoteDescription]] = {}

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
        pasted = settings.url
        if isinstance(settings, XyzSource) and is_template(pasted):
            return RemoteDescription(_template(settings, matrix_set), 0.0)
        with self._lock:
            known = self._read.get(source)
        if known is not None and known[0] == settings:
            return known[1]
        try:
            found = asyncio.run(self._fetch(source, settings))
        except (UpstreamError, UnreadableDocument) as error:
            found = self._kept(source, settings, error)
        with self._lock:
            self._read[source] = (settings, found)
        return found

    async def _fetch(self, source: str, settings: RemoteSourceSettings) -> RemoteDescription:
        family = settings.kind
        tried = [
            c for c in candidates(settings.url) if c.kind in {family, "any"} or family == "xyz"
        ]
        failures: list[UpstreamError] = []
        client = RemoteClient(
            source,
            remote_settings(settings.options, self._base),
            [candidate.address for candidate in tried],
            policy=self._policy,
            meters=Meters(),
        )
        async with client:
            for candidate in tried:
                try:
                    fetched = await client.need(candidate.address)
                    _, service = read_service(
                        fetched.data,
                        address=fetched.final_address,
                        content_type=fetched.media_type,
                        overrides=_overrides(settings),
                        family=family,
                    )
                except UpstreamError as error:
                    failures.append(error)
                    continue
                if isinstance(service, tuple):
                    continue
                self._keep(source, settings, fetched.final_address, fetched.data)
                return RemoteDescription(service, time.time())
        raise failures[0]

    def _place(self, source: str, settings: RemoteSourceSettings) -> Path | None:
        if self._directory is None:
            return None
        return self._directory / f"{fingerprint(source, settings.kind, settings.url)}.document"

    def _keep(self, source: str, settings: RemoteSourceSettings, address: str, data: bytes) -> None:
        place = self._place(source, settings)
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(address.encode() + b"\n" + data)
            fresh.replace(place)

    def _kept(
        self, source: str, settings: RemoteSourceSettings, error: UpstreamError
    ) -> RemoteDescription:
        place = self._place(source, settings)
        if place is None or not place.is_file():
            raise CatalogueError([Problem(str(error), "", "url")]) from error
        address, _, data = place.read_bytes().partition(b"\n")
        _, service = read_service(
            data, address=address.decode(), overrides=_overrides(settings), family=settings.kind
        )
        if isinstance(service, tuple):
            raise CatalogueError([Problem(str(error), "", "url")]) from error
        return RemoteDescription(service, place.stat().st_mtime, str(error))

    def poll(self, sources: Mapping[str, RemoteSourceSettings]) -> str:
        """Start what is due; return a text that changes when a description did; never waits."""
        return ""


def _template(settings: XyzSource, matrix_set: TileMatrixSet | None) -> RemoteTiles:
    try:
        return read_template(
            settings.url,
            matrix_set=matrix_set,
            servers=settings.subdomains,
            from_bottom=settings.tms,
        )
    except ValueError as error:
        raise CatalogueError([Problem(str(error), "", "url")]) from error


def _overrides(settings: RemoteSourceSettings) -> ReadingOverrides:
    if isinstance(settings, XyzSource):
        return AS_READ
    said = settings.overrides
    encoding = settings.encoding if isinstance(settings, WmtsSource) else "auto"
    return ReadingOverrides(
        axis_order=said.axis_order,
        origin_crs=None if said.origin_crs is None else Crs.parse(said.origin_crs),
        crs_by_matrix_set={name: Crs.parse(text) for name, text in said.crs},
        encoding=None if encoding == "auto" else encoding,
        charset=said.charset,
        pixel_m=said.pixel_m,
        literal=frozenset(said.literal),
    )
