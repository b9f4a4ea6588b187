"""What a service says beside its layers: links, legends, themes and what INSPIRE wants to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuilerie.catalogue.texts import NO_TEXT, Text

__all__ = [
    "Conformity",
    "Inspire",
    "InspireService",
    "KeywordGroup",
    "Legend",
    "LegendKey",
    "MetadataLink",
    "Theme",
]


@dataclass(frozen=True, slots=True)
class MetadataLink:
    """A document about something, elsewhere (ows:Metadata, OGC 06-121r3, 7.4.3).

    Attributes:
        href: its address.
        title: for people; the element has room for one language.
        role: URI of what kind of document it is.
        about: URI of the aspect that it tells of.
    """

    href: str
    title: str = ""
    role: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class KeywordGroup:
    """Keywords of one type (OGC 06-121r3, 10.7; ows:KeywordsType).

    Attributes:
        type: of all of them.
        code_space: URI of the authority that has them; "" = not said.
    """

    type: str
    code_space: str
    keywords: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Legend:
    """A picture that explains a style (OGC 07-057r7, Table 8).

    Attributes:
        format: media type.
        href: address elsewhere; "" where we serve the picture.
        file: absolute path of a picture that we serve; "" where there is none.
        width, height: pixels; 0 = not said.
        min_scale_denominator: inclusive; None = no such bound. Exactly that of a matrix.
        max_scale_denominator: exclusive; likewise.
        language: BCP 47 tag of what is written on it; "" = it is for all.
        drawn: this server draws it; neither `href` nor `file` is there.
        of_source: the layer's source has it; neither of them is there either.
    """

    format: str
    href: str = ""
    file: str = ""
    width: int = 0
    height: int = 0
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    language: str = ""
    drawn: bool = False
    of_source: bool = False


@dataclass(frozen=True, slots=True)
class LegendKey:
    """What a legend says that this server draws, beside what the style's parameters tell.

    Attributes:
        title: above it.
        unit: of its numbers.
        labels: (value or class, name), rising.
        colours: (class, colour) of a palette that the data brings; () = those of the style.
        ticks: about how many values stand beside a bar; None = as many as suit it.
        decimals: of its numbers; None = as many as they need.
        mark: of `labels` and `colours`, which may be long.
    """

    title: Text = NO_TEXT
    unit: str = ""
    labels: tuple[tuple[float, Text], ...] = field(default=(), repr=False)
    colours: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    ticks: int | None = None
    decimals: int | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of layers for people to find them by (OGC 07-057r7, Table 16).

    Attributes:
        layers: identifiers of layers that are listed; a layer may be in several themes.
    """

    identifier: str
    title: Text = NO_TEXT
    abstract: Text = NO_TEXT
    keywords: tuple[Text, ...] = ()
    themes: tuple[Theme, ...] = ()
    layers: tuple[str, ...] = ()
    keyword_groups: tuple[KeywordGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Conformity:
    """How far the service keeps a specification (INSPIRE, metadata regulation, B 7).

    Attributes:
        date: of the specification's publication, ISO 8601.
        degree: "conformant", "notConformant" or "notEvaluated".
        uri, url: of the specification; "" = not said.
    """

    title: str
    date: str
    degree: str
    uri: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class InspireService:
    """The service's INSPIRE metadata where no catalogue elsewhere has them ("scenario 2").

    Attributes:
        created, revised, published: dates of the service, ISO 8601; at least one is there.
        metadata_date: when this was written.
        keywords: names of INSPIRE themes.
    """

    metadata_date: str
    organisation: str
    email: str
    conformity: tuple[Conformity, ...]
    created: str = ""
    revised: str = ""
    published: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspire:
    """The extended capabilities of an INSPIRE view service.

    Attributes:
        languages: BCP 47 tags, the default one first.
        metadata_url: the service's metadata record; "" = only `service` tells.
        metadata_type: media type of the record.
        bare: written straight into OperationsMetadata.

    Source: Technical guidance for INSPIRE view services 3.11, 5.2.3.3.
    """

    languages: tuple[str, ...]
    metadata_url: str = ""
    metadata_type: str = ""
    service: InspireService | None = None
    bare: bool = False
