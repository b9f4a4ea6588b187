"""Where the pictures of legends are found that this server hands out itself.

They lie beside the tiles: /wmts/1.0.0/{Layer}/{Style}/legend.png, further ones of the same style
at legend-2.png and so on. The standard leaves their addresses to the server (Table 8).
"""

from __future__ import annotations

import re

from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import Catalogue
from tuilerie.errors import NotFound
from tuilerie.protocols import percent
from tuilerie.protocols.wmts.requests import VERSION
from tuilerie.protocols.wmts.rest import KVP_PATH, MAX_PATH

__all__ = ["find_legend", "legend_path"]

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/svg+xml": "svg",
    "image/webp": "webp",
}
_NAME = re.compile(r"legend(?:-([2-9]|[1-9][0-9]{1,3}))?\.([a-z]+)", re.ASCII)


def legend_path(layer: str, style: str, number: int, legend: Legend) -> str:
    """Return the path of a style's legend, escaped; `number` counts from 0."""
    suffix = f"-{number + 1}" if number else ""
    steps = "/".join(map(percent.encode_segment, (layer, style)))
    return f"{KVP_PATH}/{VERSION}/{steps}/legend{suffix}.{_extension(legend)}"


def find_legend(catalogue: Catalogue, path: bytes) -> Legend | None:
    """Return the legend that a raw path names; None if it is no path of a legend.

    Raises: NotFound: there is no such legend here.
    """
    try:
        parts = path.decode("utf-8").split("/")
        root, service, version, layer, style, name = parts
        layer, style = percent.decode(layer), percent.decode(style)
    except ValueError:  # not UTF-8, not six parts, or a broken escape
        return None
    found = _NAME.fullmatch(name)
    prefix = f"{root}/{service}/{version}"
    if found is None or prefix != f"{KVP_PATH}/{VERSION}" or len(path) > MAX_PATH:
        return None
    published = catalogue.layers.get(layer)
    plans = published.styles if published is not None else ()
    legends = next((plan.legends for plan in plans if plan.identifier == style), ())
    number = int(found[1]) - 1 if found[1] else 0
    if number < len(legends):
        legend = legends[number]
        if legend.file and _extension(legend) == found[2]:
            return legend
    raise NotFound("The style has no such legend here.")


def _extension(legend: Legend) -> str:
    return _EXTENSIONS.get(legend.format.partition(";")[0], "bin")
