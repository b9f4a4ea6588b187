"""By which public address a client reached us, when trusted proxies stand in between.

Only what a trusted address says is heard, and of that only what has the form of a scheme, a
host or a path: no hostile value reaches a document. Lists are read from the right, where the
nearest proxy wrote: as many members count as there are trusted proxies in a row.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = ["Origin", "TrustedProxies", "valid_prefix"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST: Final = re.compile(
    r"(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-)){0,126}\.?"
    r"|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z"
)
_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9_~@-][A-Za-z0-9._~@-]*){0,16}/?\Z")
_FORWARDED_PAIR: Final = re.compile(
    r"\s*([A-Za-z]+)=(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*))\s*(;|,|\Z)"
)
_MAX_BYTES: Final = 2048


class Origin(NamedTuple):
    """Who asked, and by which address.

    Attributes:
        base_url: scheme, host and prefix by which the client knows us, no trailing slash.
        remote: the client's address as far as it can be believed; "" for a local socket.
        valid: False where the Host header is not a host: the request deserves a 400.
    """

    base_url: str
    remote: str
    valid: bool = True


def valid_prefix(prefix: str) -> bool:
    """Tell whether a path may stand before ours: "" or "/maps", plain characters only."""
    return len(prefix) <= _MAX_BYTES and _PREFIX.match(prefix) is not None


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that may speak for their clients.

    Attributes:
        networks: their addresses; none = nobody is believed.
        local_socket: whether whoever connects by a Unix socket is one of them.
    """

    networks: tuple[Network, ...] = ()
    local_socket: bool = False

    @classmethod
    def parse(cls, texts: Iterable[str]) -> TrustedProxies:
        """Read addresses and networks ("10.0.0.0/8", "::1"), or "unix" for local sockets.

        Raises:
            ValueError: one is not an address, with the text at fault.
        """
        networks: list[Network] = []
        local = False
        for text in texts:
            if text == "unix":
                local = True
                continue
            try:
                networks.append(ipaddress.ip_network(text, strict=False))
            except ValueError:
                msg = f"{text!r} is neither an IP address, a network such as 10.0.0.0/8 nor 'unix'"
                raise ValueError(msg) from None
        return cls(tuple(networks), local)

    def __bool__(self) -> bool:
        return bool(self.networks) or self.local_socket

    def trusts(self, address: str) -> bool:
        """Tell whether an address ("" for a local socket) is a trusted proxy."""
        if not address:
            return self.local_socket
        parsed = _address(address)
        return parsed is not None and any(parsed in network for network in self.networks)

    def remote(self, headers: Mapping[bytes, bytes], peer: str) -> str:
        """Return the client's address: the first, from the right, that is not trusted."""
        if not self or not self.trusts(peer):
            return peer
        return self._walk(headers, peer)[0]

    def origin(
        self,
        headers: Mapping[bytes, bytes],
        *,
        peer: str,
        scheme: str,
        server: str,
        prefix: str = "",
        base_url: str = "",
    ) -> Origin:
        """Return the origin of a request.

        Args:
            headers: by lower-case name, repeated fields joined by ", ".
            peer: address of the other end of the connection, "" for a local socket.
            scheme: "http" or "https" of the connection.
            server: our own "host:port", for clients that name no host (HTTP/1.0).
            prefix: the route prefix, "" or "/maps".
            base_url: what the catalogue says; wins over everything.
        """
        host = headers.get(b"host", b"").decode("latin-1") or server
        remote, valid = peer, _HOST.match(host) is not None
        outer = ""
        if self and self.trusts(peer):
            remote, hops = self._walk(headers, peer)
            said = _said(headers, hops)
            if said.scheme in ("http", "https"):
                scheme = said.scheme
            if said.host and _HOST.match(said.host):
                host, valid = said.host, True
            if said.prefix and valid_prefix(said.prefix):
                outer = said.prefix.rstrip("/")
        if base_url:
            return Origin(base_url, remote, valid)
        if not valid:
            return Origin("", remote, valid=False)
        return Origin(f"{scheme}://{_without_default_port(scheme, host)}{outer}{prefix}", remote)

    def _walk(self, headers: Mapping[bytes, bytes], peer: str) -> tuple[str, int]:
        """Return the client's address, and how many proxies are trusted, the peer included."""
        members: list[str] = []
        if b"x-forwarded-for" in headers:
            members = _members(headers[b"x-forwarded-for"])
        elif b"forwarded" in headers and not _speaks_x(headers):
            members = [hop.get("for", "") for hop in _hops(headers[b"forwarded"])]
        remote, hops = peer, 1
        for member in reversed(members):
            address = _node(member)
            if not address:
                break  # "unknown", or something that is no address: believe no further.
            remote = address
            if not self.trusts(address):
                break
            hops += 1
        return remote, hops


class _Said(NamedTuple):
    scheme: str
    host: str
    prefix: str


def _speaks_x(headers: Mapping[bytes, bytes]) -> bool:
    """Whether X-Forwarded-* is spoken; then a `Forwarded` may be the client's own, passed on."""
    return any(
        name in headers for name in (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
    )


def _said(headers: Mapping[bytes, bytes], hops: int) -> _Said:
    """What the outermost trusted proxy said of the address that its client used."""
    prefix = _pick(headers.get(b"x-forwarded-prefix"), hops)
    if _speaks_x(headers) or b"forwarded" not in headers:
        return _Said(
            _pick(headers.get(b"x-forwarded-proto"), hops).lower(),
            _pick(headers.get(b"x-forwarded-host"), hops),
            prefix,
        )
    elements = _hops(headers[b"forwarded"])
    if not elements:
        return _Said("", "", prefix)
    element = elements[-min(hops, len(elements))]
    return _Said(element.get("proto", "").lower(), element.get("host", ""), prefix)


def _pick(value: bytes | None, hops: int) -> str:
    members = [] if value is None else _members(value)
    return members[-min(hops, len(members))] if members else ""


def _members(value: bytes) -> list[str]:
    text = value[-_MAX_BYTES:].decode("latin-1")
    return [member for member in (part.strip() for part in text.split(",")) if member]


def _hops(value: bytes) -> list[dict[str, str]]:
    """Read `Forwarded` (RFC 7239, 4); nothing of a malformed one."""
    text = value.decode("latin-1")
    if len(text) > _MAX_BYTES:
        return []
    elements: list[dict[str, str]] = [{}]
    position = 0
    while position < len(text):
        pair = _FORWARDED_PAIR.match(text, position)
        if pair is None:
            return []
        quoted, token = pair[2], pair[3]
        elements[-1][pair[1].lower()] = (
            re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token
        )
        if pair[4] == ",":
            elements.append({})
        position = pair.end()
    return elements


def _node(text: str) -> str:
    """Return the address in a member of X-Forwarded-For or a `for`; "" if it is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    parsed = _address(text)
    return "" if parsed is None else str(parsed)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return parsed if mapped is None else mapped


def _without_default_port(scheme: str, host: str) -> str:
    return host.removesuffix(":443" if scheme == "https" else ":80")
