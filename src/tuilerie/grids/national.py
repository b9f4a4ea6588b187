"""Tile matrix sets of national mapping agencies, as those agencies' own services print them.

Only sets whose parameters were seen in an agency's public capabilities or directive. Scale
denominators are computed from the cell sizes with 07-057r7's pixel of 0.28 mm; some agencies print
fewer digits, or (swisstopo) values that differ in the sixth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tuilerie.grids.bounds import BoundingBox
from tuilerie.grids.build import pyramid
from tuilerie.grids.crs import Crs
from tuilerie.grids.matrix import TileMatrixSet

__all__ = ["NATIONAL"]


def _lamb93() -> TileMatrixSet:
    """IGN France: TileMatrixSet 2154_5cm of the Géoplateforme, of which 2154_10cm is a part."""
    # fmt: off
    sizes = (
        (1, 1), (1, 1), (1, 1), (1, 2), (1, 4), (1, 7), (2, 13), (4, 26), (7, 52), (13, 103),
        (25, 206), (50, 411), (99, 822), (197, 1643), (394, 3285), (788, 6569), (1575, 13138),
        (3150, 26276), (6300, 52552), (12600, 105102), (25200, 210205), (50400, 420409),
        (100800, 840818),
    )
    # fmt: on
    return pyramid(
        "LAMB93",
        Crs("EPSG:2154"),
        title="Lambert 93, IGN France",
        origin=(0.0, 12_000_000.0),
        cell_sizes=_halved(209_715.2, len(sizes)),
        matrix_sizes=sizes,
    )


def _swiss() -> TileMatrixSet:
    """Swisstopo: geo.admin.ch, TileMatrixSet 2056_28."""
    # fmt: off
    cell_sizes = (
        4000.0, 3750.0, 3500.0, 3250.0, 3000.0, 2750.0, 2500.0, 2250.0, 2000.0, 1750.0, 1500.0,
        1250.0, 1000.0, 750.0, 650.0, 500.0, 250.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.5, 2.0, 1.5,
        1.0, 0.5, 0.25, 0.1,
    )
    # fmt: on
    return pyramid(
        "2056_28",
        Crs("EPSG:2056"),
        title="LV95, swisstopo",
        origin=(2_420_000.0, 1_350_000.0),
        cell_sizes=cell_sizes,
        extent=BoundingBox(2_420_000.0, 1_030_000.0, 2_900_000.0, 1_350_000.0),
    )


def _quad(
    identifier: str,
    crs: str,
    title: str,
    origin: tuple[float, float],
    coarsest: float,
    levels: int,
    tiles: tuple[int, int] = (1, 1),
) -> Callable[[], TileMatrixSet]:
    """Return a builder of a pyramid that halves its cells and doubles its tiles."""

    def build() -> TileMatrixSet:
        return pyramid(
            identifier,
            Crs(crs),
            title=title,
            origin=origin,
            cell_sizes=_halved(coarsest, levels),
            matrix_sizes=[(tiles[0] << n, tiles[1] << n) for n in range(levels)],
        )

    return build


def _halved(coarsest: float, levels: int) -> list[float]:
    return [coarsest / 2**n for n in range(levels)]


NATIONAL: Mapping[str, Callable[[], TileMatrixSet]] = MappingProxyType(
    {
        "LAMB93": _lamb93,
        "2056_28": _swiss,
        # Geonovum, Nederlandse richtlijn tiling; PDOK.
        "NetherlandsRDNewQuad": _quad(
            "NetherlandsRDNewQuad",
            "EPSG:28992",
            "RD New, Geonovum",
            (-285_401.92, 903_401.92),
            3440.64,
            17,
        ),
        # Ordnance Survey, OS Maps API; rows to the false origin.
        "OSGB": _quad(
            "OSGB",
            "EPSG:27700",
            "British National Grid, Ordnance Survey",
            (-238_375.0, 1_376_256.0),
            896.0,
            14,
            (5, 6),
        ),
        # JHS 180, the Finnish public administration's recommendation.
        "ETRS-TM35FIN": _quad(
            "ETRS-TM35FIN",
            "EPSG:3067",
            "ETRS-TM35FIN, JHS 180",
            (-548_576.0, 8_388_608.0),
            8192.0,
            16,
        ),
        # Lantmäteriet, set 3006.
        "SWEREF99TM": _quad(
            "SWEREF99TM",
            "EPSG:3006",
            "SWEREF 99 TM, Lantmäteriet",
            (-1_200_000.0, 8_500_000.0),
            4096.0,
            14,
            (4, 4),
        ),
        # BKG, TopPlusOpen.
        "EU_EPSG_25832_TOPPLUS": _quad(
            "EU_EPSG_25832_TOPPLUS",
            "EPSG:25832",
            "ETRS89 / UTM 32N, BKG TopPlusOpen",
            (-3_803_165.98427299, 8_805_908.08284866),
            4891.96981025128,
            14,
            (6, 5),
        ),
        # Informatie Vlaanderen.
        "BPL72VL": _quad(
            "BPL72VL",
            "EPSG:31370",
            "Belge Lambert 72, Informatie Vlaanderen",
            (9_928.0, 329_072.0),
            1024.0,
            16,
        ),
        # Kartverket, open cache.
        "NorwayUTM33": _quad(
            "NorwayUTM33",
            "EPSG:25833",
            "ETRS89 / UTM 33N, Kartverket",
            (-2_500_000.0, 9_045_984.0),
            21_664.0,
            19,
        ),
    }
)
"""Builders by identifier."""
