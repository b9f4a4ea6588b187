"""One response of the HTTP library: read within bounds, and judged by its status."""

from __future__ import annotations

import re
from typing import Final

import aiohttp

from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.backoff import retry_after
from tuilerie.sources.remote.body import Bomb, Inflater, TooLarge, Undecodable, read_body
from tuilerie.sources.remote.failures import status_fault
from tuilerie.sources.remote.fetched import MISSING, Fetched, Part, Validators
from tuilerie.sources.remote.freshness import freshness
from tuilerie.sources.remote.quoting import QUOTED_BYTES, quote_body
from tuilerie.sources.remote.redact import Redactor

__all__ = ["read_answer"]

_FINE: Final = frozenset({200, 203})
_PART: Final = 206
_BEYOND: Final = 416
_CONTENT_RANGE: Final = re.compile(
    r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.ASCII | re.IGNORECASE
)


async def read_answer(
    response: aiohttp.ClientResponse,
    address: str,
    source: str,
    redact: Redactor,
    *,
    conditional: bool,
    part: Part | None,
    max_bytes: int,
    now: float,
) -> Fetched:
    """Return the answer that a response is.

    Args:
        address: that was asked, without the key.
        conditional: whether "not modified" is an answer.
        part: that was asked for; then the whole is none.
        now: seconds since the epoch.

    Raises: UpstreamError: by its status it is none; what `read_body` and the library raise.
    """
    status, headers = response.status, response.headers
    whole_bytes = None
    if part is not None and status in _FINE:
        # Not read: the whole may be a terabyte.
        what = "it cannot send a part of a file (Range): it sends the whole"
        raise upstream_fault(source, "protocol", what)
    if part is not None and status == _PART:
        whole_bytes = _whole_bytes(headers.get("Content-Range", ""), part, source)
    beyond = part is not None and status == _BEYOND
    if status in _FINE or whole_bytes is not None:
        data = await read_body(
            response.content,
            headers.get("Content-Encoding", ""),
            response.content_length,
            max_bytes,
        )
    elif status in MISSING or beyond or (status == 304 and conditional):
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
        whole_bytes=whole_bytes,
    )


def _whole_bytes(said: str, part: Part, source: str) -> int:
    """Return how long the whole is. Raises: UpstreamError: it is not the part that was asked for.

    Source: RFC 9110, 14.4; a part may end where the whole does.
    """
    found = _CONTENT_RANGE.fullmatch(said.strip())
    if found is not None:
        first, last, whole = map(int, found.groups())
        if first == part.offset and last == min(part.offset + part.length, whole) - 1 >= first:
            return whole
    raise upstream_fault(source, "protocol", "it sends another part of a file than was asked for")


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
