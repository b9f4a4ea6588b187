"""One request to one address: the pools of connections, and an answer or an `UpstreamError`.

A source has two pools. The one for its own hosts follows the policy under which the source was
added and shows its certificate; the one for hosts that the remote names follows a stricter
policy and shows nothing. Connections of the one are never used for the other.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult

import aiohttp
from yarl import URL

from tuilerie.sources.remote.addresses import AddressPolicy, AddressRefused, host_matches
from tuilerie.sources.remote.answers import read_answer
from tuilerie.sources.remote.body import CODINGS
from tuilerie.sources.remote.digest import Digest
from tuilerie.sources.remote.failures import CAUGHT, as_upstream_error
from tuilerie.sources.remote.fetched import Fetched, Part, Validators
from tuilerie.sources.remote.identity import Identity
from tuilerie.sources.remote.names import Lookup, allowed_numbers, has_private
from tuilerie.sources.remote.redirects import REDIRECTS, Redirect
from tuilerie.sources.remote.resolver import PolicyResolver
from tuilerie.sources.remote.secrets import SecretScope
from tuilerie.sources.remote.settings import RemoteSettings
from tuilerie.sources.remote.timing import Timing
from tuilerie.sources.remote.tls import tls_context

__all__ = ["Transport"]

_KEEP_ALIVE_S: Final = 15.0


class Transport:
    """Sends the requests of one source; made on the event loop that runs it.

    Args:
        identity: who we are.
        scope: where certificates may lie.
    """

    def __init__(
        self,
        source: str,
        settings: RemoteSettings,
        identity: Identity,
        policy: AddressPolicy,
        *,
        scope: SecretScope,
        lookup: Lookup,
        timing: Timing,
    ) -> None:
        self._source = source
        self._settings = settings
        self._identity = identity
        self._policy = policy
        self._scope = scope
        self._lookup = lookup
        self._timing = timing
        self._guarded: AddressPolicy | None = None
        self._pools: dict[bool, aiohttp.ClientSession] = {}
        self._tls: dict[bool, ssl.SSLContext] = {}
        self._lock = asyncio.Lock()

    async def get(
        self,
        address: str,
        *,
        accept: str,
        conditional: Validators | None,
        part: Part | None,
        max_bytes: int,
    ) -> Fetched:
        """Return the answer of one address, which has no key in it.

        Raises: Redirect; UpstreamError.
        """
        host = ""
        try:
            parts, ours = await self._admitted(address)
            host = parts.netloc
            headers = self._headers(ours, accept, conditional, part)
            response = await self._answered(address, parts, ours, headers)
            async with response:
                if response.status in REDIRECTS and "Location" in response.headers:
                    raise Redirect(response.headers["Location"])
                return await read_answer(
                    response,
                    address,
                    self._source,
                    self._identity.redact,
                    conditional=conditional is not None,
                    part=part,
                    max_bytes=max_bytes,
                    now=self._timing.wall(),
                )
        except CAUGHT as error:
            raise as_upstream_error(error, self._source, host, self._identity.redact) from None

    def without_key(self, address: str) -> str:
        """Return an address without the key, which redirects like to repeat."""
        return self._identity.without_key(address)

    async def close(self) -> None:
        """Close all connections; idempotent."""
        for pool in tuple(self._pools.values()):
            await pool.close()

    async def _admitted(self, address: str) -> tuple[SplitResult, bool]:
        """Return the parts of an address that may be asked, and whether the host is ours."""
        parts = self._policy.check_text(address)
        ours = self._identity.knows(parts)
        policy = self._policy
        if not ours:
            policy = await self._guarded_policy()
            policy.check_text(address)
        if self._settings.proxy:
            self._policy.check_text(self._settings.proxy)
            await self._check_behind_proxy(str(parts.hostname), policy)
        return parts, ours

    async def _guarded_policy(self) -> AddressPolicy:
        if self._guarded is not None:
            return self._guarded
        private: bool | None = False
        if self._policy.trusted:
            private = await has_private(self._identity.home_hosts, self._lookup)
        guarded = self._policy.guarded(bool(private))
        if private is not None:
            self._guarded = guarded
        return guarded

    async def _check_behind_proxy(self, host: str, policy: AddressPolicy) -> None:
        """Judge a host whose name the proxy will look up, by what it is called here."""
        try:
            await allowed_numbers(host, policy, self._lookup)
        except OSError:
            if not policy.trusted and not host_matches(host, policy.allow):
                raise AddressRefused(
                    f"{host} is not found here, so nobody knows where the proxy would go"
                ) from None

    async def _answered(
        self, address: str, parts: SplitResult, ours: bool, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        digest = self._identity.digest(parts) if ours else None
        url = URL(self._identity.with_key(address) if ours else address, encoded=True)
        if digest is not None:
            headers |= _authorization(digest, url)
        response = await self._send(url, headers, parts, ours)
        if (
            response.status == 401
            and digest is not None
            and digest.challenged(response.headers.getall("WWW-Authenticate", ()))
        ):
            response.release()
            headers |= _authorization(digest, url)
            response = await self._send(url, headers, parts, ours)
        return response

    async def _send(
        self, url: URL, headers: Mapping[str, str], parts: SplitResult, ours: bool
    ) -> aiohttp.ClientResponse:
        policy = self._policy if ours else await self._guarded_policy()
        pool = self._pools.get(ours)
        if pool is None:
            pool = self._pools[ours] = self._pool(policy)
        proxy = self._settings.proxy
        secure = parts.scheme == "https" or proxy.startswith("https:")
        context = (self._tls.get(ours) or await self._context(ours)) if secure else True
        if proxy and parts.scheme == "http":
            # Such a request goes to the proxy as it is; the others by CONNECT.
            headers = {**headers, **self._identity.proxy_headers}
        return await pool.get(
            url,
            headers=headers,
            allow_redirects=False,
            ssl=context,
            proxy=proxy or None,
            proxy_headers=self._identity.proxy_headers if proxy else None,
        )

    def _pool(self, policy: AddressPolicy) -> aiohttp.ClientSession:
        settings = self._settings
        # Behind a proxy it is the proxy's own name that the pool looks up: the source's settings
        # name it, so it is judged as they are.
        policy = self._policy if settings.proxy else policy
        connector = aiohttp.TCPConnector(
            resolver=PolicyResolver(policy, self._lookup),
            limit=settings.max_connections,
            keepalive_timeout=_KEEP_ALIVE_S,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=settings.connect_timeout_s,
                sock_read=settings.read_timeout_s,
            ),
        )

    async def _context(self, ours: bool) -> ssl.SSLContext:
        async with self._lock:
            found = self._tls.get(ours)
            if found is None:
                # Reading the system's authorities takes some 20 ms.
                found = self._tls[ours] = await asyncio.to_thread(
                    tls_context, self._settings, self._scope, self._source, ours=ours
                )
            return found

    def _headers(
        self, ours: bool, accept: str, conditional: Validators | None, part: Part | None
    ) -> dict[str, str]:
        headers = self._identity.headers(ours)
        headers["Accept"] = accept
        # A picture is compressed already: gzip would cost both sides and gain nothing.
        headers["Accept-Encoding"] = "identity" if accept.startswith("image/") else CODINGS
        if part is not None:
            headers["Range"] = f"bytes={part.offset}-{part.offset + part.length - 1}"
            headers["Accept-Encoding"] = "identity"  # else it were a part of what is compressed
        if conditional is not None:
            if conditional.etag:
                headers["If-None-Match"] = conditional.etag
            if conditional.last_modified:
                headers["If-Modified-Since"] = conditional.last_modified
        return headers


def _authorization(digest: Digest, url: URL) -> dict[str, str]:
    value = digest.authorization("GET", url.raw_path_qs)
    return {"Authorization": value} if value else {}
