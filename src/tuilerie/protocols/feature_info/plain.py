"""Feature info as text for people: one line for each thing that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from tuilerie.catalogue.info import Value
from tuilerie.protocols.feature_info.found import Found

__all__ = ["info_language", "shown", "words_in", "write_plain"]

_WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "longitude": "Longitude",
            "latitude": "Latitude",
            "nothing": "There is no data at this place.",
            "no_value": "no value",
        },
        "fr": {
            "longitude": "Longitude",
            "latitude": "Latitude",
            "nothing": "Il n'y a pas de données à cet endroit.",
            "no_value": "pas de valeur",
        },
    }
)


def info_language(languages: Sequence[str]) -> str:
    """Return the language of our own words: the first of a client's that there is."""
    spoken = (tag.lower().split("-")[0] for tag in languages)
    return next((tag for tag in spoken if tag in _WORDS), "en")


def words_in(language: str) -> Mapping[str, str]:
    """Return our own words in a language that `info_language` gave."""
    return _WORDS[language]


def shown(value: Value) -> str:
    """Return a value as people read it, "" for None; text on one line."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return " ".join(str(value).split())


def write_plain(found: Found, languages: Sequence[str]) -> bytes:
    """Return the text, in UTF-8; names in the first of the languages that there is.

    `languages` is what the client reads, the best first.
    """
    wanted = tuple(languages)
    words = words_in(info_language(wanted))
    lines = [shown(found.layer.title.best(wanted))]
    place = found.place
    if place is not None:
        lines += [
            f"{words['longitude']}: {shown(place.longitude)}",
            f"{words['latitude']}: {shown(place.latitude)}",
        ]
        if place.crs.authority_code is not None:
            lines.append(f"x: {shown(place.x)}, y: {shown(place.y)} ({place.crs.text})")
    if not found.features:
        lines.append(words["nothing"])
    for feature in found.features:
        lines.append("")
        for attribute, value in feature:
            told = words["no_value"] if value is None else shown(value)
            unit = f" {attribute.unit}" if attribute.unit and value is not None else ""
            lines.append(f"{shown(attribute.title.best(wanted))}: {told}{unit}")
    return ("\n".join(lines) + "\n").encode("utf-8")
