"""In which matrix sets a layer is served, and whether it has anything there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuilerie.catalogue.coverage import Coverage, covers
from tuilerie.catalogue.fingerprint import matrix_set_fingerprint
from tuilerie.catalogue.layers import LayerSettings, MatrixSetUse
from tuilerie.catalogue.model import MatrixSetLink, SourceDescription
from tuilerie.errors import Problem
from tuilerie.grids import BoundingBox, TileMatrixSet, named_matrix_set

__all__ = ["Linker", "rounded"]

_USUAL = (
    MatrixSetUse(id="WebMercatorQuad", matrices=None),
    MatrixSetUse(id="WorldCRS84Quad", matrices=None),
)


class Linker:
    """Links layers to matrix sets; layers over the same ground share one link.

    Args:
        defaults: the uses of layers that name none; None = the usual two.
        own: the document's matrix sets; others are named ones.
        problems: where what is wrong is added.
    """

    def __init__(
        self,
        defaults: Sequence[MatrixSetUse] | None,
        own: Mapping[str, TileMatrixSet],
        problems: list[Problem],
    ) -> None:
        self._defaults = _USUAL if defaults is None else defaults
        self._own = own
        self._problems = problems
        self._links: dict[tuple[Any, ...], MatrixSetLink | None] = {}
        self._marks: dict[str, str] = {}

    def links(
        self,
        settings: LayerSettings,
        described: SourceDescription,
        bounds: BoundingBox,
        pointer: str,
    ) -> Mapping[str, MatrixSetLink]:
        """Return the links that have data; those that were asked for and have none are refused.

        Args:
            settings: the layer's.
            described: its data.
            bounds: what is left of the data after the layer's cut, in its CRS.
            pointer: the layer's place in the document.
        """
        asked = settings.matrix_sets
        links: dict[str, MatrixSetLink] = {}
        for n, use in enumerate(asked or self._defaults):
            tms = self._matrix_set(use)
            if tms is None:
                continue
            link = self._link(tms, use, described, bounds)
            if link is not None:
                links[use.id] = link
            elif asked is not None:
                self._report(
                    f"no tile of {use.id} has any of the data in it",
                    f"the data lies in {rounded(described.wgs84_bounds)} (degrees)",
                    f"{pointer}/matrix_sets/{n}",
                )
        if not links and asked is None:
            self._report(
                "no tile of the default matrix sets has any of the data in it",
                "write matrix_sets: with one that the data lies in",
                pointer,
            )
        return links

    def _matrix_set(self, use: MatrixSetUse) -> TileMatrixSet | None:
        """Return the grid of a use; None if it or its matrices were reported already."""
        try:
            tms = self._own[use.id] if use.id in self._own else named_matrix_set(use.id)
        except KeyError:
            return None
        if use.matrices is None:
            return tms
        names = [matrix.identifier for matrix in tms.matrices]
        first, last = use.matrices
        holds = first in names and last in names and names.index(first) <= names.index(last)
        return tms if holds else None

    def _link(
        self,
        tms: TileMatrixSet,
        use: MatrixSetUse,
        described: SourceDescription,
        bounds: BoundingBox,
    ) -> MatrixSetLink | None:
        key = (use.id, use.matrices, bounds, described.crs, described.cell_size)
        if key not in self._links:
            coverage = Coverage(tms, bounds, described.crs, described.cell_size, use.matrices)
            if use.id not in self._marks:
                self._marks[use.id] = matrix_set_fingerprint(tms)
            link = MatrixSetLink(tms.identifier, coverage, self._marks[use.id], coverage.box)
            self._links[key] = link if covers(coverage) else None
        return self._links[key]

    def _report(self, message: str, hint: str, pointer: str) -> None:
        self._problems.append(Problem(message, hint, pointer))


def rounded(box: BoundingBox) -> str:
    """Return a rectangle as one would write it."""
    return "[" + ", ".join(f"{edge:.10g}" for edge in box) + "]"
