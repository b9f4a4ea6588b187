"""What the service says of itself, as the operator writes it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.addresses import Links, Uri, WebAddress
from tuilerie.catalogue.fields import Flag, Line, LocalText, Settings
from tuilerie.catalogue.inspire import InspireSettings
from tuilerie.catalogue.keywords import Keywords
from tuilerie.catalogue.model import NO_TEXT, Text

__all__ = ["ContactSettings", "ProviderSettings", "ServiceSettings"]

_URL = re.compile(r"https?://[^\s/?#]+[^\s?#]*", re.IGNORECASE)


def _base_url(text: str) -> str:
    if text and not _URL.fullmatch(text):
        raise PydanticCustomError("url", "{text} is not a web address", {"text": repr(text)[:80]})
    return text.rstrip("/")


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ContactSettings(Settings):
    """Whom to ask about the service (ows:ServiceContact)."""

    individual: Line = Field(default="", description="Name of a person.", examples=["Ada Martin"])
    position: Line = Field(default="", description="Role of the person.", examples=["Map service"])
    role: Line = Field(default="", description="Function for clients.", examples=["pointOfContact"])
    phone: Line = Field(default="", description="Telephone number.", examples=["+33 1 23 45 67 89"])
    fax: Line = Field(default="", description="Fax number.", examples=["+33 1 23 45 67 80"])
    street: Line = Field(
        default="", description="Street and number.", examples=["1 rue de la Carte"]
    )
    city: Line = Field(default="", description="City.", examples=["Paris"])
    administrative_area: Line = Field(
        default="", description="State or province.", examples=["Île-de-France"]
    )
    postal_code: Line = Field(default="", description="Postal code.", examples=["75001"])
    country: Line = Field(default="", description="Country.", examples=["France"])
    email: Line = Field(default="", description="Electronic mail.", examples=["maps@example.org"])
    url: WebAddress | None = Field(
        default=None, description="Web page.", examples=["https://example.org/contact"]
    )
    hours: Line = Field(default="", description="When someone answers.", examples=["9:00-17:00"])
    instructions: Line = Field(default="", description="How to ask.", examples=["By mail, please."])


class ProviderSettings(Settings):
    """Who provides the service (ows:ServiceProvider)."""

    name: Line = Field(
        default="", description="Name of the organisation.", examples=["Demo agency"]
    )
    site: WebAddress | None = Field(
        default=None, description="Its web site.", examples=["https://example.org"]
    )
    contact: ContactSettings = Field(
        default=ContactSettings(),
        description="Whom to ask.",
        examples=[{"email": "maps@example.org"}],
    )


class ServiceSettings(Settings):
    """What the service says of itself (ows:ServiceIdentification), and how it behaves."""

    title: LocalText = Field(
        default=Text((("", "Tuilerie"),)),
        description="Name of the service, in one or several languages.",
        examples=["Maps of the agency", {"en": "Demo", "fr": "Démonstration"}],
    )
    abstract: LocalText = Field(
        default=NO_TEXT,
        description="What the service offers.",
        examples=["Tiles of the whole country."],
    )
    keywords: Keywords = Field(
        default=(),
        description="Words to find the service by.",
        examples=[["tiles", {"en": "world"}]],
    )
    fees: Line = Field(default="", description="What it costs; none if free.", examples=["none"])
    access_constraints: Annotated[
        tuple[Line, ...],
        BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
    ] = Field(default=(), description="What is forbidden; none if nothing.", examples=["none"])
    profiles: Annotated[tuple[Uri, ...], Field(max_length=100)] = Field(
        default=(),
        description="Application profiles that the service keeps, by URI.",
        examples=[["http://www.opengis.net/spec/wmts-simple/1.0/conf/simple-profile"]],
    )
    provider: ProviderSettings = Field(
        default=ProviderSettings(),
        description="Who provides the service.",
        examples=[{"name": "Demo agency"}],
    )
    other_sources: Links = Field(
        default=(),
        description="Catalogues elsewhere that describe the layers (OtherSource).",
        examples=[["https://example.org/csw"]],
    )
    inspire: InspireSettings | None = Field(
        default=None,
        description="What an INSPIRE view service says of itself.",
        examples=[{"metadata_url": "https://example.org/service.xml", "languages": ["fr"]}],
    )
    base_url: Annotated[Line, AfterValidator(_base_url)] = Field(
        default="",
        description="Public address of the service; taken from each request if absent.",
        examples=["https://maps.example.org"],
    )
    strict: Flag = Field(
        default=False,
        description="Refuse what the standard forbids even where careless clients rely on it.",
        examples=[False],
    )
