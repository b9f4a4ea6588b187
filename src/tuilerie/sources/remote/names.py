"""Names to addresses that the policy allows: what was judged is what is connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from tuilerie.sources.remote.addresses import AddressPolicy, AddressRefused, is_public

__all__ = ["Lookup", "allowed_numbers", "has_private", "system_lookup"]

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a name, or of a number that number. Raises: OSError: it has none."""


async def system_lookup(host: str) -> Sequence[str]:
    """Ask the system's resolver, in a thread."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def allowed_numbers(host: str, policy: AddressPolicy, lookup: Lookup) -> Sequence[str]:
    """Return all IP addresses of a host, each of which the policy allows.

    Raises: AddressRefused: one of them is not allowed. OSError: there is none.
    """
    numbers = await lookup(host)
    if not numbers:
        raise OSError(f"{host} has no address")
    for number in numbers:
        try:
            address = ip_address(number)
        except ValueError:
            raise AddressRefused(f"{host} has an address that cannot be read") from None
        policy.check_ip(address, host)
    return numbers


async def has_private(hosts: Sequence[str], lookup: Lookup) -> bool | None:
    """Return whether one of the hosts is not on the public Internet; None = not to be found out."""
    unknown = False
    for host in hosts:
        try:
            numbers = [host] if _is_number(host) else await lookup(host)
        except OSError:
            unknown = True
            continue
        if any(not is_public(ip_address(number)) for number in numbers):
            return True
    return None if unknown else False


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
