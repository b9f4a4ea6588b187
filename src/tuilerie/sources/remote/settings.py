"""What is said of one remote server: who we are to it, and how hard we may press it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tuilerie.sources.remote.secrets import SecretReference

__all__ = ["MAX_BYTES", "BreakerSettings", "Credentials", "RemoteSettings"]

MAX_BYTES: Final = 32 * 2**20
"""Of one body, decompressed, unless a request says otherwise."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password, shown only to the hosts of the source.

    Attributes:
        user: plain, or a reference like a password.
        scheme: "basic" is sent unasked; "digest" answers a challenge, and never becomes basic.
    """

    user: str | SecretReference
    password: SecretReference
    scheme: Literal["basic", "digest"] = "basic"


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a failing remote is left alone for a while.

    Attributes:
        failures: so many in a row open the circuit.
        rate, window: so does that share of the last so many requests.
        open_s: how long it stays open at first; doubled at each failed probe, to `max_open_s`.
    """

    failures: int = 5
    rate: float = 0.5
    window: int = 20
    open_s: float = 5.0
    max_open_s: float = 300.0


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """How a source speaks to its remote server; secrets are references until it is opened.

    Attributes:
        enabled: False = every request fails with kind "disabled".
        credential_hosts: names of further hosts that may be shown credentials, key, headers and
            client certificate, besides those of the addresses given to the client; "*.name" =
            all below it.
        headers: sent to the hosts of the source, values plain or references.
        key: name and value of a parameter that is added to every query.
        client_certificate, client_key: PEM files; the certificate may hold the key.
        ca_bundle: PEM file of the authorities to believe instead of the system's.
        verify: False = any certificate is believed.
        proxy: `http://` or `https://` address of a proxy, without user.
        proxy_credentials: Basic only.
        connect_timeout_s: name, connection and TLS together.
        read_timeout_s: between two pieces of an answer, the first included.
        total_timeout_s: for everything, waiting, retries and redirects included.
        max_connections: requests under way at once.
        requests_per_s: on average, with bursts of a second's worth; None = as many as come.
        retries: after a failure that may pass; attempts are one more.
        backoff_s: half the mean wait before the first retry; doubled at each.
        max_retry_after_s: a longer Retry-After is not waited for: the request fails at once.
        missing_s: how long "nothing there" is remembered for an address; 0 = not.
        max_bytes: of a body, decompressed.
        allow_downgrade: whether a redirect may lead from https to http.
    """

    enabled: bool = True
    credentials: Credentials | None = None
    credential_hosts: tuple[str, ...] = ()
    headers: tuple[tuple[str, str | SecretReference], ...] = ()
    key: tuple[str, SecretReference] | None = None
    client_certificate: str = ""
    client_key: str = ""
    client_key_password: SecretReference | None = None
    ca_bundle: str = ""
    verify: bool = True
    proxy: str = ""
    proxy_credentials: Credentials | None = None
    user_agent: str = ""
    referer: str = ""
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    total_timeout_s: float = 60.0
    max_connections: int = 20
    requests_per_s: float | None = None
    retries: int = 2
    backoff_s: float = 0.25
    max_retry_after_s: float = 10.0
    missing_s: float = 60.0
    max_bytes: int = MAX_BYTES
    allow_downgrade: bool = False
    breaker: BreakerSettings = BreakerSettings()
