"""Says in plain words what libyaml could not read, and what to write instead."""

from __future__ import annotations

import yaml

from tuilerie.errors import Problem

__all__ = ["character_problem", "syntax_problem"]


def syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Return what is wrong where libyaml stopped."""
    mark = error.problem_mark or error.context_mark
    message = error.problem or error.context or "this is not YAML"
    return Problem(
        f"this is not YAML: {message}{_context(error)}",
        _syntax_hint(message, text[mark.index : mark.index + 1] if mark else ""),
        file=file,
        line=mark.line + 1 if mark else 0,
        column=mark.column + 1 if mark else 0,
    )


def _context(error: yaml.MarkedYAMLError) -> str:
    if not error.context or error.context_mark is None:
        return ""
    return f" {error.context} that begins in line {error.context_mark.line + 1}"


def _syntax_hint(message: str, char: str) -> str:
    if char == "\t":
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in message:
        return (
            "put texts that contain a colon in quotes, and begin the keys of one block in the "
            "same column"
        )
    if "cannot start any token" in message:
        return f"put texts that begin with {char} in quotes"
    if "unexpected end of stream" in message:
        return "close the quotes"
    if "expected ',' or" in message:
        return "close the bracket, and put texts in quotes that begin with # or contain a bracket"
    if "could not find expected ':'" in message:
        return "put a colon after the key, and keys that contain # in quotes"
    if "block end" in message or "expected key" in message or "not allowed in this" in message:
        return "keys of one block must begin in the same column"
    return ""


def character_problem(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    """Place a character that YAML forbids; libyaml tells its offset in the text's bytes."""
    before = text.encode("utf-8", "replace")[: error.position].decode("utf-8", "replace")
    return Problem(
        f"the character {error.character!r} is not allowed: {error.reason}"
        if isinstance(error.character, str)
        else f"the character 0x{error.character:02x} is not allowed",
        "remove it",
        file=file,
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
    )
