"""Conditional requests by RFC 9110: lists, weak tags, "*", and dates only where no tag is sent."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.server.conditional import http_date, not_modified

ETAG = b'"abc"'


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b'"abc"', True),
        (b'W/"abc"', True),
        (b"*", True),
        (b" * ", True),
        (b'"x", "abc"', True),
        (b'"x" ,W/"y",\t"abc" , "z"', True),
        (b', "abc"', True),
        (b'"a,b", "abc"', True),
        (b'"x"', False),
        (b"abc", False),
        (b'"ABC"', False),
        (b'"abc', False),
        (b'"x" "abc"', False),
        (b"", False),
        (b'"x", *', False),
        (b"W/abc", False),
        (b'w/"abc"', False),
        (b'"abcabc"', False),
    ],
)
def test_entity_tags(sent: bytes, expected: bool) -> None:
    """A client would be sent what it has, or keep what is no longer true."""
    assert not_modified(sent, None, etag=ETAG, modified=None) is expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", True),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", True),
        (b"Sun Nov  6 08:49:37 1994", True),
        (b"Sun, 06 Nov 1994 08:49:36 GMT", False),
        (b"Sun, 06 Nov 2094 08:49:36 GMT", True),
        (b"06 Nov 2094 08:49:36 GMT", False),
        (b"Sun, 06 Nov 2094 08:49:36 +0200", False),
        (b"Sun, 99 Nov 2094 99:49:36 GMT junk", False),
        (b"yesterday", False),
        (b"", False),
        (b"\xff" * 1000, False),
    ],
)
def test_dates(sent: bytes, expected: bool) -> None:
    """A malformed or foreign date would be believed."""
    assert not_modified(None, sent, etag=ETAG, modified=784111777) is expected


def test_a_tag_wins_over_a_date() -> None:
    """Two tiles made in one second would be taken for the same (RFC 9110, 13.1.3)."""
    since = b"Sun, 06 Nov 2094 08:49:36 GMT"
    assert not not_modified(b'"x"', since, etag=ETAG, modified=784111777)
    assert not not_modified(None, None, etag=ETAG, modified=784111777)


@given(st.integers(0, 4_000_000_000))
def test_dates_are_written_as_the_library_writes_them(seconds: int) -> None:
    """Caches would not understand Last-Modified."""
    assert http_date(seconds).decode() == formatdate(seconds, usegmt=True)


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_nothing_that_is_sent_is_an_error(tag: bytes, date: bytes) -> None:
    """A hostile header would end the connection."""
    not_modified(tag, date, etag=ETAG, modified=int(time.time()))
    not_modified(None, date, etag=ETAG, modified=int(time.time()))


def test_a_long_list_is_read_in_linear_time() -> None:
    """A header of 30 KB would hold the event loop."""
    for hostile in (b'"x",' * 7000, b"," * 30_000, b'W/"' * 10_000, b'"' * 30_000, b" " * 30_000):
        started = time.perf_counter()
        assert not not_modified(hostile, None, etag=ETAG, modified=None)
        assert time.perf_counter() - started < 0.2
