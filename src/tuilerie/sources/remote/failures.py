"""Every failure of a remote as one error: what happened, to which source, and who must act."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp

from tuilerie.errors import UpstreamError, UpstreamKind
from tuilerie.sources.remote.addresses import AddressRefused
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.body import Bomb, TooLarge, Undecodable
from tuilerie.sources.remote.redact import Redactor

__all__ = ["CAUGHT", "as_upstream_error", "status_fault"]

CAUGHT: Final = (
    aiohttp.ClientError,
    TimeoutError,
    OSError,
    ValueError,
    AddressRefused,
    TooLarge,
    Bomb,
    Undecodable,
)
"""What a request may raise; anything else is our own fault and is not hidden."""

_STATUSES: Final[Mapping[int, tuple[UpstreamKind, str]]] = {
    401: ("authentication", "it does not know us (401)"),
    403: ("forbidden", "it refuses us (403)"),
    407: ("proxy", "the proxy does not know us (407)"),
    408: ("unavailable", "it gave up waiting (408)"),
    429: ("throttled", "it is asked too often (429)"),
    502: ("unavailable", "what is behind it does not answer (502)"),
    503: ("unavailable", "it is not available (503)"),
    504: ("unavailable", "what is behind it does not answer in time (504)"),
}


def status_fault(
    source: str, status: int, quote: str, redact: Redactor, retry_after_s: float | None
) -> UpstreamError:
    """Return the error of a status that is no answer.

    Args:
        quote: of the body, cleaned; "" = none.
    """
    kind, what = _STATUSES.get(status, _other_status(status))
    if quote:
        what = f"{what}: “{redact(quote)}”"
    return upstream_fault(source, kind, what, retry_after_s=retry_after_s)


def as_upstream_error(
    error: BaseException, source: str, host: str, redact: Redactor
) -> UpstreamError:
    """Return the error that an exception of the HTTP library, or of ours below it, means.

    Args:
        host: that was asked, for a person to read.
    """
    if isinstance(error, UpstreamError):
        return error
    kind, what = _meaning(error, host)
    return upstream_fault(source, kind, redact(what))


def _other_status(status: int) -> tuple[UpstreamKind, str]:
    if 400 <= status < 500:
        return "refused", f"it refuses the request ({status})"
    if status >= 500:
        return "server_error", f"it failed ({status})"
    return "protocol", f"it answered with status {status}, which was not asked for"


def _meaning(error: BaseException, host: str) -> tuple[UpstreamKind, str]:
    match error:
        case AddressRefused():
            return "address", f"an address of it is not asked: {error}"
        case TooLarge():
            return "too_large", "its answer is larger than the bound"
        case Bomb():
            return "bomb", "its answer unfolds to an absurd size"
        case Undecodable():
            return "protocol", "its answer is not compressed as it says, or cut"
        case aiohttp.ClientConnectorDNSError():
            return "dns", f"the name {host} is not found"
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return "tls", f"no secure connection to {host}: {_tls_reason(error)}"
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return "proxy", "the proxy does not do its part"
        case TimeoutError():
            return "timeout", f"{host} does not answer in time"
        case aiohttp.ClientConnectorError():
            return "unreachable", f"{host} cannot be reached: {_reason(error)}"
        case aiohttp.ClientPayloadError():
            return _payload(error)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return "cut", f"{host} closed the connection"
        case aiohttp.InvalidURL():
            return "address", "an address of it cannot be read"
        case OSError():
            return "unreachable", f"{host} cannot be reached: {_reason(error)}"
    return "protocol", f"what {host} sends is not HTTP as it should be"


def _payload(error: aiohttp.ClientPayloadError) -> tuple[UpstreamKind, str]:
    # The library tells by the cause's type only; the type is not part of its public face.
    if type(error.__cause__).__name__ == "ContentLengthError":
        return "wrong_length", "its answer is shorter than it said"
    return "cut", "its answer was cut"


def _tls_reason(error: BaseException) -> str:
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    return str(getattr(inner, "reason", None) or "refused").lower().replace("_", " ")


def _reason(error: OSError) -> str:
    inner = getattr(error, "os_error", error)
    return inner.strerror or type(inner).__name__
