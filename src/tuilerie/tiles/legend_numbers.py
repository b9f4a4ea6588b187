"""The numbers of legends: where ticks stand, and how a language writes numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

__all__ = ["decimals_of", "number_text", "round_ticks"]

# fmt: off
_COMMA: Final = frozenset({
    "af", "be", "bg", "bs", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr",
    "hu", "hy", "id", "is", "it", "ka", "kk", "lt", "lv", "mk", "nb", "nl", "nn", "no", "pl", "pt",
    "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk", "uz", "vi",
})
# fmt: on
"""Languages with a decimal comma (Unicode CLDR); some of their countries have a point."""
_POINT_REGIONS: Final = frozenset({"de-ch", "de-li", "it-ch", "es-mx", "es-us", "es-pr"})

_THIN: Final = "\u202f"
_MINUS: Final = "−"
_SUPERSCRIPT: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_FACTORS: Final = ((1, math.sqrt(2)), (2, math.sqrt(10)), (5, math.sqrt(50)), (10, math.inf))
_PLAIN_BELOW: Final = 1e9
_PLAIN_FROM: Final = 1e-4
_DIGITS: Final = 6
_MOST_DECIMALS: Final = 10


def number_text(value: float, decimals: int, language: str = "") -> str:
    """Return a number as people of a language read it, with so many decimals.

    Thousands are set apart by a thin space, four digits are not: so the SI brochure (5.4.4) has
    it for all languages. Very large and very small numbers are written by powers of ten.
    """
    size = abs(value)
    if size >= _PLAIN_BELOW or 0 < size < _PLAIN_FROM:
        return _by_power(value, language)
    text = f"{size:.{decimals}f}"
    whole, point, rest = text.partition(".")
    if len(whole) > 4:
        first = len(whole) % 3 or 3
        groups = [whole[:first], *(whole[at : at + 3] for at in range(first, len(whole), 3))]
        whole = _THIN.join(groups)
    sign = _MINUS if value < 0 and float(text) else ""
    return f"{sign}{whole}{_mark(language) if point else ''}{rest}"


def _by_power(value: float, language: str) -> str:
    digits, _, exponent = f"{abs(value):.{_DIGITS - 1}e}".partition("e")
    digits = digits.rstrip("0").rstrip(".").replace(".", _mark(language))
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    sign = _MINUS if value < 0 else ""
    return sign + (power if digits == "1" else f"{digits}×{power}")


def _mark(language: str) -> str:
    tag = language.lower()
    comma = tag.split("-")[0] in _COMMA and tag not in _POINT_REGIONS
    return "," if comma else "."


def decimals_of(values: Sequence[float]) -> int:
    """Return how many decimals it takes to write all of some values to six digits."""
    most = 0
    for value in values:
        if _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
            exponent = Decimal(f"{value:.{_DIGITS}g}").normalize().as_tuple().exponent
            most = max(most, -int(exponent))
    return min(most, _MOST_DECIMALS)


def round_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return about `count` values from low to high that are round: multiples of 1, 2 or 5 × 10ⁿ."""
    raw = (high - low) / max(1, count - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    # The nearest by ratio: the bounds are where two factors are equally far.
    factor = next(one for one, end in _FACTORS if raw / power <= end)
    step = factor * power
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # By multiplication: a sum of tenths would not end at one.
    values = [float(f"{number * step:.15g}") for number in range(first, last + 1)]
    return tuple(dict.fromkeys(values))
