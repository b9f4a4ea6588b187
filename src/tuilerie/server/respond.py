"""A stored tile as a finished response: the one place where its headers are decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tuilerie.catalogue.address import TileAddress
from tuilerie.catalogue.model import Catalogue, Layer
from tuilerie.formats import ImageFormat, StoredTile
from tuilerie.server.answers import KEPT_FROM, RECHECK_S, Answer
from tuilerie.server.conditional import http_date
from tuilerie.server.message import NO_STORE, Header, Reply
from tuilerie.server.metrics import Metrics, TileCount
from tuilerie.server.served import Served, telling

__all__ = ["LayerPart", "TileResponder", "cache_control", "tile_reply", "unkept"]


def cache_control(max_age_s: int | None) -> bytes:
    """Return the Cache-Control of a layer's tiles, b"" for none; 0 = ask each time.

    Source: OGC 07-057r7, 11.5; RFC 9111, 5.2.2.
    """
    if max_age_s is None:
        return b""
    return b"no-cache" if max_age_s <= 0 else b"public, max-age=%d" % max_age_s


class LayerPart:
    """Makes answers out of the tiles of one layer, of what they have in common.

    Where the layer has dimensions, of the tiles of one combination of values (`served`).

    Attributes:
        templates: the header lines by format, with places for length, ETag and time; used where
            all matrices of the layer may be kept equally long.
    """

    __slots__ = (
        "_ruled",
        "_ruled_templates",
        "_served",
        "_tail",
        "count",
        "expire_after_s",
        "templates",
    )

    def __init__(self, layer: Layer, count: TileCount, served: Served | None = None) -> None:
        self._ruled = layer if layer.client_max_ages else None
        self._ruled_templates: dict[tuple[ImageFormat, int | None], bytes] = {}
        self._served = served
        self._tail = _tail(layer.client_max_age_s, served)
        self.templates: dict[ImageFormat, bytes] = {}
        self.count = count
        self.expire_after_s = layer.expire_after_s

    def answer(self, address: TileAddress, tile: StoredTile, now: float) -> Answer:
        """Return the response for a tile: of its true type, with strong validators.

        `now` is in seconds since the epoch, as the Date header will say it; the answer says
        until when it is good. Last-Modified is never later (RFC 9110, 8.8.2.1), although the
        hot path's clock may be late.
        """
        data, image_format, created, etag = tile
        if created > now:
            created = int(now)
        if self._ruled is None:
            template = self.templates.get(image_format) or self.template(image_format)
        else:
            template = self._ruled_template(self._ruled, address, image_format)
        head = template % (len(data), etag.encode("ascii"), http_date(created))
        until = now + RECHECK_S
        if self.expire_after_s is not None:
            until = min(until, created + self.expire_after_s)
        return Answer(address, head, data, etag, created, until, self.count)

    def template(self, image_format: ImageFormat) -> bytes:
        """Make a template; the type is that of the bytes, parameters are the request's alone."""
        made = self.templates[image_format] = _template(image_format, self._tail)
        return made

    def _ruled_template(
        self, layer: Layer, address: TileAddress, image_format: ImageFormat
    ) -> bytes:
        """Return the template of a layer whose matrices may be kept for different times (11.5)."""
        age = layer.client_max_age(address.matrix_set, address.index.matrix)
        key = (image_format, age)
        if key not in self._ruled_templates:
            self._ruled_templates[key] = _template(image_format, _tail(age, self._served))
        return self._ruled_templates[key]


def _tail(max_age_s: int | None, served: Served | None) -> bytes:
    control = cache_control(max_age_s if served is None else served.shortest(max_age_s))
    fields = [(b"cache-control", control)] if control else []
    lines = (*fields, *telling(() if served is None else served.dimensions))
    # What this becomes part of is a template.
    return b"".join([b"%b: %b\r\n" % field for field in lines]).replace(b"%", b"%%")


def _template(image_format: ImageFormat, tail: bytes) -> bytes:
    media_type = image_format.media_type.partition(";")[0].encode("ascii")
    return (
        b"content-type: %b\r\ncontent-length: %%d\r\n" % media_type
        + KEPT_FROM
        + b'"%b"\r\nlast-modified: %b\r\n'
        + tail
        + b"\r\n"
    )


class TileResponder:
    """Makes answers out of the tiles of one catalogue."""

    def __init__(self, catalogue: Catalogue, metrics: Metrics) -> None:
        self._layers = catalogue.layers
        self._metrics = metrics
        self._parts: dict[str, LayerPart] = {}
        self._varied: dict[tuple[str, Served], LayerPart] = {}

    def part(self, layer: str, served: Served | None = None) -> LayerPart:
        """Return what answers for a layer; of 5,000 layers most are seldom looked at."""
        if served is not None:
            return self._varied_part(layer, served)
        part = self._parts.get(layer)
        if part is None:
            part = LayerPart(self._layers[layer], self._metrics.tile_count(layer))
            self._parts[layer] = part
        return part

    def answer(
        self,
        address: TileAddress,
        tile: StoredTile,
        now: float,
        served: Served | None = None,
    ) -> Answer:
        """Return the response for a tile; see LayerPart."""
        return self.part(address.layer, served).answer(address, tile, now)

    def _varied_part(self, layer: str, served: Served) -> LayerPart:
        """Return what answers for some values of a layer; those asked for lately are kept."""
        part = self._varied.get((layer, served))
        if part is None:
            if len(self._varied) >= _MOST_VARIED:
                self._varied.clear()
            part = LayerPart(self._layers[layer], self._metrics.tile_count(layer), served)
            self._varied[layer, served] = part
        return part


_MOST_VARIED: Final = 4096


def unkept(answer: Answer) -> Answer:
    """Return an answer that is good for nobody but the client who waits, and only now."""
    name, value = NO_STORE
    lines = [line for line in answer.head.split(b"\r\n") if line and not line.startswith(name)]
    head = b"\r\n".join([*lines, b"%b: %b" % (name, value), b"", b""])
    return Answer(
        answer.address, head, answer.body, answer.etag, answer.modified, 0.0, answer.count
    )


def tile_reply(answer: Answer, method: str, headers: Mapping[bytes, bytes], outcome: str) -> Reply:
    """Return an answer as the application sends it, 304 where the client has it, and count it.

    `outcome` is "ready", "hit" or "miss".
    """
    count = answer.count
    if answer.not_modified(headers.get(b"if-none-match"), headers.get(b"if-modified-since")):
        count.not_modified += 1
        fields = _pairs(answer.kept)
        return Reply(304, fields, b"", "tile", "not_modified", answer.address, tile=True)
    setattr(count, outcome, getattr(count, outcome) + 1)
    body = b"" if method == "HEAD" else answer.body
    count.bytes += len(body)
    return Reply(200, _pairs(answer.head), body, "tile", outcome, answer.address, tile=True)


def _pairs(lines: bytes) -> list[Header]:
    parted = (line.partition(b": ") for line in lines.split(b"\r\n") if line)
    return [(name, value) for name, _, value in parted]
