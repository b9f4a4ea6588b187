"""What a server offers, from what a person pasted: typed, with the address that worked."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from tuilerie.catalogue.remote_options import RemoteOptions
from tuilerie.errors import UnreadableDocument, UpstreamError
from tuilerie.grids import TileIndex
from tuilerie.protocols.outline import layer_names
from tuilerie.protocols.read_service import RemoteService, read_service
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.protocols.reading.remarks import ReadingWarning
from tuilerie.protocols.wms.reading import RemoteWms
from tuilerie.protocols.wmts.reading import RemoteWmts
from tuilerie.protocols.xyz.templates import RemoteTiles, tile_address
from tuilerie.protocols.xyz.tms import TileMapEntry
from tuilerie.sources.remote.addresses import OPERATOR_POLICY, AddressPolicy
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.asking import Answer, Question, ask, candidates_of, homes_of
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.from_options import remote_settings
from tuilerie.sources.remote.picture import check_picture
from tuilerie.sources.remote.secrets import OPERATOR, SecretScope
from tuilerie.telemetry import Meters

__all__ = ["MOST_MAPS", "Discovered", "Offer", "discover", "discover_file"]

MOST_MAPS: Final = 50
"""Maps of a TMS whose own documents are read."""
_SIDE_BY_SIDE: Final = 4
_MOST_BYTES: Final = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Offer:
    """A service with the address of the document that describes it; the template, without one."""

    address: str
    service: RemoteService

    @property
    def family(self) -> Literal["wmts", "wms", "xyz"]:
        """Return the kind of source that serves it."""
        match self.service:
            case RemoteWmts():
                return "wmts"
            case RemoteWms():
                return "wms"
        return "xyz"

    @property
    def warnings(self) -> tuple[ReadingWarning, ...]:
        """Return what was corrected in it, and why."""
        return self.service.warnings


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found.

    Attributes:
        kind: of `recognise.KINDS`, or "template".
        address: that worked, "" or a path if from no server; without keys of the options.
        offers: one, but of a TMS one for each of its maps; never empty.
        warnings: about the finding itself, as sentences.
    """

    kind: str
    address: str
    offers: tuple[Offer, ...]
    warnings: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """Return the identifiers of all layers, as outlines have them."""
        return tuple(name for offer in self.offers for name in layer_names(offer.service))


async def discover(
    pasted: str,
    options: RemoteOptions = RemoteOptions(),  # noqa: B008 - a frozen value
    overrides: ReadingOverrides = AS_READ,
    *,
    family: str = "",
    base: str = "",
    policy: AddressPolicy = OPERATOR_POLICY,
    scope: SecretScope = OPERATOR,
) -> Discovered:
    """Return what the server of a pasted address offers.

    Args:
        options: how it is spoken to; `total_timeout_s` is for all addresses that are tried.
        family: the only kind of source wanted: "wmts", "wms" or "xyz"; "" = any.
        base: the folder from which paths of the options are meant.
        policy, scope: which addresses and secrets may be used.

    Raises: ValueError: the text is no address; UpstreamError, UnreadableDocument: there is
        nothing that could be served, with the reason that tells most.
    """
    question = Question(pasted, family=family, overrides=overrides)
    tried = candidates_of(question, options)
    source = urlsplit(tried[0].address).hostname or "remote"
    settings = remote_settings(options, base)
    # A person waits: what fails is rather said than tried again and again.
    settings = replace(settings, retries=min(settings.retries, 1), missing_s=0.0)
    homes = homes_of(tried)
    deadline = time.monotonic() + settings.total_timeout_s
    async with RemoteClient(
        source, settings, homes, policy=policy, meters=Meters(), scope=scope
    ) as client:
        answer = await ask(question, tried, client, source, deadline=deadline)
        if not isinstance(answer, Answer):  # nothing was asked conditionally
            raise upstream_fault(source, "protocol", "it answers 304 to what nobody has")
        if isinstance(answer.service, tuple):
            return await _maps(answer, client, source, deadline)
        if isinstance(answer.service, RemoteTiles) and answer.service.vector:
            raise _vectors(source)
        warnings: tuple[str, ...] = ()
        if answer.kind == "template" and isinstance(answer.service, RemoteTiles):
            warnings = await _probe(answer.service, pasted, client, source, deadline)
        return Discovered(
            answer.kind, answer.asked, (Offer(answer.asked, answer.service),), warnings
        )


def discover_file(path: Path, overrides: ReadingOverrides = AS_READ) -> Discovered:
    """Return what a saved document describes.

    Raises: OSError; UnreadableDocument.
    """
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    kind, service = read_service(data, address="", overrides=overrides)
    if isinstance(service, tuple):
        raise UnreadableDocument(
            "no-layers",
            "This lists the maps of a TMS; inspect the document of one of them: "
            + ", ".join(entry.address for entry in service[:5]),
        )
    return Discovered(kind, str(path), (Offer(str(path), service),))


async def _maps(answer: Answer, client: RemoteClient, source: str, deadline: float) -> Discovered:
    """Return the maps of a TMS, each from its own document."""
    entries = answer.service if isinstance(answer.service, tuple) else ()
    places = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(entry: TileMapEntry) -> Offer | str:
        async with places:
            try:
                fetched = await client.need(entry.address, deadline=deadline)
                _, service = read_service(
                    client.cleaned(fetched.data), address=fetched.final_address, family="xyz"
                )
            except UpstreamError as error:
                return f"the map {entry.title!r} is left out: {error}"
        if isinstance(service, tuple):
            return f"the map {entry.title!r} is left out: its document is a list of maps again"
        return Offer(entry.address, service)

    found = await asyncio.gather(*(one(entry) for entry in entries[:MOST_MAPS]))
    offers = tuple(offer for offer in found if isinstance(offer, Offer))
    warnings = [text for text in found if isinstance(text, str)]
    if len(entries) > MOST_MAPS:
        warnings.append(f"of {len(entries)} maps the first {MOST_MAPS} are shown")
    if not offers:
        raise UnreadableDocument("no-layers", f"Source {source}: {warnings[0]}", source)
    return Discovered(answer.kind, answer.asked, offers, tuple(warnings))


async def _probe(
    tiles: RemoteTiles, pasted: str, client: RemoteClient, source: str, deadline: float
) -> tuple[str, ...]:
    """Ask for one tile of a template, for there is no document that vouches for it.

    Raises: UpstreamError: the server does not answer, or not with a picture.
    """
    typed = pasted.strip().strip("<>\"'`")
    address = tile_address(tiles, _middle(tiles)) if "{" in typed else _asked(typed, tiles)
    fetched = await client.get(address, deadline=deadline)
    if fetched.missing:
        return (f"there is no tile at {client.redact(address)} ({fetched.status})",)
    if "vector-tile" in fetched.media_type or tiles.format.endswith("vector-tile"):
        raise _vectors(source)
    check_picture(fetched, source=source, redact=client.redact, believe_header=False)
    return ()


def _asked(typed: str, tiles: RemoteTiles) -> str:
    """Return the tile that was pasted, with the scheme that was found for it."""
    scheme = tiles.templates[0].partition("://")[0]
    rest = typed.partition("://")[2] if "://" in typed[:12] else typed.lstrip("/")
    return f"{scheme}://{rest.partition('#')[0]}"


def _middle(tiles: RemoteTiles) -> TileIndex:
    """Return the tile that a template surely has if it has any: the first one."""
    return TileIndex(tiles.matrix_set.matrices[0].identifier, 0, 0)


def _vectors(source: str) -> UnreadableDocument:
    return UnreadableDocument(
        "no-layers", f"Source {source}: its tiles are vectors, which are not drawn here.", source
    )
