"""Who must act on each kind of failure of a remote: one table, one way to say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tuilerie.errors import UpstreamError, UpstreamKind

__all__ = ["ADVICE", "upstream_fault"]

_THEIRS: Final = "The administrator of the remote must act."
_OURS: Final = "The operator must act: "

ADVICE: Final[Mapping[UpstreamKind, str]] = {
    "unreachable": _OURS + "see whether the remote runs and the network lets us through.",
    "dns": _OURS + "check the host name and the name service.",
    "tls": _OURS + "give the authority's certificate as `ca_bundle`, or have the remote's renewed.",
    "timeout": "It may pass; else raise the timeouts of the source, or ask the remote for less.",
    "proxy": _OURS + "check the proxy of the source and its user.",
    "authentication": _OURS + "check user, password, key or certificate of the source.",
    "forbidden": _OURS + "ask the remote's administrator for the right, or check the key.",
    "not_found": _OURS + "check the address of the source.",
    "refused": _OURS + "check layer, style and parameters of the source.",
    "throttled": "It passes; lower `requests_per_s` or `max_connections` of the source.",
    "unavailable": "It may pass; else the administrator of the remote must act.",
    "server_error": _THEIRS,
    "too_large": _OURS + "raise `max_bytes` of the source if such answers are right.",
    "wrong_length": _THEIRS,
    "cut": "It may pass; else the administrator of the remote must act.",
    "bomb": _THEIRS,
    "protocol": _THEIRS,
    "redirect": _OURS + "give the address that the remote wants.",
    "exception": "The remote says itself what is wrong; check the settings of the source by it.",
    "not_a_picture": _OURS + "check format and address of the source.",
    "address": _OURS + "correct the address, or allow it.",
    "circuit_open": "It is asked again by itself.",
    "busy": "It passes when the remote is quicker, or `max_connections` is higher.",
    "disabled": _OURS + "enable the source.",
    "closed": "The client must ask again.",
    "secret": _OURS + "see to the secret.",
    "other": "",
}
"""By kind: what to do, as a sentence after the one that says what happened."""


def upstream_fault(
    source: str, kind: UpstreamKind, what: str, *, retry_after_s: float | None = None
) -> UpstreamError:
    """Return the error of a source, its message ending with who must act.

    Args:
        what: happened, without secrets, small letter first and no full stop.
    """
    message = f"Source {source}: {what}. {ADVICE[kind]}".rstrip()
    return UpstreamError(message, source, kind, retry_after_s=retry_after_s)
