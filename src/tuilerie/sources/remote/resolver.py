"""The resolver of a connection pool: it gives numbers that the policy allows, and no others.

The pool connects to what comes out of here and asks nobody else, so a name that changes its
mind in between gains nothing.
"""

from __future__ import annotations

import socket
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from tuilerie.sources.remote.addresses import AddressPolicy
from tuilerie.sources.remote.names import Lookup, allowed_numbers

__all__ = ["PolicyResolver"]

_FLAGS: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class PolicyResolver(AbstractResolver):
    """What the HTTP library asks for the addresses of a name."""

    def __init__(self, policy: AddressPolicy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises: AddressRefused, OSError."""
        return [
            ResolveResult(
                hostname=host,
                host=number,
                port=port,
                family=socket.AF_INET6 if ":" in number else socket.AF_INET,
                proto=0,
                flags=_FLAGS,
            )
            for number in await allowed_numbers(host, self._policy, self._lookup)
        ]

    async def close(self) -> None:
        """Nothing is held."""
