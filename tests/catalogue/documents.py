"""Documents and descriptions of data, made small."""

from __future__ import annotations

from pathlib import Path

from tuilerie.catalogue.compile import compile_catalogue
from tuilerie.catalogue.load import parse_document
from tuilerie.catalogue.model import BandDescription, Catalogue, DataKind, SourceDescription
from tuilerie.errors import CatalogueError, Problem
from tuilerie.grids import BoundingBox, Crs, wgs84_bounds

HERE = Path(__file__).parent
EXAMPLE = HERE / "example.yaml"


def described(
    kind: DataKind = "picture",
    *,
    crs: str = "EPSG:4326",
    bounds: tuple[float, float, float, float] = (-180, -90, 180, 90),
    cell_size: float = 0.01,
    bands: tuple[BandDescription, ...] | int = 3,
    transparent: bool = False,
    fingerprint: str = "data",
) -> SourceDescription:
    """Describe some data that nobody has."""
    box = BoundingBox(*map(float, bounds))
    if isinstance(bands, int):
        bands = (BandDescription("uint8"),) * bands
    return SourceDescription(
        kind=kind,
        crs=crs,
        bounds=box,
        wgs84_bounds=wgs84_bounds(box, Crs.parse(crs)),
        cell_size=cell_size,
        width=max(1, round(box.width / cell_size)),
        height=max(1, round(box.height / cell_size)),
        bands=bands,
        transparent=transparent,
        fingerprint=fingerprint,
    )


def values(count: int = 1, dtype: str = "float32") -> tuple[BandDescription, ...]:
    """Describe bands of measurements."""
    return tuple(
        BandDescription(dtype, None, 0.0, 100.0 * n, 2.0 * n, 98.0 * n, unit="m")
        for n in range(1, count + 1)
    )


EXAMPLE_DATA = {
    "bluemarble": described(),
    "sheets": described(
        "values",
        crs="EPSG:2154",
        bounds=(600_000, 6_800_000, 700_000, 6_900_000),
        cell_size=10,
        bands=values(4, "uint16"),
    ),
    "dem": described("values", bounds=(-10, 40, 10, 52), bands=values()),
    "landcover": described(
        "palette",
        crs="EPSG:3035",
        bounds=(3_000_000, 2_000_000, 4_000_000, 3_000_000),
        cell_size=100,
        bands=1,
    ),
}


def example() -> Catalogue:
    """Compile the example with data for each of its sources."""
    return compiled(EXAMPLE.read_text(encoding="utf-8"), **EXAMPLE_DATA)


def compiled(
    text: str, /, *, base: Path = HERE, ramps: list[str] | None = None, **data: object
) -> Catalogue:
    """Load and compile a text."""
    loaded = parse_document(text, file="catalogue.yaml", base=base)
    return compile_catalogue(
        loaded.document,
        data,
        revision=7,
        base=base,
        places=loaded.places,
        ramps=ramps,
    )


def layer_text(**keys: str) -> str:
    """Write a document with one layer `a` on one source `s`, and the given keys in the layer."""
    lines = "".join(f"    {key}: {value}\n" for key, value in keys.items())
    return (
        "tuilerie: 1\n"
        "sources: {s: {kind: raster, path: s.tif}}\n"
        "styles:\n"
        "  grey: {kind: grey}\n"
        "  fixed: {kind: grey, range: [0, 9]}\n"
        "  rgb: {kind: rgb, bands: [3, 2, 1]}\n"
        "  ramp: {kind: ramp, ramp: terrain}\n"
        '  exact: {kind: ramp, stops: [[1, "#000"], [2, "#fff"]], interpolation: exact}\n'
        "  shade: {kind: hillshade}\n"
        '  classes: {kind: palette, colours: {0: "#000"}}\n'
        "layers:\n"
        "  a:\n"
        "    source: s\n" + lines
    )


def problems_of(text: str, **data: object) -> tuple[Problem, ...]:
    """Return what is wrong with a text, in loading it or in compiling it."""
    try:
        compiled(text, **data)
    except CatalogueError as error:
        return error.problems
    return ()
