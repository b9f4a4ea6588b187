"""The page of the exceptions that clients are told of, from the one table that decides statuses."""

from __future__ import annotations

import inspect

from reference_pages.markdown import NOTE, code, page, table
from tuilerie.errors import RequestError
from tuilerie.protocols.wmts.exceptions import REPORTING, Reporting

__all__ = ["errors_page"]

_HEADS = ("exceptionCode", "when", "KVP", "REST", "SOAP", "locator", "Retry-After")


def errors_page() -> str:
    """Return the page."""
    rows = [_row(error, reporting) for error, reporting in REPORTING.items()]
    rows.sort(key=lambda row: "NoApplicableCode" in row[0])
    return page(
        [
            "# Errors",
            NOTE,
            """\
An error is told as an `ows:ExceptionReport` (OGC 06-121r3, clause 8) of media type
`application/xml`, with `Cache-Control: no-store`. Its HTTP status depends on how the request came:
the standard gives statuses for KVP and SOAP (OGC 07-057r7, Tables 21, 24 and 27) and asks for 404
where the path of a resource is wrong (10.2.5). The texts are in English, or in French for clients
whose `Accept-Language` prefers it; codes and locators are the same in both.""",
            table(_HEADS, rows),
            """\
*Locator* is the parameter at fault in the standard's spelling: `service`, `request`, `version`,
`Sections`, `Layer`, `Style`, `Format`, `TileMatrixSet`, `TileMatrix`, `TileRow`, `TileCol`. Where
several parameters of a request are wrong, the report has one exception for each, missing ones
first; the first one decides the status. What can only be judged by a parameter that is wrong itself
(the style of an unknown layer) is not. Of faults on our side nothing gets
out but the fixed sentence above; the log says more.

Other statuses come as plain text: see
[statuses without a report](routes.md#statuses-without-a-report).""",
        ]
    )


def _row(error: type[Exception], reporting: Reporting) -> tuple[str, ...]:
    ours = error.code if issubclass(error, RequestError) else "NoApplicableCode"
    retry = reporting.retry_after_s
    return (
        code(ours),
        reporting.text or _first_sentence(error),
        str(reporting.kvp),
        str(reporting.rest),
        str(reporting.soap),
        "yes" if reporting.located else "",
        "" if retry is None else f"{retry} s",
    )


def _first_sentence(error: type[Exception]) -> str:
    return (inspect.getdoc(error) or "").splitlines()[0]
