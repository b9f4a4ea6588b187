"""What the documentation shows works: catalogues load, commands and options exist."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import jsonschema
import pytest
import typer

from tests.docs.markdown_text import DOCS, ROOT, Block, blocks
from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.load import parse_document
from tuilerie.catalogue.yaml_text import read_yaml
from tuilerie.cli.main import app
from tuilerie.cli.schema import schema

YAML = list(blocks("yaml"))
WHOLE = [block for block in YAML if block.text.startswith("tuilerie: 1")]
PARTS = [block for block in YAML if not block.text.startswith("tuilerie: 1")]


def _name(block: Block) -> str:
    return f"{block.page.relative_to(ROOT)}:{block.line}"


@pytest.mark.parametrize("block", WHOLE, ids=_name)
def test_whole_catalogue_loads(block: Block) -> None:
    loaded = parse_document(block.text, file=_name(block), base=DOCS)
    assert loaded.document.layers


@pytest.mark.parametrize("block", PARTS, ids=_name)
def test_part_of_a_catalogue_has_the_right_form(block: Block) -> None:
    """A block of a catalogue with a setting that does not exist, or a value that is refused."""
    part = read_yaml(block.text)
    CatalogueDocument.model_validate({"tuilerie": 1, "layers": {}, **part})


def test_documentation_shows_catalogues() -> None:
    """The tests above found nothing to test."""
    assert len(WHOLE) >= 3
    assert len(PARTS) >= 8


def _commands() -> list[tuple[str, list[str]]]:
    found = []
    for block in blocks("sh", "shell", "bash", "console"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["tuilerie"]:
                found.append((f"{_name(block)} {line.strip()[:60]}", _plain(words[1:])))
    return found


def _plain(words: list[str]) -> list[str]:
    """Return the arguments without what a shell does with them."""
    ends = [n for n, word in enumerate(words) if word in (">", "|", "&", "&&", "2>", ">>")]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("words", [pytest.param(words, id=name) for name, words in _commands()])
def test_shown_command_is_understood(words: list[str]) -> None:
    """A command or option that does not exist, or a value that it does not take."""
    root = typer.main.get_command(app)
    if words and words[0].startswith("-"):
        known = {name for parameter in root.params for name in parameter.opts} | {"--help"}
        assert set(words) <= known
        return
    command = root.commands[words[0]]
    if "--help" in words:
        return
    command.make_context(words[0], words[1:])


def test_documentation_shows_commands() -> None:
    """The test above found nothing to test."""
    assert {"serve", "check", "schema", "inspect"} <= {words[0] for _, words in _commands()}


def test_make_targets_that_are_named_exist() -> None:
    """`make something` in a block, and no such target."""
    targets = {
        line.split(":")[0]
        for line in (ROOT / "Makefile").read_text("utf-8").splitlines()
        if ":" in line
    }
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["make"]:
                assert {word for word in words[1:] if "=" not in word} <= targets, _name(block)


def test_demo_validates_against_the_printed_schema(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An editor that uses what `tuilerie schema` prints would find fault with the demo."""
    schema()
    printed_schema = json.loads(capsys.readouterr().out)
    document = read_yaml((demo / "catalogue.yaml").read_text("utf-8"))
    checker = jsonschema.Draft202012Validator(printed_schema)
    checker.check_schema(printed_schema)
    assert [error.message for error in checker.iter_errors(document)] == []
