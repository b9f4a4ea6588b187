"""A body that is the picture that was asked for, and all the bodies that are not."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tuilerie.errors import UpstreamError
from tuilerie.formats import AVIF, JPEG, PNG, WEBP
from tuilerie.raster.measure import measure
from tuilerie.sources.remote.error_pictures import ErrorPicture, ErrorPictures
from tuilerie.sources.remote.fetched import Fetched
from tuilerie.sources.remote.picture import check_picture
from tuilerie.sources.remote.redact import Redactor

KINDS = {"PNG": PNG, "JPEG": JPEG, "WEBP": WEBP, "AVIF": AVIF, "GIF": None}


def _made(kind: str, size: tuple[int, int], *, noise: bool = True, **words: object) -> bytes:
    image = (
        Image.effect_noise(size, 60).convert("RGB") if noise else Image.new("RGB", size, "white")
    )
    out = BytesIO()
    image.save(out, kind, **words)
    return out.getvalue()


def _refused(data: bytes, said: str, **words: object) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        check_picture(Fetched(200, said, data=data), "ign", **words)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(256, 256), (512, 300), (1, 1), (17, 1000)])
def test_size_and_kind_are_what_pillow_wrote(kind, size):
    data = _made(kind, size)
    for said in (f"image/{kind.lower()}", "application/octet-stream", ""):
        facts = check_picture(Fetched(200, said, data=data), "ign", size=size)
        assert (facts.width, facts.height, facts.format) == (*size, KINDS[kind])
        assert facts.media_type == f"image/{kind.lower()}"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + b"x" * 9000}),
        ("JPEG", {"icc_profile": b"\xff\xc0" * 40_000}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": False, "icc_profile": b"x" * 500}),
        ("PNG", {"dpi": (96, 96)}),
    ],
)
def test_size_behind_other_things(kind, words):
    found = measure(_made(kind, (320, 200), **words))
    assert found is not None
    assert (found.width, found.height, found.complete) == (320, 200, True)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_picture_whose_end_is_not_there(kind, part):
    data = _made(kind, (256, 256))
    error = _refused(data[: int(len(data) * part)], f"image/{kind.lower()}")
    assert error.kind == "cut"


def test_picture_of_another_size():
    error = _refused(_made("PNG", (256, 256)), "image/png", size=(512, 512))
    assert error.kind == "not_a_picture"
    assert "256 × 256 pixels instead of 512 × 512" in str(error)


def test_picture_of_an_absurd_size_is_not_decoded():
    data = bytearray(_made("PNG", (8, 8)))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    assert _refused(bytes(data), "image/png").kind == "not_a_picture"


@pytest.mark.parametrize(
    ("said", "asked"), [("image/jpeg", ""), ("text/xml", ""), ("image/png", "image/jpeg")]
)
def test_picture_of_another_kind(said, asked):
    assert _refused(_made("PNG", (8, 8)), said, media_type=asked).kind == "not_a_picture"


def test_bytes_alone_are_believed_where_the_source_says_so():
    fetched = Fetched(200, "image/png", data=_made("JPEG", (8, 8)))
    assert check_picture(fetched, "ign", believe_header=False).format is JPEG


@pytest.mark.parametrize("said", ["image/jpg", "image/x-png", "image/vnd.jpeg-png"])
def test_names_that_servers_have_for_it(said):
    kind = "JPEG" if "jpg" in said else "PNG"
    check_picture(Fetched(200, said, data=_made(kind, (8, 8))), "ign")


ERRORS = [
    (b'<?xml version="1.0"?><!DOCTYPE ServiceExceptionReport SYSTEM "http://x/y.dtd">\n'
     b'<ServiceExceptionReport version="1.1.1"><ServiceException code="InvalidFormat">\n'
     b"  Format  not\n supported </ServiceException></ServiceExceptionReport>",
     "InvalidFormat: Format not supported"),
    (b'<ows:ExceptionReport><ows:Exception exceptionCode="TileOutOfRange" locator="TileRow">'
     b"<ows:ExceptionText><![CDATA[row 9 & more]]></ows:ExceptionText></ows:Exception>",
     "TileOutOfRange: row 9 & more"),
    (b"\xef\xbb\xbf<html><head><title>502 Bad Gateway</title></head><body>nginx",
     "502 Bad Gateway"),
    (b'{"error": {"code": 498, "message": "Invalid token."}}', "Invalid token."),
    ("<?xml version='1.0' encoding='UTF-16'?><e>nö</e>".encode("utf-16"), "nö"),
    (b"<e>\x1b[31mred\x00\x07" + b"y" * 5000, "[31mred yyyy"),
    (b"<script>alert('x')</script><p>down", "down"),
    (b'{"a": ' * 5000, "{\"a\": {\"a\":"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), ERRORS)
def test_error_in_words_is_quoted_short_and_plain(body, words):
    error = _refused(body, "image/png")
    assert error.kind == "exception"
    quote = str(error).partition("“")[2].partition("”")[0]
    assert quote.startswith(words)
    assert quote.isprintable()
    assert len(quote) <= 300


def test_error_that_repeats_the_key_is_redacted():
    body = b"<e>bad request ?apikey=k123456&amp;x=1 by k123456</e>"
    error = _refused(body, "text/xml", redact=Redactor(("k123456",)))
    assert "k123456" not in str(error)


@pytest.mark.parametrize("body", [b"", b"\0" * 100, b"BM" + b"\0" * 100, b"\x89PNG\r\n\x1a\n"])
def test_nothing_and_other_things(body):
    assert _refused(body, "image/png").kind == "not_a_picture"


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"RIFF\x20\0\0\0WEBPVP8X",
         b"\0\0\0\x1cftypavif", b"GIF89a", b"<", b""]
    ),
    st.binary(max_size=300),
)  # fmt: skip
def test_hostile_bytes_have_an_answer(start, rest):
    fetched = Fetched(200, "image/png", data=start + rest)
    with suppress(UpstreamError):
        assert check_picture(fetched, "ign").width > 0


def test_pictures_that_are_none():
    white, noise = _made("PNG", (256, 256), noise=False), _made("PNG", (256, 256))
    other = _made("JPEG", (256, 256))
    pictures = ErrorPictures(
        [
            ErrorPicture("missing", colour=(255, 255, 255, 255)),
            ErrorPicture("error", sha256=hashlib.sha256(other).hexdigest()),
        ]
    )
    assert pictures.meaning(white, 256, 256) == "missing"
    assert pictures.meaning(other, 256, 256) == "error"
    assert pictures.meaning(noise, 256, 256) is None
    assert pictures.meaning(b"\x89PNG\r\n\x1a\n", 256, 256) is None
    assert pictures.decodes
    assert not ErrorPictures([]).decodes
    assert ErrorPictures([]).meaning(white, 256, 256) is None
