"""What unquoted scalars mean: the core schema of YAML 1.2, and not a word more.

So `no` is a text (and Norwegian) rather than a truth value, 12:30 is a text rather than 750, and
dates are texts. Numbers remember an unusual spelling, for where a text is wanted.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["SpelledFloat", "SpelledInt", "plain_scalar"]

_LONGEST_NUMBER = 100

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, Any] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMBER_STARTS = frozenset("0123456789+-.")


class SpelledInt(int):
    """A whole number that was not spelled as Python would, e.g. 007."""

    spelling: str


class SpelledFloat(float):
    """A number that was not spelled as Python would, e.g. 1.10."""

    spelling: str


def plain_scalar(text: str) -> Any:
    """Return what an unquoted scalar means by the core schema of YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        whole = int(text, base)
        if str(whole) == text:
            return whole
        spelled_int = SpelledInt(whole)
        spelled_int.spelling = text
        return spelled_int
    if _FLOAT.fullmatch(text):
        number = float(text)
        if str(number) == text:
            return number
        spelled_float = SpelledFloat(number)
        spelled_float.spelling = text
        return spelled_float
    return text
