"""What an operator writes of documents and pictures elsewhere: where they are, what they are."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import LanguageTag, Line, Number, PathText, Settings, Whole
from tuilerie.catalogue.metadata import Legend, MetadataLink

__all__ = ["LegendSettings", "Legends", "Links", "MetadataSettings", "Uri", "WebAddress"]

# No blanks, brackets or broken escapes: schemas check addresses, and some validators closely.
_AFTER = r"(?:[^\s<>\"{}|\\^`\[\]%]|%[0-9A-Fa-f]{2})"
_HOST = r"(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_WEB = re.compile(rf"https?://{_HOST}(?:[/?#]{_AFTER}*)?", re.IGNORECASE)
_AUTHORITY = rf"//(?:{_HOST}(?:[/?#]{_AFTER}*)?|/{_AFTER}*)"
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?:{_AUTHORITY}|(?!//){_AFTER}+)")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)
_BY_SUFFIX = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}


def _web(text: str) -> str:
    if not _WEB.fullmatch(text) or text.count("#") > 1:
        raise PydanticCustomError("url", "{text} is not a web address", {"text": repr(text)[:80]})
    return text


def _uri(text: str) -> str:
    if not _URI.fullmatch(text) or text.count("#") > 1:
        raise PydanticCustomError("uri", "{text} is not a URI", {"text": repr(text)[:80]})
    return text


def _media_type(text: str) -> str:
    if not _MEDIA_TYPE.fullmatch(text):
        raise PydanticCustomError(
            "media_type", "{text} is not a media type", {"text": repr(text)[:80]}
        )
    return text


def _href(value: object) -> object:
    """Take a bare address for the whole link."""
    return {"url": value} if isinstance(value, str) else value


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, dict) else value


WebAddress = Annotated[Line, AfterValidator(_web)]
Uri = Annotated[Line, AfterValidator(_uri)]
MediaType = Annotated[Line, AfterValidator(_media_type)]
Pixels = Annotated[Whole, Field(ge=1, le=10_000)]
Denominator = Annotated[Number, Field(gt=0)]


class MetadataSettings(Settings):
    """A document about something, elsewhere (ows:Metadata)."""

    url: WebAddress = Field(
        description="Address of the document.",
        examples=["https://example.org/csw?service=CSW&request=GetRecordById&id=1"],
    )
    title: Line = Field(default="", description="Name for people.", examples=["Metadata record"])
    role: Uri | None = Field(
        default=None,
        description="URI of what kind of document it is.",
        examples=["http://www.isotc211.org/2005/gmd"],
    )
    about: Uri | None = Field(
        default=None,
        description="URI of the aspect that it tells of.",
        examples=["https://example.org/id/quality"],
    )

    def compiled(self) -> MetadataLink:
        """Return the value that the catalogue keeps."""
        return MetadataLink(self.url, self.title, self.role or "", self.about or "")


class LegendSettings(Settings):
    """A picture that explains a style (LegendURL)."""

    url: WebAddress | None = Field(
        default=None,
        description="Address of the picture; or name a file.",
        examples=["https://example.org/legend.png"],
    )
    file: PathText | None = Field(
        default=None,
        description="A picture that the server hands out, from the catalogue's folder.",
        examples=["legends/relief.png"],
    )
    format: MediaType | None = Field(
        default=None,
        description="Media type; by the ending of the address or file if absent.",
        examples=["image/png"],
    )
    width: Pixels | None = Field(default=None, description="Width.", examples=[120])
    height: Pixels | None = Field(default=None, description="Height.", examples=[300])
    min_scale_denominator: Denominator | None = Field(
        default=None,
        description="The legend is good from this scale denominator on; one of a matrix.",
        examples=[1000000],
    )
    max_scale_denominator: Denominator | None = Field(
        default=None,
        description="The legend is good below this scale denominator; one of a matrix.",
        examples=[10000000],
    )
    language: LanguageTag | None = Field(
        default=None,
        description="Language of what is written on it; it is for all readers if absent.",
        examples=["fr"],
    )

    @model_validator(mode="after")
    def _check(self) -> LegendSettings:
        if (self.url is None) == (self.file is None):
            raise PydanticCustomError("legend", "a legend has either its address or its file")
        if not self.media_type:
            raise PydanticCustomError("legend_format", "nobody knows what format this legend has")
        low, high = self.min_scale_denominator, self.max_scale_denominator
        if low is not None and high is not None and low >= high:
            raise PydanticCustomError(
                "range_order",
                "the minimum {low} is not below the maximum {high}",
                {"low": low, "high": high},
            )
        return self

    @property
    def media_type(self) -> str:
        """The media type, "" if it is neither written nor known from the name."""
        if self.format is not None:
            return self.format
        name = (self.file or self.url or "").partition("?")[0].partition("#")[0]
        return _BY_SUFFIX.get(name.rpartition(".")[2].lower(), "")

    def compiled(self) -> Legend:
        """Return the value that the catalogue keeps; a relative file stays so."""
        return Legend(
            self.media_type,
            self.url or "",
            self.file or "",
            self.width or 0,
            self.height or 0,
            self.min_scale_denominator,
            self.max_scale_denominator,
            self.language or "",
        )


Links = Annotated[
    tuple[
        Annotated[
            MetadataSettings,
            BeforeValidator(_href, json_schema_input_type=str | MetadataSettings),
        ],
        ...,
    ],
    Field(max_length=100),
]
"""Documents, each as an address or as a block."""

Legends = Annotated[
    tuple[LegendSettings, ...],
    Field(max_length=100),
    BeforeValidator(
        _one_or_more, json_schema_input_type=LegendSettings | tuple[LegendSettings, ...]
    ),
]
"""One legend, or several for ranges of scales or languages."""
