"""Which addresses may be asked: what a stranger's source must not reach through us.

A source that somebody adds over the network could have the server fetch what only the server
can reach: its own administration, a neighbour's, a cloud's metadata. So every address, the first
one and those of redirects alike, is judged twice: by its text before anything is looked up, and
by all the IP addresses that its name really has, before any of them is connected to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, urlsplit

__all__ = [
    "OPERATOR_POLICY",
    "STRANGER_POLICY",
    "AddressPolicy",
    "AddressRefused",
    "host_matches",
    "is_public",
]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_ADDRESS: Final = 8_192
WEB_PORTS: Final = (80, 443, 8080, 8443)

_VISIBLE: Final = re.compile(r"[!-~]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")

# What `ipaddress` calls global, and is not the open Internet.
_NEVER_PUBLIC: Final = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598); 100.100.100.200 is a cloud's metadata
        "192.0.0.0/24",  # protocol assignments (RFC 6890); older Pythons call some of it global
        "2001::/23",  # the same, Teredo among them
        "2002::/16",  # 6to4 (RFC 3056): whatever its relay reaches
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "168.63.129.16/32",  # a cloud's host agent
        "64:ff9b:1::/48",  # local NAT64 (RFC 8215): whatever the operator's translator reaches
        "fec0::/10",  # site-local (RFC 3879)
        "5f00::/16",  # segment routing (RFC 9602)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_LINK_LOCAL: Final = (
    ip_network("169.254.0.0/16"),
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::/32"),  # a cloud's metadata
    ip_network("100.100.100.200/32"),
    ip_network("168.63.129.16/32"),
)
_NAT64: Final = ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ip_network("::/96")
_ISATAP: Final = 0x00005EFE


class AddressRefused(Exception):
    """An address must not be asked; the message says why and who may allow it."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be asked for one source.

    Attributes:
        trusted: the operator wrote the source: private networks and all ports are allowed.
        link_local: whether trust includes link-local and metadata addresses.
        allow: host names ("*.name" = all below it) and networks, allowed whatever else is said
            except in `deny`.
        deny: the same, refused always.
        ports: allowed for sources that are not trusted.
    """

    trusted: bool = False
    link_local: bool = True
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    ports: tuple[int, ...] = WEB_PORTS

    def guarded(self, home_is_private: bool) -> AddressPolicy:
        """Return the policy for hosts that a remote names and the operator did not.

        A server on the Internet has no business in the operator's network; one that is in it
        may name its neighbours. What has a link-local address is nobody's neighbour.
        """
        return replace(self, trusted=self.trusted and home_is_private, link_local=False)

    def check_text(self, address: str) -> SplitResult:
        """Judge an address before its name is looked up; return its parts.

        Raises: AddressRefused.
        """
        parts = split_address(address)
        host, port = str(parts.hostname), _port(parts)
        if _named(host, self.deny):
            raise AddressRefused(f"the operator refuses the host {host}")
        if not _named(host, self.allow):
            if not self.trusted and port not in self.ports:
                raise AddressRefused(f"port {port} is not one of {', '.join(map(str, self.ports))}")
            literal = _literal(host)
            if literal is not None:
                self.check_ip(literal, host)
        return parts

    def check_ip(self, address: Address, host: str) -> None:
        """Judge one IP address of a host. Raises: AddressRefused."""
        spoken = tuple(_spoken(address))
        if any(_within(inner, self.deny) for inner in spoken):
            raise AddressRefused(f"the operator refuses the network of {host}")
        if _named(host, self.allow) or _within(address, self.allow):
            return
        if self.trusted:
            if self.link_local or not any(_is_link_local(inner) for inner in spoken):
                return
        elif all(is_public(inner) for inner in spoken):
            return
        raise AddressRefused(
            f"{host} is not on the public Internet; the operator may list it as allowed"
        )


OPERATOR_POLICY: Final = AddressPolicy(trusted=True)
"""For sources that stand in the operator's own file."""
STRANGER_POLICY: Final = AddressPolicy()
"""For sources added over the network, unless the operator says more."""


def split_address(address: str) -> SplitResult:
    """Return the parts of an http or https address in visible ASCII.

    Raises: AddressRefused: another scheme, a user in it, no sensible host or port, too long.
    """
    if len(address) > MAX_ADDRESS:
        raise AddressRefused(f"it is longer than {MAX_ADDRESS:,} characters")
    if not _VISIBLE.fullmatch(address) or "\\" in address:
        # Parsers disagree on a backslash, which is how one is told another host than the next.
        raise AddressRefused("it has blanks or characters that an address must escape")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise AddressRefused("it is not an address") from None
    if parts.scheme not in ("http", "https"):
        raise AddressRefused("only http and https are spoken")
    if "@" in parts.netloc:
        raise AddressRefused("a user or password must not stand in it")
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    if not parts.hostname or port == 0 or not _HOST.fullmatch(host.removesuffix(":")):
        raise AddressRefused("it names no host")
    return parts


def host_matches(host: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a host name is one of the patterns, "*.name" meaning all below it."""
    return _named(host, patterns)


def is_public(address: Address) -> bool:
    """Return whether an IP address is on the open Internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NEVER_PUBLIC)


def _spoken(address: Address) -> list[Address]:
    """Return an address, and the IPv4 addresses that a translator would make of it."""
    found: list[Address] = [address]
    if isinstance(address, IPv6Address):
        number = int(address)
        low = IPv4Address(number & 0xFFFFFFFF)
        if address.ipv4_mapped is not None:
            # The same thing in another spelling: only what it means is judged.
            return [address.ipv4_mapped]
        if address in _NAT64:
            return [low]
        if address in _COMPATIBLE or (number >> 32) & 0xFCFFFFFF == _ISATAP:
            found.append(low)
        if address.sixtofour is not None:
            found.append(address.sixtofour)
        if address.teredo is not None:
            found.extend(address.teredo)
    return found


def _is_link_local(address: Address) -> bool:
    return (
        address.is_multicast
        or address.is_unspecified
        or any(address in network for network in _LINK_LOCAL)
    )


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _named(host: str, patterns: tuple[str, ...]) -> bool:
    if not patterns:
        return False
    name = host.lower().rstrip(".")
    for pattern in patterns:
        wanted = pattern.lower().rstrip(".")
        if name == wanted or (wanted.startswith("*.") and name.endswith(wanted[1:])):
            return True
    return False


def _within(address: Address, entries: tuple[str, ...]) -> bool:
    return any(
        address.version == network.version and address in network for network in _networks(entries)
    )


@lru_cache(maxsize=64)
def _networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the entries that are networks; the others are names."""
    found: list[Network] = []
    for entry in entries:
        try:
            found.append(ip_network(entry, strict=False))
        except ValueError:
            continue
    return tuple(found)
