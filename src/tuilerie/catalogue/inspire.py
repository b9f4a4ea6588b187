"""What INSPIRE wants to know of a view service, as the operator writes it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.addresses import MediaType, Uri, WebAddress
from tuilerie.catalogue.fields import Flag, Line, Settings
from tuilerie.catalogue.metadata import Conformity, Inspire, InspireService

__all__ = ["ConformitySettings", "InspireServiceSettings", "InspireSettings"]

_DATE = re.compile(r"\d{4}-(?:1[0-2]|0[1-9])-(?:3[01]|0[1-9]|[12]\d)", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^.@\s]+\.[^@\s]+")

# fmt: off
EuLanguage = Literal[
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hu",
    "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
]
# fmt: on
"""The languages that INSPIRE's schemas know."""


def _date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise PydanticCustomError("date", "{text} is not a date", {"text": repr(text)[:40]})
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise PydanticCustomError("email", "{text} is no mail address", {"text": repr(text)[:80]})
    return text


Date = Annotated[Line, AfterValidator(_date)]
Email = Annotated[Line, AfterValidator(_email)]


class ConformitySettings(Settings):
    """How far the service keeps a specification."""

    title: Annotated[Line, Field(min_length=1)] = Field(
        description="Name of the specification.",
        examples=["Commission Regulation (EU) No 1089/2010"],
    )
    date: Date = Field(description="When it was published.", examples=["2010-12-08"])
    degree: Literal["conformant", "notConformant", "notEvaluated"] = Field(
        description="How far it is kept.", examples=["notEvaluated"]
    )
    uri: Uri | None = Field(
        default=None, description="Its URI.", examples=["urn:eli:reg:2010:1089:oj"]
    )
    url: WebAddress | None = Field(
        default=None,
        description="Where it can be read.",
        examples=["https://eur-lex.europa.eu/eli/reg/2010/1089/oj"],
    )


class InspireServiceSettings(Settings):
    """The metadata of the service itself, where no record elsewhere has them all."""

    metadata_date: Date = Field(description="When this was written.", examples=["2026-01-31"])
    organisation: Annotated[Line, Field(min_length=1)] = Field(
        description="Who answers for the metadata.", examples=["Mapping agency"]
    )
    email: Email = Field(description="Their mail address.", examples=["maps@example.org"])
    created: Date | None = Field(
        default=None, description="When the service was made.", examples=["2025-03-01"]
    )
    revised: Date | None = Field(
        default=None, description="When it was last changed.", examples=["2026-01-31"]
    )
    published: Date | None = Field(
        default=None, description="When it was published.", examples=["2025-06-01"]
    )
    conformity: Annotated[tuple[ConformitySettings, ...], Field(min_length=1, max_length=20)] = (
        Field(
            description="Which specifications the service keeps, and how far.",
            examples=[
                [
                    {
                        "title": "Commission Regulation (EU) No 1089/2010",
                        "date": "2010-12-08",
                        "degree": "notEvaluated",
                    }
                ]
            ],
        )
    )
    keywords: Annotated[tuple[Line, ...], Field(max_length=100)] = Field(
        default=(), description="Names of INSPIRE themes.", examples=[["Orthoimagery"]]
    )

    @model_validator(mode="after")
    def _check(self) -> InspireServiceSettings:
        if not (self.created or self.revised or self.published):
            raise PydanticCustomError("dates", "a date of the service itself is missing")
        return self


class InspireSettings(Settings):
    """The extended capabilities of an INSPIRE view service; written only if this is here."""

    metadata_url: WebAddress | None = Field(
        default=None,
        description="The service's metadata record; or write service.",
        examples=["https://example.org/csw?service=CSW&request=GetRecordById&id=service"],
    )
    metadata_type: MediaType = Field(
        default="application/vnd.iso.19139+xml",
        description="Media type of the record.",
        examples=["application/vnd.iso.19139+xml"],
    )
    languages: Annotated[tuple[EuLanguage, ...], Field(min_length=1, max_length=30)] = Field(
        description="Languages in which the service answers, the default one first.",
        examples=[["fr", "en"]],
    )
    service: InspireServiceSettings | None = Field(
        default=None,
        description="The metadata themselves.",
        examples=[
            {
                "metadata_date": "2026-01-31",
                "organisation": "Mapping agency",
                "email": "maps@example.org",
                "published": "2025-06-01",
                "conformity": [
                    {"title": "Regulation 1089/2010", "date": "2010-12-08", "degree": "conformant"}
                ],
            }
        ],
    )
    bare: Flag = Field(
        default=False,
        description=(
            "Write them straight into OperationsMetadata, where INSPIRE's tests look; the document "
            "is then valid only for those who have INSPIRE's schemas."
        ),
        examples=[False],
    )

    @model_validator(mode="after")
    def _check(self) -> InspireSettings:
        if self.metadata_url is None and self.service is None:
            raise PydanticCustomError("inspire", "INSPIRE needs metadata_url, or service, or both")
        return self

    def compiled(self) -> Inspire:
        """Return the value that the catalogue keeps."""
        return Inspire(
            tuple(dict.fromkeys(self.languages)),
            self.metadata_url or "",
            self.metadata_type,
            None if self.service is None else _service(self.service),
            self.bare,
        )


def _service(settings: InspireServiceSettings) -> InspireService:
    return InspireService(
        metadata_date=settings.metadata_date,
        organisation=settings.organisation,
        email=settings.email,
        conformity=tuple(
            Conformity(each.title, each.date, each.degree, each.uri or "", each.url or "")
            for each in settings.conformity
        ),
        created=settings.created or "",
        revised=settings.revised or "",
        published=settings.published or "",
        keywords=settings.keywords,
    )
