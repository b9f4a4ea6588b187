"""A small catalogue with every difficulty that a ServiceMetadata document can have."""

from __future__ import annotations

from dataclasses import replace

from tuilerie.catalogue.info import INFO_FORMATS, LayerInfo
from tuilerie.catalogue.metadata import Legend, MetadataLink, Theme
from tuilerie.catalogue.model import (
    Catalogue,
    Contact,
    Encoding,
    Layer,
    MatrixLimits,
    MatrixSetLink,
    Provider,
    ServiceInfo,
    StylePlan,
    Text,
)
from tuilerie.formats import JPEG, PNG, PNG8
from tuilerie.grids import BoundingBox, Crs, TileMatrixSet
from tuilerie.grids.build import pyramid
from tuilerie.grids.registry import named_matrix_set

PLATE_CARREE = pyramid(
    "PlateCarree",
    Crs.parse("EPSG:4326"),
    origin=(-180.0, 90.0),
    cell_sizes=[0.703125, 0.3515625, 0.17578125],
    matrix_sizes=[(2, 1), (4, 2), (8, 4)],
    title="Latitude and longitude",
)
LAMBERT = pyramid(
    "Lambert 93/local",
    Crs.parse("EPSG:2154"),
    origin=(0.0, 12_000_000.0),
    cell_sizes=[2000.0, 1000.0],
    matrix_sizes=[(3, 24), (5, 47)],
    identifiers=["éloigné", "proche & <fin>"],
)
MERCATOR = named_matrix_set("GoogleMapsCompatible")


def full_link(matrix_set: TileMatrixSet) -> MatrixSetLink:
    """Link to a matrix set of which every tile has data."""
    return MatrixSetLink(
        matrix_set.identifier,
        {
            matrix.identifier: MatrixLimits(0, matrix.matrix_width - 1, 0, matrix.matrix_height - 1)
            for matrix in matrix_set.matrices
        },
    )


def a_layer(identifier: str, *links: MatrixSetLink, **changes: object) -> Layer:
    """A plain layer of the whole world in the given links."""
    layer = Layer(
        identifier=identifier,
        title=Text((("", identifier),)),
        abstract=Text(),
        keywords=(),
        attribution=Text(),
        source=identifier,
        kind="picture",
        crs="EPSG:4326",
        bounds=BoundingBox(-180.0, -90.0, 180.0, 90.0),
        wgs84_bounds=BoundingBox(-180.0, -90.0, 180.0, 90.0),
        styles=(StylePlan("default", Text(), is_default=True),),
        formats=(JPEG, PNG),
        links={link.matrix_set: link for link in links},
        cache="default",
        resampling="bilinear",
        encoding=Encoding(),
    )
    return replace(layer, **changes)


def a_catalogue(*layers: Layer, service: ServiceInfo | None = None) -> Catalogue:
    """A catalogue of the given layers at revision 17."""
    sets = (MERCATOR, PLATE_CARREE, LAMBERT)
    linked = {name for layer in layers for name in layer.links}
    return Catalogue(
        revision=17,
        service=service or ServiceInfo(Text((("en", "Demo"),))),
        layers={layer.identifier: layer for layer in layers},
        sources={},
        caches={},
        matrix_sets={each.identifier: each for each in sets if each.identifier in linked},
    )


def a_rich_catalogue() -> Catalogue:
    """Languages, markup in texts, reserved characters in identifiers, limits, an unlisted layer."""
    service = ServiceInfo(
        title=Text((("en", "Maps & <tiles>"), ("fr", "Cartes & «tuiles»"))),
        abstract=Text((("en", 'Says "hello"\x00\x0b]]>'), ("fr", "Dit bonjour 🗺"))),
        keywords=(Text((("", "tiles"),)), Text((("en", "world"), ("fr", "monde")))),
        fees="none",
        access_constraints=("none", "© <us>"),
        profiles=("http://www.opengis.net/spec/wmts-simple/1.0/conf/simple-profile",),
        other_sources=(MetadataLink("https://example.org/csw?a=1&b=2", "Catalogue <1>"),),
        provider=Provider(
            "Cadastre & fils",
            "https://example.org/?a=1&b=2",
            Contact(
                individual="Zoë",
                position="chief",
                role="pointOfContact",
                phone="+33 1",
                city="Ville",
                country="FR",
                email="a@example.org",
                url="https://example.org/contact?<x>",
                hours="9–17",
            ),
        ),
    )
    world = a_layer(
        "world",
        full_link(MERCATOR),
        full_link(PLATE_CARREE),
        title=Text((("en", "World <1>"), ("fr", "Monde"), ("ja", "世界"))),
        abstract=Text((("en", "A & B"),)),
        keywords=(Text((("en", "blue"), ("fr", "bleu"))),),
        info=LayerInfo(INFO_FORMATS),
        metadata=(
            MetadataLink("https://example.org/iso?id=1&x=2"),
            MetadataLink(
                "https://example.org/quality",
                "Quality & more",
                "http://www.isotc211.org/2005/gmd",
                "urn:example:aspect",
            ),
        ),
    )
    north_west = a_layer(
        "a/b?c#d&e<f>%20é ü",
        MatrixSetLink(
            "PlateCarree",
            {"0": MatrixLimits(0, 0, 0, 0), "1": MatrixLimits(0, 0, 0, 0)}
            | {"2": MatrixLimits(0, 1, 0, 3)},
        ),
        MatrixSetLink(
            "Lambert 93/local",
            {"éloigné": MatrixLimits(0, 2, 9, 11), "proche & <fin>": MatrixLimits(0, 4, 18, 23)},
        ),
        crs="EPSG:2154",
        bounds=BoundingBox(100_000.25, 6_000_000.0, 1_250_000.0, 7_150_000.5),
        wgs84_bounds=BoundingBox(-5.5, 41.0, 10.0, 51.5),
        styles=(
            StylePlan("default", Text((("", "As it is"),)), is_default=True),
            StylePlan(
                "relief <&>",
                Text((("en", "Relief"), ("fr", "Relief ombré"))),
                Text((("", "Shaded."),)),
                (Text((("", "hill"),)),),
                legends=(
                    Legend(
                        "image/png",
                        "https://example.org/l?a=1&b=2",
                        width=120,
                        height=300,
                        min_scale_denominator=LAMBERT.matrices[1].scale_denominator,
                        max_scale_denominator=LAMBERT.matrices[0].scale_denominator,
                    ),
                    Legend("image/svg+xml", file="/srv/legends/relief.svg"),
                ),
            ),
        ),
        formats=(PNG, PNG8),
    )
    pacific = a_layer(
        "pacific",
        MatrixSetLink(
            MERCATOR.identifier,
            {
                "2": MatrixLimits(0, 3, 1, 2),
                "3": MatrixLimits(0, 7, 3, 4),
            },
        ),
        wgs84_bounds=BoundingBox(170.0, -20.0, -160.0, 10.5),
        crs="+proj=laea +lat_0=0 +lon_0=180 +datum=WGS84 +units=m",
        styles=(StylePlan("grey", Text(), is_default=True, kind="grey"),),
    )
    hidden = a_layer("hidden", full_link(MERCATOR), listed=False)
    return replace(a_catalogue(world, north_west, pacific, hidden, service=service), themes=THEMES)


THEMES = {
    "subjects": (
        Theme(
            "land & <sea>",
            Text((("en", "Land"), ("fr", "Terres"))),
            Text((("en", "What is there."), ("fr", "Ce qu'il y a."))),
            (Text((("en", "cover"), ("fr", "couverture"))),),
            (Theme("heights", layers=("a/b?c#d&e<f>%20é ü",)),),
            ("world",),
        ),
        Theme("empty"),
    ),
    "places": (Theme("oceans", Text((("", "Oceans"),)), layers=("pacific", "world")),),
}
"""Two hierarchies, one of them nested; a layer in several themes."""
