"""Ready answers: finished responses by raw request line, so that a popular tile costs a lookup.

The key is what the client sent up to the blank before "HTTP/1.1", method included; equal bytes
were judged once and are not judged again. The bound is in bytes, and eviction gives a second
chance: an answer used since the last look is kept for another round, which is nearly as good as
least-recently-used and costs a hit nothing but one flag.

An answer is looked up again after `RECHECK_S` at the latest: another process may have replaced
or removed the tile, and nobody tells us.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import Final

from tuilerie.catalogue.address import TileAddress
from tuilerie.server.conditional import not_modified
from tuilerie.server.metrics import TileCount

__all__ = ["ENTRY_OVERHEAD", "RECHECK_S", "Answer", "ReadyAnswers"]

RECHECK_S: Final = 30
"""Seconds that an answer is given without looking at the cache again."""

ENTRY_OVERHEAD: Final = 900
"""Bytes that an entry costs beside its response: objects, key, address, place in the table."""


class Answer:
    """A finished 200 response for one tile.

    Attributes:
        head: the header lines after Date, with the empty line.
        body: the tile's bytes.
        etag: without quotes.
        modified: Last-Modified, seconds since the epoch.
        until: seconds since the epoch when the answer must be looked up again.
        count: the layer's counters.
        used: asked for since eviction last came by.
    """

    __slots__ = ("address", "body", "count", "etag", "head", "modified", "until", "used")

    def __init__(
        self,
        address: TileAddress,
        head: bytes,
        body: bytes,
        etag: str,
        modified: int,
        until: float,
        count: TileCount,
    ) -> None:
        self.address = address
        self.head = head
        self.body = body
        self.etag = etag
        self.modified = modified
        self.until = until
        self.count = count
        self.used = False

    def not_modified(self, if_none_match: bytes | None, if_modified_since: bytes | None) -> bool:
        """Tell whether a client that sends these has the tile already; see `conditional`."""
        etag = b'"%b"' % self.etag.encode("ascii")
        return not_modified(if_none_match, if_modified_since, etag=etag, modified=self.modified)

    @property
    def kept(self) -> bytes:
        """The header lines that a 304 has too, with the empty line (RFC 9110, 15.4.5)."""
        return self.head[self.head.index(KEPT_FROM) :]


KEPT_FROM: Final = b"etag: "
"""The first header line that a 304 has too; those before describe the body."""


class ReadyAnswers:
    """Answers by request line ("GET /wmts?…"), bounded in bytes.

    Args:
        max_bytes: bound of everything kept, overhead included; 0 = nothing is kept.

    Attributes:
        by_line: for the hot path to look into; whoever finds one sets `used`.
        size: bytes kept, overhead included.
        evicted: answers that had to go.
    """

    __slots__ = ("by_line", "evicted", "max_bytes", "size")

    def __init__(self, max_bytes: int) -> None:
        self.by_line: OrderedDict[bytes, Answer] = OrderedDict()
        self.max_bytes = max_bytes
        self.size = 0
        self.evicted = 0

    def put(self, line: bytes, answer: Answer) -> None:
        """Keep an answer, unless it alone is larger than a sixteenth of the room."""
        cost = _cost(line, answer)
        if cost * 16 > self.max_bytes:
            return
        self.discard(line)
        self.by_line[line] = answer
        self.size += cost
        while self.size > self.max_bytes:
            self._evict()

    def discard(self, line: bytes) -> None:
        """Forget the answer of one request line, if there is one."""
        answer = self.by_line.pop(line, None)
        if answer is not None:
            self.size -= _cost(line, answer)

    def forget(self, addresses: Collection[TileAddress]) -> int:
        """Forget the answers of tiles that changed, under every address; return how many.

        Looks at every entry (about a millisecond in ten thousand): for deletions, not for
        every tile that is made.
        """
        lines = [line for line, kept in self.by_line.items() if kept.address in addresses]
        for line in lines:
            self.discard(line)
        return len(lines)

    def clear(self) -> None:
        """Forget everything."""
        self.by_line.clear()
        self.size = 0

    def _evict(self) -> None:
        line, answer = self.by_line.popitem(last=False)
        if answer.used:
            answer.used = False
            self.by_line[line] = answer
        else:
            self.size -= _cost(line, answer)
            self.evicted += 1


def _cost(line: bytes, answer: Answer) -> int:
    return len(line) + len(answer.head) + len(answer.body) + ENTRY_OVERHEAD
