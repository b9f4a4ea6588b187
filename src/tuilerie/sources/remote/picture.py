"""Whether a body is the picture that was asked for: told from its first bytes, nothing decoded.

A server that fails often answers 200 with an XML exception, or a picture of another size or kind
than it says. None of that may reach a cache, and no decoder sees a picture whose size is absurd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tuilerie.errors import UpstreamError, UpstreamKind
from tuilerie.formats import ImageFormat, sniff
from tuilerie.raster.measure import Measured, measure
from tuilerie.sources.remote.advice import upstream_fault
from tuilerie.sources.remote.fetched import Fetched
from tuilerie.sources.remote.quoting import is_text, quote_body

__all__ = ["MAX_PIXELS", "PictureFacts", "check_picture"]

MAX_PIXELS: Final = 4096 * 4096

_UNSAID: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "image/*"})
"""Media types that say nothing; the bytes decide."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture is, by its bytes.

    Attributes:
        media_type: "image/png", "image/jpeg", "image/webp", "image/avif" or "image/gif".
        format: of the house; None for GIF, which is read and not served.
        width, height: pixels.
        complete: False where the end of the file is plainly not there.
    """

    media_type: str
    format: ImageFormat | None
    width: int
    height: int
    complete: bool


def check_picture(
    fetched: Fetched,
    source: str,
    redact: Callable[[str], str] | None = None,
    *,
    size: tuple[int, int] | None = None,
    media_type: str = "",
    believe_header: bool = True,
    max_pixels: int = MAX_PIXELS,
) -> PictureFacts:
    """Return what the picture in an answer is.

    Args:
        fetched: an answer that is not missing.
        source: the identifier in the catalogue, for errors.
        redact: takes secrets out of the remote's words.
        size: width and height in pixels that were asked for; None = any.
        media_type: that was asked for, without parameters; "" = any picture.
        believe_header: whether a picture is refused that is not of the type that its header
            says; False for servers that call all pictures the same.
        max_pixels: width times height.

    Raises: UpstreamError: of kind "exception" for an error in words, else "not_a_picture".
    """
    data = fetched.data
    found = measure(data)
    if found is None:
        raise _no_picture(fetched, source, redact)

    def wrong(what: str) -> UpstreamError:
        return _fault(source, "not_a_picture", what)

    if found.width * found.height > max_pixels or not found.width or not found.height:
        raise wrong(f"it sends a picture of {found.width} × {found.height} pixels")
    if size is not None and (found.width, found.height) != size:
        raise wrong(
            f"it sends a picture of {found.width} × {found.height} pixels instead of "
            f"{size[0]} × {size[1]}"
        )
    if not found.complete:
        raise _fault(source, "cut", f"its {found.media_type} ends too early")
    if media_type and media_type != found.media_type:
        raise wrong(f"it sends {found.media_type} instead of {media_type}")
    said = _ALIASES.get(fetched.media_type, fetched.media_type)
    if believe_header and said not in _UNSAID and said != found.media_type:
        raise wrong(f"it sends {found.media_type} and calls it {said[:60]!a}")
    return _facts(found, data)


_ALIASES: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/png8": "image/png",
    "image/png24": "image/png",
    "image/png32": "image/png",
    "image/vnd.jpeg-png": "image/*",
    "image/vnd.jpeg-png8": "image/*",
    "image/mixed": "image/*",
}


def _facts(found: Measured, data: bytes) -> PictureFacts:
    return PictureFacts(found.media_type, sniff(data), found.width, found.height, found.complete)


def _no_picture(
    fetched: Fetched, source: str, redact: Callable[[str], str] | None
) -> UpstreamError:
    if not fetched.data:
        return _fault(source, "not_a_picture", "it sends an empty body as a picture")
    if not is_text(fetched.data):
        said = f" and calls it {fetched.media_type[:60]!a}" if fetched.media_type else ""
        return _fault(source, "not_a_picture", f"it sends no picture that is known here{said}")
    words = quote_body(fetched.data, fetched.charset)
    if redact is not None:
        words = redact(words)
    return _fault(source, "exception", f"it sends an error instead of a picture: “{words}”")


def _fault(source: str, kind: UpstreamKind, what: str) -> UpstreamError:
    return upstream_fault(source, kind, what)
