"""What other servers get wrong in their capabilities, as found by reading and running them.

MapProxy 2.3, 2.7, 2.8, 2.9, 2.15 and MapCache 1.4 of the studies; each test says the defect.
What they get wrong in answers is tested with the server.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from owslib.wmts import WebMapTileService

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
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import MatrixLimits, MatrixSetLink, StylePlan, Text
from tuilerie.errors import RequestError
from tuilerie.formats import JPEG, PNG
from tuilerie.grids import Crs
from tuilerie.grids.build import pyramid
from tuilerie.protocols.wmts import kvp
from tuilerie.protocols.wmts.capabilities import write_capabilities
from tuilerie.protocols.wmts.exceptions import write_report
from tuilerie.protocols.wmts.negotiate import negotiate

NS = {
    "w": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
HREF = f"{{{NS['xlink']}}}href"
BASE = "https://maps.example.org"


def written(*layers, **options):
    catalogue = a_catalogue(*layers) if layers else a_rich_catalogue()
    return assert_valid(write_capabilities(catalogue, base_url=BASE, **options))


def texts(element, path):
    return [found.text for found in element.iterfind(path, NS)]


class TestMapProxy:
    """research/mapproxy.md, part 2."""

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("AcceptVersions=9.9.9", "VersionNegotiationFailed"),
            ("Sections=Nonsense", "InvalidParameterValue"),
            ("updateSequence=999", "InvalidUpdateSequence"),
        ],
    )
    def test_2_3_parameters_of_getcapabilities_count(self, query, code):
        """There they are ignored, and there is no updateSequence."""
        asked = kvp.parse(f"service=WMTS&request=GetCapabilities&{query}".encode())
        with pytest.raises(RequestError) as caught:
            negotiate(asked, 17)
        assert caught.value.code == code

    def test_2_3_sections_shorten_the_document(self):
        """There every request gets the identical document."""
        part = written(sections={"ServiceIdentification"})
        assert len(part) == 1
        assert part.get("updateSequence") == "17"

    def test_2_5_and_2_6_every_style_and_format_is_listed(self):
        """There a layer has the one style "default" and one format."""
        styles = (StylePlan("a", Text(), is_default=True), StylePlan("b", Text()))
        root = written(a_layer("x", full_link(MERCATOR), styles=styles, formats=(PNG, JPEG)))
        assert texts(root, ".//w:Style/ows:Identifier") == ["a", "b"]
        assert texts(root, ".//w:Format") == ["image/png", "image/jpeg"]

    def test_2_7_nothing_is_left_out_or_empty(self):
        """There: no themes, limits, boxes, scale sets, keywords, metadata; empty abstracts."""
        root = written()
        for path in (
            "w:Themes/w:Theme",
            ".//w:TileMatrixLimits",
            "w:Contents/w:Layer/ows:BoundingBox",
            "w:Contents/w:TileMatrixSet/ows:BoundingBox",
            "w:Contents/w:TileMatrixSet/ows:Title",
            ".//w:WellKnownScaleSet",
            "w:Contents/w:Layer/ows:Keywords",
            "w:Contents/w:Layer/ows:Metadata",
            "w:ServiceMetadataURL",
        ):
            assert root.find(path, NS) is not None, path
        assert "" not in [
            (each.text or "").strip() for each in root.iter(f"{{{NS['ows']}}}Abstract")
        ]

    def test_2_7_crs_urns_have_their_version_place(self):
        """There: urn:ogc:def:crs:EPSG:3857, where a colon is missing."""
        root = written()
        names = texts(root, ".//ows:SupportedCRS")
        names += [box.get("crs") for box in root.iter(f"{{{NS['ows']}}}BoundingBox")]
        assert names
        for name in names:
            assert len(name.split(":")) >= 7, name

    def test_2_7_one_document_for_kvp_and_rest(self):
        """There the KVP document lacks ResourceURL, and that of REST says GetEncoding RESTful."""
        root = written()
        assert root.find(".//w:ResourceURL", NS) is not None
        values = texts(root, ".//ows:Constraint/ows:AllowedValues/ows:Value")
        assert set(values) == {"KVP", "SOAP", "XML"}

    def test_2_7_operations_that_are_not_offered_are_not_named(self):
        """There GetFeatureInfo is listed even if no layer can be queried."""
        root = written(a_layer("x", full_link(PLATE_CARREE)))
        names = [each.get("name") for each in root.iter(f"{{{NS['ows']}}}Operation")]
        assert names == ["GetCapabilities", "GetTile"]

    def test_2_7_matrix_sets_that_no_layer_uses_are_not_listed(self):
        """There sets of layers that are left out stay."""
        hidden = a_layer("hidden", full_link(LAMBERT), listed=False)
        root = written(a_layer("x", full_link(PLATE_CARREE)), hidden)
        assert texts(root, "w:Contents/w:TileMatrixSet/ows:Identifier") == ["PlateCarree"]

    @pytest.mark.parametrize("text", ["A & B", "<b>", '"', "]]>", "a\x00b", "\ud800"])
    def test_2_8_texts_are_escaped(self, text):
        """There a title "A & B" makes a document that is not well-formed."""
        said = Text((("en", text),))
        service = replace(a_rich_catalogue().service, title=said, abstract=said, fees=text)
        layer = a_layer(text, full_link(PLATE_CARREE), title=said, keywords=(said,))
        catalogue = replace(a_catalogue(layer), service=service)
        assert_valid(write_capabilities(catalogue, base_url=BASE))

    def test_2_8_a_forged_host_is_escaped(self):
        """There X-Forwarded-Host is copied raw into attributes."""
        document = write_capabilities(a_rich_catalogue(), base_url='http://evil"/><x a="&')
        assert assert_valid(document).find(".//x", NS) is None

    def test_2_9_legends_have_format_size_and_scales(self):
        """There the format is always image/png, and size and scales are not said."""
        scale = MERCATOR.matrices[3].scale_denominator
        legend = Legend("image/svg+xml", "https://x.org/l.svg", "", 10, 20, None, scale)
        styles = (StylePlan("a", Text(), is_default=True, legends=(legend,)),)
        (found,) = written(a_layer("x", full_link(MERCATOR), styles=styles)).iter(
            f"{{{NS['w']}}}LegendURL"
        )
        assert found.get("format") == "image/svg+xml"
        assert (found.get("width"), found.get("height")) == ("10", "20")
        assert found.get("minScaleDenominator") is None
        assert float(found.get("maxScaleDenominator")) == scale

    @pytest.mark.parametrize("denominator", [0.5, 1e-10, 100.0, 0.05, 1e22])
    def test_2_15_scale_denominators_read_back(self, denominator):
        """There zeros are stripped off both ends: 1e-10 becomes 1e-1, 100.0 becomes 1."""
        tms = pyramid(
            "odd",
            Crs.parse("EPSG:2154"),
            origin=(0.0, 0.0),
            cell_sizes=[denominator * 0.28e-3],
            matrix_sizes=[(2, 2)],
        )
        catalogue = a_catalogue(a_layer("x", full_link(tms)))
        root = assert_valid(
            write_capabilities(replace(catalogue, matrix_sets={"odd": tms}), base_url=BASE)
        )
        (text,) = texts(root, ".//w:ScaleDenominator")
        assert float(text) == tms.matrices[0].scale_denominator
        assert float(text) == pytest.approx(denominator)


class TestMapCache:
    """research/caches.md, 1.4."""

    def test_1_4_2_getcapabilities_listens(self):
        """There VERSION, ACCEPTVERSIONS and SECTIONS are ignored."""
        asked = kvp.parse(b"SERVICE=WMTS&REQUEST=GetCapabilities&SECTIONS=Themes")
        assert negotiate(asked, 1).sections == {"Themes"}

    def test_1_4_3_limits_name_matrices_as_the_set_does(self):
        """There limits say "grid:level" where the matrix is called "level"."""
        root = written()
        known = {
            each.findtext("ows:Identifier", namespaces=NS): set(
                texts(each, "w:TileMatrix/ows:Identifier")
            )
            for each in root.iterfind("w:Contents/w:TileMatrixSet", NS)
        }
        for link in root.iter(f"{{{NS['w']}}}TileMatrixSetLink"):
            limited = texts(link, ".//w:TileMatrixLimits/w:TileMatrix")
            assert set(limited) <= known[link.findtext("w:TileMatrixSet", namespaces=NS)]

    def test_1_4_4_limits_count_rows_from_the_top(self):
        """There rows of limits are counted from the bottom, and clients are refused tiles."""
        top = MatrixSetLink(MERCATOR.identifier, {"3": MatrixLimits(0, 3, 0, 2)})
        (limits,) = written(a_layer("north", top)).iter(f"{{{NS['w']}}}TileMatrixLimits")
        assert texts(limits, "w:MinTileRow") == ["0"]
        assert texts(limits, "w:MaxTileRow") == ["2"]

    def test_1_4_5_reports_are_of_ows_1_1(self):
        """There reports are in the namespace of OWS 2.0."""
        root = assert_valid(write_report(RequestError("x")))
        assert root.tag == f"{{{NS['ows']}}}ExceptionReport"

    def test_1_4_6_numbers_have_all_their_digits(self):
        """There coordinates have six decimals."""
        third = pyramid(
            "third",
            Crs.parse("EPSG:4326"),
            origin=(-1 / 3, 2 / 3),
            cell_sizes=[1e-9 / 3],
            matrix_sizes=[(2, 2)],
        )
        catalogue = replace(
            a_catalogue(a_layer("x", full_link(third))), matrix_sets={"third": third}
        )
        root = assert_valid(write_capabilities(catalogue, base_url=BASE))
        (corner,) = texts(root, ".//w:TopLeftCorner")
        assert [float(part) for part in corner.split()] == [2 / 3, -1 / 3]

    def test_1_4_6_every_layer_has_a_box_in_degrees(self):
        """There WGS84BoundingBox comes from the operator or not at all."""
        root = written()
        layers = root.findall("w:Contents/w:Layer", NS)
        assert all(each.find("ows:WGS84BoundingBox", NS) is not None for each in layers)

    def test_5_an_independent_client_reads_all_of_it(self):
        """Their documents need patches in clients; OWSLib takes ours as it is."""
        document = write_capabilities(a_rich_catalogue(), base_url=BASE)
        service = WebMapTileService(f"{BASE}/wmts?", xml=document)
        assert len(service.contents) == 3
        assert service.identification.type == "OGC WMTS"
        assert service.serviceMetadataURL == f"{BASE}/wmts/1.0.0/WMTSCapabilities.xml"
