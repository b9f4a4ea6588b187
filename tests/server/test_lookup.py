"""The short way from a request line to an address holds against the long one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.served import KVP, REST, SmallService, address, catalogue, layer, live_of
from tuilerie.catalogue.address import TileAddress, TileQuery
from tuilerie.catalogue.model import MatrixLimits, MatrixSetLink
from tuilerie.errors import RequestError
from tuilerie.formats import PNG, EncodedTile, PassingTile, stored_now
from tuilerie.grids import named_matrix_set
from tuilerie.grids.build import from_matrices
from tuilerie.protocols.wmts import kvp, rest
from tuilerie.server.answers import ReadyAnswers
from tuilerie.server.conditional import http_date
from tuilerie.server.lookup import TileLookup
from tuilerie.server.metrics import Metrics
from tuilerie.telemetry import Meters


class Everything(SmallService):
    """Has every tile, and says which was asked for."""

    asked: list[TileAddress]

    def cached(self, wanted: TileAddress):
        self.asked.append(wanted)
        return


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    published = catalogue(layer(), layer("a/b c"), layer("world.png"))
    made = Everything(published, tmp_path_factory.mktemp("none"))
    made.asked = []
    return made


def short(lookup: TileLookup, service: Everything, target: str) -> TileAddress | None:
    service.asked.clear()
    lookup.cached(b"GET " + target.encode("ascii"), 0)
    return service.asked[0] if service.asked else None


def long(service: Everything, target: str) -> TileAddress | None:
    path, _, query = target.partition("?")
    try:
        asked = (
            kvp.parse(query.encode("ascii"))
            if path == "/wmts"
            else rest.parse(path.encode("ascii"))
        )
        return service.resolver.resolve_tile(asked.tile)
    except (RequestError, AttributeError):
        return None


texts = st.sampled_from(["8", "3", "4", "04", "%34", "", "+4", "4.5", "nine", "-1", "4&x=1", "4/5"])
heads = st.sampled_from(
    [
        KVP,
        KVP.replace("image/png", "image%2Fpng"),
        KVP.replace("style=default", "style="),
        KVP + "&TileRow=3",
        KVP + "&%54ileRow=3",
        KVP + "&TileCol",
        KVP + "&x=1&y",
        KVP.replace("world", "a%2Fb+c"),
        KVP.replace("world", "a%2Fb%20c"),
        KVP.replace("world", "nothing"),
        KVP.replace("/wmts", "/wmts/"),
    ]
)
tails = st.permutations([0, 1, 2]).flatmap(
    lambda order: st.tuples(
        st.just(order),
        st.sampled_from([str.lower, str.upper, str]),
        st.tuples(texts, texts, texts),
    )
)


def tail(drawn: tuple) -> str:
    order, spelled, values = drawn
    names = ("TileMatrix", "TileRow", "TileCol")
    return "".join(f"&{spelled(names[place])}={values[place]}" for place in order)


prefixes = st.sampled_from(
    [
        REST,
        REST.replace("world", "a%2Fb%20c"),
        REST.replace("world", "world.png"),
        REST.replace("default", ""),
        REST.replace("1.0.0", "1.0.1"),
        REST + "/8",
        "/wmts/1.0.0",
    ]
)
lasts = st.sampled_from(
    ["4.png", "4.jpg", "4.PNG", "4", ".png", "4.5.png", "4.png?x=/1", "%34.png"]
)
targets = st.one_of(
    st.builds(lambda head, drawn: head + tail(drawn), heads, tails),
    st.builds(lambda p, m, r, last: f"{p}/{m}/{r}/{last}", prefixes, texts, texts, lasts),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(targets, min_size=1, max_size=8))
def test_the_short_way_never_finds_what_the_long_one_does_not(
    service: Everything, asked: list[str]
) -> None:
    """A remembered prefix would let a wrong request through, or lead it to another tile."""
    lookup = TileLookup(service, ReadyAnswers(0), Metrics(Meters()), "")
    for target in asked + asked:
        found = short(lookup, service, target)
        assert found is None or found == long(service, target)


@pytest.mark.parametrize(
    "target",
    [
        f"{KVP}&tilematrix=8&tilerow=3&tilecol=4",
        f"{KVP}&TileMatrix=8&TileCol=4&TileRow=3",
        f"{REST}/8/3/4.png",
        f"{REST}/8/3/4.png?x=1",
    ],
)
def test_plain_requests_are_found_at_first_and_again(service: Everything, target: str) -> None:
    """The hot path would be no path at all."""
    lookup = TileLookup(service, ReadyAnswers(0), Metrics(Meters()), "")
    assert [short(lookup, service, target) for _ in range(3)] == [address(4, 3)] * 3


def test_made_up_prefixes_take_no_room_without_end(service: Everything) -> None:
    """A client that adds a new parameter to each request would fill the memory."""
    lookup = TileLookup(service, ReadyAnswers(0), Metrics(Meters()), "")
    for number in range(5000):
        target = f"{KVP}&nonsense={number}&tilematrix=8&tilerow=3&tilecol=4"
        assert short(lookup, service, target) == address(4, 3)
    assert len(lookup._kvp_routes) <= 4096


def test_a_route_prefix_stands_before_every_route(filled: Path) -> None:
    """A server behind a path would find nothing, or answer outside its path."""
    lookup = live_of(filled, prefix="/maps").current.lookup
    assert lookup.cached(f"GET /maps{REST}/8/3/4.png".encode(), 0) is not None
    assert lookup.cached(f"GET /maps{KVP}&tilematrix=8&tilerow=3&tilecol=4".encode(), 0) is not None
    assert lookup.cached(f"GET {REST}/8/3/4.png".encode(), 0) is None


def test_matrices_with_odd_names_are_read_the_long_way(tmp_path: Path) -> None:
    """A "+" that means a blank would be taken for itself, so that the lanes disagreed."""
    whole = named_matrix_set("WebMercatorQuad")
    matrices = [
        replace(matrix, identifier=name)
        for matrix, name in zip(whole.matrices[:2], ("a+b", "a b"), strict=True)
    ]
    odd = from_matrices("Odd", whole.crs, matrices)
    limits = {name: MatrixLimits(0, 0, 0, 0) for name in ("a+b", "a b")}
    published = replace(
        catalogue(layer(links={"Odd": MatrixSetLink("Odd", limits)})), matrix_sets={"Odd": odd}
    )
    service = Everything(published, tmp_path)
    service.asked = []
    lookup = TileLookup(service, ReadyAnswers(0), Metrics(Meters()), "")
    head = KVP.replace("WebMercatorQuad", "Odd")
    for matrix in ("a%2Bb", "a+b", "a%20b", "a+b", "a%2Bb") * 2:
        target = f"{head}&tilematrix={matrix}&tilerow=0&tilecol=0"
        found = short(lookup, service, target)
        assert found == long(service, target)
        assert found is not None
        assert found.index.matrix == ("a+b" if "%2B" in matrix else "a b")


def test_two_orders_of_one_prefix_are_both_short(service: Everything) -> None:
    """Two programs that name the same parameters in another order would slow each other down."""
    lookup = TileLookup(service, ReadyAnswers(0), Metrics(Meters()), "")
    for _ in range(3):
        for tail_of in ("&TileRow={1}&TileCol={0}", "&TileCol={0}&TileRow={1}"):
            target = f"{KVP}&TileMatrix=8{tail_of.format(4, 3)}"
            assert short(lookup, service, target) == address(4, 3)
    [known] = lookup._kvp_routes.values()
    assert known.other is not None
    assert known.other.other is None


def test_no_answer_is_younger_than_its_date(filled: Path) -> None:
    """While the server's clock is late, Last-Modified would lie in the future of Date."""
    live = live_of(filled)
    lookup = live.current.lookup
    line = f"GET {REST}/8/3/4.png".encode()
    true = lookup.cached(line, time.time())
    assert true is not None
    assert lookup.ready(line, time.time()) is true
    late = true.modified - 2
    assert lookup.ready(line, late) is None
    found = lookup.cached(line, late)
    assert found is not None
    assert found.modified == late
    assert b"last-modified: " + http_date(late) + b"\r\n" in found.head
    assert lookup.ready(line, late) is found


def test_a_tile_that_is_incomplete_is_kept_by_nobody(service: Everything) -> None:
    """A gap that lasted a second would be on the clients' maps for an hour."""
    answers = ReadyAnswers(1_000_000)
    lookup = TileLookup(service, answers, Metrics(Meters()), "")
    line, now = b"GET /any", time.time()
    query = TileQuery("world", "default", "image/png", "WebMercatorQuad", "8", "4", "3")
    tile = stored_now(EncodedTile(b"\x89PNG\r\n\x1a\n", PNG), now)
    unkept = lookup.made(line, query, address(3, 4), PassingTile(*tile), now)
    assert b"cache-control: no-store\r\n\r\n" in unkept.head
    assert unkept.head.count(b"cache-control") == 1
    assert lookup.ready(line, now) is None
    kept = lookup.made(line, query, address(3, 4), tile, now)
    assert b"no-store" not in kept.head
    assert lookup.ready(line, now) is not None
