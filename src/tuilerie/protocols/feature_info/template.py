"""The templates that an operator may write for HTML: Jinja's, without what could be endless.

A template is asked for by strangers, as often as they like, so no template may run or grow without
bound, by mistake or by malice. That is decided once, by reading it, and not by a clock:

- loops go over what is given to the template (`features`, `feature.attributes`), at most three in
  each other; there is no `range`;
- nothing keeps a value (`set`, `with`, `macro`): each output is made of the given values and of
  the template's own text, so it is no longer than both;
- filters are those that lengthen nothing but by a constant factor; nothing is called.

What is left shows features in any layout. All values are escaped; Jinja's sandbox keeps a
template from reaching into Python. The bound of the output holds beside all that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["MAX_HTML_BYTES", "TemplateFault", "compile_template", "render"]

MAX_HTML_BYTES: Final = 1_048_576
_MAX_LOOPS: Final = 3
"""In each other: features, their attributes, and one to spare."""

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.For,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.Concat,
    nodes.List,
    nodes.Tuple,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
)
_FILTERS: Final = frozenset(
    {"abs", "capitalize", "d", "default", "e", "escape", "first", "float", "int", "last"}
    | {"length", "lower", "round", "title", "trim", "upper", "urlencode"}
)
_TESTS: Final = frozenset(
    {"defined", "undefined", "none", "number", "string", "eq", "ne", "lt", "le", "gt", "ge"}
    | {"in", "true", "false", "even", "odd", "sameas", "=="}
)
_FAILURES: Final = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError)
"""What a template can raise: its own errors, and those of its arithmetic."""


class TemplateFault(ValueError):
    """A template cannot be used, or failed; the message is for the operator."""


class _Environment(ImmutableSandboxedEnvironment):
    """Names in mappings are keys, never methods; numbers alone may be reckoned with."""

    intercepted_binops = frozenset({"+", "-", "*", "/"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):  # `feature.values` is ours, not the method of a dict
            return self.getitem(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            try:
                return obj[argument]
            except (KeyError, TypeError):
                return self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        # A text times a number is long.
        for operand in (left, right):
            if isinstance(operand, bool) or not isinstance(operand, int | float):
                raise TemplateFault(f"{operator} is for numbers only")
        # As floats: whole numbers multiplied again and again have no end.
        return super().call_binop(context, operator, float(left), float(right))


def _environment() -> _Environment:
    made = _Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


_ENVIRONMENT: Final = _environment()


@lru_cache(maxsize=64)
def compile_template(text: str) -> Template:
    """Return a template that has been found harmless.

    Raises: TemplateFault: it is not Jinja's language, or not the part of it that is taken.
    """
    try:
        _check(_ENVIRONMENT.parse(text), loops=0)
        return _ENVIRONMENT.from_string(text)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f"line {line}: " if line else ""
        raise TemplateFault(f"{where}{error.message or type(error).__name__}") from None
    except (SyntaxError, RecursionError, MemoryError):
        raise TemplateFault("it is nested too deeply") from None


def _check(node: nodes.Node, *, loops: int) -> None:
    """Look at a part of a template and at all that is in it."""
    if not isinstance(node, _ALLOWED):
        raise TemplateFault(f"line {node.lineno}: {_called(node)} is not taken here")
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise TemplateFault(f"line {node.lineno}: there is no filter {node.name!r} here")
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise TemplateFault(f"line {node.lineno}: there is no test {node.name!r} here")
    if isinstance(node, nodes.For):
        loops += 1
        if loops > _MAX_LOOPS:
            raise TemplateFault(f"line {node.lineno}: more than {_MAX_LOOPS} loops in each other")
        if node.recursive or not isinstance(node.iter, nodes.Name | nodes.Getattr):
            raise TemplateFault(f"line {node.lineno}: a loop goes over a given list alone")
    for child in node.iter_child_nodes():
        _check(child, loops=loops)


def _called(node: nodes.Node) -> str:
    return {"Call": "a call", "Assign": "set", "AssignBlock": "set", "Pow": "**"}.get(
        type(node).__name__, type(node).__name__.lower()
    )


def render(text: str, given: Mapping[str, Any]) -> str:
    """Return what a template makes of the given values.

    Raises: TemplateFault: it cannot be used, fails on these values, or makes too much of them.
    """
    template = compile_template(text)
    try:
        return "".join(_bounded(template.generate(given)))
    except TemplateFault:
        raise
    except _FAILURES as error:
        raise TemplateFault(f"{type(error).__name__}: {error}") from None


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece.encode("utf-8", "replace"))
        if size > MAX_HTML_BYTES:
            raise TemplateFault(f"it makes more than {MAX_HTML_BYTES:,} bytes")
        yield piece
