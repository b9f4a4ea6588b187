"""From what a person pasted to the document that describes a service: the candidates in turn.

Several addresses may be meant. They are tried in order within one deadline; where none is of
use, the failure that tells most is what the person is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tuilerie.catalogue.remote_options import RemoteOptions
from tuilerie.errors import UnreadableDocument, UpstreamError
from tuilerie.grids import TileIndex
from tuilerie.protocols.discovery import Candidate, candidates
from tuilerie.protocols.read_service import RemoteService, read_service
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.redaction import redact_address
from tuilerie.protocols.xyz.templates import read_template, tile_address
from tuilerie.protocols.xyz.tms import TileMapEntry
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.fetched import NO_VALIDATORS, Fetched, Validators

__all__ = ["Answer", "NotModified", "Question", "ask", "candidates_of", "homes_of"]

_ACCEPT: Final = "application/xml, text/xml, application/json, */*;q=0.5"
_UPSTREAM: Final = (
    "authentication", "forbidden", "secret", "address", "disabled", "proxy", "tls", "throttled",
    "exception", "too_large", "bomb",
)  # fmt: skip
_DOCUMENT: Final = (
    "wrong-version", "no-layers", "too-large", "entities", "service-exception", "login-page",
    "wrong-service", "html-page", "not-capabilities", "not-xml", "not-json", "empty",
)  # fmt: skip
_LESS: Final = (
    "redirect", "timeout", "circuit_open", "busy", "server_error", "unavailable", "refused",
    "cut", "wrong_length", "protocol", "unreachable", "dns", "not_found",
)  # fmt: skip
_ORDER: Final = {name: rank for rank, name in enumerate((*_UPSTREAM, *_DOCUMENT, *_LESS))}
"""Failures by how much they tell, the most telling first."""
_SERVERS: Final = 26
"""Servers of a template at most: a to z."""
_ALL_ALIKE: Final = frozenset({"dns", "secret", "disabled", "proxy", "closed", "circuit_open"})
"""Failures that every other address of the same host meets too."""
_HOST_ALIKE: Final = frozenset({"unreachable", "tls", "timeout"})
"""Failures that the other scheme may not meet."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for.

    Attributes:
        pasted: the address as a person wrote it.
        family: of services, the only one wanted: "wmts", "wms" or "xyz"; "" = any.
        version: of a WMS that is asked for, "" = as the server likes.
        overrides: what the operator knows better.
        first: the address that worked last time, "" = unknown.
        conditional: of the copy that is kept of it.
    """

    pasted: str
    family: str = ""
    version: str = ""
    overrides: ReadingOverrides = AS_READ
    first: str = ""
    conditional: Validators | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A document that describes a service, or a template that needs none.

    Attributes:
        asked: the address that worked, as it can be asked again.
        final: the same after redirects, from which relative addresses are meant.
        kind: of `recognise.KINDS`, or "template".
        data: the document without secrets; empty of a template.
    """

    asked: str
    final: str
    kind: str
    service: RemoteService | tuple[TileMapEntry, ...]
    data: bytes = b""
    media_type: str = ""
    validators: Validators = NO_VALIDATORS


@dataclass(frozen=True, slots=True)
class NotModified:
    """The copy that the validators belong to is still what the remote says."""

    asked: str


def candidates_of(question: Question, options: RemoteOptions) -> tuple[Candidate, ...]:
    """Return what may be asked, in order.

    Where we have something to hide, an address without a scheme is not tried by plain HTTP
    after HTTPS has failed: somebody in between could have made it fail.

    Raises: ValueError: the text is no address; with a sentence that says why.
    """
    found = list(candidates(question.pasted))
    if question.family:
        fitting = [c for c in found if _family(c.kind) in {"", question.family}]
        found = fitting or found
    if question.version and question.family == "wms":
        found = [_in_version(c, question.version) if c.kind == "wms" else c for c in found]
    if options.login or options.key or options.headers or options.client_certificate:
        scheme = urlsplit(found[0].address).scheme
        found = [c for c in found if urlsplit(c.address).scheme in {scheme, "https"}]
    if question.first:
        again = [c for c in found if c.address == question.first]
        found = [
            *(again or [Candidate(question.first, "any", "what worked last time")]),
            *(c for c in found if c.address != question.first),
        ]
    return tuple(found)


def _family(kind: str) -> str:
    return "" if kind == "any" else kind if kind in {"wmts", "wms"} else "xyz"


def _in_version(candidate: Candidate, version: str) -> Candidate:
    path, _, query = candidate.address.partition("?")
    kept = [p for p in query.split("&") if p and p.partition("=")[0].lower() != "version"]
    return Candidate(
        f"{path}?{'&'.join([*kept, f'VERSION={version}'])}", candidate.kind, candidate.reason
    )


def homes_of(tried: Sequence[Candidate]) -> tuple[str, ...]:
    """Return the addresses whose hosts may be told who we are; of a template all its servers."""
    found: dict[str, None] = {}
    for candidate in tried:
        if candidate.kind != "template":
            found[candidate.address] = None
            continue
        try:
            tiles = read_template(candidate.address)
        except ValueError:
            continue  # which `ask` says
        finest = tiles.matrix_set.matrices[-1].identifier
        for col in range(_SERVERS):
            found[tile_address(tiles, TileIndex(finest, col, 0))] = None
    return tuple(found)


async def ask(
    question: Question,
    tried: Sequence[Candidate],
    client: RemoteClient,
    source: str,
    *,
    deadline: float,
) -> Answer | NotModified:
    """Return the first answer of use.

    Args:
        tried: of `candidates_of`.
        source: what the remote is called in errors.
        deadline: on the client's clock.

    Raises: UpstreamError, UnreadableDocument: the most telling of all failures.
    """
    failures: list[UpstreamError] = []
    closed: set[str] = set()
    for candidate in tried:
        parts = urlsplit(candidate.address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin in closed:
            continue
        try:
            return await _one(question, candidate, client, source, deadline)
        except UpstreamError as error:
            failures.append(error)
            if error.kind in _ALL_ALIKE:
                break
            if error.kind in _HOST_ALIKE:
                closed.add(origin)
    raise min(failures, key=lambda error: _ORDER.get(_name(error), len(_ORDER)))


def _name(error: UpstreamError) -> str:
    return error.code if isinstance(error, UnreadableDocument) else error.kind


async def _one(
    question: Question, candidate: Candidate, client: RemoteClient, source: str, deadline: float
) -> Answer | NotModified:
    if candidate.kind == "template":
        return _template(question, candidate, source)
    again = question.conditional if candidate.address == question.first else None
    fetched = await client.need(
        candidate.address, accept=_ACCEPT, conditional=again, deadline=deadline
    )
    if fetched.not_modified:
        return NotModified(candidate.address)
    return _read(question, candidate, fetched, client, source)


def _template(question: Question, candidate: Candidate, source: str) -> Answer:
    if question.family not in {"", "xyz"}:
        raise UnreadableDocument(
            "wrong-service", f"Source {source}: this is a template of tiles.", source
        )
    try:
        tiles = read_template(candidate.address)
    except ValueError as error:
        raise upstream_fault(source, "address", str(error)) from None
    return Answer(candidate.address, "", "template", tiles)


def _read(
    question: Question, candidate: Candidate, fetched: Fetched, client: RemoteClient, source: str
) -> Answer:
    data = client.cleaned(fetched.data)
    try:
        kind, service = read_service(
            data,
            address=fetched.final_address,
            content_type=fetched.media_type,
            overrides=question.overrides,
            family=question.family,
        )
    except UnreadableDocument as error:
        where = client.redact(redact_address(fetched.final_address))
        message = f"Source {source}: {client.redact(error.message)} Asked: {where}"
        raise UnreadableDocument(error.code, message, source) from error
    return Answer(
        candidate.address,
        fetched.final_address,
        kind,
        service,
        data,
        fetched.media_type,
        fetched.validators,
    )
