"""One request for all sources that ask for the same document at about the same time."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from tuilerie.catalogue.remote_sources import RemoteSourceSettings, WmsSource
from tuilerie.errors import UnreadableDocument, UpstreamError
from tuilerie.protocols.discovery import candidates
from tuilerie.sources.remote.addresses import AddressPolicy
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.asking import (
    Answer,
    NotModified,
    Question,
    ask,
    candidates_of,
    homes_of,
)
from tuilerie.sources.remote.client import RemoteClient
from tuilerie.sources.remote.fetched import Validators
from tuilerie.sources.remote.from_options import reading_overrides, remote_settings
from tuilerie.sources.remote.kept import Kept
from tuilerie.telemetry import Meters

__all__ = ["ReadingRound", "key_of"]

ROUND_S: Final = 30.0
"""So long an answer, or a failure, is good for others that ask for the same."""


@lru_cache(maxsize=4096)
def key_of(settings: RemoteSourceSettings) -> str:
    """Return under which name the description of a source is kept: what is asked, and for what.

    Sources that want different layers of one document are kept apart: one may break while the
    other does not.
    """
    wanted = {"kind", "url", "version", "layer", "layers", "matrix_set", "style"}
    text = settings.model_dump_json(include=wanted)
    host = re.sub(r"[^a-z0-9.-]", "_", _host(settings.url).lower())[:60]
    return f"{host}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _host(address: str) -> str:
    try:
        return urlsplit(candidates(address)[0].address).hostname or "remote"
    except ValueError:
        return "remote"


@dataclass(frozen=True, slots=True)
class _Asked:
    at: float
    answer: Future[Answer | NotModified]


class ReadingRound:
    """Asks remotes, each question once.

    Args:
        base: the folder from which paths of options are meant.
        policy: which addresses may be asked.
    """

    def __init__(self, base: str, policy: AddressPolicy) -> None:
        self.policy = policy
        self._base = base
        self._lock = threading.Lock()
        self._asked: dict[str, _Asked] = {}

    def ask(
        self, source: str, settings: RemoteSourceSettings, kept: Kept | None, patience: float
    ) -> Answer | NotModified:
        """Return what the remote of a source answers; waits in the calling thread.

        Args:
            kept: what it answered before, which it may say again by "not modified".
            patience: seconds.

        Raises: UpstreamError, UnreadableDocument: named after the source that asked first.
        """
        name = settings.model_dump_json(
            include={"kind", "url", "version", "encoding", "overrides", "options"}
        ) + ("" if kept is None else f"{kept.etag} {kept.last_modified} {kept.document}")
        now = time.monotonic()
        with self._lock:
            self._asked = {k: v for k, v in self._asked.items() if now - v.at < ROUND_S}
            found = self._asked.get(name)
            if found is None:
                mine: Future[Answer | NotModified] = Future()
                self._asked[name] = _Asked(now, mine)
        if found is not None:
            return found.answer.result()
        try:
            mine.set_result(asyncio.run(self._ask(source, settings, kept, patience)))
        except UpstreamError as error:
            mine.set_exception(error)
        except BaseException:
            mine.set_exception(upstream_fault(source, "closed", "nobody waited for it"))
            raise
        return mine.result()

    async def _ask(
        self, source: str, settings: RemoteSourceSettings, kept: Kept | None, patience: float
    ) -> Answer | NotModified:
        version = settings.version if isinstance(settings, WmsSource) else "auto"
        question = Question(
            settings.url,
            family=settings.kind,
            version="" if version == "auto" else version,
            overrides=reading_overrides(settings),
            first="" if kept is None else kept.asked,
            conditional=None if kept is None else Validators(kept.etag, kept.last_modified) or None,
        )
        try:
            tried = candidates_of(question, settings.options)
        except ValueError as error:
            raise upstream_fault(source, "address", str(error)) from None
        async with RemoteClient(
            source,
            remote_settings(settings.options, self._base),
            homes_of(tried),
            policy=self.policy,
            meters=Meters(),
        ) as client:
            deadline = time.monotonic() + patience
            answer = await ask(question, tried, client, source, deadline=deadline)
            if isinstance(answer, NotModified) or not isinstance(answer.service, tuple):
                return answer
            maps = answer.service
            if len(maps) > 1:
                raise UnreadableDocument(
                    "no-layers",
                    f"Source {source}: there are {len(maps)} maps; give the address of one: "
                    + ", ".join(entry.address for entry in maps[:5]),
                    source,
                )
            only = Question(maps[0].address, family=settings.kind, overrides=question.overrides)
            return await ask(
                only, candidates_of(only, settings.options), client, source, deadline=deadline
            )
