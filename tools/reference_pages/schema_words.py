"""What a JSON Schema allows, in words that an operator reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reference_pages.markdown import anchor

__all__ = ["BLOCKS", "type_in_words"]

BLOCKS: Sequence[tuple[str, str]] = (
    ("service", "ServiceSettings"),
    ("service.keywords[] (and of layers, styles, themes)", "KeywordGroupSettings"),
    ("service.provider", "ProviderSettings"),
    ("service.provider.contact", "ContactSettings"),
    ("service.inspire", "InspireSettings"),
    ("service.inspire.service", "InspireServiceSettings"),
    ("service.inspire.service.conformity[]", "ConformitySettings"),
    ("service.other_sources[] and layers.ID.metadata[]", "MetadataSettings"),
    ("matrix_sets.ID by a rule", "PyramidMatrixSet"),
    ("matrix_sets.ID matrix by matrix", "ExplicitMatrixSet"),
    ("matrix_sets.ID.matrices[]", "MatrixSettings"),
    ("matrix_sets.ID in a file", "FileMatrixSet"),
    ("sources.ID of kind raster", "RasterSource"),
    ("sources.ID of kind mosaic", "MosaicSource"),
    ("sources.ID of kind series", "SeriesSource"),
    ("sources.ID.query", "QuerySettings"),
    ("sources.ID of kind mbtiles", "MBTilesSource"),
    ("sources.ID of kind pmtiles", "PMTilesSource"),
    ("sources.ID of kind layer", "LayerSource"),
    ("sources.ID of kind fallback", "FallbackSource"),
    ("sources.ID of kind by_matrix", "ByMatrixSource"),
    ("sources.ID.parts[] of kind by_matrix", "ByMatrixPart"),
    ("sources.ID of kind wmts", "WmtsSource"),
    ("sources.ID of kind wms", "WmsSource"),
    ("sources.ID of kind xyz", "XyzSource"),
    ("sources.ID.overrides", "OverrideSettings"),
    ("sources.ID.options", "RemoteOptions"),
    ("sources.ID.options.login", "LoginOptions"),
    ("sources.ID.options.key", "KeyOptions"),
    ("sources.ID.options.breaker", "BreakerOptions"),
    ("sources.ID.options.error_pictures[]", "ErrorPictureOptions"),
    ("sources.ID.update", "UpdateSettings"),
    ("sources.ID.update.weekly", "DayOfWeek"),
    ("sources.ID.update.monthly", "DayOfMonth"),
    ("remote_access", "RemoteAccessOptions"),
    ("styles.ID of kind default", "DefaultStyle"),
    ("styles.ID of kind grey", "GreyStyle"),
    ("styles.ID of kind ramp", "RampStyle"),
    ("styles.ID of kind hillshade", "HillshadeStyle"),
    ("styles.ID of kind palette", "PaletteStyle"),
    ("styles.ID of kind rgb", "RgbStyle"),
    ("styles.ID.legend", "LegendDrawing"),
    ("styles.ID.legends[]", "LegendSettings"),
    ("caches.ID of kind sqlite", "SqliteCache"),
    ("caches.ID of kind files", "FilesCache"),
    ("caches.ID of kind none", "NoCache"),
    ("defaults", "DefaultsSettings"),
    ("layers.ID", "LayerSettings"),
    ("layers.ID.dimensions.ID", "DimensionSettings"),
    ("layers.ID.dimensions.ID.nearest", "NearestSettings"),
    ("layers.ID.matrix_sets[]", "MatrixSetUse"),
    ("layers.ID.client_max_age_s", "MaxAgeSettings"),
    ("layers.ID.client_max_age_s.matrices[]", "MaxAgeRule"),
    ("layers.ID.encoding", "EncodingSettings"),
    ("layers.ID.feature_info", "FeatureInfoSettings"),
    ("layers.ID.feature_info.bands[]", "InfoBandSettings"),
    ("themes.ID.ID", "ThemeSettings"),
)
"""The heading of each block of the catalogue, and the name of its model in the schema."""


def type_in_words(field: Mapping[str, Any]) -> str:
    """Return the values that a part of the schema allows; blocks become links to their heading."""
    if "$ref" in field:
        return _link(field["$ref"])
    if "oneOf" in field:
        return " or ".join(map(type_in_words, field["oneOf"]))
    if "anyOf" in field:
        return _choice(field)
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    match field.get("type"):
        case "array":
            return _list(field)
        case "object":
            return f"mapping to {type_in_words(field['additionalProperties'])}"
        case "string":
            if "pattern" in field:
                return "colour"
            return "format" if "image/png" in field.get("examples", ()) else "string"
        case "boolean":
            return "`true`, `false`"
        case kind:
            return _number(field, "whole number" if kind == "integer" else "number")


def _choice(field: Mapping[str, Any]) -> str:
    choices = [each for each in field["anyOf"] if each.get("type") != "null"]
    kinds = [each.get("type") for each in choices]
    if kinds == ["string", "number", "object"]:
        return "text"
    if kinds[:2] == ["string", "number"]:
        # A text that looks like a number needs no quotes.
        word = "identifier" if field.get("maxLength") else "string"
        words = [word, *map(type_in_words, choices[2:])]
    else:
        words = [type_in_words(each) for each in choices]
    # Where null only means "not written" it is not worth a word.
    if len(choices) < len(field["anyOf"]) and "null" in field.get("description", ""):
        words.append("`null`")
    return " or ".join(words)


def _list(field: Mapping[str, Any]) -> str:
    parts = field.get("prefixItems")
    if parts:
        kinds = [type_in_words(part) for part in parts]
        return f"{len(kinds)} × {kinds[0]}" if len({*kinds}) == 1 else f"[{', '.join(kinds)}]"
    few, many = field.get("minItems"), field.get("maxItems")
    if few is not None and few == many:
        return f"{few} × {type_in_words(field['items'])}"
    return f"list of {type_in_words(field['items'])}" + (f", at most {many:,}" if many else "")


def _number(field: Mapping[str, Any], word: str) -> str:
    low, above, high = (field.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    if low is None and above is None:
        return word
    start = f"{low:,.12g}" if low is not None else f"above {above:,.12g}"
    return f"{word}, {start} to {high:,.12g}" if high is not None else f"{word}, {start}"


def _link(reference: str) -> str:
    model = reference.rpartition("/")[2]
    heading = next(heading for heading, name in BLOCKS if name == model)
    return f"[{heading}](#{anchor(heading)})"
