"""Addresses as servers write them, mended; and queries appended to them.

A server behind a proxy often tells the address that it knows of itself: "http://localhost:8080/…".
Its document was fetched from an address that works, so that one's host is believed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from tuilerie.protocols.reading.remarks import Remarks
from tuilerie.protocols.redaction import redact_address

__all__ = ["MAX_ADDRESS", "fill", "fill_names", "mended", "with_query"]

MAX_ADDRESS: Final = 8_192

_VARIABLE = re.compile(r"\{([^{}]{1,200})\}")
_SCHEMELESS = re.compile(r"[\w.-]+\.[a-z]{2,24}(?::\d{1,5})?(?:[/?]|$)|localhost(?::\d+)?/", re.I)
_IN_SEGMENT = ":@,.-_~;!$'()*"
"""What a path or a query may hold as it is; many servers compare without decoding."""


def mended(address: str, document: str, remarks: Remarks, where: str) -> str:
    """Return an address of a document as it can be asked, "" if it is none.

    Args:
        address: as the document writes it; templates with variables in braces too.
        document: where the document was fetched, "" or a path if from no server.
        remarks: told of what was changed: "address-relative", "address-internal",
            "address-insecure", "address-unusable".
        where: for the remarks.
    """
    address = re.sub(r"\s+", "", address).replace("&amp;", "&").partition("#")[0]
    if not address or len(address) > MAX_ADDRESS:
        return ""
    base = _split(document)
    from_server = base is not None and base.scheme in {"http", "https"} and bool(base.netloc)
    if "://" not in address[:12]:
        address = _absolute(address, document if from_server else "", remarks, where)
    found = _split(address)
    if found is not None and base is not None and from_server and found.port and not found.hostname:
        # A server that does not know its own name writes "http://:8080/".
        found = found._replace(scheme=base.scheme, netloc=base.netloc)
        remarks.add("address-relative", "the document's host was taken", "there is none", where)
    if found is None or found.scheme.lower() not in {"http", "https"} or not found.hostname:
        remarks.add(
            "address-unusable",
            "an address was left out",
            f"it is not one of HTTP: {redact_address(address)}",
            where,
        )
        return ""
    if base is not None and from_server:
        found = _reachable(found, base, remarks, where)
    return urlunsplit(found)


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # which is what urlsplit checks only when asked
    except ValueError:
        return None
    return parts


def _absolute(address: str, document: str, remarks: Remarks, where: str) -> str:
    if address.startswith("//"):
        scheme = document.partition(":")[0] or "https"
        return f"{scheme}:{address}"
    if _SCHEMELESS.match(address):
        scheme = document.partition(":")[0] or "http"
        remarks.add(
            "address-relative",
            f"{scheme}:// was put before an address",
            f"it has no scheme: {redact_address(address)}",
            where,
        )
        return f"{scheme}://{address}"
    if not document:
        return address
    remarks.add(
        "address-relative",
        "an address was completed with that of the document",
        f"it is relative: {redact_address(address)}",
        where,
    )
    # urljoin takes braces as any other characters; a query alone keeps the document's path.
    return urljoin(document, address)


def _reachable(found: SplitResult, base: SplitResult, remarks: Remarks, where: str) -> SplitResult:
    """Return an address whose host can be reached from where the document was fetched."""
    host, known = (found.hostname or "").lower(), (base.hostname or "").lower()
    if _is_internal(host) and not _is_internal(known) and remarks.may("address-internal"):
        remarks.add(
            "address-internal",
            f"the host of the document is asked, {known}",
            f"an address names a host inside another network: {host}",
            where,
        )
        return found._replace(scheme=base.scheme, netloc=base.netloc.rpartition("@")[2])
    plain = found.scheme == "http" and found.port in (None, 80) and base.port in (None, 443)
    if plain and base.scheme == "https" and host == known and remarks.may("address-insecure"):
        remarks.add(
            "address-insecure",
            "the service is asked by HTTPS",
            "the document came by HTTPS and names addresses of its own host without it",
            where,
        )
        return found._replace(scheme="https", netloc=found.netloc.removesuffix(":80"))
    return found


def _is_internal(host: str) -> bool:
    if host == "localhost" or host.endswith((".local", ".internal", ".localdomain", ".lan")):
        return True
    try:
        numbers = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return numbers.is_private or numbers.is_loopback or numbers.is_unspecified


def with_query(address: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return an address with parameters appended, whether it ends in "?", "&" or neither.

    Parameters that it has already stay (a map file, a key), but for those appended, whatever
    their case: some servers tell the whole request that the document was fetched by.
    """
    appended = [(name, value) for name, value in pairs]
    names = {name.lower() for name, _ in appended}
    path, _, query = address.partition("?")
    kept = [
        part for part in query.split("&") if part and part.partition("=")[0].lower() not in names
    ]
    kept += [f"{quote(name, safe=_IN_SEGMENT)}={_escaped_value(value)}" for name, value in appended]
    return f"{path}?{'&'.join(kept)}"


def _escaped_value(value: str) -> str:
    return quote(value, safe=":/,.-_~;()*", errors="replace").replace(";", "%3B")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its variables replaced, whatever their case; others stay.

    `values` has lower-case names. Values are escaped: each stays within its segment of a path.
    """

    def value(found: re.Match[str]) -> str:
        given = values.get(found[1].strip().lower())
        return found[0] if given is None else quote(given, safe=_IN_SEGMENT, errors="replace")

    return _VARIABLE.sub(value, template)


def fill_names(template: str) -> frozenset[str]:
    """Return the names of the variables of a template, in lower case."""
    return frozenset(name.strip().lower() for name in _VARIABLE.findall(template))
