"""The reference has everything: a setting, option, route or code without a row fails."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import get_args
from urllib.parse import unquote, urlsplit

import pytest
import typer

from tests.docs.markdown_text import DOCS, ROOT, anchors, documents, headings, links, rows, section
from tuilerie import errors
from tuilerie.catalogue.schema import json_schema
from tuilerie.cli.main import app
from tuilerie.grids import named_matrix_sets
from tuilerie.protocols.wmts import rest
from tuilerie.protocols.wmts.exceptions import REPORTING
from tuilerie.server import app as application
from tuilerie.server import frontpage
from tuilerie.sources.remote.backoff import COUNTED, PASSING

sys.path.insert(0, str(ROOT / "tools"))

import reference_pages
from reference_pages.metrics import metrics
from reference_pages.schema_words import BLOCKS

REFERENCE = DOCS / "reference"


@pytest.mark.parametrize("name", reference_pages.PAGES)
def test_generated_page_is_what_the_code_says(name: str) -> None:
    """A setting or option was changed and the page was not written anew."""
    written = (REFERENCE / name).read_text("utf-8")
    assert written == reference_pages.PAGES[name](), "run .venv/bin/python tools/make-reference"


def test_every_setting_has_a_row() -> None:
    schema = json_schema()
    page = REFERENCE / "catalogue.md"
    documented = {model: rows(section(page, heading)) for heading, model in BLOCKS}
    documented["document"] = rows(section(page, "The document"))
    wanted = {model: set(block["properties"]) for model, block in schema["$defs"].items()}
    wanted["document"] = set(schema["properties"])
    assert documented == wanted


def test_every_command_and_option_has_a_row() -> None:
    page = REFERENCE / "command.md"
    root = typer.main.get_command(app)
    assert {f"tuilerie {name}" for name in root.commands} <= set(headings(page))
    for name, command in root.commands.items():
        documented = rows(section(page, f"tuilerie {name}"))
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert {*parameter.opts, *parameter.secondary_opts} <= documented


def test_every_exit_code_has_a_row() -> None:
    from tuilerie.cli.problems import EXIT_DATA, EXIT_REMOTE, EXIT_START

    codes = rows(section(REFERENCE / "command.md", "Exit codes"))
    assert {"0", str(EXIT_DATA), "2", str(EXIT_START), str(EXIT_REMOTE), "130"} == codes


def test_every_metric_has_a_row() -> None:
    assert {metric.name for metric in metrics()} == rows(_text("metrics.md"))


def test_every_kind_of_failure_of_a_remote_has_a_row() -> None:
    """With what the client does about it: a kind is retried, and the page says that it is not."""
    text = (DOCS / "explanation" / "remote-servers.md").read_text("utf-8")
    assert rows(text) == set(get_args(errors.UpstreamKind))
    for line in text.splitlines():
        if line.startswith("| `"):
            kind, *_, again, counts = (cell.strip(" `") for cell in line.strip("|").split("|"))
            assert (again == "yes") == (kind in PASSING), kind
            assert (counts == "yes") == (kind in COUNTED), kind


def test_every_matrix_set_has_a_row() -> None:
    assert set(named_matrix_sets()) == rows(_text("matrix-sets.md"))


def test_every_exception_code_has_a_row() -> None:
    codes = {
        kind.code
        for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, errors.RequestError)
    }
    text = _text("errors.md")
    assert codes == rows(text)
    assert text.count("\n| `") == len(REPORTING), "a row of the table of statuses is missing"


def test_every_route_has_a_row() -> None:
    """A path that the application compares requests with is not in routes.md."""
    routes = rows(_text("routes.md"))
    template = rest.tile_template("", "LAYER", "EXT", ["D"]).replace("LAYER", "{Layer}")
    template = template.replace("/{D}", "[/{Dimension}…]")
    wanted = {rest.KVP_PATH, rest.CAPABILITIES_PATH, template.replace("EXT", "{extension}")}
    wanted |= {*_paths(application), *_paths(frontpage)}
    documented = {route.partition("?")[0].replace("{version}/{file}", "") for route in routes}
    assert wanted <= documented


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page) -> None:
    """A link leads to a page, picture or heading that is not there."""
    dead = []
    for link in links(page):
        target = urlsplit(link)
        if target.scheme or target.netloc:
            continue
        file = (page.parent / unquote(target.path)).resolve() if target.path else page
        if not file.exists() or (
            target.fragment and file.suffix == ".md" and target.fragment not in anchors(file)
        ):
            dead.append(link)
    assert not dead


def test_every_page_is_in_the_navigation() -> None:
    """A page that no menu leads to."""
    listed = (ROOT / "mkdocs.yml").read_text("utf-8")
    hidden = [
        page.relative_to(DOCS).as_posix()
        for page in DOCS.rglob("*.md")
        if page.relative_to(DOCS).as_posix() not in listed and page.parent.name != "decisions"
    ]
    assert not hidden


def _text(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def _paths(module: ModuleType) -> Iterator[str]:
    """Yield the paths that a module's code compares requests with."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if text.startswith("/") and text.isprintable() and " " not in text and text != "//":
                yield text
