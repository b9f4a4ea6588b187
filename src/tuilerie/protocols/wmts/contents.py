"""The Contents section: layers, and the matrix sets that they use (7.1.1.1.2)."""

from __future__ import annotations

from collections.abc import Sequence

from tuilerie.catalogue.legends import legends_for
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import (
    Catalogue,
    Layer,
    MatrixLimits,
    MatrixSetLink,
    StylePlan,
    Text,
)
from tuilerie.grids import BoundingBox, Crs, TileMatrix, TileMatrixSet
from tuilerie.protocols import ows
from tuilerie.protocols.wmts.dimensions import write_dimension
from tuilerie.protocols.wmts.legends import legend_path
from tuilerie.protocols.wmts.rest import info_template, tile_template
from tuilerie.protocols.xml import XmlWriter, escape_text

__all__ = ["write_contents"]


def write_contents(
    xml: XmlWriter, catalogue: Catalogue, base_url: str, languages: Sequence[str]
) -> None:
    """Write the layers that are listed, and the matrix sets that these link to (Table 5).

    `base_url` is the service's public address, escaped and without a trailing slash.
    """
    linked: set[str] = set()
    xml.start("Contents")
    for layer in catalogue.layers.values():
        if layer.listed:
            _write_layer(xml, layer, catalogue, base_url, languages)
            linked.update(layer.links)
    for source in catalogue.service.other_sources:
        ows.write_metadata(xml, "ows:OtherSource", source)
    for matrix_set in catalogue.matrix_sets.values():
        if matrix_set.identifier in linked:
            _write_matrix_set(xml, matrix_set)
    xml.end()


def _write_layer(
    xml: XmlWriter, layer: Layer, catalogue: Catalogue, base_url: str, languages: Sequence[str]
) -> None:
    """Write one layer, in the order of the schema (Table 6)."""
    xml.start("Layer")
    ows.write_description(
        xml, layer.title, layer.abstract, layer.keywords, languages, layer.keyword_groups
    )
    ows.write_wgs84_bounding_box(xml, layer.wgs84_bounds)
    xml.text("ows:Identifier", layer.identifier)
    for crs, bounds in _places(layer, catalogue).items():
        ows.write_bounding_box(xml, bounds, crs)
    for link in layer.metadata:
        ows.write_metadata(xml, "ows:Metadata", link)
    for style in layer.styles:
        _write_style(xml, style, layer.identifier, base_url, languages)
    for image_format in layer.formats:
        xml.text("Format", image_format.media_type)
    for info_format in layer.info.formats:
        xml.text("InfoFormat", info_format.media_type)
    for dimension in layer.dimensions:
        write_dimension(xml, dimension, languages)
    for matrix_set_link in layer.links.values():
        matrix_set = catalogue.matrix_sets[matrix_set_link.matrix_set]
        _write_link(xml, matrix_set_link, matrix_set)
    names = [dimension.identifier for dimension in layer.dimensions]
    for image_format in layer.formats:
        template = tile_template(base_url, layer.identifier, image_format.extension, names)
        xml.empty(
            "ResourceURL",
            [
                ("format", image_format.media_type),
                ("resourceType", "tile"),
                ("template", template),
            ],
        )
    for info_format in layer.info.formats:
        template = info_template(base_url, layer.identifier, info_format, names)
        xml.empty(
            "ResourceURL",
            [
                ("format", info_format.media_type),
                ("resourceType", "FeatureInfo"),
                ("template", template),
            ],
        )
    xml.end()


def _places(layer: Layer, catalogue: Catalogue) -> dict[Crs, BoundingBox]:
    """Return where the layer lies in its own CRS and in those of its matrix sets, each once.

    Clients that find no box in a set's CRS transform WGS84BoundingBox themselves, and ±90° is
    far outside Web Mercator.
    """
    places = {Crs.parse(layer.crs): layer.bounds}
    for link in layer.links.values():
        if link.bounds is not None:
            places.setdefault(catalogue.matrix_sets[link.matrix_set].crs, link.bounds)
    # No client could know the name of a CRS without an authority's code.
    return {crs: bounds for crs, bounds in places.items() if crs.authority_code is not None}


def _write_style(
    xml: XmlWriter, style: StylePlan, layer: str, base_url: str, languages: Sequence[str]
) -> None:
    """Write one style (Table 7)."""
    xml.start("Style", [("isDefault", "true")] if style.is_default else ())
    ows.write_description(
        xml, style.title, style.abstract, style.keywords, languages, style.keyword_groups
    )
    xml.text("ows:Identifier", style.identifier)
    for number, legend in legends_for(style.legends, languages):
        path = legend_path(layer, style, number)
        _write_legend(xml, legend, legend.href or f"{base_url}{path}")
    xml.end()


def _write_legend(xml: XmlWriter, legend: Legend, href: str) -> None:
    """Write one legend, without what is not known of it (Table 8)."""
    attributes = [("format", legend.format), ("xlink:href", href)]
    for name, scale in (
        ("minScaleDenominator", legend.min_scale_denominator),
        ("maxScaleDenominator", legend.max_scale_denominator),
    ):
        if scale is not None:
            attributes.append((name, ows.number(scale)))
    for name, pixels in (("width", legend.width), ("height", legend.height)):
        if pixels:
            attributes.append((name, str(pixels)))
    xml.empty("LegendURL", attributes)


def _write_link(xml: XmlWriter, link: MatrixSetLink, matrix_set: TileMatrixSet) -> None:
    """Write the link to a matrix set, and the limits if they limit anything (Tables 10 to 12)."""
    xml.start("TileMatrixSetLink")
    xml.text("TileMatrixSet", link.matrix_set)
    written = [_limits(matrix.identifier, limits) for matrix, limits in _limited(link, matrix_set)]
    if written:
        xml.start("TileMatrixSetLimits")
        xml.fragment("".join(written))
        xml.end()
    xml.end()


def _limited(
    link: MatrixSetLink, matrix_set: TileMatrixSet
) -> list[tuple[TileMatrix, MatrixLimits]]:
    """Return the limits that are to be written, from the coarsest matrix; none if all is covered.

    MaxTileRow and MaxTileCol are positiveInteger in the published schema (1.0.2), so a limit of
    0 cannot be said, though Table 12 itself counts "from 0" and the official suite's own copy of
    the schema allows it. Matrices of one tile, which is where most pyramids begin, are full of
    such zeros. Every client and validator must be able to read the document, so:
    - a layer that fills all matrices has no limits at all (Table 10: nothing would be said);
    - a 0 is written as 1 where the matrix is wider than one tile (and that row or column is
      served: `catalogue/coverage.py` widens the limits in the same way);
    - a matrix that is one tile wide or high is left out, against "the multiplicity of TileMatrix"
      (Table 11): its own size limits it. Clients that take the list for the levels that a layer
      has begin one level later there, and still show the same map.
    """
    known = [
        (
            matrix,
            MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1),
            link.limits.get(matrix.identifier),
        )
        for matrix in matrix_set.matrices
    ]
    if all(limits == full for _, full, limits in known):
        return []
    return [
        (matrix, limits._replace(max_col=max(limits.max_col, 1), max_row=max(limits.max_row, 1)))
        for matrix, full, limits in known
        if limits is not None and full.max_col > 0 and full.max_row > 0
    ]


def _limits(identifier: str, limits: MatrixLimits) -> str:
    """Return one TileMatrixLimits: 5,000 layers have a hundred thousand of them (Table 12)."""
    return (
        f"<TileMatrixLimits><TileMatrix>{escape_text(identifier)}</TileMatrix>"
        f"<MinTileRow>{limits.min_row}</MinTileRow><MaxTileRow>{limits.max_row}</MaxTileRow>"
        f"<MinTileCol>{limits.min_col}</MinTileCol><MaxTileCol>{limits.max_col}</MaxTileCol>"
        "</TileMatrixLimits>\n"
    )


def _write_matrix_set(xml: XmlWriter, matrix_set: TileMatrixSet) -> None:
    """Write one matrix set in the axis order of its CRS (Tables 13 and 14)."""
    crs = matrix_set.crs
    xml.start("TileMatrixSet")
    ows.write_description(xml, _plain(matrix_set.title))
    xml.text("ows:Identifier", matrix_set.identifier)
    ows.write_bounding_box(xml, _extent(matrix_set), crs, matrix_set.supported_crs)
    xml.text("ows:SupportedCRS", matrix_set.supported_crs)
    if matrix_set.well_known_scale_set:
        xml.text("WellKnownScaleSet", matrix_set.well_known_scale_set)
    for matrix in matrix_set.matrices:
        xml.start("TileMatrix")
        ows.write_description(xml, _plain(matrix.title))
        xml.text("ows:Identifier", matrix.identifier)
        # All 17 digits: 559082264.029 is off by more than the official suite's tolerance.
        xml.text("ScaleDenominator", ows.number(matrix.scale_denominator))
        a, b = crs.to_wire(matrix.left, matrix.top)
        xml.text("TopLeftCorner", f"{ows.number(a)} {ows.number(b)}")
        for name, size in (
            ("TileWidth", matrix.tile_width),
            ("TileHeight", matrix.tile_height),
            ("MatrixWidth", matrix.matrix_width),
            ("MatrixHeight", matrix.matrix_height),
        ):
            xml.text(name, str(size))
        xml.end()
    xml.end()


def _extent(matrix_set: TileMatrixSet) -> BoundingBox:
    """Return the rectangle that holds all matrices, within the poles.

    All, not the finest: clients cut the data at it. Level 0 of GoogleCRS84Quad (E.3) is a square
    that reaches 90 degrees beyond both poles, which is no place.
    """
    extent = matrix_set.matrices[0].bounds
    for matrix in matrix_set.matrices[1:]:
        extent = extent.union(matrix.bounds)
    if not matrix_set.crs.is_geographic:
        return extent
    pole = matrix_set.crs.full_turn / 4
    return extent._replace(bottom=max(extent.bottom, -pole), top=min(extent.top, pole))


def _plain(title: str) -> Text:
    return Text((("", title),)) if title else Text()
