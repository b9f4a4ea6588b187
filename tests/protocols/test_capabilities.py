"""The ServiceMetadata document: valid, complete, and read alike by an independent client."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from owslib.wmts import WebMapTileService
from pydantic import TypeAdapter, ValidationError

from tests.protocols.published import (
    LAMBERT,
    MERCATOR,
    PLATE_CARREE,
    a_catalogue,
    a_layer,
    a_rich_catalogue,
    full_link,
)
from tests.protocols.schemas import assert_valid
from tuilerie.catalogue.addresses import Uri, WebAddress
from tuilerie.catalogue.metadata import MetadataLink, Theme
from tuilerie.catalogue.model import MatrixLimits, MatrixSetLink, ServiceInfo, StylePlan, Text
from tuilerie.catalogue.themes import is_reference
from tuilerie.formats import JPEG
from tuilerie.grids import BoundingBox
from tuilerie.grids.registry import named_matrix_set
from tuilerie.protocols.wmts.capabilities import write_capabilities
from tuilerie.protocols.wmts.requests import SECTIONS

BASE = "https://maps.example.org/service"
NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
HREF = f"{{{NS['xlink']}}}href"
WEB, URI = TypeAdapter(WebAddress), TypeAdapter(Uri)
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "wmts_capabilities.xml"


def written(catalogue, **options):
    return assert_valid(write_capabilities(catalogue, base_url=BASE, **options))


def texts(element, path):
    return [found.text for found in element.iterfind(path, NS)]


def layer_of(root, identifier):
    for layer in root.iterfind("w:Contents/w:Layer", NS):
        if texts(layer, "ows:Identifier") == [identifier]:
            return layer
    raise AssertionError(identifier)


def test_the_document_is_the_golden_one():
    """A change of the public document is seen. Refresh: TUILERIE_BLESS=1 pytest tests/protocols."""
    document = write_capabilities(a_rich_catalogue(), base_url=BASE)
    if os.environ.get("TUILERIE_BLESS"):
        GOLDEN.write_bytes(document)
    assert document.decode() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.shared
def test_valid_by_the_published_schemas(shared):
    """The copy of the schemas in the project is not the only one that the document passes."""
    document = write_capabilities(a_rich_catalogue(), base_url=BASE)
    assert_valid(document, shared / "schemas")


def test_texts_survive_markup_languages_and_illegal_characters():
    """<&> in a title breaks no document; control characters are replaced, languages kept."""
    root = written(a_rich_catalogue())
    titles = root.findall("ows:ServiceIdentification/ows:Title", NS)
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [(title.get(lang), title.text) for title in titles] == [
        ("en", "Maps & <tiles>"),
        ("fr", "Cartes & «tuiles»"),
    ]
    abstract = texts(root, "ows:ServiceIdentification/ows:Abstract")
    assert abstract == ['Says "hello"\ufffd\ufffd]]>', "Dit bonjour 🗺"]
    assert texts(layer_of(root, "world"), "ows:Title") == ["World <1>", "Monde", "世界"]


def test_the_preferred_language_comes_first():
    """Clients that read only the first Title show it in the language that was asked for."""
    root = written(a_rich_catalogue(), languages=("ja-JP", "fr"))
    assert texts(layer_of(root, "world"), "ows:Title") == ["世界", "Monde", "World <1>"]
    assert texts(root, "ows:ServiceIdentification/ows:Title")[0] == "Cartes & «tuiles»"


def test_service_type_operations_and_addresses():
    """One Get, ending in "?", and one Post per operation; REST and WSDL by their own elements."""
    root = written(a_rich_catalogue())
    identification = root.find("ows:ServiceIdentification", NS)
    assert texts(identification, "ows:ServiceType") == ["OGC WMTS"]
    profile = "http://www.opengis.net/spec/wmts-simple/1.0/conf/simple-profile"
    assert texts(identification, "ows:Profile") == [profile]
    assert root.get("version") == "1.0.0"
    assert root.get("updateSequence") == "17"
    operations = root.findall("ows:OperationsMetadata/ows:Operation", NS)
    offered = ["GetCapabilities", "GetTile", "GetFeatureInfo"]
    assert [operation.get("name") for operation in operations] == offered
    for operation in operations:
        methods = operation.findall("ows:DCP/ows:HTTP/*", NS)
        assert [method.get(HREF) for method in methods] == [f"{BASE}/wmts?", f"{BASE}/wmts"]
    (url,) = root.iterfind("w:ServiceMetadataURL", NS)
    assert url.get(HREF) == f"{BASE}/wmts/1.0.0/WMTSCapabilities.xml"
    (wsdl,) = root.iterfind("w:WSDL", NS)
    assert wsdl.get(HREF) == f"{BASE}/wmts?WSDL"


def test_metadata_legends_and_other_sources():
    """Links to what stands elsewhere, whole: address, role, title and aspect (Tables 5, 6, 8)."""
    root = written(a_rich_catalogue())
    plain, full = layer_of(root, "world").iterfind("ows:Metadata", NS)
    assert dict(plain.attrib) == {HREF: "https://example.org/iso?id=1&x=2"}
    xlink = f"{{{NS['xlink']}}}"
    assert dict(full.attrib) == {
        HREF: "https://example.org/quality",
        f"{xlink}role": "http://www.isotc211.org/2005/gmd",
        f"{xlink}title": "Quality & more",
        "about": "urn:example:aspect",
    }
    (source,) = root.iterfind("w:Contents/ows:OtherSource", NS)
    assert source.get(HREF) == "https://example.org/csw?a=1&b=2"
    layer = layer_of(root, "a/b?c#d&e<f>%20é ü")
    legend, file = layer.iterfind("w:Style/w:LegendURL", NS)
    fine, coarse = (LAMBERT.matrices[n].scale_denominator for n in (1, 0))
    assert dict(legend.attrib) == {
        "format": "image/png",
        HREF: "https://example.org/l?a=1&b=2",
        "minScaleDenominator": repr(fine),
        "maxScaleDenominator": repr(coarse),
        "width": "120",
        "height": "300",
    }
    where = f"{BASE}/wmts/1.0.0/a%2Fb%3Fc%23d%26e%3Cf%3E%2520%C3%A9%20%C3%BC/relief%20%3C%26%3E"
    assert dict(file.attrib) == {"format": "image/svg+xml", HREF: f"{where}/legend-2.svg"}


def test_hierarchies_of_themes():
    """Each hierarchy is a Themes element, themes stand in themes, references say identifiers."""
    root = written(a_rich_catalogue(), sections={"Themes"}, languages=("fr",))
    subjects, places = root.iterfind("w:Themes", NS)
    assert texts(subjects, "w:Theme/ows:Identifier") == ["land & <sea>", "empty"]
    land = subjects.find("w:Theme", NS)
    assert texts(land, "ows:Title") == ["Terres", "Land"]
    assert texts(land, "ows:Keywords/ows:Keyword") == ["couverture", "cover"]
    assert texts(land, "w:LayerRef") == ["world"]
    assert texts(land, "w:Theme/w:LayerRef") == ["a/b?c#d&e<f>%20é ü"]
    assert texts(places, "w:Theme/w:LayerRef") == ["pacific", "world"]


def test_unlisted_layers_and_their_matrix_sets_are_absent():
    """An unlisted layer is served to those who know it, and to nobody else."""
    catalogue = a_catalogue(
        a_layer("seen", full_link(PLATE_CARREE)),
        a_layer("hidden", full_link(LAMBERT), listed=False),
    )
    root = written(catalogue)
    assert texts(root, "w:Contents/w:Layer/ows:Identifier") == ["seen"]
    assert texts(root, "w:Contents/w:TileMatrixSet/ows:Identifier") == ["PlateCarree"]


def test_axis_order_is_that_of_each_crs():
    """EPSG:4326 says latitude first; WGS84BoundingBox never does."""
    root = written(a_rich_catalogue())
    world = layer_of(root, "world")
    assert texts(world, "ows:BoundingBox/ows:LowerCorner") == ["-90.0 -180.0"]
    assert texts(world, "ows:WGS84BoundingBox/ows:LowerCorner") == ["-180.0 -90.0"]
    (plate,) = (
        each
        for each in root.iterfind("w:Contents/w:TileMatrixSet", NS)
        if texts(each, "ows:Identifier") == ["PlateCarree"]
    )
    assert texts(plate, "w:TileMatrix/w:TopLeftCorner") == ["90.0 -180.0"] * 3
    assert texts(plate, "ows:SupportedCRS") == ["urn:ogc:def:crs:EPSG::4326"]
    box = layer_of(root, "a/b?c#d&e<f>%20é ü").find("ows:BoundingBox", NS)
    assert box.get("crs") == "urn:ogc:def:crs:EPSG::2154"
    assert texts(box, "ows:LowerCorner") == ["100000.25 6000000.0"]


def test_data_across_the_antimeridian_has_a_box_that_clients_can_read():
    """Left > right would be an empty box to every client; the box goes round the Earth."""
    pacific = layer_of(written(a_rich_catalogue()), "pacific")
    assert texts(pacific, "ows:WGS84BoundingBox/ows:LowerCorner") == ["-180.0 -20.0"]
    assert texts(pacific, "ows:WGS84BoundingBox/ows:UpperCorner") == ["180.0 10.5"]


def test_a_crs_without_a_name_has_no_bounding_box():
    """A box in a CRS that nobody can look up is of no use and not valid as a URI."""
    pacific = layer_of(written(a_rich_catalogue()), "pacific")
    assert pacific.find("ows:BoundingBox", NS) is None


@pytest.mark.parametrize(
    "name", ["GlobalCRS84Scale", "GlobalCRS84Pixel", "GoogleCRS84Quad", "GoogleMapsCompatible"]
)
def test_well_known_scale_sets_read_back_exactly(name):
    """The official suite compares denominators with Annex E to 0.000001: all digits are printed."""
    matrix_set = named_matrix_set(name)
    catalogue = a_catalogue(a_layer("world", full_link(matrix_set)))
    root = written(replace(catalogue, matrix_sets={name: matrix_set}))
    (shown,) = root.iterfind("w:Contents/w:TileMatrixSet", NS)
    assert texts(shown, "w:WellKnownScaleSet") == [matrix_set.well_known_scale_set]
    assert texts(shown, "ows:SupportedCRS") == [matrix_set.supported_crs]
    denominators = [float(text) for text in texts(shown, "w:TileMatrix/w:ScaleDenominator")]
    assert denominators == [matrix.scale_denominator for matrix in matrix_set.matrices]
    corners = [*texts(shown, "ows:BoundingBox/*")]
    assert all(abs(float(y)) <= 90 or "Maps" in name for _, y in map(str.split, corners))


def test_a_set_that_is_not_well_known_does_not_say_so():
    """WellKnownScaleSet is a promise about the numbers; a custom set makes none."""
    catalogue = a_catalogue(a_layer("world", full_link(PLATE_CARREE)))
    assert written(catalogue).find(".//w:WellKnownScaleSet", NS) is None


def limits_of(root, identifier):
    return {
        limits.findtext("w:TileMatrix", namespaces=NS): tuple(
            int(limits.findtext(f"w:{name}", namespaces=NS))
            for name in ("MinTileCol", "MaxTileCol", "MinTileRow", "MaxTileRow")
        )
        for limits in layer_of(root, identifier).iterfind(".//w:TileMatrixLimits", NS)
    }


def test_a_layer_that_fills_its_matrices_has_no_limits():
    """Limits that limit nothing are noise, and those of level 0 could not be valid."""
    root = written(a_rich_catalogue())
    assert limits_of(root, "world") == {}


def test_limits_are_valid_and_never_narrower_than_the_data():
    """MaxTileRow 0 is not valid: widened where there is a second tile, left out where not."""
    root = written(a_rich_catalogue())
    assert limits_of(root, "a/b?c#d&e<f>%20é ü") == {
        "1": (0, 1, 0, 1),
        "2": (0, 1, 0, 3),
        "éloigné": (0, 2, 9, 11),
        "proche & <fin>": (0, 4, 18, 23),
    }
    assert limits_of(root, "pacific") == {"2": (0, 3, 1, 2), "3": (0, 7, 3, 4)}


def test_a_link_of_one_tile_matrices_has_no_empty_limits():
    """TileMatrixSetLimits without a child is not valid."""
    link = MatrixSetLink("PlateCarree", {"0": MatrixLimits(1, 1, 0, 0)})
    root = written(a_catalogue(a_layer("east", link)))
    assert root.find(".//w:TileMatrixSetLimits", NS) is None


def test_styles_formats_and_templates():
    """One default style; one ResourceURL per format, with the identifier escaped."""
    layer = layer_of(written(a_rich_catalogue()), "a/b?c#d&e<f>%20é ü")
    styles = layer.findall("w:Style", NS)
    assert [style.get("isDefault") for style in styles] == ["true", None]
    assert texts(layer, "w:Style/ows:Identifier") == ["default", "relief <&>"]
    assert texts(layer, "w:Format") == ["image/png", "image/png; mode=8bit"]
    resources = layer.findall("w:ResourceURL", NS)
    prefix = f"{BASE}/wmts/1.0.0/a%2Fb%3Fc%23d%26e%3Cf%3E%2520%C3%A9%20%C3%BC"
    steps = "/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}"
    assert [(each.get("format"), each.get("template")) for each in resources] == [
        ("image/png", f"{prefix}{steps}.png"),
        ("image/png; mode=8bit", f"{prefix}{steps}.png8"),
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_comes_alone(section):
    """Whoever asks for one section gets no other child, not even ServiceMetadataURL (Table 18)."""
    root = written(a_rich_catalogue(), sections={section})
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names == [section] * (2 if section == "Themes" else 1)
    assert root.get("updateSequence") == "17"


def test_no_sections_leave_the_attributes():
    """A client whose copy is current gets version and updateSequence alone (7.3.4 of OWS)."""
    root = written(a_rich_catalogue(), sections=())
    assert len(root) == 0
    assert (root.get("version"), root.get("updateSequence")) == ("1.0.0", "17")


def test_an_empty_catalogue_is_valid():
    """A service before its first layer, without a title or provider, is still a service."""
    root = written(a_catalogue(service=ServiceInfo(Text())))
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names == [*SECTIONS[:4], "WSDL", "ServiceMetadataURL"]
    provider = root.find("ows:ServiceProvider", NS)
    assert [child.tag.rpartition("}")[2] for child in provider] == [
        "ProviderName",
        "ServiceContact",
    ]


def test_a_forged_host_stays_an_address():
    """A base address that comes from a request cannot break out of its attribute."""
    base = 'http://evil"/><x a="&\r\n<é'
    catalogue = a_catalogue(a_layer("world", full_link(PLATE_CARREE)))
    root = assert_valid(write_capabilities(catalogue, base_url=base))
    assert root.find(".//x", NS) is None


def test_owslib_reads_the_same_layers():
    """An independent client finds the layers, boxes, styles, formats, limits and matrices."""
    catalogue = a_rich_catalogue()
    document = write_capabilities(catalogue, base_url=BASE)
    service = WebMapTileService(f"{BASE}/wmts?", xml=document)
    assert service.identification.title == "Maps & <tiles>"
    assert service.provider.name == "Cadastre & fils"
    assert service.provider.url == "https://example.org/?a=1&b=2"
    assert service.provider.contact.name == "Zoë"
    get, post = service.getOperationByName("GetTile").methods
    assert (get["type"], get["url"]) == ("Get", f"{BASE}/wmts?")
    assert (post["type"], post["url"]) == ("Post", f"{BASE}/wmts")
    assert set(service.themes) == {"land & <sea>", "empty", "oceans"}
    assert service.restonly is False
    listed = [layer for layer in catalogue.layers.values() if layer.listed]
    assert list(service.contents) == [layer.identifier for layer in listed]
    for layer in listed:
        read = service.contents[layer.identifier]
        west, south, east, north = read.boundingBoxWGS84
        assert (south, north) == (layer.wgs84_bounds.bottom, layer.wgs84_bounds.top)
        if layer.wgs84_bounds.left < layer.wgs84_bounds.right:
            assert (west, east) == (layer.wgs84_bounds.left, layer.wgs84_bounds.right)
        assert list(read.styles) == [style.identifier for style in layer.styles]
        assert read.formats == [image_format.media_type for image_format in layer.formats]
        assert list(read.tilematrixsetlinks) == list(layer.links)
    assert list(service.tilematrixsets) == list(catalogue.matrix_sets)
    for identifier, matrix_set in catalogue.matrix_sets.items():
        read = service.tilematrixsets[identifier]
        for matrix in matrix_set.matrices:
            shown = read.tilematrix[matrix.identifier]
            assert shown.scaledenominator == matrix.scale_denominator
            assert shown.topleftcorner == matrix_set.crs.to_wire(matrix.left, matrix.top)
            assert (shown.matrixwidth, shown.matrixheight) == (
                matrix.matrix_width,
                matrix.matrix_height,
            )
    address = service.buildTileResource(
        layer="world",
        style="default",
        format="image/png",
        tilematrixset=MERCATOR.identifier,
        tilematrix="2",
        row=1,
        column=3,
    )
    stem, _, _ = address.rpartition(".")  # OWSLib takes any format's template
    assert stem == f"{BASE}/wmts/1.0.0/world/default/{MERCATOR.identifier}/2/1/3"


ANY_TEXT = st.text(
    st.characters() | st.sampled_from("\ud800\udfff\x00\x0b\ufffe<&>\"'[]{}%#?\r\n\t ")
)


@settings(max_examples=200, deadline=None)
@given(identifier=ANY_TEXT, title=ANY_TEXT, tag=ANY_TEXT, style=ANY_TEXT, base=ANY_TEXT)
def test_any_text_makes_a_valid_document(identifier, title, tag, style, base):
    """Whatever an operator or a client wrote, lone surrogates included, the document is valid."""
    layer = a_layer(
        identifier,
        full_link(PLATE_CARREE),
        title=Text(((tag, title),)),
        styles=(StylePlan(style, Text(((tag, title),)), is_default=True),),
        formats=(JPEG,),
        bounds=BoundingBox(-1e-7, -0.0, 1e300, 5e-324),
    )
    root = assert_valid(write_capabilities(a_catalogue(layer), base_url="http://h/" + base))
    assert len(root.findall("w:Contents/w:Layer", NS)) == 1


PLACES = st.text(st.sampled_from("ab:/?#[]@%41é \\|^`{}<>&'.+-~"), min_size=1, max_size=8)


@settings(max_examples=300, deadline=None)
@given(identifier=PLACES, rest=PLACES)
@example(identifier="1", rest="//:")
@example(identifier="1", rest="///")
@example(identifier="//:", rest="1")
def test_any_reference_that_the_catalogue_takes_is_valid(identifier, rest):
    """The catalogue refuses what the schema would: else one theme would spoil the document."""
    layer = a_layer(identifier, full_link(PLATE_CARREE))
    links = ()
    for adapter, text in ((WEB, f"http://h/{rest}"), (WEB, f"http://{rest}"), (URI, f"u:{rest}")):
        with suppress(ValidationError):
            links += (MetadataLink(adapter.validate_python(text), role=text),)
    catalogue = a_catalogue(replace(layer, metadata=links))
    if is_reference(identifier):
        catalogue = replace(catalogue, themes={"t": (Theme("x", layers=(identifier,)),)})
    assert_valid(write_capabilities(catalogue, base_url=BASE))


def test_five_thousand_layers_are_written_at_once():
    """A large service's document must not stop its other answers: 1.5 s is the bound."""
    limits = {
        matrix.identifier: MatrixLimits(
            matrix.matrix_width // 3,
            matrix.matrix_width // 2,
            matrix.matrix_height // 3,
            matrix.matrix_height // 2,
        )
        for matrix in MERCATOR.matrices
    }
    title = Text((("en", "Sheet & more"), ("fr", "Feuille & plus")))
    links = (MatrixSetLink(MERCATOR.identifier, limits), full_link(PLATE_CARREE))
    layers = [
        a_layer(
            f"sheet {n}",
            *links,
            title=title,
            abstract=title,
            keywords=(title,),
            crs="EPSG:2154",
            wgs84_bounds=BoundingBox(2.0, 48.0, 3.0, 49.0),
        )
        for n in range(5000)
    ]
    catalogue = a_catalogue(*layers)
    started = time.process_time()
    document = write_capabilities(catalogue, base_url=BASE)
    spent = time.process_time() - started
    assert document.count(b"<Layer>") == 5000
    assert spent < 1.5
