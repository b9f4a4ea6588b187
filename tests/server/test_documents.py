"""Capabilities as bytes: written once, whatever address is asked for, within a bound."""

from __future__ import annotations

import asyncio
import time

from tests.server.served import catalogue, layer
from tuilerie.protocols.wmts.capabilities import write_capabilities
from tuilerie.protocols.wmts.negotiate import COMPLETE
from tuilerie.server.documents import Documents


async def test_a_document_is_what_the_writer_writes() -> None:
    """The exchange of the address would change something else."""
    published = catalogue(layer(), layer("other"))
    documents = Documents(published, 1_000_000)
    for sections in (COMPLETE, frozenset({"OperationsMetadata"}), frozenset()):
        for url in ("http://a.example", "https://b.example:81/maps"):
            made = await documents.capabilities(url, sections, ())
            assert made.data == write_capabilities(published, base_url=url, sections=sections)


async def test_many_addresses_take_no_room_without_end() -> None:
    """Made-up Host headers would fill the memory."""
    documents = Documents(catalogue(), 60_000)
    for number in range(100):
        made = await documents.capabilities(f"http://{number}.example", COMPLETE, ())
        assert f"http://{number}.example/wmts?".encode() in made.data
    assert documents._documents._size <= max(30_000, len(made.data) + len(made.gzip))
    assert len(documents._texts._entries) == 1


async def test_a_crowd_at_the_start_has_one_document_written() -> None:
    """After a reload every client at once would have its own copy made."""
    documents = Documents(catalogue(), 1_000_000)
    made = await asyncio.gather(
        *(documents.capabilities("http://a.example", COMPLETE, ()) for _ in range(20))
    )
    assert len({id(document) for document in made}) == 1


async def test_languages_that_nobody_speaks_make_no_document() -> None:
    """Made-up languages would each have a document."""
    documents = Documents(catalogue(), 1_000_000)
    first = await documents.capabilities("http://a.example", COMPLETE, ("xx",))
    assert await documents.capabilities("http://a.example", COMPLETE, ("yy", "zz-q")) is first
    assert await documents.capabilities("http://a.example", COMPLETE, ("xx", "fr-ca")) is not first


async def test_a_prepared_document_only_gets_its_address() -> None:
    """The first client after a reload would wait for the whole document to be written."""
    documents = Documents(catalogue(layer(), layer("other")), 1_000_000)
    await documents.prepare()
    kept = documents._texts.get((COMPLETE, ""))
    assert kept is not None
    made = await documents.capabilities("http://a.example", COMPLETE, ())
    assert b"".join(kept) == made.data.replace(b"http://a.example", b"")
    assert len(documents._texts._entries) == 1


async def test_the_loop_goes_on_while_a_large_document_is_written() -> None:
    """Tiles would stand still for a second after each change of 2,000 layers."""
    documents = Documents(catalogue(*(layer(f"sheet {n}") for n in range(2000))), 64 << 20)
    waited = [0.0]

    async def watch() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            waited.append(time.perf_counter() - started)

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    await documents.capabilities("http://a.example", COMPLETE, ())
    took = time.perf_counter() - started
    watching.cancel()
    assert took < 5
    assert len(waited) > 3
    assert max(waited) < max(0.2, took / 2)
    started = time.perf_counter()
    await documents.capabilities("http://a.example", COMPLETE, ())
    assert time.perf_counter() - started < 0.005
