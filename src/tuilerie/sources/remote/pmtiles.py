"""PMTiles at an address: described and read by parts, never as a whole.

The description holds the header, so that a source begins with tiles. Each part must be of the
archive that was described, by its validator and length: after a change nothing is read until the
archive is described anew, which `ArchivePolls` sees to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from tuilerie.catalogue.fingerprint import fingerprint
from tuilerie.catalogue.model import SourceDescription
from tuilerie.catalogue.remote_options import RemoteAccessOptions, RemoteOptions
from tuilerie.errors import CatalogueError, Problem, UpstreamError
from tuilerie.sources.archive import ArchiveFacts, describe_archive, offer_of
from tuilerie.sources.pmtiles import PMTilesSource, archive_of
from tuilerie.sources.pmtiles_format import Header, PMTilesError, Range
from tuilerie.sources.remote.addresses import OPERATOR_POLICY, AddressPolicy
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.fetched import Fetched, Part
from tuilerie.sources.remote.from_options import address_policy, remote_settings
from tuilerie.telemetry import Meters, get_logger

__all__ = ["POLL_S", "ArchivePolls", "RemoteArchive", "describe_pmtiles", "remote_pmtiles"]

POLL_S: Final = 60.0
"""Seconds after which a served archive is asked whether it is still the same."""
_START: Final = Range(0, 16_384)
"""Header and root directory lie within these. Source: PMTiles specification, version 3, 3."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteArchive:
    """What a source that is an archive at an address was described by.

    Attributes:
        mark: of its validator and length.
    """

    facts: ArchiveFacts
    header: Header
    mark: str


def describe_pmtiles(source: str, url: str, options: RemoteOptions) -> SourceDescription:
    """Return what an archive at an address is; waits in the calling thread.

    Raises: CatalogueError: it cannot be read, or served; pointer "url".
    """
    address = _address(url)
    with asyncio.Runner() as runner:
        client = _client(source, address, options, OPERATOR_POLICY, Meters())
        try:
            start, mark = runner.run(_read(client, source, address, _START))
            ranges = _Ranges(client, source, address, mark)

            def read(wanted: Range) -> bytes:
                end = wanted.offset + wanted.length
                if end <= len(start):
                    return start[wanted.offset : end]
                return runner.run(ranges(wanted))

            header, facts = archive_of(_name(address), start, read, mark)
        except UpstreamError as error:
            raise _unusable(str(error)) from error
        except PMTilesError as error:
            raise _unusable(str(error), "check it with `pmtiles verify`") from error
        except CatalogueError as error:
            raise CatalogueError(
                [Problem(each.message, each.hint, "url") for each in error.problems]
            ) from error
        finally:
            runner.run(client.close())
    return replace(describe_archive(facts), remote=RemoteArchive(facts, header, mark))


def remote_pmtiles(
    source: str,
    url: str,
    options: RemoteOptions,
    archive: RemoteArchive,
    *,
    access: RemoteAccessOptions,
    meters: Meters,
) -> PMTilesSource:
    """Return a source of the tiles of an archive; nothing is connected to before the first.

    Args:
        archive: what `describe_pmtiles` put down as `remote`.
        access: which addresses may be asked.
        meters: told of every request.
    """
    address = _address(url)
    client = _client(source, address, options, address_policy(access, trusted=True), meters)
    offer = offer_of(archive.facts, source, remote=True, side_by_side=2 * options.max_connections)
    ranges = _Ranges(client, source, address, archive.mark)
    return PMTilesSource(offer, archive.header, ranges, on_close=client.close)


class ArchivePolls:
    """Asks served archives again after a while, so that a changed one is published anew.

    A server that does not answer is taken to have what it had before: what is served stays.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._marks: dict[str, str] = {}

    def said(
        self, archives: Mapping[str, tuple[str, RemoteOptions]], published: Mapping[str, str]
    ) -> str:
        """Return a text that changes when an archive does; may wait for servers.

        Args:
            archives: address and options by source.
            published: their marks when the served state was made, by source.
        """
        now = self._clock()
        for source, (url, options) in archives.items():
            if now >= self._due.setdefault(url, now + POLL_S):
                self._due[url] = now + POLL_S
                self._ask(source, url, options)
        return " ".join(
            self._marks.setdefault(url, published.get(source, ""))
            for source, (url, _) in archives.items()
        )

    def _ask(self, source: str, url: str, options: RemoteOptions) -> None:
        async def ask() -> str:
            address = _address(url)
            async with _client(source, address, options, OPERATOR_POLICY, Meters()) as client:
                return (await _read(client, source, address, Range(0, 1)))[1]

        try:
            self._marks[url] = asyncio.run(ask())
        except UpstreamError as error:
            _log.warning("archive does not answer", source=source, error=str(error))


class _Ranges:
    """Reads parts of one archive, and of no other at the same address."""

    def __init__(self, client: RemoteClient, source: str, address: str, mark: str) -> None:
        self._client = client
        self._source = source
        self._address = address
        self._mark = mark

    async def __call__(self, wanted: Range) -> bytes:
        """Return the bytes. Raises: UpstreamError."""
        data, mark = await _read(self._client, self._source, self._address, wanted)
        if mark != self._mark or len(data) != wanted.length:
            raise upstream_fault(
                self._source,
                "unavailable",
                "the archive is another one than was described, or cut",
                retry_after_s=POLL_S,
            )
        return data


async def _read(
    client: RemoteClient, source: str, address: str, wanted: Range
) -> tuple[bytes, str]:
    """Return bytes of an archive and its mark. Raises: UpstreamError."""
    fetched = await client.get(address, part=Part(*wanted), max_bytes=wanted.length)
    if fetched.missing:
        what = f"there is nothing at its address ({fetched.status})"
        raise upstream_fault(source, "not_found", what)
    return fetched.data, _mark(fetched)


def _mark(fetched: Fetched) -> str:
    # An ETag is enough, and servers that are several may differ in the time.
    validators = fetched.validators
    return fingerprint(validators.etag or validators.last_modified, fetched.whole_bytes)


def _client(
    source: str, address: str, options: RemoteOptions, policy: AddressPolicy, meters: Meters
) -> RemoteClient:
    return RemoteClient(source, remote_settings(options), [address], policy=policy, meters=meters)


def _address(url: str) -> str:
    return url if "://" in url[:12] else f"https://{url}"


def _name(address: str) -> Path:
    return Path(PurePosixPath(unquote(urlsplit(address).path)).name or "archive")


def _unusable(message: str, hint: str = "") -> CatalogueError:
    return CatalogueError([Problem(message, hint, "url")])
