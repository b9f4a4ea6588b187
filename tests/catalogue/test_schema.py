"""The published schema: says what the models say."""

from __future__ import annotations

import jsonschema
import pytest

from tests.catalogue.documents import EXAMPLE, layer_text
from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.schema import json_schema
from tuilerie.catalogue.yaml_text import read_yaml

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema_with_a_name():
    """Editors would not know which draft it is, or not accept it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:tuilerie:schema:catalogue:1"


@pytest.mark.parametrize(
    "text",
    [EXAMPLE.read_text(encoding="utf-8"), layer_text(title="2024", styles="[grey]")],
)
def test_what_loads_is_valid(text):
    """An editor would mark a good catalogue as wrong."""
    assert [error.message for error in VALIDATOR.iter_errors(read_yaml(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "tuilerie: 1\nlayers: {}\nservise: {}",
        "tuilerie: 2\nlayers: {}",
        "tuilerie: 1",
        "tuilerie: 1\nlayers: {a: {}}",
        "tuilerie: 1\nlayers: {}\nsources: {a: {kind: rastr, path: x}}",
        "tuilerie: 1\nlayers: {}\ndefaults: {buffer_px: 257}",
        "tuilerie: 1\nlayers: {}\nstyles: {a: {kind: palette, colours: {0: red}}}",
    ],
)
def test_what_is_wrong_in_form_is_invalid(text):
    """An editor would let a mistake pass that `tuilerie check` finds."""
    assert not VALIDATOR.is_valid(read_yaml(text))


def fields(schema: dict) -> list[tuple[str, str, dict]]:
    blocks = {"CatalogueDocument": SCHEMA, **schema["$defs"]}
    return [
        (block, name, field)
        for block, body in blocks.items()
        for name, field in body.get("properties", {}).items()
    ]


@pytest.mark.parametrize(
    ("block", "name", "field"),
    fields(SCHEMA),
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_every_field_explains_itself(block, name, field):
    """A setting would stand in the reference without a word, or with an example that fails."""
    assert field.get("description"), f"{block}.{name} has no description"
    assert field.get("examples"), f"{block}.{name} has no example"
    inner = VALIDATOR.evolve(schema={**field, "$defs": SCHEMA["$defs"]})
    values = [*field["examples"], *([field["default"]] if "default" in field else [])]
    for value in values:
        assert [error.message for error in inner.iter_errors(value)] == []


def test_the_models_take_their_own_examples():
    """The example of the reference would be refused by the program."""
    for example in SCHEMA["examples"]:
        CatalogueDocument.model_validate(example)
