"""Where the pictures of legends are found that this server hands out itself.

They lie beside the tiles: /wmts/1.0.0/{Layer}/{Style}/legend.png. Further ones that an operator
or a source has for the same style are at legend-2.png and so on; drawn ones in further languages at
legend.fr.png. The standard leaves their addresses to the server (Table 8).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import Catalogue, StylePlan
from tuilerie.errors import NotFound
from tuilerie.protocols import percent
from tuilerie.protocols.wmts.requests import VERSION
from tuilerie.protocols.wmts.rest import KVP_PATH, MAX_PATH

__all__ = ["FoundLegend", "find_legend", "legend_path"]

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/svg+xml": "svg",
    "image/webp": "webp",
}
_NAME = re.compile(
    r"legend(?:-(?:[2-9]|[1-9][0-9]{1,3}))?(?:\.[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?\.[a-z]+",
    re.ASCII,
)


class FoundLegend(NamedTuple):
    """A legend that this server hands out: layer, style, and its number among the style's."""

    layer: str
    style: str
    number: int
    legend: Legend


def legend_path(layer: str, style: StylePlan, number: int) -> str:
    """Return the path of one of a style's legends, escaped; `number` counts from 0."""
    steps = "/".join(map(percent.encode_segment, (layer, style.identifier)))
    return f"{KVP_PATH}/{VERSION}/{steps}/{_name(style, number)}"


def find_legend(catalogue: Catalogue, path: bytes) -> FoundLegend | None:
    """Return the legend that a raw path names; None if it is no path of a legend.

    Raises: NotFound: there is no such legend here.
    """
    try:
        parts = path.decode("utf-8").split("/")
        root, service, version, layer, style, name = parts
        layer, style = percent.decode(layer), percent.decode(style)
    except ValueError:  # not UTF-8, not six parts, or a broken escape
        return None
    prefix = f"{root}/{service}/{version}"
    if prefix != f"{KVP_PATH}/{VERSION}" or len(path) > MAX_PATH or not _NAME.fullmatch(name):
        return None
    published = catalogue.layers.get(layer)
    for plan in published.styles if published is not None else ():
        if plan.identifier == style:
            for number, legend in enumerate(plan.legends):
                if not legend.href and _name(plan, number) == name:
                    return FoundLegend(layer, style, number, legend)
    raise NotFound("The style has no such legend here.")


def _name(style: StylePlan, number: int) -> str:
    legend = style.legends[number]
    extension = _EXTENSIONS.get(legend.format.partition(";")[0], "bin")
    if not legend.drawn:
        return f"legend-{number + 1}.{extension}" if number else f"legend.{extension}"
    further = legend.language != style.legends[0].language
    return f"legend.{legend.language}.{extension}" if further else f"legend.{extension}"
