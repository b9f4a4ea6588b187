"""What remote servers said, kept in a directory: a small file for each source, bodies shared.

    remotes/<host>-<digest>.json     when it was read, what became of the last try
    remotes/documents/<sha256>       the document itself, without secrets, as it came

A source that several processes serve has one file; each is replaced as a whole, and documents are
never changed. Only the user of the server can read them: a remote may show us what it shows to
nobody else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

__all__ = ["DescriptionStore", "Kept", "body_digest"]

_FORMAT: Final = 1
_SHA = re.compile(r"[0-9a-f]{64}")
_UNUSED_S: Final = 90 * 86_400.0
"""After that long without a reading a file is forgotten."""
_YOUNG_S: Final = 3_600.0
"""A document may be written before the file that names it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of the document of a source; times are seconds since the epoch.

    Attributes:
        asked, final: the address that worked, and the same after redirects.
        document: SHA-256 of the bytes.
        content_type, etag, last_modified: that came with it.
        meaning: SHA-256 of the bytes when they last meant something else.
        read_at: when the remote said so last.
        checked_at: when it was asked last.
        fault: why that failed, "" if it did not; without secrets.
        fault_kind: a kind of UpstreamError, "document:" and a code of UnreadableDocument, or
            "missing".
        fault_since: when it first failed so.
        missing: what the source wants and the newest document lacks; this one has it.
        changes: what was different when it last changed, and when that was.
    """

    asked: str
    final: str
    document: str
    content_type: str
    etag: str
    last_modified: str
    meaning: str
    read_at: float
    checked_at: float
    fault: str = ""
    fault_kind: str = ""
    fault_since: float = 0.0
    missing: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    changed_at: float = 0.0

    @property
    def is_unreadable(self) -> bool:
        """Whether the remote answered the last time, and not with a document of use."""
        return self.fault_kind.startswith("document:")


class DescriptionStore:
    """Keeps what remotes said; a damaged file counts as none.

    Args:
        directory: made when something is first written; None = everything is kept in memory.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._known: dict[str, tuple[tuple[int, int, int], Kept | None]] = {}
        self._memory: dict[str, Kept] = {}
        self._bodies: dict[str, bytes] = {}

    def load(self, key: str) -> Kept | None:
        """Return what is kept under a key; read again only if the file is another."""
        if self._directory is None or key in self._memory:
            return self._memory.get(key)
        path = self._directory / f"{key}.json"
        try:
            status = path.stat()
        except OSError:
            return None
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._known.get(key)
        if known is None or known[0] != signature:
            known = self._known[key] = (signature, _parsed(path))
        return known[1]

    def body(self, kept: Kept) -> bytes | None:
        """Return the document; None if it is not there, or not what it was."""
        found = self._bodies.get(kept.document)
        if found is None and self._directory is not None:
            try:
                found = (self._directory / "documents" / kept.document).read_bytes()
            except OSError:
                return None
        return None if found is None or body_digest(found) != kept.document else found

    def save(self, key: str, kept: Kept, body: bytes | None = None) -> OSError | None:
        """Keep a state, and the document if it is a new one.

        Returns: why it could be kept in memory only; None if it is on disk.
        """
        if self._directory is None:
            self._remember(key, kept, body)
            return None
        try:
            documents = self._directory / "documents"
            documents.mkdir(parents=True, exist_ok=True)
            if body is not None and not (documents / kept.document).exists():
                _replace(documents / kept.document, body)
            text = json.dumps({"remote": _FORMAT, **asdict(kept)}, indent=1, ensure_ascii=False)
            _replace(self._directory / f"{key}.json", text.encode())
        except OSError as error:
            self._remember(key, kept, body)
            return error
        self._memory.pop(key, None)
        return None

    def sweep(self, now: float) -> None:
        """Remove what nobody has read for long, and documents that no state names."""
        if self._directory is None:
            return
        named: set[str] = set()
        with contextlib.suppress(OSError):
            for path in self._directory.glob("*.json"):
                kept = _parsed(path)
                if kept is not None and now - kept.checked_at > _UNUSED_S:
                    path.unlink()
                elif kept is not None:
                    named.add(kept.document)
            for path in (self._directory / "documents").iterdir():
                if path.name not in named and time.time() - path.stat().st_mtime > _YOUNG_S:
                    path.unlink()

    def _remember(self, key: str, kept: Kept, body: bytes | None) -> None:
        self._memory[key] = kept
        if body is not None:
            self._bodies[kept.document] = body


def body_digest(data: bytes) -> str:
    """Return the name under which a document is kept."""
    return hashlib.sha256(data).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Write a file as a whole, for its owner alone."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{time.monotonic_ns()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _parsed(path: Path) -> Kept | None:
    try:
        document = json.loads(path.read_bytes())
        if document.pop("remote") != _FORMAT or not _SHA.fullmatch(document["document"]):
            return None
        return _checked(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _checked(document: dict[str, Any]) -> Kept:
    """Return a state of a document. Raises: TypeError, KeyError, ValueError."""
    values: dict[str, Any] = {}
    for field in fields(Kept):
        value = document[field.name]
        if str(field.type).startswith("tuple"):
            values[field.name] = tuple(str(part) for part in value)
        else:
            values[field.name] = float(value) if field.type == "float" else str(value)
    return Kept(**values)
