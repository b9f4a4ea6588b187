"""How the suite judges answers, and more strictly where the standard says more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from lxml import etree
from PIL import Image

from tests.conformance.assertions.asking import Answer, Encoding
from tests.conformance.assertions.differences import MIXED
from tests.conformance.assertions.service import NS, Service

__all__ = ["INVALID", "MISSING", "OUTSIDE", "document", "picture", "refused", "sections"]

MISSING, INVALID = "MissingParameterValue", "InvalidParameterValue"
OUTSIDE = "TileOutOfRange"
MIXED_FORMAT = "image/vnd.jpeg-png"
IMAGE_IO = {"png", "jpeg", "gif", "bmp"}
"""What the suite's reader of pictures, Java's ImageIO, knows."""


def refused(
    encoding: Encoding,
    answer: Answer,
    code: str,
    locators: Sequence[str | None],
    status: int = 400,
) -> None:
    """Judge an exception report.

    The suite takes any one Exception with the code and one of the locators, in whatever case, and
    the status exactly. Of resources it wants no more than an error; ours is a 404 (clause 10)
    with the same report.
    """
    assert answer.status == (404 if encoding.is_rest else status)
    if not encoding.in_envelope:
        assert answer.content_type == "application/xml"
    wanted = {(code.lower(), locator and locator.lower()) for locator in locators}
    found = {(code.lower(), locator and locator.lower()) for code, locator in answer.codes}
    assert found & wanted, answer.codes


def document(encoding: Encoding, answer: Answer, content_type: str = "") -> etree._Element:
    """Judge a ServiceMetadata document; return its root."""
    assert answer.status == 200
    if not encoding.in_envelope:
        assert answer.content_type == (content_type or "application/xml")
    root = answer.root
    assert root.tag == f"{{{NS['w']}}}Capabilities"
    return root


def sections(root: etree._Element) -> list[str]:
    """The names of what a document has, each once."""
    return list(dict.fromkeys(etree.QName(child).localname for child in root))


def picture(service: Service, answer: Answer, media_type: str) -> Image.Image:
    """Judge a tile by a reader that is not ours: its kind must be in the format's name.

    Against the suite's catalogue only kinds that the suite itself can read are good, and a
    payload's Format must be the one that was asked for.
    """
    assert answer.status == 200
    found = _read(answer.body)
    kind = f"image/{(found.format or '').lower()}"
    assert answer.says.partition(";")[0] == kind
    if media_type == MIXED_FORMAT:
        assert not service.is_suites
        assert kind in MIXED.given
        return found
    assert kind in media_type
    assert not service.is_suites or kind.removeprefix("image/") in IMAGE_IO
    if answer.says != answer.content_type:
        assert answer.says == media_type
    return found


@lru_cache(maxsize=1024)
def _read(data: bytes) -> Image.Image:
    found = Image.open(BytesIO(data))
    found.load()
    return found
