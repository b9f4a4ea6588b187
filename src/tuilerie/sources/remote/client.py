"""The client of one remote server: everything between "I need this address" and its bytes.

    get ── nothing known to be missing there ── single flight ── attempts
             ── a place (connections, rate) ── circuit breaker ── redirects ── transport

Each layer is one file of this folder; this one puts them in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from tuilerie.errors import UpstreamError, UpstreamKind
from tuilerie.flight import SingleFlight
from tuilerie.sources.remote.absences import Absences
from tuilerie.sources.remote.addresses import AddressPolicy, AddressRefused
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.attempts import Attempts
from tuilerie.sources.remote.breaker import BreakerState
from tuilerie.sources.remote.fetched import Fetched, Part, Validators
from tuilerie.sources.remote.identity import Identity
from tuilerie.sources.remote.names import Lookup, system_lookup
from tuilerie.sources.remote.redirects import Redirect, RedirectRefused, redirect_target
from tuilerie.sources.remote.secrets import OPERATOR, SecretScope
from tuilerie.sources.remote.settings import RemoteSettings
from tuilerie.sources.remote.timing import Timing
from tuilerie.telemetry import Meters

if TYPE_CHECKING:
    from tuilerie.sources.remote.transport import Transport

__all__ = ["MAX_REDIRECTS", "RemoteClient"]

MAX_REDIRECTS: Final = 5

_ANYTHING: Final = "*/*"
_Key = tuple[str, str, Validators | None, Part | None, int]


class RemoteClient:
    """Speaks to the remote server of one source; one per source, on one event loop.

    Nothing is read, looked up or connected to before the first request.

    Args:
        source: the identifier in the catalogue; stands in errors and metrics.
        settings: of the source.
        homes: the addresses that the operator wrote for the source: their hosts are shown its
            credentials. Hosts that a document of the remote names are not, unless the settings
            list them.
        policy: which addresses may be asked.
        scope: which secrets and certificate files the source may use.
        meters: told of every request.
    """

    def __init__(
        self,
        source: str,
        settings: RemoteSettings,
        homes: Sequence[str],
        *,
        policy: AddressPolicy,
        meters: Meters,
        scope: SecretScope = OPERATOR,
        timing: Timing | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        # Imported when a client is made: it would be 80 ms of every start.
        from tuilerie.sources.remote.transport import Transport

        self._new_transport = Transport
        self._source = source
        self._settings = settings
        self._homes = tuple(homes)
        self._policy = policy
        self._scope = scope
        self._meters = meters
        self._timing = Timing() if timing is None else timing
        self._lookup = lookup
        self._attempts = Attempts(source, settings, meters, self._timing)
        self._absences = Absences(settings.missing_s, self._timing)
        self._flight: SingleFlight[Fetched] = SingleFlight()
        self._identity: Identity | None = None
        self._transport: Transport | None = None
        self._closed = False

    @property
    def breaker(self) -> BreakerState:
        """The state of the circuit, without secrets."""
        return self._attempts.breaker

    def redact(self, text: str) -> str:
        """Return a text without the secrets of the source, for messages and logs."""
        return text if self._identity is None else self._identity.redact(text)

    def cleaned(self, document: bytes) -> bytes:
        """Return a document without the secrets of the source, for keeping."""
        return document if self._identity is None else self._identity.cleaned(document)

    def forget_missing(self) -> None:
        """Ask again for what was missing, e.g. after the capabilities were read anew."""
        self._absences.clear()

    async def get(
        self,
        address: str,
        *,
        accept: str = _ANYTHING,
        conditional: Validators | None = None,
        part: Part | None = None,
        max_bytes: int | None = None,
        deadline: float | None = None,
    ) -> Fetched:
        """Return what is at an address; that there is nothing (204, 404, 410) is an answer too.

        Callers who want the same at the same time share one request; one that is cancelled does
        not cancel it for the others.

        Args:
            address: http or https, escaped, without the key.
            accept: media types, as in HTTP.
            conditional: of the copy that the caller has; the answer may then be "not modified".
            part: only these bytes, fewer where it ends before; None = all.
            max_bytes: of the body, decompressed; None = as the settings say.
            deadline: on the clock of `timing` (time.monotonic), for this caller; the settings'
                total timeout bounds the request anyway.

        Raises: UpstreamError: with its kind; it says who must act, and has no secret in it.
        """
        remembered = self._absences.find(address)
        if remembered is not None:
            self._meters.remote(self._source, "remembered")
            return remembered
        if self._closed:
            raise self._error("closed", "it was closed meanwhile")
        limit = self._settings.max_bytes if max_bytes is None else max_bytes
        key: _Key = (address, accept, conditional, part, limit)
        if deadline is None:
            return await self._joined(key)
        try:
            async with asyncio.timeout(max(deadline - self._timing.now(), 0.0)):
                return await self._joined(key)
        except TimeoutError:
            raise self._error("timeout", "it does not answer within the caller's time") from None

    async def need(
        self,
        address: str,
        *,
        accept: str = _ANYTHING,
        conditional: Validators | None = None,
        max_bytes: int | None = None,
        deadline: float | None = None,
    ) -> Fetched:
        """Return as `get` what must be there, a document of capabilities for instance.

        Raises: UpstreamError: as `get`; of kind "not_found" if there is nothing.
        """
        fetched = await self.get(
            address,
            accept=accept,
            conditional=conditional,
            max_bytes=max_bytes,
            deadline=deadline,
        )
        if fetched.missing:
            raise self._error("not_found", f"there is nothing at its address ({fetched.status})")
        return fetched

    async def close(self) -> None:
        """End what is under way with an error of kind "closed", and close all connections."""
        self._closed = True
        await self._flight.cancel()
        if self._transport is not None:
            await self._transport.close()
        self._attempts.forget()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _joined(self, key: _Key) -> Fetched:
        """Return what a request gives that may be under way already."""
        try:
            return await self._flight.do(key, lambda: self._fetch(key))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                raise self._error("closed", "it was closed meanwhile") from None
            raise

    async def _fetch(self, key: _Key) -> Fetched:
        """Do what callers share, and count it."""
        start = self._timing.now()
        outcome, size = "cancelled", 0
        try:
            fetched = await self._within_time(key, start)
            outcome, size = _outcome(fetched), len(fetched.data)
        except UpstreamError as error:
            outcome = error.kind
            raise
        finally:
            self._meters.remote(self._source, outcome, self._timing.now() - start, size)
        if fetched.missing:
            self._absences.add(key[0], fetched)
        return fetched

    async def _within_time(self, key: _Key, start: float) -> Fetched:
        total = self._settings.total_timeout_s
        try:
            async with asyncio.timeout(total) as patience:
                transport = self._opened()
                return await self._attempts.run(
                    lambda: self._follow(transport, key), start + total, patience
                )
        except TimeoutError:
            raise self._error("timeout", f"it does not answer within {total:g} s") from None

    async def _follow(self, transport: Transport, key: _Key) -> Fetched:
        address, accept, conditional, part, max_bytes = key
        for _ in range(MAX_REDIRECTS + 1):
            try:
                return await transport.get(
                    address,
                    accept=accept,
                    conditional=conditional,
                    part=part,
                    max_bytes=max_bytes,
                )
            except Redirect as redirect:
                try:
                    address = redirect_target(
                        address,
                        redirect.location,
                        allow_downgrade=self._settings.allow_downgrade,
                    )
                except RedirectRefused as error:
                    raise self._error("redirect", str(error)) from None
                address = transport.without_key(address)
        raise self._error("redirect", f"it redirects more than {MAX_REDIRECTS} times")

    def _opened(self) -> Transport:
        """Resolve the secrets when they are needed first."""
        if not self._settings.enabled:
            raise self._error("disabled", "it is switched off")
        if self._transport is None:
            try:
                identity = Identity(self._settings, self._scope, self._source, self._homes)
            except AddressRefused as error:
                raise self._error("address", f"its own address cannot be asked: {error}") from None
            self._identity = identity
            self._transport = self._new_transport(
                self._source,
                self._settings,
                identity,
                self._policy,
                scope=self._scope,
                lookup=self._lookup,
                timing=self._timing,
            )
        return self._transport

    def _error(self, kind: UpstreamKind, what: str) -> UpstreamError:
        return upstream_fault(self._source, kind, what)


def _outcome(fetched: Fetched) -> str:
    if fetched.not_modified:
        return "not_modified"
    return "missing" if fetched.missing else "ok"
