"""Bodies that are too long, too short, cut, or that unfold to more than they should."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.remote.fake import Answer
from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.body import Bomb, Inflater, TooLarge, Undecodable

MIB = 2**20


async def _kind(client, address: str, **words) -> str:
    with pytest.raises(UpstreamError) as caught:
        await client.get(address, **words)
    return caught.value.kind


async def test_a_gigabyte_costs_no_memory(remote, make_client):
    """The bound is kept while the body comes, whatever its length says."""
    piece = b"x" * MIB
    remote.on("/said", Answer(body=piece, repeat=1024))
    remote.on("/chunked", Answer(body=piece, repeat=1024, chunked=True))
    remote.on("/unsaid", Answer(body=piece, repeat=1024, length=""))
    remote.on("/small", Answer(body=b"x"))
    client = make_client(max_bytes=4 * MIB)
    await client.get(remote.url("/small"))
    tracemalloc.start()
    try:
        for path in ("/said", "/chunked", "/unsaid"):
            assert await _kind(client, remote.url(path)) == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 12 * MIB
    finally:
        tracemalloc.stop()
    assert client.breaker.circuit == "closed", "one large tile does not make a bad server"


async def test_bound_is_inclusive_and_may_be_the_callers(remote, make_client):
    remote.otherwise(Answer(body=b"x" * 1000, pieces=10))
    client = make_client()
    assert len((await client.get(remote.url("/"), max_bytes=1000)).data) == 1000
    assert await _kind(client, remote.url("/"), max_bytes=999) == "too_large"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_is_refused_early(remote, make_client, coding):
    pack = gzip.compress if coding == "gzip" else zlib.compress
    remote.on(
        "/xml", Answer(body=pack(b"\0" * (200 * MIB), 9), headers={"Content-Encoding": coding})
    )
    client = make_client(max_bytes=512 * MIB)
    tracemalloc.start()
    try:
        assert await _kind(client, remote.url("/xml")) == "bomb"
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw"])
async def test_compressed_documents_are_unfolded(remote, make_client, coding):
    text = b"<Capabilities>" + bytes(range(256)) * 2000
    body = {
        "gzip": gzip.compress,
        "x-gzip": gzip.compress,
        "deflate": zlib.compress,
        "raw": lambda data: zlib.compress(data)[2:-4],
    }[coding](text)
    said = "deflate" if coding == "raw" else coding
    remote.on("/xml", Answer(body=body, pieces=7, headers={"Content-Encoding": said}))
    fetched = await make_client().get(remote.url("/xml"), accept="text/xml")
    assert fetched.data == text
    assert remote.requests[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"not gzip", "gzip"),
        (gzip.compress(b"x" * 1000)[:-9], "gzip"),
        (b"x", "br"),
        (gzip.compress(b"x"), "gzip, gzip"),
    ],
)
async def test_wrong_coding_is_refused(remote, make_client, body, coding):
    remote.on("/xml", Answer(body=body, headers={"Content-Encoding": coding}))
    assert await _kind(make_client(), remote.url("/xml")) == "protocol"


async def test_shorter_than_it_says(remote, make_client):
    remote.on("/tile", Answer(body=b"x" * 500, length=1000, close=True))
    assert await _kind(make_client(retries=0), remote.url("/tile")) in {"wrong_length", "cut"}


@pytest.mark.parametrize("words", [{}, {"chunked": True}])
async def test_cut_within_the_body_is_tried_again(remote, make_client, words):
    whole = Answer(body=b"x" * 100_000, **words)
    remote.on("/tile", Answer(body=b"x" * 100_000, cut=50_000, **words), whole)
    assert len((await make_client().get(remote.url("/tile"))).data) == 100_000
    assert remote.count() == 2


async def test_cut_before_the_first_byte_is_an_error_of_its_own(remote, make_client):
    remote.on("/tile", Answer(cut=-1))
    assert await _kind(make_client(), remote.url("/tile")) == "cut"
    # The library repeats each attempt once: a kept connection may have been closed meanwhile.
    assert remote.count() in {3, 6}


async def test_longer_than_it_says_does_not_reach_the_next_answer(remote, make_client):
    remote.on("/long", Answer(body=b"x" * 100, length=10))
    remote.on("/next", Answer(body=b"mine"))
    client = make_client(max_connections=1)
    with suppress(UpstreamError):  # where all of it came in one packet it was seen at once
        assert (await client.get(remote.url("/long"))).data == b"x" * 10
    assert (await client.get(remote.url("/next"))).data == b"mine"


async def test_empty_body_is_an_answer(remote, make_client):
    remote.on("/tile", Answer(body=b""))
    assert (await make_client().get(remote.url("/tile"))).data == b""


@given(st.binary(max_size=5000), st.integers(1, 300), st.sampled_from(["gzip", "deflate"]))
def test_unfolding_in_pieces_is_unfolding(data, size, coding):
    packed = gzip.compress(data) if coding == "gzip" else zlib.compress(data)
    inflater = Inflater.of(coding, 10_000)
    assert inflater is not None
    parts = [
        part
        for start in range(0, len(packed), size)
        for part in inflater.feed(packed[start : start + size])
    ]
    inflater.finish()
    assert b"".join(parts) == data


@given(st.binary(min_size=1, max_size=500), st.sampled_from(["gzip", "deflate"]))
def test_nonsense_has_one_of_three_errors(data, coding):
    inflater = Inflater.of(coding, 10_000)
    assert inflater is not None
    try:
        inflater.feed(data)
        inflater.finish()
    except (Bomb, TooLarge, Undecodable):
        pass
