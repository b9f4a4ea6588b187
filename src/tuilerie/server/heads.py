"""Header blocks as the fast lane reads them: judged once by their bytes, then remembered.

A client sends the same block with every tile, so that its judgement costs a look-up. What only
the complete parser may judge (odd bytes, upgrades, `Expect`, transfer codings…) is no block of
the lane's.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Head", "Heads", "PostHead", "PostHeads"]

_FIELDS: Final = (
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ \t]*[\x21-\x7e\x80-\xff]*(?:[ \t]+[\x21-\x7e\x80-\xff]+)*"
    rb"[ \t]*\r\n)+)\r\n\Z"
)
_HEAD: Final = re.compile(rb" HTTP/1\.1\r\n" + _FIELDS)
_POST: Final = re.compile(rb"POST ([!-~]+) HTTP/1\.1\r\n" + _FIELDS)
_ELSEWHERE: Final = frozenset(
    {
        b"expect", b"http2-settings", b"proxy-connection", b"te", b"trailer",
        b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that make a request the business of the complete parser."""

_LENGTH: Final = re.compile(rb"[0-9]{1,7}")
_MAX_HEAD: Final = 4096
_MAX_HEADS: Final = 512


class Head:
    """What a block of headers asks for.

    Attributes:
        plain: nothing but the tile: no condition.
        fields: by lower-case name, for whoever needs more.
    """

    __slots__ = ("fields", "if_modified_since", "if_none_match", "plain")

    def __init__(self, fields: dict[bytes, bytes]) -> None:
        self.fields = fields
        self.if_none_match = fields.get(b"if-none-match")
        self.if_modified_since = fields.get(b"if-modified-since")
        self.plain = self.if_none_match is None and self.if_modified_since is None


class Heads:
    """Judges the header blocks of requests without a body, and remembers those that come again.

    Attributes:
        known: block (from the blank before HTTP/1.1 to the empty line) to verdict; None = not
            for the lane.
    """

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[bytes, Head | None] = {}

    def judge(self, block: bytes) -> Head | None:
        """Return what a new block asks for, None if the lane must leave it alone."""
        if len(block) > _MAX_HEAD:
            return None
        found = _HEAD.match(block)
        fields = None if found is None else _read(found[1])
        head = None if fields is None or b"content-length" in fields else Head(fields)
        if head is None or head.plain:
            # Conditional blocks differ from tile to tile: not worth the room.
            if len(self.known) >= _MAX_HEADS:
                self.known.clear()
            self.known[block] = head
        return head


class PostHead(NamedTuple):
    """The first line and the headers of a request whose body stands for the question.

    Attributes:
        target: path and query.
        media_type: Content-Type as it was sent.
        length: of the body, bytes.
        size: of the head itself with its empty line, bytes.
        fields: by lower-case name.
    """

    target: bytes
    media_type: bytes
    length: int
    size: int
    fields: dict[bytes, bytes]


class PostHeads:
    """Judges the heads of POST requests to one address, and remembers them.

    Args:
        targets: the addresses that are asked in a body.
    """

    __slots__ = ("_known", "_targets")

    def __init__(self, targets: tuple[bytes, ...]) -> None:
        self._targets = targets
        self._known: dict[bytes, PostHead | None] = {}

    def judge(self, data: bytes) -> PostHead | None:
        """Return what the beginning of a request says, None if the lane must leave it alone."""
        end = data.find(b"\r\n\r\n", 0, _MAX_HEAD) + 4
        if end < 4:
            return None
        block = data[:end]
        try:
            return self._known[block]
        except KeyError:
            head = self._read(block)
        if len(self._known) >= _MAX_HEADS:
            self._known.clear()
        self._known[block] = head
        return head

    def _read(self, block: bytes) -> PostHead | None:
        found = _POST.match(block)
        if found is None or found[1] not in self._targets:
            return None
        fields = _read(found[2])
        if fields is None or b"content-encoding" in fields:
            return None
        length = fields.get(b"content-length", b"")
        if not _LENGTH.fullmatch(length):
            return None
        media_type = fields.get(b"content-type", b"")
        return PostHead(found[1], media_type, int(length), len(block), fields)


def _read(lines: bytes) -> dict[bytes, bytes] | None:
    """Return header lines by lower-case name; None if only the complete parser may judge them."""
    fields: dict[bytes, bytes] = {}
    for line in lines.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name = name.lower()
        value = value.strip(b" \t")
        if name in _ELSEWHERE or (name == b"connection" and value.lower() != b"keep-alive"):
            return None
        if name in fields:
            if name == b"host":
                return None
            value = fields[name] + b", " + value
        fields[name] = value
    return fields if b"host" in fields else None
