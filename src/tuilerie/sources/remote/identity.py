"""Who we are to a remote, and to which of the hosts that it leads to we say so."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import SplitResult, quote, quote_plus, unquote_plus

from tuilerie import __version__
from tuilerie.sources.remote.addresses import host_matches, split_address
from tuilerie.sources.remote.digest import Digest
from tuilerie.sources.remote.redact import Redactor
from tuilerie.sources.remote.secrets import SecretReference, SecretScope
from tuilerie.sources.remote.settings import Credentials, RemoteSettings

__all__ = ["Identity", "Origin", "origin_of"]

Origin = tuple[str, str, int]
"""Scheme, host in small letters, port."""

_AGENT: Final = f"Tuilerie/{__version__}"
_TELLTALE: Final = 12
"""Characters from which on a secret is looked for in documents, wherever it stands."""


class Identity:
    """The secrets of an open source, and the rule about who sees them.

    They are shown to the origins (scheme, host and port) of the source's own addresses, to the
    same host by https where the address says http, and to `credential_hosts`; to nobody else,
    whatever a redirect or a document says.

    Args:
        homes: the addresses that the operator wrote for this source.

    Attributes:
        redact: takes these secrets out of texts.

    Raises: UpstreamError (kind "secret"); AddressRefused: a home is no address.
    """

    __slots__ = (
        "_credential_hosts", "_digests", "_key", "_login", "_origins", "_ours", "_secrets",
        "home_hosts", "proxy_headers", "redact",
    )  # fmt: skip

    def __init__(
        self, settings: RemoteSettings, scope: SecretScope, source: str, homes: Sequence[str]
    ) -> None:
        secrets: list[str] = []

        def known(value: str | SecretReference) -> str:
            if isinstance(value, str):
                return value
            secret = scope.resolve(value, source)
            secrets.append(secret)
            return secret

        def login(credentials: Credentials | None) -> tuple[str, str] | None:
            if credentials is None:
                return None
            return known(credentials.user), known(credentials.password)

        origins = [origin_of(split_address(home)) for home in homes]
        self._origins = frozenset(_with_upgrades(origins))
        self.home_hosts = tuple(dict.fromkeys(host for _, host, _ in origins))
        self._credential_hosts = settings.credential_hosts
        headers = {name: known(value) for name, value in settings.headers}
        if settings.referer:
            headers["Referer"] = settings.referer
        self._login = login(settings.credentials)
        if settings.credentials is not None and settings.credentials.scheme == "basic":
            headers["Authorization"] = _basic(self._login, secrets)
            self._login = None
        agent = {"User-Agent": settings.user_agent or _AGENT}
        self._ours: Mapping[bool, Mapping[str, str]] = {True: agent | headers, False: agent}
        proxy = _basic(login(settings.proxy_credentials), secrets)
        self.proxy_headers = {"Proxy-Authorization": proxy} if proxy else {}
        self._key = None if settings.key is None else (settings.key[0], known(settings.key[1]))
        self._digests: dict[Origin, Digest] = {}
        self._secrets = frozenset(secrets)
        self.redact = Redactor(tuple(secrets), (self._key[0],) if self._key else ())

    def __repr__(self) -> str:
        return "Identity()"

    def knows(self, parts: SplitResult) -> bool:
        """Return whether the host of an address may see who we are."""
        if origin_of(parts) in self._origins:
            return True
        if not self._credential_hosts or not host_matches(
            parts.hostname or "", self._credential_hosts
        ):
            return False
        # What is told to a home by https is not shouted to a further host by http.
        return parts.scheme == "https" or any(scheme == "http" for scheme, _, _ in self._origins)

    def headers(self, ours: bool) -> dict[str, str]:
        """Return the headers of every request to a host that is ours, or is not."""
        return dict(self._ours[ours])

    def digest(self, parts: SplitResult) -> Digest | None:
        """Return what answers the challenges of a host of ours; None where none is to be."""
        if self._login is None:
            return None
        origin = origin_of(parts)
        found = self._digests.get(origin)
        if found is None:
            found = self._digests[origin] = Digest(*self._login)
        return found

    def with_key(self, address: str) -> str:
        """Return an address with the key in its query."""
        if self._key is None:
            return address
        name, value = self._key
        joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
        return f"{address}{joint}{quote_plus(name)}={quote_plus(value)}"

    def without_key(self, address: str) -> str:
        """Return an address without the key, which redirects like to repeat."""
        if self._key is None and not self._secrets:
            return address
        path, mark, query = address.partition("?")
        if not mark:
            return address
        return path + mark + "&".join(part for part in query.split("&") if not self._tells(part))

    def cleaned(self, document: bytes) -> bytes:
        """Return a document without the secrets that its sender repeats in it, to be kept.

        The key goes out of addresses together with its name: it is added to them again when
        they are asked.
        """
        for secret in self._secrets:
            for text in {s.encode() for s in (secret, quote(secret, safe=""), quote_plus(secret))}:
                if text not in document:
                    continue
                if self._key is not None and secret == self._key[1]:
                    name = re.escape(self._key[0].encode())
                    pair = rb"(?i:\b" + name + rb")=" + re.escape(text) + rb"(?:&amp;|&)?"
                    document = re.sub(pair, b"", document)
                # A short one is also a word that has nothing to do with it.
                if len(text) >= _TELLTALE:
                    document = document.replace(text, b"***")
        return document

    def _tells(self, part: str) -> bool:
        name, _, value = part.partition("=")
        if self._key is not None and unquote_plus(name).lower() == self._key[0].lower():
            return True
        return unquote_plus(value) in self._secrets


def origin_of(parts: SplitResult) -> Origin:
    """Return scheme, host and port of an address."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").rstrip("."), port


def _with_upgrades(origins: Iterable[Origin]) -> Iterable[Origin]:
    for origin in origins:
        yield origin
        scheme, host, port = origin
        if (scheme, port) == ("http", 80):
            yield "https", host, 443


def _basic(login: tuple[str, str] | None, secrets: list[str]) -> str:
    if login is None:
        return ""
    token = b64encode(":".join(login).encode()).decode("ascii")
    secrets.append(token)
    return f"Basic {token}"
