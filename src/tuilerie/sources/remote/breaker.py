"""The circuit breaker: a remote that keeps failing is left alone, and tried again now and then."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from tuilerie.sources.remote.settings import BreakerSettings
from tuilerie.sources.remote.timing import Timing

__all__ = ["BreakerState", "Circuit", "CircuitBreaker"]

Circuit = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class BreakerState:
    """What an operator may see of a circuit.

    Attributes:
        circuit: "closed" = requests go through; "open" = none does; "half_open" = one does.
        since: seconds since the epoch.
        failures: in a row, up to now.
        last_error: without secrets; "" = none yet.
        retry_s: seconds until the next probe; 0 unless open.
    """

    circuit: Circuit
    since: float
    failures: int
    last_error: str
    retry_s: float


class CircuitBreaker:
    """Counts what became of the requests to one remote, and says whether to send another."""

    __slots__ = (
        "_circuit", "_failures", "_last_error", "_open_s", "_opened", "_outcomes", "_probing",
        "_settings", "_since", "_timing", "_until",
    )  # fmt: skip

    def __init__(self, settings: BreakerSettings, timing: Timing) -> None:
        self._settings = settings
        self._timing = timing
        self._circuit: Circuit = "closed"
        self._since = timing.wall()
        self._until = 0.0
        self._open_s = settings.open_s
        self._failures = 0
        self._outcomes: deque[bool] = deque(maxlen=settings.window)
        self._last_error = ""
        self._probing = False
        self._opened = 0

    def state(self) -> BreakerState:
        """Return what an operator may see."""
        return BreakerState(
            self._circuit, self._since, self._failures, self._last_error, self.open_s()
        )

    def open_s(self) -> float:
        """Return for how long nothing will be admitted, as far as is known; 0 = something may."""
        return max(self._until - self._timing.now(), 0.0) if self._circuit == "open" else 0.0

    def admit(self) -> tuple[int, float]:
        """Say whether a request may be sent now.

        Returns: a ticket for `succeeded`, `failed` or `withdrawn`, and 0; or any number and the
            seconds after which asking again has a chance.
        """
        if self._circuit == "open":
            left = self._until - self._timing.now()
            if left > 0.0:
                return self._opened, left
            self._turn("half_open")
        if self._circuit == "half_open":
            if self._probing:
                return self._opened, self._settings.open_s
            self._probing = True
        return self._opened, 0.0

    def succeeded(self, ticket: int) -> None:
        """The remote answered, be it that there is nothing there."""
        if ticket != self._opened:
            return  # sent before the circuit opened: it tells of the past
        self._failures = 0
        if self._circuit == "half_open":
            self._probing = False
            self._open_s = self._settings.open_s
            self._outcomes.clear()
            self._turn("closed")
        self._outcomes.append(True)

    def failed(self, ticket: int, error: str) -> None:
        """The remote did not answer, or not as a server in good health does."""
        self._last_error = error
        if ticket != self._opened:
            return
        self._failures += 1
        self._outcomes.append(False)
        if self._circuit == "half_open":
            self._open_s = min(self._open_s * 2.0, self._settings.max_open_s)
            self._open()
        elif self._failures >= self._settings.failures or self._rate_is_bad():
            self._open()

    def withdrawn(self, ticket: int) -> None:
        """The request was given up on our side: it tells nothing."""
        if ticket == self._opened:
            self._probing = False

    def _rate_is_bad(self) -> bool:
        outcomes = self._outcomes
        if len(outcomes) < self._settings.window:
            return False
        return outcomes.count(False) >= self._settings.rate * len(outcomes)

    def _open(self) -> None:
        # Jitter, so that many servers do not come back to a recovering remote at once.
        self._until = self._timing.now() + self._open_s * (0.75 + 0.5 * self._timing.chance())
        self._probing = False
        self._opened += 1
        self._turn("open")

    def _turn(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._since = self._timing.wall()
