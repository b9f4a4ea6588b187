"""A stored tile as a finished response: the one place where its headers are decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.model import Catalogue, Layer
from tuilerie.formats import ImageFormat, StoredTile
from tuilerie.server.answers import RECHECK_S, Answer
from tuilerie.server.conditional import http_date, not_modified
from tuilerie.server.message import CROSS_ORIGIN, Header, Reply
from tuilerie.server.metrics import Metrics, TileCount

__all__ = ["TileResponder", "cache_control", "tile_reply"]


def cache_control(max_age_s: int | None) -> bytes:
    """Return the Cache-Control of a layer's tiles, b"" for none; 0 = ask each time.

    Source: OGC 07-057r7, 11.5; RFC 9111, 5.2.2.
    """
    if max_age_s is None:
        return b""
    return b"no-cache" if max_age_s <= 0 else b"public, max-age=%d" % max_age_s


class _LayerPart:
    """What a layer's tiles have in common."""

    __slots__ = ("count", "expire_after_s", "tail")

    def __init__(self, layer: Layer, count: TileCount) -> None:
        control = cache_control(layer.client_max_age_s)
        fields = [(b"cache-control", control)] if control else []
        self.tail = b"\r\n" + _lines((*fields, *CROSS_ORIGIN)) + b"\r\n"
        self.count = count
        self.expire_after_s = layer.expire_after_s


def _lines(fields: tuple[Header, ...]) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in fields])


class TileResponder:
    """Makes answers out of the tiles of one catalogue."""

    def __init__(self, catalogue: Catalogue, metrics: Metrics) -> None:
        self._layers = catalogue.layers
        self._metrics = metrics
        self._parts: dict[str, _LayerPart] = {}

    def answer(self, address: TileAddress, tile: StoredTile, now: float) -> Answer:
        """Return the response for a tile: of its true type, with strong validators.

        Args:
            now: seconds since the epoch; the answer is good until it must be looked up again.
        """
        part = self._parts.get(address.layer) or self._part(address.layer)
        data, image_format, created, etag_text = tile
        etag = b'"%b"' % etag_text.encode("ascii")
        entity = b"content-type: %b\r\ncontent-length: %d\r\n" % (
            _MEDIA_TYPES[image_format],
            len(data),
        )
        kept = b"etag: %b\r\nlast-modified: %b" % (etag, http_date(created))
        head = entity + kept + part.tail
        until = now + RECHECK_S
        if part.expire_after_s is not None:
            until = min(until, created + part.expire_after_s)
        return Answer(
            address, head + data, len(entity), len(head), etag, created, until, part.count
        )

    def _part(self, layer: str) -> _LayerPart:
        """Made when first asked for: of 5,000 layers most are seldom looked at."""
        part = _LayerPart(self._layers[layer], self._metrics.tile_count(layer))
        self._parts[layer] = part
        return part


class _MediaTypes(dict[ImageFormat, bytes]):
    """Media types of bodies as bytes; parameters such as mode=8bit are the request's alone."""

    def __missing__(self, key: ImageFormat) -> bytes:
        found = self[key] = key.media_type.partition(";")[0].encode("ascii")
        return found


_MEDIA_TYPES: Final = _MediaTypes()


def tile_reply(
    answer: Answer, method: str, headers: Mapping[bytes, bytes], outcome: str
) -> Reply:
    """Return an answer as the application sends it, 304 where the client has it, and count it.

    Args:
        outcome: "ready", "hit" or "miss".
    """
    count = answer.count
    if not_modified(
        headers.get(b"if-none-match"),
        headers.get(b"if-modified-since"),
        etag=answer.etag,
        modified=answer.modified,
    ):
        count.not_modified += 1
        kept = answer.full[answer.kept_at : answer.body_at - 4]
        return Reply(304, _pairs(kept), b"", "tile", "not_modified", answer.address, True)
    setattr(count, outcome, getattr(count, outcome) + 1)
    body = b"" if method == "HEAD" else answer.full[answer.body_at :]
    count.bytes += len(body)
    fields = _pairs(answer.full[: answer.body_at - 4])
    return Reply(200, fields, body, "tile", outcome, answer.address, True)


def _pairs(lines: bytes) -> list[Header]:
    return [
        (name, value) for name, _, value in (line.partition(b": ") for line in lines.split(b"\r\n"))
    ]
