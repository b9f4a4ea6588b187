"""The page of the catalogue's settings, from the JSON Schema that `tuilerie schema` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reference_pages.markdown import NOTE, as_yaml, page, table
from reference_pages.schema_words import BLOCKS, type_in_words
from tuilerie.catalogue.schema import json_schema
from tuilerie.raster.ramps import named_ramps

__all__ = ["catalogue_page"]

_CRS_UNITS, _PIXELS, _SECONDS, _DATA_UNIT = "CRS units", "pixels", "seconds", "the data's"

_UNITS: Mapping[str, str] = {
    "PyramidMatrixSet.origin": _CRS_UNITS,
    "PyramidMatrixSet.extent": _CRS_UNITS,
    "PyramidMatrixSet.cell_sizes": "CRS units per pixel",
    "PyramidMatrixSet.scale_denominators": "ratio",
    "PyramidMatrixSet.first_cell_size": "CRS units per pixel",
    "PyramidMatrixSet.levels": "matrices",
    "*.tile_size": _PIXELS,
    "MatrixSettings.cell_size": "CRS units per pixel",
    "MatrixSettings.scale_denominator": "ratio",
    "MatrixSettings.top_left": _CRS_UNITS,
    "MatrixSettings.bottom_left": _CRS_UNITS,
    "MatrixSettings.matrix_size": "tiles",
    "*.nodata": _DATA_UNIT,
    "*.bands": "band numbers",
    "*.band": "band number",
    "*.range": _DATA_UNIT,
    "RampStyle.stops": _DATA_UNIT,
    "HillshadeStyle.azimuth": "degrees",
    "HillshadeStyle.altitude": "degrees",
    "HillshadeStyle.z_factor": "factor",
    "*.cell_size_factor": "factor",
    "*.max_tiles": "tiles",
    "*.metatile": "tiles",
    "*.buffer_px": _PIXELS,
    "*.client_max_age_s": _SECONDS,
    "MaxAgeSettings.default": _SECONDS,
    "MaxAgeRule.seconds": _SECONDS,
    "LegendDrawing.ticks": "values",
    "LegendDrawing.decimals": "digits",
    "DimensionSettings.moving_max_age_s": _SECONDS,
    "QuerySettings.every_s": _SECONDS,
    "LegendSettings.width": _PIXELS,
    "LegendSettings.height": _PIXELS,
    "LegendSettings.min_scale_denominator": "ratio",
    "LegendSettings.max_scale_denominator": "ratio",
    "*.expire_after_s": _SECONDS,
    "LayerSettings.extent": "units of the data's CRS",
    "EncodingSettings.jpeg_quality": "none",
    "EncodingSettings.webp_quality": "none",
    "EncodingSettings.avif_quality": "none",
    "EncodingSettings.png_level": "none",
    "Catalogue.tuilerie": "none",
    "WmsSource.max_size": _PIXELS,
    "WmsSource.cell_size": "metres",
    "*.bounds": "degrees",
    "XyzSource.min_matrix": "place",
    "XyzSource.max_matrix": "place",
    "OverrideSettings.pixel_m": "metres",
    "*.stale_while_revalidate_s": _SECONDS,
    "UpdateSettings.every_s": _SECONDS,
    "DayOfMonth.day": "day",
    "RemoteOptions.connect_timeout_s": _SECONDS,
    "RemoteOptions.read_timeout_s": _SECONDS,
    "RemoteOptions.total_timeout_s": _SECONDS,
    "RemoteOptions.max_connections": "requests",
    "RemoteOptions.requests_per_s": "requests a second",
    "RemoteOptions.retries": "requests",
    "RemoteOptions.backoff_s": _SECONDS,
    "RemoteOptions.max_retry_after_s": _SECONDS,
    "RemoteOptions.missing_s": _SECONDS,
    "RemoteOptions.max_bytes": "bytes",
    "BreakerOptions.failures": "requests",
    "BreakerOptions.rate": "share",
    "BreakerOptions.window": "requests",
    "BreakerOptions.open_s": _SECONDS,
    "BreakerOptions.max_open_s": _SECONDS,
    "RemoteAccessOptions.ports": "port numbers",
}
"""Units of numbers, by model and setting; a number that has none here stops the writing."""

_INTRODUCTION = """\
One YAML document says what is published. Unknown keys are refused. `ID` stands for an identifier of
your choice: up to 200 printable characters, every script and `/ ? # & < %` included, but not `.` or
`..`, and no blank at either end. Paths of files are meant from the catalogue's folder. `tuilerie
schema` prints the same as a JSON Schema; [describe a catalogue](../how-to/describe-a-catalogue.md)
leads through it.

Coordinates are x first, whatever the CRS says of its axes. A *text* is a string, or one string for
each language: `{en: World, fr: Monde}`. A *format* is a media type or a file extension:
`image/png` (`png`), `image/png; mode=8bit` (`png8`), `image/jpeg` (`jpg`), `image/webp` (`webp`),
`image/avif` (`avif`), `image/vnd.jpeg-png` (`mixed`: JPEG where a tile is opaque, PNG where it is
not). A *colour* is `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`.
"""


def catalogue_page() -> str:
    """Return the page."""
    schema = json_schema()
    models = schema["$defs"]
    unknown = models.keys() - {model for _, model in BLOCKS}
    if unknown:
        raise SystemExit(f"BLOCKS has no place for {', '.join(sorted(unknown))}")
    parts = ["# The catalogue", NOTE, _INTRODUCTION, "## The document", schema["description"]]
    parts.append(_settings("Catalogue", schema))
    for heading, model in BLOCKS:
        parts += [f"## {heading}", models[model]["description"], _settings(model, models[model])]
    ramps = ", ".join(f"`{name}`" for name in sorted(named_ramps()))
    parts += [
        "## Named ramps",
        "For `ramp` of a style of kind ramp. The first colour belongs to the low end of `range`.",
        f"{ramps}.",
    ]
    return page(parts)


def _settings(model: str, schema: Mapping[str, Any]) -> str:
    required: Sequence[str] = schema.get("required", ())
    rows = []
    for name, field in schema["properties"].items():
        default = "required" if name in required else as_yaml(field.get("default"))
        examples = field.get("examples", [])
        rows.append(
            (
                f"`{name}`",
                type_in_words(field),
                default,
                _unit(model, name, field),
                field.get("description", ""),
                as_yaml(examples[-1]) if examples else "",
            )
        )
    return table(("setting", "type", "default", "unit", "what", "example"), rows)


def _unit(model: str, name: str, field: Mapping[str, Any]) -> str:
    found = _UNITS.get(f"{model}.{name}") or _UNITS.get(f"*.{name}")
    if found is None and _is_number(field):
        raise SystemExit(f"_UNITS has no unit for the number {model}.{name}")
    return "" if found in (None, "none") else found


def _is_number(field: Mapping[str, Any]) -> bool:
    """Tell whether numbers are meant: a text that may be spelled as a number is none."""
    choices = field.get("anyOf", [field])
    if any(each.get("type") in ("string", "object") and "const" not in each for each in choices):
        return False
    inner = [part for each in choices for part in each.get("prefixItems", ())]
    inner += [each["items"] for each in choices if isinstance(each.get("items"), dict)]
    numbers = (each.get("type") in ("integer", "number") for each in choices)
    return any(numbers) or any(map(_is_number, inner))
