"""Every way to ask for a tile, rightly, carelessly and with malice."""

from __future__ import annotations

import pickle
from functools import partial

import pytest
from hypothesis import example as case
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogue.documents import compiled, described
from tests.catalogue.documents import example as example_catalogue
from tuilerie.catalogue.address import TileAddress, TileQuery, TilesetKey
from tuilerie.catalogue.resolve import Resolver, resolve_tile
from tuilerie.errors import (
    InvalidParameter,
    MissingParameter,
    Rejection,
    RequestError,
    TileOutOfRange,
)
from tuilerie.formats import JPEG, PNG, PNG8
from tuilerie.grids import TileIndex

CATALOGUE = example_catalogue()
RESOLVER = Resolver(CATALOGUE)

NAMED = compiled(
    "tuilerie: 1\n"
    "matrix_sets:\n"
    "  EPSG:3857: {crs: EPSG:3857, corner: top-left, extent: [-2e7, -2e7, 2e7, 2e7],"
    " first_cell_size: 156250, levels: 8}\n"
    "sources: {s: {kind: raster, path: x}}\n"
    "styles: {a: {kind: grey}, b: {kind: grey}}\n"
    "layers:\n"
    "  l: {source: s, styles: [a, b], formats: [png8, png], matrix_sets: ['EPSG:3857']}\n"
    "  m: {source: s, styles: [b, default], formats: [jpeg], matrix_sets:"
    " [{id: 'EPSG:3857', matrices: [2, 4]}]}\n",
    s=described(bounds=(5, 5, 50, 50)),
)

WORLD = TileQuery("world", "default", "image/jpeg", "WebMercatorQuad", "5", "11", "15")


def resolve(query: TileQuery, *, strict: bool = False) -> TileAddress:
    return RESOLVER.resolve_tile(query, strict=strict)


def test_a_tile_that_is_there():
    """Nothing would be served at all."""
    address = TileAddress("world", "default", JPEG, "WebMercatorQuad", TileIndex("5", 15, 11), ())
    for strict in (False, True):
        found = resolve(WORLD, strict=strict)
        assert found == address
        assert isinstance(found, TileAddress)
        assert isinstance(found.index, TileIndex)
        assert (found.index.col, found.index.row) == (15, 11)
    by_extension = WORLD._replace(format="jpg", format_is_extension=True)
    assert resolve(by_extension, strict=True) == address
    assert resolve_tile(CATALOGUE, WORLD) == address
    assert pickle.loads(pickle.dumps(address)) == address


def test_an_identifier_may_have_anything_in_it():
    """A layer with a slash, a blank or an accent in its name could not be asked for."""
    query = TileQuery(
        "sheets 1/25 000 <é> # ? & %",
        "falsecolour",
        "image/png; mode=8bit",
        "scales",
        "coarse",
        *("0", "0"),
    )
    with pytest.raises(Rejection) as caught:
        resolve(query)
    assert [type(fault) for fault in caught.value.errors] == [TileOutOfRange] * 2
    limits = CATALOGUE.layers[query.layer].links["scales"].limits["coarse"]
    assert str(limits.min_row) in caught.value.message
    good = query._replace(row=str(limits.min_row), col=str(limits.max_col))
    assert resolve(good).format is PNG8
    assert resolve(good).layer == query.layer


@pytest.mark.parametrize(
    ("changes", "kind", "locator"),
    [
        ({"layer": ""}, MissingParameter, "Layer"),
        ({"format": ""}, MissingParameter, "Format"),
        ({"matrix_set": ""}, MissingParameter, "TileMatrixSet"),
        ({"matrix": ""}, MissingParameter, "TileMatrix"),
        ({"row": ""}, MissingParameter, "TileRow"),
        ({"col": ""}, MissingParameter, "TileCol"),
        ({"layer": "World"}, InvalidParameter, "Layer"),
        ({"layer": " world"}, InvalidParameter, "Layer"),
        ({"style": "Default"}, InvalidParameter, "Style"),
        ({"style": "relief"}, InvalidParameter, "Style"),
        ({"format": "image/gif"}, InvalidParameter, "Format"),
        ({"format": "image/webp"}, InvalidParameter, "Format"),
        ({"format": "jpg"}, InvalidParameter, "Format"),
        ({"format": "image/jpeg", "format_is_extension": True}, InvalidParameter, "Format"),
        ({"matrix_set": "WorldCRS84Quad"}, InvalidParameter, "TileMatrixSet"),
        ({"matrix_set": "webmercatorquad"}, InvalidParameter, "TileMatrixSet"),
        ({"matrix": "99"}, InvalidParameter, "TileMatrix"),
        ({"matrix": "05"}, InvalidParameter, "TileMatrix"),
        ({"matrix": "-1"}, InvalidParameter, "TileMatrix"),
        ({"row": "32"}, TileOutOfRange, "TileRow"),
        ({"row": "-1"}, TileOutOfRange, "TileRow"),
        ({"row": "9" * 10_000}, TileOutOfRange, "TileRow"),
        ({"row": "0" * 30 + "5"}, TileOutOfRange, "TileRow"),
        ({"col": "32"}, TileOutOfRange, "TileCol"),
        ({"col": "-99999999999999999999999"}, TileOutOfRange, "TileCol"),
        *(
            ({name: text}, InvalidParameter, locator)
            for name, locator in (("row", "TileRow"), ("col", "TileCol"))
            for text in (
                *("+1", " 1", "1 ", "1_0", "1.0", "1e1", "0x1", "-", "--1", "-0", "ten", "%31"),
                *("\u0661", "\u00b2", "\uff11", "1\n", "1\x00", "\ud800", "null", "1,2", "-\u0661"),
            )
        ),
    ],
)
def test_what_is_wrong_is_named(changes, kind, locator):
    """The client would be told the wrong parameter, or get a tile that it did not ask for."""
    with pytest.raises(RequestError) as caught:
        resolve(WORLD._replace(**changes))
    assert (type(caught.value), caught.value.locator) == (kind, locator)
    assert len(caught.value.message) < 2000
    caught.value.message.encode()


def test_a_matrix_that_the_layer_does_not_serve_is_out_of_range():
    """A client would be told that the matrix is unknown, though its set has it."""
    query = TileQuery("m", "b", "image/jpeg", "EPSG:3857", "5", "0", "0")
    with pytest.raises(TileOutOfRange) as caught:
        Resolver(NAMED).resolve_tile(query)
    assert caught.value.locator == "TileRow"


def told(query, **options):
    """Return (code, locator) of everything that is wrong with a query."""
    with pytest.raises(RequestError) as caught:
        resolve(query, **options)
    error = caught.value
    every = error.errors if isinstance(error, Rejection) else (error,)
    assert (error.code, error.locator) == (every[0].code, every[0].locator)
    return [(fault.code.removesuffix("ParameterValue"), fault.locator) for fault in every]


def test_all_that_is_wrong_is_told_at_once_missing_before_invalid():
    """Clients that mend one fault after the other would ask seven times."""
    places = {
        "layer": "Layer",
        "style": "Style",
        "format": "Format",
        "matrix_set": "TileMatrixSet",
        "matrix": "TileMatrix",
        "row": "TileRow",
        "col": "TileCol",
    }
    names = list(places)
    for n in range(1, len(names)):  # with the layer right, all the others can be judged
        broken = WORLD._replace(**dict.fromkeys(names[n:], "nope"))
        if "matrix_set" in names[n:]:  # in which set should the matrix be?
            expected = [places[name] for name in names[n:] if name != "matrix"]
        else:
            expected = [places[name] for name in names[n:]]
        assert told(broken) == [("Invalid", locator) for locator in expected]
    everything = WORLD._replace(**dict.fromkeys(names, "nope"))
    assert [locator for _, locator in told(everything)] == [
        *("Layer", "TileMatrixSet", "TileRow", "TileCol")
    ]
    assert told(WORLD._replace(layer="nope", matrix="", col="")) == [
        ("Missing", "TileMatrix"),
        ("Missing", "TileCol"),
        ("Invalid", "Layer"),
    ]
    nothing = WORLD._replace(**dict.fromkeys(names, ""))
    assert told(nothing) == [
        ("Missing", locator) for locator in places.values() if locator != "Style"
    ]
    assert ("Missing", "Style") in told(nothing, strict=True)
    assert told(WORLD._replace(row="32", col="32")) == [
        ("TileOutOfRange", "TileRow"),
        ("TileOutOfRange", "TileCol"),
    ]
    assert told(WORLD._replace(row="x", col="32")) == [
        ("Invalid", "TileRow"),
        ("TileOutOfRange", "TileCol"),
    ]
    assert told(WORLD._replace(layer="nope", row="32")) == [("Invalid", "Layer")]


def test_every_edge_of_the_limits():
    """Tiles at the edge would be refused, or tiles beside it made for nothing."""
    for layer in CATALOGUE.layers.values():
        for link in layer.links.values():
            key = (layer.identifier, layer.styles[0].identifier, layer.formats[0].media_type)
            for matrix, limits in link.limits.items():
                ask = TileQuery(*key, link.matrix_set, matrix, "", "")
                for row in (limits.min_row, limits.max_row):
                    for col in (limits.min_col, limits.max_col):
                        found = resolve(ask._replace(row=str(row), col=str(col)))
                        assert found.index == TileIndex(matrix, col, row)
                for row, col, locator in (
                    (limits.min_row - 1, limits.min_col, "TileRow"),
                    (limits.max_row + 1, limits.min_col, "TileRow"),
                    (limits.max_row, limits.min_col - 1, "TileCol"),
                    (limits.max_row, limits.max_col + 1, "TileCol"),
                ):
                    with pytest.raises(TileOutOfRange) as caught:
                        resolve(ask._replace(row=str(row), col=str(col)))
                    assert caught.value.locator == locator


def ask(**changes: object) -> TileQuery:
    query = TileQuery("l", "a", "image/png", "EPSG:3857", "2", "1", "2")
    return query._replace(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"style": ""},
        {"style": "default"},
        {"format": "IMAGE/PNG"},
        {"format": " image/png "},
        {"format": "image/png+"},
        {"format": "image/png; mode=24bit"},
        {"format": "PNG", "format_is_extension": True},
        {"matrix": "EPSG:3857:2"},
    ],
)
def test_careless_clients_are_understood_unless_strict(changes):
    """Maps of clients in the field would stay grey; or strict mode would not be strict."""
    resolver = Resolver(NAMED)
    plain = resolver.resolve_tile(ask())
    for _ in range(2):
        assert resolver.resolve_tile(ask(**changes)) == plain
        with pytest.raises(RequestError):
            resolver.resolve_tile(ask(**changes), strict=True)


def test_a_plus_and_missing_blanks_in_formats_are_understood():
    """image/png; mode=8bit would be lost on its way through a form."""
    resolver = Resolver(NAMED)
    for text in (
        *("image/png; mode=8bit", "image/png;+mode=8bit", "image/png;mode=8bit"),
        *("image/png ;  MODE=8bit", "image/png8"),
    ):
        assert resolver.resolve_tile(ask(format=text)).format is PNG8
    jpeg = ask(layer="m", style="b")
    for text in ("image/jpeg", "image/jpg", "IMAGE/JPG"):
        assert resolver.resolve_tile(jpeg._replace(format=text)).format is JPEG
    for text in ("jpg", "jpeg", "JPEG"):
        by_extension = jpeg._replace(format=text, format_is_extension=True)
        assert resolver.resolve_tile(by_extension).format is JPEG


def test_a_style_of_the_name_default_is_itself():
    """The layer's first style would be given where the client named another."""
    resolver = Resolver(NAMED)
    jpeg = ask(layer="m", style="default", format="image/jpeg")
    assert resolver.resolve_tile(jpeg).style == "default"
    assert resolver.resolve_tile(jpeg._replace(style="")).style == "b"
    assert resolver.resolve_tile(ask(style="default")).style == "a"


def test_an_empty_style_is_missing_where_strict():
    """Strict mode would let through what the standard forbids (Table 23)."""
    with pytest.raises(MissingParameter) as caught:
        Resolver(NAMED).resolve_tile(ask(style=""), strict=True)
    assert caught.value.locator == "Style"


def test_a_matrix_prefix_is_that_of_the_own_set_only():
    """EPSG:4326:2 would give a tile of another grid."""
    for text in ("EPSG:4326:2", "EPSG:3857:EPSG:3857:2", "EPSG:3857:", "EPSG:3857:99", ":2"):
        with pytest.raises(InvalidParameter):
            Resolver(NAMED).resolve_tile(ask(matrix=text))


def test_matrices_beyond_the_operators_range_are_out_of_range():
    """A matrix that exists would be called unknown; or be served although it was left out."""
    for matrix in ("1", "5"):
        with pytest.raises(TileOutOfRange) as caught:
            Resolver(NAMED).resolve_tile(
                ask(layer="m", style="b", format="image/jpeg", matrix=matrix)
            )
        assert caught.value.locator == "TileRow"


def test_a_service_may_be_strict():
    """The operator's switch would do nothing."""
    strict = compiled(
        "tuilerie: 1\nservice: {strict: true}\nsources: {s: {kind: raster, path: x}}\n"
        "layers: {l: {source: s}}\n",
        s=described(),
    )
    query = TileQuery("l", "", "image/jpeg", "WebMercatorQuad", "0", "0", "0")
    with pytest.raises(MissingParameter):
        resolve_tile(strict, query)
    assert resolve_tile(strict, query._replace(style="default")).style == "default"


def test_undeclared_dimensions_are_ignored():
    """?TIME= of a client that sends it always would split the cache, or fail."""
    assert resolve(WORLD._replace(dimensions=(("time", "2024"),))) == resolve(WORLD)


def test_tables_do_not_grow_with_what_clients_invent():
    """A client that varies its spelling would fill the memory of the server."""
    resolver = Resolver(NAMED)
    for n in range(300):
        spelling = "image/" + " " * n + "png"
        for query in (
            ask(format=f"image/png;{' ' * n}mode=8bit"),
            ask(format=spelling),
            ask(layer=f"l{n}"),
            ask(matrix=f"{n}"),
            ask(matrix=f"EPSG:3857:{n}"),
            ask(row=str(n), matrix="4"),
        ):
            for strict in (False, True):
                try:
                    resolver.resolve_tile(query, strict=strict)
                except RequestError:
                    resolver.resolve_prefix(*query[:4], by_extension=False)
    assert len(resolver._tilesets) <= 8
    assert all(len(windows) <= 8 for windows in resolver._windows.values())


def test_a_message_repeats_nothing_dangerous_and_little():
    """Logs and documents would carry control characters, or megabytes."""
    for text in ("<script>\x1b[31m\r\n\x00\u202e\ud800", "x" * 1_000_000):
        for name in ("layer", "style", "format", "matrix_set", "matrix", "row", "col"):
            with pytest.raises(RequestError) as caught:
                resolve(WORLD._replace(**{name: text}))
            assert len(caught.value.message) < 2000
            assert caught.value.message.isprintable()


HOSTILE = st.one_of(
    st.text(max_size=12),
    st.text(st.characters(), max_size=4),
    st.sampled_from(["", "0", "1", "15", "-1", "+1", "1_1", "\u0663", "٣", "\ud800", "9" * 30]),
)


@st.composite
def queries(draw: st.DrawFn) -> TileQuery:
    """Requests that are right in some parts, careless in others, and hostile in the rest."""
    layer = draw(st.sampled_from(list(CATALOGUE.layers.values())))
    styles = [style.identifier for style in layer.styles]
    formats = [fmt.media_type for fmt in layer.formats] + [fmt.extension for fmt in layer.formats]
    link = draw(st.sampled_from(list(layer.links.values())))
    matrix, limits = draw(st.sampled_from(list(link.limits.items())))
    rows = st.integers(limits.min_row - 1, limits.max_row + 1).map(str)
    cols = st.integers(limits.min_col - 1, limits.max_col + 1).map(str)

    def mostly(good: st.SearchStrategy[str]) -> str:
        return draw(HOSTILE) if draw(st.integers(0, 9)) == 0 else draw(good)

    return TileQuery(
        mostly(st.just(layer.identifier)),
        mostly(st.sampled_from([*styles, "", "default"])),
        mostly(st.sampled_from([*formats, "image/jpg", "jpeg", "IMAGE/PNG"])),
        mostly(st.just(link.matrix_set)),
        mostly(st.sampled_from([matrix, f"{link.matrix_set}:{matrix}"])),
        mostly(rows),
        mostly(cols),
        format_is_extension=draw(st.booleans()),
    )


def outcome(ask: object) -> object:
    """Return an address, or what the error says."""
    try:
        return ask()
    except RequestError as error:
        return type(error), error.locator, error.message


@given(queries(), st.booleans())
@case(WORLD, False)
def test_both_ways_give_the_same_and_nothing_else(query, strict):
    """The fast lane and the application would answer the same request differently."""
    fresh = Resolver(CATALOGUE)
    first = outcome(lambda: fresh.resolve_tile(query, strict=strict))
    assert isinstance(first, TileAddress | tuple)
    assert outcome(lambda: fresh.resolve_tile(query, strict=strict)) == first
    assert outcome(lambda: RESOLVER.resolve_tile(query, strict=strict)) == first
    for resolver in (Resolver(CATALOGUE), RESOLVER):
        tileset = resolver.resolve_prefix(*query[:4], query.format_is_extension, strict=strict)
        if tileset is None:
            assert isinstance(first, tuple)
            assert not isinstance(first, TileAddress)
            assert issubclass(first[0], RequestError)
        else:
            ask_again = partial(tileset.address, query.matrix, query.row, query.col)
            assert outcome(ask_again) == first


@given(queries())
def test_an_address_is_canonical_and_inside_the_limits(query):
    """Caches would keep a tile under two names, or outside what the layer has."""
    try:
        address = RESOLVER.resolve_tile(query)
    except RequestError:
        return
    layer = CATALOGUE.layers[address.layer]
    assert address.style in {style.identifier for style in layer.styles}
    assert address.format in layer.formats
    limits = layer.links[address.matrix_set].limits[address.index.matrix]
    assert limits.min_row <= address.index.row <= limits.max_row
    assert limits.min_col <= address.index.col <= limits.max_col
    canonical = TileQuery(
        *(address.layer, address.style, address.format.media_type, address.matrix_set),
        *(address.index.matrix, str(address.index.row), str(address.index.col)),
    )
    assert RESOLVER.resolve_tile(canonical, strict=True) == address


@given(st.tuples(*[HOSTILE] * 7), st.booleans(), st.booleans())
def test_hostile_text_is_refused_politely(texts, by_extension, strict):
    """Some text would end in a traceback, and in a 500."""
    query = TileQuery(*texts, format_is_extension=by_extension)
    with pytest.raises(RequestError):
        RESOLVER.resolve_tile(query, strict=strict)


def test_a_prefix_has_the_key_of_its_tiles():
    """The server would look for tiles in another table than they are stored in."""
    tileset = RESOLVER.resolve_prefix("world", "", "jpg", "WebMercatorQuad", True)
    assert tileset is not None
    assert tileset.key == TilesetKey("world", "default", JPEG, "WebMercatorQuad")
    assert tileset.address("5", "11", "15") == resolve(WORLD)
    assert RESOLVER.resolve_prefix("world", "", "png", "WebMercatorQuad", True).key.format is PNG
    assert RESOLVER.resolve_prefix("nope", "", "png", "WebMercatorQuad", True) is None


def test_addresses_share_the_strings_of_the_catalogue():
    """Each stored key would keep the request that first asked for it in memory."""
    asked = TileQuery(*("".join(list(text)) for text in WORLD[:7]))
    address = Resolver(CATALOGUE).resolve_tile(asked)
    link = CATALOGUE.layers["world"].links["WebMercatorQuad"]
    assert address.layer is CATALOGUE.layers["world"].identifier
    assert address.matrix_set is link.matrix_set
    assert any(address.index.matrix is name for name in link.limits)
