"""Every error of the house, by who must act.

    TuilerieError
    ├── RequestError            the client: carries the OGC code and the locator
    │   ├── MissingParameter    a mandatory parameter is absent or empty
    │   ├── InvalidParameter    a value is not one of those offered
    │   ├── TileOutOfRange      TileRow or TileCol outside the matrix or its limits
    │   ├── PointIJOutOfRange   I or J outside the tile
    │   ├── OperationNotSupported
    │   ├── VersionNegotiationFailed
    │   ├── InvalidUpdateSequence
    │   ├── AccessDenied
    │   ├── Rejection           several of these at once
    │   └── NotFound            no resource has this address
    ├── CatalogueError          the operator, at load: all problems at once
    ├── UpstreamError           a remote server: carries the source, never its key
    │   └── UnreadableDocument  it sent something that describes no usable service
    ├── CacheError              us: bytes could not be read or kept
    ├── RenderError             us, or a damaged data file: pixels could not be made
    │   └── FeatureInfoError    the same of what is known of a place, or a template failed
    └── JobError                us: long work failed

Raise or return; never log and raise. HTTP statuses are one table, in `protocols.wmts.exceptions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AccessDenied",
    "CacheError",
    "CatalogueError",
    "FeatureInfoError",
    "InvalidParameter",
    "InvalidUpdateSequence",
    "JobError",
    "MissingParameter",
    "NotFound",
    "OperationNotSupported",
    "PointIJOutOfRange",
    "Problem",
    "Rejection",
    "RenderError",
    "RequestError",
    "TileOutOfRange",
    "TuilerieError",
    "UnreadableDocument",
    "UpstreamError",
    "UpstreamKind",
    "VersionNegotiationFailed",
]


class TuilerieError(Exception):
    """The root of the tree; never raised itself."""


class RequestError(TuilerieError):
    """The client must change its request.

    Attributes:
        code: the OGC exception code (OGC 07-057r7, Tables 20, 23 and 26).
        locator: the parameter at fault in the standard's spelling, or None where the
            standard wants none.
        template, values: the message with places in braces, and what fills them: by the
            template a door finds the same sentence in the client's language. Without values the
            template is the message, whatever stands in it.
        message: in English.
    """

    code = "NoApplicableCode"

    def __init__(self, template: str, locator: str | None = None, **values: object) -> None:
        message = template.format_map(values) if values else template
        super().__init__(message)
        self.template = template
        self.values = values
        self.message = message
        self.locator = locator


class Rejection(RequestError):
    """Several things are wrong with one request, and the client is told all of them at once.

    It behaves as its first error, which decides code, locator and status (7.2.2.2: "based upon
    the exceptionCode of the first Exception"): code that knows nothing of it does right.
    """

    def __init__(self, errors: Sequence[RequestError]) -> None:
        super().__init__(errors[0].message, errors[0].locator)
        self.code = errors[0].code
        self.errors = tuple(errors)


class MissingParameter(RequestError):
    """A mandatory parameter is absent or empty."""

    code = "MissingParameterValue"


class InvalidParameter(RequestError):
    """A parameter has a value that is not offered."""

    code = "InvalidParameterValue"


class TileOutOfRange(RequestError):
    """TileRow or TileCol lies outside the matrix or its limits."""

    code = "TileOutOfRange"


class PointIJOutOfRange(RequestError):
    """I or J lies outside the tile."""

    code = "PointIJOutOfRange"


class OperationNotSupported(RequestError):
    """The operation is known and not offered here."""

    code = "OperationNotSupported"


class VersionNegotiationFailed(RequestError):
    """None of the AcceptVersions is spoken here."""

    code = "VersionNegotiationFailed"


class InvalidUpdateSequence(RequestError):
    """The client's updateSequence is later than ours."""

    code = "InvalidUpdateSequence"


class AccessDenied(RequestError):
    """The client may not have this resource."""


class NotFound(RequestError):
    """No resource has this address (REST and front ends without exception codes)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in a catalogue.

    Attributes:
        message: what is wrong, with the offending value.
        hint: what to write instead; empty if the message says it all.
        pointer: a JSON pointer (RFC 6901) into the document, "" for the whole.
        file: the document's path, "" if it did not come from a file.
        line, column: 1-based; 0 if unknown.
    """

    message: str
    hint: str = ""
    pointer: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        lead = ": ".join(part for part in (place, self.pointer, self.message) if part)
        return f"{lead} ({self.hint})" if self.hint else lead


class CatalogueError(TuilerieError):
    """The operator must mend the catalogue or the data that it names.

    Attributes:
        problems: all of them, in the order of the document; never empty.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


UpstreamKind = Literal[
    # it was not reached
    "unreachable", "dns", "tls", "timeout", "proxy",
    # it was reached and would not
    "authentication", "forbidden", "not_found", "refused", "throttled", "unavailable",
    "server_error",
    # what it sent cannot be used
    "too_large", "wrong_length", "cut", "bomb", "protocol", "redirect", "exception",
    "not_a_picture",
    # we would not ask
    "address", "circuit_open", "busy", "disabled", "closed", "secret",
    "other",
]  # fmt: skip
"""What became of a request to a remote server; docs/explanation/remote-servers.md says of each
who must act."""


class UpstreamError(TuilerieError):
    """A remote server failed, or was not asked.

    Attributes:
        source: the source's identifier in the catalogue.
        kind: what happened, for a program; the message is for a person.
        retry_after_s: seconds after which asking again has a chance; None = not known.
    """

    def __init__(
        self,
        message: str,
        source: str,
        kind: UpstreamKind = "other",
        *,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.source = source
        self.kind: UpstreamKind = kind
        self.retry_after_s = retry_after_s


class UnreadableDocument(UpstreamError):
    """A document of a remote server describes no service that can be used.

    Attributes:
        code: which of the distinct reasons it is, e.g. "not-xml", "service-exception",
            "wrong-service", "wrong-version", "no-layers": `protocols/recognise.py` lists them.
        message: a sentence that says it; what it quotes of the document is short and without
            keys.
    """

    def __init__(self, code: str, message: str, source: str = "") -> None:
        super().__init__(message, source)
        self.code = code
        self.message = message


class CacheError(TuilerieError):
    """Stored bytes could not be read or written; the tile itself may still be served.

    Attributes:
        errno: what the operating system calls it, 0 where only the message or the cause knows.
    """

    def __init__(self, message: str, errno: int = 0) -> None:
        super().__init__(message)
        self.errno = errno


class RenderError(TuilerieError):
    """Pixels could not be made: a damaged file, or our own fault."""


class FeatureInfoError(RenderError):
    """What is at a place could not be told: a damaged file, or a template that failed."""


class JobError(TuilerieError):
    """Long work failed."""
