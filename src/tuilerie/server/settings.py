"""What an operator may set about the web server itself, with the limits that keep it standing."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuilerie.server.forwarded import TrustedProxies, valid_prefix

__all__ = ["ServerSettings"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of one server; the catalogue's are in the catalogue.

    Attributes:
        prefix: path before every route, "" or "/maps".
        trusted: proxies whose Forwarded and X-Forwarded-* headers count.
        ready_bytes: room for ready answers in each worker; 0 = none.
        documents_bytes: room for capabilities documents in each worker.
        keep_alive_s: an idle connection is closed after that long.
        header_timeout_s: a request that is not complete after that long is dropped
            (so a client that dribbles its bytes holds a connection no longer).
        stalled_timeout_s: a client that takes nothing of its answer for that long is dropped.
        graceful_timeout_s: requests under way at a stop have that long to finish.
        max_header_bytes: request line and headers; 431 above.
        max_target_bytes: path and query; 414 above.
        max_connections: for each worker; 503 to those above.
        backlog: connections that wait in the kernel to be accepted.
        fast_lane: False = every request goes through the ASGI application.
    """

    prefix: str = ""
    trusted: TrustedProxies = field(default_factory=TrustedProxies)
    ready_bytes: int = 128 * 1024 * 1024
    documents_bytes: int = 64 * 1024 * 1024
    keep_alive_s: int = 75
    header_timeout_s: int = 10
    stalled_timeout_s: int = 60
    graceful_timeout_s: int = 30
    max_header_bytes: int = 32 * 1024
    max_target_bytes: int = 8 * 1024
    max_connections: int = 4096
    backlog: int = 2048
    fast_lane: bool = True

    def __post_init__(self) -> None:
        """Refuse a prefix that could not stand in an address.

        Raises:
            ValueError: with the prefix at fault.
        """
        if not valid_prefix(self.prefix) or self.prefix.endswith("/"):
            msg = f"{self.prefix!r} is not a route prefix; write it like /maps"
            raise ValueError(msg)
