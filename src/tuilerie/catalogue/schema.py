"""The published JSON Schema of the catalogue document, for editors and for other programs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.fields import written_text
from tuilerie.catalogue.model import Text

__all__ = ["SCHEMA_ID", "json_schema"]

SCHEMA_ID = "urn:tuilerie:schema:catalogue:1"

_EXAMPLE = {
    "tuilerie": 1,
    "service": {"title": {"en": "Demo", "fr": "Démonstration"}},
    "sources": {"bluemarble": {"kind": "raster", "path": "data/bluemarble.tif"}},
    "layers": {"world": {"title": "The world", "source": "bluemarble"}},
}


class _Generator(GenerateJsonSchema):
    """Writes defaults as an operator would."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Text):
            return written_text(dft)
        if isinstance(dft, BaseModel):
            return dft.model_dump(mode="json", exclude_unset=True)
        return super().encode_default(dft)


def json_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of what an operator may write.

    YAML is checked by it after reading: keys are texts there, whatever they look like.
    """
    schema = CatalogueDocument.model_json_schema(schema_generator=_Generator)
    schema.pop("title", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Tuilerie catalogue",
        **schema,
        "examples": [_EXAMPLE],
    }
