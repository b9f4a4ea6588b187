"""The command's manners: help, versions, exit codes, completion, and pipes that close."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.cli.conftest import Invoke, Program
from tests.journeys.running import COMMAND
from tuilerie import __version__

VERBS = ("serve", "check", "schema", "inspect")


def test_version_is_the_packages(program: Program) -> None:
    """A report of a fault that names a version which nobody has."""
    run = program("--version")
    assert (run.returncode, run.stdout, run.stderr) == (0, f"tuilerie {__version__}\n", "")


def test_help_names_every_command_and_exit_code(invoke: Invoke) -> None:
    """A command that nobody can find, or a script that cannot tell faults apart."""
    shown = invoke("--help")
    assert shown.exit_code == 0
    for verb in VERBS:
        assert f" {verb} " in shown.stdout
    assert "0 done" in shown.stdout
    assert "3 the server could not start" in shown.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_help(invoke: Invoke, verb: str) -> None:
    """A command that explains nothing, or that must import the world to explain itself."""
    shown = invoke(verb, "--help")
    assert shown.exit_code == 0
    assert f"tuilerie {verb}" in shown.stdout.replace("root", "tuilerie")
    assert len(shown.stdout.splitlines()) > 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["serve"],
        ["serve", "--nonsense", "a.tif"],
        ["serve", "a.tif", "--port", "eighty"],
        ["serve", "a.tif", "--port", "65536"],
        ["serve", "a.tif", "--port", "-1"],
        ["serve", "a.tif", "--workers", "0"],
        ["serve", "a.tif", "--workers", "1.5"],
        ["serve", "a.tif", "--log-format", "xml"],
        ["serve", "a.tif", "--log-level", "loud"],
        ["serve", "a.tif", "--prefix", "maps"],
        ["serve", "a.tif", "--prefix", "/maps?x"],
        ["serve", "a.tif", "--trusted-proxy", "nobody"],
        ["serve", "a.tif", "--ready-answers-mb", "-1"],
        ["serve", "a.tif", "--graceful-timeout", "soon"],
        ["serve", "catalogue.yaml", "a.tif"],
        ["serve", "a.tif", "catalogue.YML"],
        ["check"],
        ["check", "one.yaml", "two.yaml"],
        ["inspect"],
        ["schema", "nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_exit_with_2(invoke: Invoke, arguments: list[str]) -> None:
    """A typing error that starts something, or that looks like faulty data to a script."""
    run = invoke(*arguments)
    assert run.exit_code == 2
    assert "Traceback" not in run.output
    assert "Error" in run.output or "Usage" in run.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(program: Program, shell: str) -> None:
    """A script that the shell cannot read."""
    run = program(env={"PATH": "/usr/bin:/bin", "_TUILERIE_COMPLETE": f"source_{shell}"})
    assert run.returncode == 0
    assert "_TUILERIE_COMPLETE" in run.stdout or "tuilerie" in run.stdout
    if shell == "bash":
        checked = subprocess.run(["bash", "-n"], input=run.stdout, text=True, check=False)
        assert checked.returncode == 0


def test_completion_knows_commands_and_options(program: Program) -> None:
    """The tab key that answers with nothing, or with a traceback."""
    for typed, expected in (
        ("tuilerie s", {"serve", "schema"}),
        ("tuilerie serve --por", {"--port"}),
    ):
        words = typed.split()
        run = program(
            env={
                "PATH": "/usr/bin:/bin",
                "_TUILERIE_COMPLETE": "complete_bash",
                "COMP_WORDS": typed,
                "COMP_CWORD": str(len(words) - 1),
            }
        )
        assert expected <= set(run.stdout.split())
        assert run.stderr == ""


def test_schema_is_one_and_the_demo_follows_it(invoke: Invoke, demo: Path) -> None:
    """An editor that underlines what the server takes."""
    run = invoke("schema")
    assert run.exit_code == 0
    schema = json.loads(run.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    document = yaml.safe_load((demo / "catalogue.yaml").read_text("utf-8"))
    jsonschema.validate(document, schema)
    document["layers"]["world"]["tilte"] = "A misspelt key"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_reader_that_leaves_is_no_error() -> None:
    """`tuilerie schema | head`, which ends in a traceback."""
    command = f"{' '.join(COMMAND)} schema | head -1"
    run = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "{\n", "")
