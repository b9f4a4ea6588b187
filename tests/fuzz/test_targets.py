"""Every reader of outside bytes takes any bytes: a moment's chance in every test run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A good input with some bytes cut out, put in, doubled or changed; or any bytes."""
    data = draw(st.sampled_from((*seeds, b"")))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        piece = draw(st.one_of(st.binary(max_size=12), st.just(data[start:end] * 2), PIECES))
        data = data[:start] + piece + data[end:]
    return data


PIECES = st.sampled_from(
    [
        *(
            b"",
            b"\0",
            b"\xff\xfe",
            b"%00",
            b"%",
            b"&",
            b"<!DOCTYPE a>",
            b"<![CDATA[",
            b"&#0;",
            b"..",
        ),
        *(
            b"-1",
            b"9" * 400,
            b"1e999",
            b"\xc3\x28",
            b"\xe2\x80\xae",
            b"]]>",
            b"<a>" * 40,
            b"*x",
            b"&x ",
        ),
    ]
)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_or_refused(name: str) -> None:
    """A request, a header or a file would end in an error that nobody foresaw."""
    target = TARGETS[name]

    @settings(
        max_examples=150,
        deadline=timedelta(seconds=5),
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(target.seeds))
    def reads(data: bytes) -> None:
        target.read(data)

    reads()
