"""What was found, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from tuilerie.catalogue.info import GEOJSON, GML, HTML, JSON, InfoFormat
from tuilerie.protocols import percent
from tuilerie.protocols.feature_info.found import Found
from tuilerie.protocols.feature_info.geojson import write_geojson
from tuilerie.protocols.feature_info.gml import write_gml
from tuilerie.protocols.feature_info.html import write_html
from tuilerie.protocols.feature_info.plain import write_plain
from tuilerie.protocols.wmts.rest import info_schema_path

__all__ = ["write_found"]


def write_found(
    found: Found, info_format: InfoFormat, *, base_url: str, languages: Sequence[str] = ()
) -> bytes:
    """Return the document about a place, in UTF-8.

    Args:
        found: what is there.
        info_format: one of `INFO_FORMATS`.
        base_url: the service's public address without a trailing slash; schemas are found there.
        languages: BCP 47 tags, best first, for what people read.

    Raises: FeatureInfoError: the operator's template failed.
    Source: OGC 07-057r7, 7.3.1.
    """
    if info_format == GML:
        schema_url = percent.encode_address(base_url) + info_schema_path(found.layer.identifier)
        return write_gml(found, schema_url)
    if info_format == HTML:
        return write_html(found, languages)
    if info_format in (GEOJSON, JSON):
        return write_geojson(found)
    return write_plain(found, languages)
