"""One open file as something to draw from."""

from __future__ import annotations

from dataclasses import dataclass

from rasterio.enums import Resampling as GdalResampling

from tuilerie.catalogue.model import Resampling
from tuilerie.grids import BoundingBox, Crs
from tuilerie.raster.image import Raster
from tuilerie.sources.base import MapRequest
from tuilerie.sources.datasets import Handle
from tuilerie.sources.drawing import MapFrame, Patch, draw
from tuilerie.sources.reading import Choice, read_rectangle
from tuilerie.sources.window import exact_rectangle, rectangle_for

__all__ = ["draw_file", "interpolation_of", "reduction_of"]


def draw_file(handle: Handle, request: MapRequest) -> Raster | None:
    """Draw a request from an open file.

    Raises: rasterio.errors.RasterioError, OSError: damaged; ValueError: a CRS that PROJ does
        not know, a band that the file does not have.
    """
    facts = handle.facts
    bands = request.bands or facts.shown
    if not all(1 <= band <= facts.count for band in bands):
        raise ValueError(f"the file has {facts.count} bands, asked were {bands}")
    classes = facts.palette is not None and bands == facts.shown
    frame = MapFrame(
        request.bounds,
        Crs.parse(request.crs),
        request.width,
        request.height,
        interpolation_of(request.resampling, classes=classes),
    )
    alpha = bool(facts.alpha and not request.bands and facts.dtype == "uint8" and not classes)
    choice = Choice(bands, alpha, reduction_of(request.resampling, classes=classes))
    drawn = draw(_FileReader(handle, choice), frame)
    if drawn is None or not classes:
        return drawn
    return Raster(drawn.array, drawn.mask, drawn.bounds, drawn.crs, facts.palette)


def interpolation_of(wanted: Resampling, *, classes: bool) -> Resampling:
    """Return how to interpolate: never between classes, whose numbers only name them."""
    return "nearest" if classes else wanted


def reduction_of(wanted: Resampling, *, classes: bool) -> GdalResampling:
    """Return how finer pixels become coarser ones where no overview holds them."""
    if wanted == "average":
        return GdalResampling.mode if classes else GdalResampling.average
    return GdalResampling.nearest if classes or wanted == "nearest" else GdalResampling.average


@dataclass(frozen=True, slots=True)
class _FileReader:
    """Reads patches of one open file."""

    handle: Handle
    choice: Choice

    @property
    def crs(self) -> Crs:
        return self.handle.facts.crs

    @property
    def cell_size(self) -> float:
        return self.handle.facts.cell_size

    def exact_pixels(self, area: BoundingBox, cell: tuple[float, float], reach_px: int) -> int:
        if self.choice.reduction is not GdalResampling.nearest:
            return 0
        rectangle = exact_rectangle(self.handle.facts, area, cell, reach_px)
        return 0 if rectangle is None else rectangle.width * rectangle.height

    def read_area(
        self, area: BoundingBox, cell: tuple[float, float], reach_px: int
    ) -> Patch | None:
        facts = self.handle.facts
        exact = self.choice.reduction is GdalResampling.nearest
        rectangle = rectangle_for(facts, area, cell, reach_px, exact=exact)
        if rectangle is None:
            return None
        pixels = read_rectangle(self.handle, rectangle, self.choice)
        transform = rectangle.transform(facts)
        raster = Raster(pixels.array, pixels.mask, area, facts.crs.text)
        a, b, c, d, e, f, *_ = transform
        return Patch(raster, (a, b, c, d, e, f), self.choice.alpha)
