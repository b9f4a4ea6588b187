"""How often and when a remote is asked: places, rate, circuit and retries around one request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.backoff import COUNTED, retry_delay
from tuilerie.sources.remote.breaker import BreakerState, CircuitBreaker
from tuilerie.sources.remote.fetched import Fetched
from tuilerie.sources.remote.pace import Pace, TooMany
from tuilerie.sources.remote.settings import RemoteSettings
from tuilerie.sources.remote.timing import Timing
from tuilerie.telemetry import Meters, RemoteFault

__all__ = ["Attempts"]

Ask = Callable[[], Awaitable[Fetched]]


class Attempts:
    """The patience that one remote server is owed, and that we have with it."""

    def __init__(
        self, source: str, settings: RemoteSettings, meters: Meters, timing: Timing
    ) -> None:
        self._source = source
        self._settings = settings
        self._meters = meters
        self._timing = timing
        self._breaker = CircuitBreaker(settings.breaker, timing)
        self._pace = Pace(settings.max_connections, settings.requests_per_s, timing)
        self._fault: RemoteFault | None = None

    @property
    def breaker(self) -> BreakerState:
        """The state of the circuit, without secrets."""
        return self._breaker.state()

    async def run(self, ask: Ask, end: float, patience: asyncio.Timeout) -> Fetched:
        """Return what `ask` returns, at the first attempt or a later one.

        Args:
            end: until when, on the clock of `timing`; `patience` ends the task at that time.

        Raises: UpstreamError: of the last attempt; or of kind "circuit_open", "throttled" or
            "busy", if there was none.
        """
        attempt = 0
        while True:
            try:
                return await self._attempt(ask, end, patience)
            except UpstreamError as error:
                left = end - self._timing.now()
                chance = self._timing.chance()
                delay = retry_delay(error, attempt, self._settings, chance, left)
                if delay is None:
                    raise
            attempt += 1
            await self._timing.sleep(delay)

    def forget(self) -> None:
        """Take back what was reported: the client is closed."""
        self._report(None)

    async def _attempt(self, ask: Ask, end: float, patience: asyncio.Timeout) -> Fetched:
        self._check_circuit(self._breaker.open_s())
        try:
            async with self._pace.place(end):
                ticket, wait = self._breaker.admit()
                self._check_circuit(wait)
                try:
                    fetched = await ask()
                except UpstreamError as error:
                    self._failed(ticket, error)
                    raise
                except BaseException:
                    # Whatever else ends it: a probe must not be waited for that is no more.
                    if patience.expired():
                        self._breaker.failed(ticket, "it does not answer in time")
                    else:
                        self._breaker.withdrawn(ticket)
                    self._report_circuit()
                    raise
                self._breaker.succeeded(ticket)
                if self._fault is not None:
                    self._report_circuit()
                return fetched
        except TooMany as error:
            raise self._too_many(error) from None

    def _failed(self, ticket: int, error: UpstreamError) -> None:
        if error.kind in COUNTED:
            self._breaker.failed(ticket, str(error))
        elif error.kind in ("address", "secret"):
            self._breaker.withdrawn(ticket)
        else:
            self._breaker.succeeded(ticket)
        if error.retry_after_s is not None:
            self._pace.hold(error.retry_after_s)
        self._report_circuit()

    def _check_circuit(self, wait: float) -> None:
        if wait > 0.0:
            what = "it failed too often of late and is left alone"
            last = self._breaker.state().last_error
            if last:
                what = f"{what}; last: {last.removeprefix(f'Source {self._source}: ')}".rstrip(".")
            raise upstream_fault(self._source, "circuit_open", what, retry_after_s=wait)

    def _report_circuit(self) -> None:
        state = self._breaker.state()
        if state.circuit == "closed":
            self._report(None)
        elif self._fault is None or self._fault.time != state.since:
            self._report(RemoteFault(state.since, state.circuit, state.failures, state.last_error))

    def _report(self, fault: RemoteFault | None) -> None:
        self._meters.remote_fault(self._source, fault, instead_of=self._fault)
        self._fault = fault

    def _too_many(self, error: TooMany) -> UpstreamError:
        if error.delay_s is None:
            return upstream_fault(self._source, "busy", "too many requests wait for it already")
        what = "it asked for patience" if error.held else "our own limit of its rate is reached"
        return upstream_fault(self._source, "throttled", what, retry_after_s=error.delay_s)
