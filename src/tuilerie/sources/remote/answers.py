"""One response of the HTTP library: read within bounds, and judged by its status."""

from __future__ import annotations

from typing import Final

import aiohttp

from tuilerie.sources.remote.backoff import retry_after
from tuilerie.sources.remote.body import Bomb, Inflater, TooLarge, Undecodable, read_body
from tuilerie.sources.remote.failures import status_fault
from tuilerie.sources.remote.fetched import MISSING, Fetched, Validators
from tuilerie.sources.remote.freshness import freshness
from tuilerie.sources.remote.quoting import QUOTED_BYTES, quote_body
from tuilerie.sources.remote.redact import Redactor

__all__ = ["read_answer"]

_FINE: Final = frozenset({200, 203})


async def read_answer(
    response: aiohttp.ClientResponse,
    address: str,
    source: str,
    redact: Redactor,
    *,
    conditional: bool,
    max_bytes: int,
    now: float,
) -> Fetched:
    """Return the answer that a response is.

    Args:
        address: that was asked, without the key.
        conditional: whether "not modified" is an answer.
        now: seconds since the epoch.

    Raises: UpstreamError: by its status it is none; what `read_body` and the library raise.
    """
    status, headers = response.status, response.headers
    if status in _FINE:
        data = await read_body(
            response.content,
            headers.get("Content-Encoding", ""),
            response.content_length,
            max_bytes,
        )
    elif status in MISSING or (status == 304 and conditional):
        data = b""
    else:
        patience = headers.get("Retry-After")
        raise status_fault(
            source,
            status,
            quote_body(await _beginning(response), response.charset or ""),
            redact,
            None if patience is None else retry_after(patience, now),
        )
    media_type, _, parameters = headers.get("Content-Type", "").partition(";")
    return Fetched(
        status,
        media_type.strip().lower(),
        _charset(parameters) if parameters else "",
        data,
        Validators(headers.get("ETag", ""), headers.get("Last-Modified", "")),
        freshness(headers, now),
        address,
    )


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Return the first bytes of an error page; what goes wrong with it does not matter."""
    data = b""
    try:
        inflater = Inflater.of(response.headers.get("Content-Encoding", ""), QUOTED_BYTES)
        while len(data) < QUOTED_BYTES and (piece := await response.content.readany()):
            data += piece if inflater is None else b"".join(inflater.feed(piece))
    except (aiohttp.ClientError, TimeoutError, OSError, Bomb, TooLarge, Undecodable):
        pass
    return data[:QUOTED_BYTES]


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
