"""From an error to what the client is told: the one table of codes, statuses and reports.

OGC 07-057r7 gives statuses for procedures (Tables 21, 24 and 27). For resources it asks for 404
where an address is wrong (10.1.5, 10.2.5, 10.3.5) and leaves the rest to the server; that is why
TileOutOfRange has two statuses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from tuilerie.errors import (
    AccessDenied,
    CacheError,
    FeatureInfoError,
    InvalidParameter,
    InvalidUpdateSequence,
    MissingParameter,
    NotFound,
    OperationNotSupported,
    PointIJOutOfRange,
    Rejection,
    RenderError,
    RequestError,
    TileOutOfRange,
    UpstreamError,
    VersionNegotiationFailed,
)
from tuilerie.protocols import ows
from tuilerie.protocols.wmts.messages import LANGUAGES, said_in

__all__ = [
    "REPORTING",
    "Encoding",
    "Rejection",
    "Reporting",
    "report_language",
    "reporting",
    "status",
    "write_report",
]


class Encoding(Enum):
    """How a request travelled; the columns of the table."""

    KVP = "kvp"
    REST = "rest"
    SOAP = "soap"


class Reporting(NamedTuple):
    """One row of the table.

    Attributes:
        kvp, rest, soap: HTTP statuses.
        located: whether the standard wants a locator.
        retry_after_s: value of Retry-After, None where trying again would not help.
        text: what the client is told instead of the error's own words, which are for the
            operator (they name files and addresses); "" = the error's own words.
    """

    kvp: int
    rest: int
    soap: int
    located: bool = False
    retry_after_s: int | None = None
    text: str = ""


REPORTING: Mapping[type[Exception], Reporting] = MappingProxyType(
    {
        # Tables 20, 23 and 26 say which code has a locator; Tables 21, 24 and 27 the statuses
        # for KVP and SOAP; 10.2.5 and 10.3.5 "404" for malformed and illegal paths.
        MissingParameter: Reporting(400, 404, 400, located=True),
        InvalidParameter: Reporting(400, 404, 400, located=True),
        TileOutOfRange: Reporting(400, 404, 400, located=True),  # Table 24
        PointIJOutOfRange: Reporting(400, 404, 400, located=True),  # Table 27
        # Table 24. A resource that is not offered does not exist: 10.3.5.
        OperationNotSupported: Reporting(501, 404, 501, located=True),
        # Table 21, "None, omit locator parameter" (Table 20); 10.1.5 for versions in paths.
        VersionNegotiationFailed: Reporting(400, 404, 400),
        InvalidUpdateSequence: Reporting(400, 404, 400),
        # NoApplicableCode. Table 21 gives it 500, which would tell caches and monitors that we
        # failed; these are HTTP's own words, and A.3.1.6 accepts any 4xx or 5xx.
        AccessDenied: Reporting(403, 403, 403),
        NotFound: Reporting(404, 404, 404),
        RequestError: Reporting(400, 404, 400),
        # NoApplicableCode, our side: 500 (Tables 21, 24 and 27), or more exactly where HTTP can.
        RenderError: Reporting(500, 500, 500, text="The tile could not be rendered."),
        FeatureInfoError: Reporting(500, 500, 500, text="What is there could not be told."),
        UpstreamError: Reporting(
            502, 502, 502, retry_after_s=30, text="A server from which this layer comes failed."
        ),
        CacheError: Reporting(
            503, 503, 503, retry_after_s=10, text="The store of tiles cannot be reached."
        ),
        Exception: Reporting(500, 500, 500, text="The server met a fault of its own."),
    }
)


def reporting(error: Exception) -> Reporting:
    """Return the row for an error: that of its own class or of the nearest base."""
    if isinstance(error, Rejection):
        return reporting(error.errors[0])
    row = next(REPORTING[kind] for kind in type(error).__mro__ if kind in REPORTING)
    return _of_remote(error, row) if isinstance(error, UpstreamError) else row


def _of_remote(error: UpstreamError, row: Reporting) -> Reporting:
    """Return the row for what became of a remote: which status, and when to ask again."""
    found = 504 if error.kind == "timeout" else 503 if error.kind in _PASSING else row.kvp
    wait = error.retry_after_s
    patience = row.retry_after_s if wait is None else min(max(1, math.ceil(wait)), _LONGEST_WAIT_S)
    return row._replace(kvp=found, rest=found, soap=found, retry_after_s=patience)


_PASSING = frozenset({"throttled", "unavailable", "circuit_open", "busy", "closed"})
"""What became of remotes that will answer again by themselves."""
_LONGEST_WAIT_S = 3600


def status(error: Exception, encoding: Encoding) -> int:
    """Return the HTTP status of an answer to a request that came in this encoding."""
    row = reporting(error)
    match encoding:
        case Encoding.KVP:
            return row.kvp
        case Encoding.REST:
            return row.rest
        case Encoding.SOAP:
            return row.soap


def report_language(wanted: Sequence[str]) -> str:
    """Return the language for the texts of reports: the first of a client's that we speak."""
    spoken = (tag.lower().split("-")[0] for tag in wanted)
    return next((tag for tag in spoken if tag in LANGUAGES), LANGUAGES[0])


def write_report(errors: Exception | Sequence[Exception], language: str = LANGUAGES[0]) -> bytes:
    """Return an ows:ExceptionReport that tells all the errors, those of a Rejection one by one.

    Nothing of an error that is not the client's own gets out but a fixed sentence. Codes and
    locators are the same in every language.

    `language` is one that `report_language` gave.

    Raises: ValueError: no errors.
    """
    listed = [errors] if isinstance(errors, Exception) else list(errors)
    return ows.exception_report(
        [
            _exception(single, language)
            for error in listed
            for single in (error.errors if isinstance(error, Rejection) else (error,))
        ],
        language,
    )


def _exception(error: Exception, language: str) -> ows.OwsException:
    row = reporting(error)
    if not isinstance(error, RequestError):
        return ows.OwsException("NoApplicableCode", None, said_in(language, row.text, {}))
    locator = error.locator if row.located else None
    return ows.OwsException(error.code, locator, said_in(language, error.template, error.values))
