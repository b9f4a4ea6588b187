"""A dimension of a layer in the ServiceMetadata document (Table 9)."""

from __future__ import annotations

from collections.abc import Sequence

from tuilerie.catalogue.dimensions import Dimension
from tuilerie.protocols import ows
from tuilerie.protocols.xml import XmlWriter, escape_text

__all__ = ["write_dimension"]


def write_dimension(xml: XmlWriter, dimension: Dimension, languages: Sequence[str]) -> None:
    """Write one dimension with all its values.

    Each value has an element of its own, ranges included: clients and the official suite ask for
    what stands in one, word for word. Current is only written where it is true, as Table 9 has
    it for times alone. Default is mandatory there and optional in the schema; a dimension without
    one must be named in every request (Table 23).
    """
    xml.start("Dimension")
    ows.write_description(
        xml,
        dimension.title,
        dimension.abstract,
        dimension.keywords,
        languages,
        dimension.keyword_groups,
    )
    xml.text("ows:Identifier", dimension.identifier)
    if dimension.uom:
        xml.text("ows:UOM", dimension.uom)
    if dimension.unit_symbol:
        xml.text("UnitSymbol", dimension.unit_symbol)
    if dimension.default is not None:
        xml.text("Default", dimension.default)
    if dimension.current:
        xml.text("Current", "true")
    xml.fragment("".join(f"<Value>{escape_text(value)}</Value>\n" for value in dimension.values))
    xml.end()
