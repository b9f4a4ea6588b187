"""The page of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
import re
from enum import EnumType
from types import UnionType
from typing import Any, get_args

import typer

from reference_pages.markdown import NOTE, code, page, table
from tuilerie.cli.main import app

__all__ = ["command_page"]


def command_page() -> str:
    """Return the page."""
    root: Any = typer.main.get_command(app)
    parts = ["# The command", NOTE, _words(root.help), "## Options of every call", _options(root)]
    for name, command in root.commands.items():
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        metavars = [each.metavar or each.name.upper() for each in arguments]
        usage = " ".join(("tuilerie", name, "[OPTION]…", *metavars))
        parts += [f"## tuilerie {name}", f"```text\n{usage}\n```", _words(command.help)]
        rows = [(code(m), each.help) for m, each in zip(metavars, arguments, strict=True)]
        parts += [table(("argument", "what"), rows)] if rows else []
        parts.append(_options(command))
    codes = re.findall(r"(\d+) ([^;]+)", " ".join(root.epilog.split()).rstrip("."))
    parts += [
        "## Exit codes",
        table(("code", "meaning"), [(code(number), meaning) for number, meaning in codes]),
    ]
    return page(parts)


def _options(command: Any) -> str:
    rows = {
        option.name: (
            ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts)),
            _value(option),
            _default(option),
            option.help or "",
        )
        for option in command.params
        if option.param_type_name == "option"
    }
    rows.setdefault("help", ("`--help`", "", "", "Show this message and exit."))
    return table(("option", "value", "default", "what"), rows.values())


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    kind = _kind(option.type_descriptor.annotation)
    if isinstance(kind, EnumType):
        return ", ".join(f"`{choice.value}`" for choice in kind)
    word = code(option.metavar or "") or ("whole number" if kind is int else "text")
    if option.min is None:
        return word
    return (
        f"{word}, {option.min} to {option.max}" if option.max else f"{word}, {option.min} or more"
    )


def _kind(annotation: Any) -> Any:
    """Return what an option is, whether it may be absent or not."""
    return get_args(annotation)[0] if isinstance(annotation, UnionType) else annotation


def _default(option: Any) -> str:
    value = getattr(option.default, "value", option.default)
    if option.is_flag:
        return code((option.opts if value else option.secondary_opts or [""])[0])
    return "" if value in (None, "") or callable(value) else code(str(value))


def _words(text: str) -> str:
    """Turn rich's markup into Markdown."""
    return re.sub(r"\[bold\](.*?)\[/\]", r"`\1`", inspect.cleandoc(text))
