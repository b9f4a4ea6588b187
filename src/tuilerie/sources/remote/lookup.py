"""Names to addresses that the policy allows: what was judged is what is connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from tuilerie.sources.remote.addresses import AddressPolicy, AddressRefused, is_public

__all__ = ["Lookup", "PolicyResolver", "has_private", "system_lookup"]

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a name. Raises: OSError: it has none."""

_FLAGS: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


async def system_lookup(host: str) -> Sequence[str]:
    """Ask the system's resolver, in a thread."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class PolicyResolver(AbstractResolver):
    """The resolver of one connection pool.

    The pool connects to the numbers that come out of here and asks nobody else, so a name that
    changes its mind in between gains nothing.
    """

    def __init__(self, policy: AddressPolicy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises: AddressRefused: one of them is not allowed. OSError: there is none.
        """
        return [
            ResolveResult(
                hostname=host,
                host=number,
                port=port,
                family=socket.AF_INET6 if ":" in number else socket.AF_INET,
                proto=0,
                flags=_FLAGS,
            )
            for number in await self.numbers(host)
        ]

    async def numbers(self, host: str) -> Sequence[str]:
        """Return the IP addresses of a host. Raises: AddressRefused, OSError."""
        numbers = await self._lookup(host)
        if not numbers:
            raise OSError(f"{host} has no address")
        for number in numbers:
            try:
                address = ip_address(number)
            except ValueError:
                raise AddressRefused(f"{host} has an address that cannot be read") from None
            self._policy.check_ip(address, host)
        return numbers

    async def close(self) -> None:
        """Nothing is held."""


async def has_private(hosts: Sequence[str], lookup: Lookup) -> bool:
    """Return whether one of the hosts is not on the public Internet, as far as is known."""
    for host in hosts:
        try:
            numbers = [host] if _is_number(host) else await lookup(host)
        except OSError:
            continue
        if any(not is_public(ip_address(number)) for number in numbers):
            return True
    return False


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
