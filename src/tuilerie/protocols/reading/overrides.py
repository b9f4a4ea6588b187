"""What an operator knows better than a remote document, per source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tuilerie.grids import Crs

__all__ = ["AS_READ", "ReadingOverrides"]


@dataclass(frozen=True, slots=True)
class ReadingOverrides:
    """How to read the documents of one source.

    Attributes:
        axis_order: "crs": positions have the order that their CRS prescribes; "xy": easting or
            longitude first; "yx": northing or latitude first; None: as the document's own
            evidence says.
        origin_crs: the projection that the source's data are truly in, whatever the document
            says, for all matrix sets; for a WMS, the CRS to ask in.
        crs_by_matrix_set: the same for single matrix sets, by their identifiers.
        encoding: by what tiles are asked for; None: REST where a template is declared.
        charset: of the document's text, "" = as found out.
        pixel_m: metres of a pixel with which scale denominators were computed; None = as found
            out, 0.28 mm unless the document shows another.
        literal: codes of corrections (`ReadingWarning.code`) that are not to be made.
    """

    axis_order: Literal["crs", "xy", "yx"] | None = None
    origin_crs: Crs | None = None
    crs_by_matrix_set: Mapping[str, Crs] = field(default_factory=dict)
    encoding: Literal["kvp", "rest"] | None = None
    charset: str = ""
    pixel_m: float | None = None
    literal: frozenset[str] = frozenset()


AS_READ = ReadingOverrides()
"""Nothing is known better than the document."""
