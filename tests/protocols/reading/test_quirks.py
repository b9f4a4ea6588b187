"""Each habit of servers, by a small document: what is meant, what is told, what undoes it."""

from __future__ import annotations

import pytest

from tests.protocols.reading.shelf import ADDRESS, codes, first_tile, wmts
from tuilerie.errors import UnreadableDocument
from tuilerie.grids import BoundingBox, Crs, TileIndex, TileRange, named_matrix_set
from tuilerie.protocols.reading.overrides import ReadingOverrides
from tuilerie.protocols.wmts.reading import feature_info_address, tile_address

QUAD = named_matrix_set("GoogleMapsCompatible")
MERCATOR = QUAD.matrices[0].bounds


@pytest.mark.parametrize(
    ("document", "crs", "bounds", "expected"),
    [
        ("plain", "EPSG:3857", MERCATOR, []),
        ("axis-order-by-crs", "EPSG:4326", (-180, -90, 180, 90), []),
        ("axis-order-longitude-first", "EPSG:4326", (-180, -90, 180, 90), ["axis-order"]),
        ("axis-order-mercator-swapped", "EPSG:3857", MERCATOR, ["axis-order", "origin-rounded"]),
        ("origin-rounded", "EPSG:3857", MERCATOR, ["origin-rounded"]),
        ("pixel-of-96-dpi", "EPSG:3857", MERCATOR, ["scale-pixel"]),
        ("degree-of-a-sphere", "OGC:CRS84", (-180, -90, 180, 90), ["scale-degree"]),
        ("matrix-size-swapped", "EPSG:4326", (-180, -90, 180, 90), ["matrix-size-swapped"] * 2),
        ("crs-legacy", "EPSG:3857", MERCATOR, []),
        ("crs-uri", "OGC:CRS84", (-180, -90, 180, 90), []),
    ],
)
def test_world_sets_fill_the_world(
    document: str, crs: str, bounds: BoundingBox, expected: list[str]
) -> None:
    service = wmts(f"{document}.xml")
    tms = service.matrix_sets["s"]
    assert tms.crs == Crs.parse(crs)
    for matrix in tms.matrices:
        assert tuple(matrix.bounds) == pytest.approx(tuple(bounds), rel=1e-12)
    assert codes(service) == expected


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("axis-order-longitude-first", "axis-order"),
        ("pixel-of-96-dpi", "scale-pixel"),
        ("degree-of-a-sphere", "scale-degree"),
        ("origin-rounded", "origin-rounded"),
        ("matrix-size-swapped", "matrix-size-swapped"),
        ("scales-off-by-one-factor", "scale-ratio"),
        ("scales-without-decimals", "scale-rounded"),
        ("origin-bottom-left", "origin-bottom-left"),
        ("crs-of-the-name", "crs-contradicted"),
        ("pixel-of-96-dpi-beside", "scale-pixel"),
    ],
)
def test_each_correction_is_explained_and_can_be_refused(document: str, code: str) -> None:
    corrected = wmts(f"{document}.xml")
    told = [warning for warning in corrected.warnings if warning.code == code]
    assert told
    assert all(warning.message and warning.reason and warning.where for warning in told)
    literal = wmts(f"{document}.xml", ReadingOverrides(literal=frozenset({code})))
    assert code not in codes(literal)
    last = list(corrected.matrix_sets)[-1]
    one, other = corrected.matrix_sets[last], literal.matrix_sets[last]
    assert (one.crs, one.matrices) != (other.crs, other.matrices)


def test_a_plain_code_has_the_order_that_puts_it_on_its_layers() -> None:
    tms = wmts("axis-order-plain-code.xml").matrix_sets["s"]
    assert (tms.matrices[0].left, tms.matrices[0].top) == (5, 48)


def test_europe_easting_first_although_its_crs_has_northing_first() -> None:
    service = wmts("axis-order-easting-first.xml")
    matrix = service.matrix_sets["s"].matrices[0]
    assert (matrix.left, matrix.top) == (2426378.0132, 5446513.5222)
    assert codes(service) == ["axis-order"]


def test_axis_order_by_the_operator_beats_the_evidence() -> None:
    tms = wmts("axis-order-by-crs.xml", ReadingOverrides(axis_order="xy")).matrix_sets["s"]
    assert (tms.matrices[0].left, tms.matrices[0].top) == (90, -180)


def test_bottom_left_corner() -> None:
    tms = wmts("origin-bottom-left.xml").matrix_sets["s"]
    assert [matrix.bounds.bottom for matrix in tms.matrices] == [1070000, 1070000]
    assert tms.matrices[0].top == 1070000 + 4 * 256 * 280


def test_corner_in_degrees_within_a_projected_set() -> None:
    service = wmts("origin-in-degrees.xml")
    assert [tuple(m.bounds) for m in service.matrix_sets["s"].matrices] == [MERCATOR, MERCATOR]
    assert codes(service) == ["origin-in-degrees"]


def test_native_set_of_arcgis_has_the_cells_of_the_other() -> None:
    service = wmts("pixel-of-96-dpi-beside.xml")
    true, native = service.matrix_sets.values()
    assert [m.cell_size for m in native.matrices] == [m.cell_size for m in true.matrices]
    assert true.matrices[0].cell_size == pytest.approx(3251.2)


def test_round_cells_behind_a_common_factor() -> None:
    tms = wmts("scales-off-by-one-factor.xml").matrix_sets["s"]
    assert [matrix.cell_size for matrix in tms.matrices] == [4000, 1000, 100]


def test_scales_without_decimals_are_those_of_the_quadtree() -> None:
    tms = wmts("scales-without-decimals.xml").matrix_sets["s"]
    assert [m.cell_size for m in tms.matrices] == [
        QUAD.matrices[0].cell_size / 2**n for n in (10, 19)
    ]


def test_pixel_by_the_operator() -> None:
    tms = wmts("plain.xml", ReadingOverrides(pixel_m=0.00014)).matrix_sets["s"]
    assert tms.matrices[0].cell_size == pytest.approx(QUAD.matrices[0].cell_size / 2)


def test_crs_of_the_name_where_the_declared_one_is_elsewhere() -> None:
    service = wmts("crs-of-the-name.xml")
    assert service.matrix_sets["etrs89:laea:epsg:3035"].crs == Crs("EPSG:3035")
    assert "crs-contradicted" in codes(service)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("crs-in-prose", "EPSG:2154"),
        ("crs-ignf", "IGNF:LAMB93"),
        ("crs-of-esri", "ESRI:102066"),
    ],
)
def test_crs_in_other_words(document: str, text: str) -> None:
    service = wmts(f"{document}.xml")
    assert service.matrix_sets["s"].crs.text == text
    assert service.warnings == ()


def test_unknown_crs_leaves_its_set_out_alone() -> None:
    service = wmts("crs-unknown.xml")
    assert list(service.matrix_sets) == ["s"]
    assert codes(service) == ["crs-unknown", "link-left-out"]


def test_origin_projection_by_the_operator() -> None:
    """J5: preselected from the document, overridden at will, a difference told."""
    overrides = ReadingOverrides(crs_by_matrix_set={"t": Crs("EPSG:2154")})
    service = wmts("crs-unknown.xml", overrides)
    assert service.matrix_sets["t"].crs == Crs("EPSG:2154")
    assert "crs-overridden" in codes(service)
    every = wmts("plain.xml", ReadingOverrides(origin_crs=Crs("EPSG:3395")))
    assert every.matrix_sets["s"].crs == Crs("EPSG:3395")


@pytest.mark.parametrize(
    ("document", "limits", "expected"),
    [
        ("limits-outside", TileRange(1, 3, 0, 3), "limits-outside"),
        ("limits-empty", TileRange(0, 3, 0, 3), "limits-senseless"),
        ("limits-renamed", TileRange(2, 2, 1, 1), "limits-renamed"),
    ],
)
def test_limits(document: str, limits: TileRange, expected: str) -> None:
    service = wmts(f"{document}.xml")
    assert service.layers["l"].link("s").limits == {"2": limits}
    assert codes(service) == [expected]


def test_limits_say_which_matrices_have_tiles() -> None:
    link = wmts("matrix-names-with-prefix.xml").layers["l"].links[0]
    assert link.restricted
    assert link.limits == {"EPSG:900913:1": TileRange(1, 1, 0, 0)}


def test_what_has_the_same_name_or_leads_nowhere() -> None:
    service = wmts("matrix-duplicate.xml")
    assert [matrix.identifier for matrix in service.matrix_sets["s"].matrices] == ["0", "1"]
    assert codes(service) == ["matrix-left-out"]
    assert wmts("layer-duplicate.xml").layers["l"].title == "First"
    service = wmts("link-to-nothing.xml")
    assert list(service.layers) == ["l"]
    assert codes(service) == ["link-left-out", "link-left-out", "layer-left-out"]


def test_numbers_with_decimals() -> None:
    matrix = wmts("matrix-numbers-with-decimals.xml").matrix_sets["s"].matrices[0]
    assert (matrix.tile_width, matrix.matrix_width) == (256, 1)


KVP = (
    "SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=l&STYLE=default&FORMAT=image/png"
    "&TILEMATRIXSET=s&TILEMATRIX=1&TILEROW=0&TILECOL=1"
)


@pytest.mark.parametrize(
    ("document", "address", "expected"),
    [
        ("plain", f"https://tiles.example.org/wmts?{KVP}", []),
        (
            "address-internal",
            f"https://maps.example.org/geoserver/gwc/service/wmts?{KVP}",
            ["address-internal"],
        ),
        ("address-without-scheme", f"https://www.example.org/wmts?{KVP}", ["address-relative"]),
        (
            "address-insecure",
            f"https://maps.example.org/wmts?map=a.map&{KVP}",
            ["address-insecure"],
        ),
        ("address-whole-request", f"https://tiles.example.org/wmts?key=abc&{KVP}", []),
        ("operation-missing", f"https://maps.example.org/wmts?{KVP}", ["operation-missing"]),
        ("rest-alone", "https://tiles.example.org/l/default/s/1/0/1.png", []),
        (
            "rest-relative",
            "https://maps.example.org/tiles/l/default/s/1/0/1.png",
            ["address-relative"],
        ),
        ("rest-mirrors", "https://b.example.org/l/default/s/1/0/1.png", []),
        (
            "rest-query-string",
            "https://tiles.example.org/rest/l/default/s/1/0/1?format=image/png",
            [],
        ),
        ("rest-without-matrix-set", f"https://tiles.example.org/wmts?{KVP}", []),
        ("rest-unknown-variable", f"https://tiles.example.org/wmts?{KVP}", ["template-left-out"]),
        ("soap-envelope", f"https://tiles.example.org/wmts?{KVP}", []),
        ("doctype", f"https://tiles.example.org/wmts?{KVP}", []),
        ("byte-order-mark", f"https://tiles.example.org/wmts?{KVP}", []),
        (
            "blank-lines-before",
            f"https://tiles.example.org/wmts?{KVP}",
            ["text-before-document"],
        ),
        ("text-after", f"https://tiles.example.org/wmts?{KVP}", ["xml-repaired"]),
        (
            "ampersands-bare",
            f"https://tiles.example.org/wmts?map=x&key=1&{KVP}",
            ["xml-repaired"],
        ),
        ("control-characters", f"https://tiles.example.org/wmts?{KVP}", ["xml-repaired"]),
        ("prefix-undeclared", f"https://tiles.example.org/wmts?{KVP}", ["xml-repaired"]),
        (
            "namespace-none",
            f"https://maps.example.org/wmts?{KVP}",
            ["namespace-wrong", "operation-missing"],
        ),
        ("namespace-other-prefix", f"https://maps.example.org/wmts?{KVP}", ["operation-missing"]),
    ],
)
def test_address_of_a_tile(document: str, address: str, expected: list[str]) -> None:
    service = wmts(f"{document}.xml")
    assert first_tile(service, "1", 1, 0) == address
    assert codes(service) == expected


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("charset-wrong", "Übersicht"),
        ("charset-latin1", "Übersicht"),
        ("charset-utf16", "Übersicht"),
        ("entities-of-html", "Café"),
        ("ampersands-bare", "Bits & Pieces"),
        ("control-characters", "ab"),
    ],
)
def test_texts(document: str, title: str) -> None:
    assert wmts(f"{document}.xml").layers["l"].title == title


def test_charset_by_the_operator() -> None:
    read = wmts("charset-latin1.xml", ReadingOverrides(charset="cp1251"))
    assert read.layers["l"].title == "Ьbersicht"


def test_a_template_of_one_set_is_asked_for_no_other() -> None:
    service = wmts("rest-without-matrix-set.xml")
    layer = service.layers["l"]
    index = TileIndex("1", 1, 0)
    rest = tile_address(service, layer, "", "image/png", layer.link("u"), index)
    assert rest == "https://tiles.example.org/l/u/1/0/1.png"


def test_encoding_by_the_operator() -> None:
    service = wmts("dimension.xml", ReadingOverrides(encoding="kvp"))
    assert first_tile(service).startswith("https://tiles.example.org/wmts?SERVICE=WMTS")
    with pytest.raises(UnreadableDocument) as error:
        wmts("plain.xml", ReadingOverrides(encoding="rest"))
    assert error.value.code == "no-layers"


def test_dimensions() -> None:
    service = wmts("dimension.xml")
    time, elevation = service.layers["l"].dimensions
    assert (time.unit, time.default, time.current) == ("ISO8601", "2024-01-02", True)
    assert time.values == ("2024-01-01/2024-02-01/P1D",)
    assert elevation.value == "10 m"
    assert codes(service) == ["dimension-without-default"]
    layer = service.layers["l"]
    index = TileIndex("1", 0, 0)
    given = {"TIME": "2024/05", "elevation": "0"}
    address = tile_address(service, layer, "", "image/png", layer.links[0], index, given)
    assert address == "https://tiles.example.org/2024%2F05/0/l/default/s/1/0/0.png"
    assert "/2024-01-02/10%20m/" in first_tile(service)


def test_feature_info_needs_a_declared_way() -> None:
    service = wmts("plain.xml")
    layer = service.layers["l"]
    with pytest.raises(ValueError, match="text/plain"):
        feature_info_address(
            service,
            layer,
            "",
            "image/png",
            layer.links[0],
            TileIndex("1", 0, 0),
            (3, 4),
            "text/plain",
        )


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        ("no-layers.xml", "no-layers", "no layers"),
        ("encoding-rest-alone.xml", "no-layers", "no address"),
        ("not-closed.xml", "not-xml", "not XML"),
        ("entity-of-its-own.xml", "entities", "entities"),
        ("wrong-version.xml", "wrong-version", "2.0.0"),
        ("exception.xml", "service-exception", "Wrong key"),
        ("wfs.xml", "wrong-service", "WFS"),
        ("wcs.xml", "wrong-service", "WCS"),
        ("wms-130.xml", "wrong-service", "WMS"),
        ("feed.xml", "not-capabilities", "feed"),
        ("page.html", "html-page", "web page"),
    ],
)
def test_what_cannot_be_read_says_why(document: str, code: str, words: str) -> None:
    with pytest.raises(UnreadableDocument) as error:
        wmts(document)
    assert error.value.code == code
    assert words in str(error.value)
    assert "12345" not in str(error.value)


def test_a_document_from_a_file_keeps_its_addresses() -> None:
    service = wmts("address-internal.xml", address="")
    assert first_tile(service).startswith("http://localhost:8080/")
    assert ADDRESS.startswith("https")
