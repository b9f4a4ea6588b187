"""The kinds of value that an operator writes, each refused with a sentence that says what to write.

Every type here is a pydantic annotation that other files of the room put on their fields.
Numbers are strict (true is no number, "5" is no 5), texts are kind: a number that stands where
text is wanted is taken as it was spelled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    Strict,
)
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.model import Text
from tuilerie.formats import FORMATS, ImageFormat, format_by_extension, format_by_media_type
from tuilerie.grids import Crs

__all__ = [
    "MAX_IDENTIFIER_LENGTH",
    "AnyNumber",
    "Colour",
    "CrsText",
    "Extent",
    "Flag",
    "Format",
    "Identifier",
    "LanguageTag",
    "Line",
    "LocalText",
    "MetatileSize",
    "Number",
    "PathText",
    "Settings",
    "TileSize",
    "Whole",
    "identifier_fault",
    "spelled",
    "written_text",
]

MAX_IDENTIFIER_LENGTH = 200

_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot carry in any spelling (its production 2)."""


class Settings(BaseModel):
    """What every block of the document has in common: unknown keys refused, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def spelled(value: object) -> object:
    """Return a number as the operator spelled it, since text was wanted; else the value itself."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return getattr(value, "spelling", None) or str(value)


def identifier_fault(text: str) -> str:
    """Tell what keeps a text from being an identifier, as "… must …"; "" if nothing.

    Anything printable may stand in one, `/ ? # & < %` and every script included: addresses and
    file names escape it. Control characters, "." and ".." cannot be escaped everywhere.
    """
    if not text:
        return "an identifier must not be empty"
    if len(text) > MAX_IDENTIFIER_LENGTH:
        return f"an identifier must have at most {MAX_IDENTIFIER_LENGTH} characters"
    if not text.isprintable():
        odd = next(char for char in text if not char.isprintable())
        return f"an identifier must have printable characters only, not {odd!a}"
    if text != text.strip():
        return "an identifier must not begin or end with a blank"
    if text in {".", ".."}:
        return 'an identifier must not be "." or ".."'
    return ""


def _identifier(text: str) -> str:
    fault = identifier_fault(text)
    if fault:
        raise PydanticCustomError("identifier", "{fault}", {"fault": fault})
    return text


def _text(text: str) -> str:
    odd = _NOT_XML.search(text)
    if odd:
        raise PydanticCustomError(
            "text", "the character {odd} cannot stand in a text", {"odd": ascii(odd.group())}
        )
    return text.strip()


def _local_text(value: object) -> Text:
    """Read a text in one language or in several."""
    value = spelled(value)
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        text = _text(value)
        return Text((("", text),)) if text else Text()
    if isinstance(value, Mapping):
        return Text(tuple(_variant(tag, text) for tag, text in value.items()))
    raise PydanticCustomError("local_text", "a text is wanted here")


def written_text(text: Text) -> str | dict[str, str]:
    """Return a text as it would be written."""
    return dict(text.variants) if any(tag for tag, _ in text.variants) else text.best()


def _language(tag: object) -> str:
    if not isinstance(tag, str) or not _LANGUAGE.fullmatch(tag):
        raise PydanticCustomError(
            "language", "{tag} is not a language tag", {"tag": repr(tag)[:60]}
        )
    return tag


def _variant(tag: object, text: object) -> tuple[str, str]:
    """Check one language of a text."""
    tag = _language(tag)
    text = spelled(text)
    if not isinstance(text, str) or not text.strip():
        raise PydanticCustomError(
            "language_text", "there is no text for language {tag}", {"tag": tag}
        )
    return tag, _text(text)


def _colour(text: str) -> str:
    """Return a colour as #rrggbb or #rrggbbaa in small letters."""
    if not _COLOUR.fullmatch(text):
        raise PydanticCustomError("colour", "{text} is not a colour", {"text": repr(text)[:60]})
    digits = text[1:].lower()
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits}"


def _format(value: object) -> ImageFormat:
    """Read a media type or a file extension."""
    if isinstance(value, ImageFormat):
        return value
    if isinstance(value, str):
        for read in (format_by_media_type, format_by_extension):
            try:
                return read(value.strip())
            except KeyError:
                continue
    raise PydanticCustomError("format", "{value} is not a tile format", {"value": repr(value)[:60]})


def _written_format(fmt: ImageFormat) -> str:
    return fmt.media_type


def _crs(text: str) -> str:
    """Check that PROJ knows a CRS; the operator's spelling stays."""
    try:
        Crs.parse(text)
    except ValueError as error:
        raise PydanticCustomError("crs", "{why}", {"why": str(error)}) from error
    return text


def _extent(values: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, bottom, right, top = values
    if left >= right or bottom >= top:
        raise PydanticCustomError("extent", "the rectangle has no area")
    return values


def _both(value: object) -> object:
    """Take one number for both axes."""
    return [value, value] if isinstance(value, int) and not isinstance(value, bool) else value


def _path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise PydanticCustomError("path", "a path must not be empty")
    return text


_TileSide = Annotated[int, Strict(), Field(ge=16, le=4096)]
_MetatileSide = Annotated[int, Strict(), Field(ge=1, le=16)]
_Spelled = BeforeValidator(spelled, json_schema_input_type=str | float)

Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
"""A finite number."""
AnyNumber = Annotated[float, Strict(), AllowInfNan(True)]
"""A number, `.nan` and `.inf` included: what data files use to say "no data"."""
Line = Annotated[str, _Spelled, AfterValidator(_text)]
"""Plain text that can stand in XML."""
LanguageTag = Annotated[str, AfterValidator(_language)]
"""BCP 47, by its form."""
Identifier = Annotated[
    str,
    _Spelled,
    AfterValidator(_identifier),
    Field(json_schema_extra={"minLength": 1, "maxLength": MAX_IDENTIFIER_LENGTH}),
]
LocalText = Annotated[
    Text,
    PlainValidator(_local_text, json_schema_input_type=str | float | dict[str, str]),
    PlainSerializer(written_text),
]
Colour = Annotated[
    str,
    AfterValidator(_colour),
    Field(json_schema_extra={"pattern": f"^{_COLOUR.pattern}$"}),
]
Format = Annotated[
    ImageFormat,
    PlainValidator(_format, json_schema_input_type=str),
    PlainSerializer(_written_format),
    Field(
        json_schema_extra={
            "examples": [fmt.media_type for fmt in FORMATS] + [fmt.extension for fmt in FORMATS]
        }
    ),
]
CrsText = Annotated[str, _Spelled, AfterValidator(_crs)]
Extent = Annotated[tuple[Number, Number, Number, Number], AfterValidator(_extent)]
"""left, bottom, right, top: x first, in CRS units."""
PathText = Annotated[str, AfterValidator(_path)]

TileSize = Annotated[
    tuple[_TileSide, _TileSide],
    BeforeValidator(_both, json_schema_input_type=_TileSide | tuple[_TileSide, _TileSide]),
]
"""Width and height in pixels, or one number for both."""
MetatileSize = Annotated[
    tuple[_MetatileSide, _MetatileSide],
    BeforeValidator(
        _both, json_schema_input_type=_MetatileSide | tuple[_MetatileSide, _MetatileSide]
    ),
]
"""Columns and rows in tiles, or one number for both."""
