"""The sentences of exception reports in the languages other than English, by the English ones."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FRENCH", "LANGUAGES", "said_in"]

LANGUAGES = ("en", "fr")
"""The languages of reports; the first is that of a client who wants none of them."""

FRENCH: Mapping[str, str] = {
    # kvp
    "{name} is missing.": "Il manque {name}.",
    "{name} is given more than once.": "{name} est donné plus d'une fois.",
    "{name} is not percent-encoded UTF-8.": "{name} n'est pas de l'UTF-8 encodé en pourcent.",
    "A parameter is given more than once.": "Un paramètre est donné plus d'une fois.",
    "A query has at most {parameters} parameters and {size} bytes.": (
        "Une requête a au plus {parameters} paramètres et {size} octets."
    ),
    "This is no GetTile.": "Ce n'est pas un GetTile.",
    'service must be "WMTS".': 'service doit être "WMTS".',
    "There is no request {value}.": "Il n'y a pas de requête {value}.",
    "Sections names no section.": "Sections ne nomme aucune section.",
    "version must be {version}.": "version doit être {version}.",
    # xml_requests, soap
    "There is no request {value} in {namespace}.": (
        "Il n'y a pas de requête {value} dans {namespace}."
    ),
    "{parent} has no element {value} in {namespace}.": (
        "{parent} n'a pas d'élément {value} dans {namespace}."
    ),
    "{parent} has no attribute {value}.": "{parent} n'a pas d'attribut {value}.",
    "{name} stands in the wrong place.": "{name} n'est pas à sa place.",
    "A dimension has no name.": "Une dimension n'a pas de nom.",
    "An envelope holds one Body, with at most one Header before it.": (
        "Une enveloppe contient un Body, précédé d'un Header au plus."
    ),
    "There is no request in the Body.": "Il n'y a pas de requête dans le Body.",
    "There is more than one request in the Body.": "Il y a plus d'une requête dans le Body.",
    "SOAP 1.2 and 1.1 are spoken here, and no other.": (
        "Ici on parle SOAP 1.2 et 1.1, et aucun autre."
    ),
    "Header blocks that must be understood are not known here.": (
        "Des blocs d'en-tête qui doivent être compris ne sont pas connus ici."
    ),
    "A server exception was encountered.": "Le serveur a rencontré une exception.",
    "The Host header is not a host.": "L'en-tête Host n'est pas un hôte.",
    # rest, legends
    "A tile is at {tile}; the metadata at {metadata}.": (
        "Une tuile est à {tile} ; les métadonnées à {metadata}."
    ),
    "The document is only to be had as application/xml.": (
        "Le document n'existe qu'en application/xml."
    ),
    "The legend cannot be read.": "La légende ne peut pas être lue.",
    "The style has no such legend here.": "Le style n'a pas cette légende ici.",
    "The layer has no feature info.": "La couche n'a pas d'informations.",
    "The layer has no tile there.": "La couche n'a pas de tuile à cet endroit.",
    # negotiate
    "This server speaks WMTS {version} only.": "Ce serveur ne parle que WMTS {version}.",
    "updateSequence is greater than this server's, which is {revision}.": (
        "updateSequence est plus grand que celui de ce serveur, qui est {revision}."
    ),
    "{name} is no section; there are {names} and All.": (
        "{name} n'est pas une section ; il y a {names} et All."
    ),
    # resolve_slowly
    "{name} is missing or empty": "{name} manque ou est vide",
    "there is no layer {layer}": "il n'y a pas de couche {layer}",
    "no layer uses TileMatrixSet {value}": "aucune couche n'utilise le TileMatrixSet {value}",
    "{name} {value} is not offered by layer {layer}, which has {names}": (
        "{name} {value} n'est pas offert par la couche {layer}, qui a {names}"
    ),
    "TileMatrix {value} is not in {matrix_set}, which has {names}": (
        "TileMatrix {value} n'est pas dans {matrix_set}, qui a {names}"
    ),
    "{name} {value} is not a whole number": "{name} {value} n'est pas un nombre entier",
    "layer {layer} has no tiles in matrix {matrix}": (
        "la couche {layer} n'a pas de tuiles dans la matrice {matrix}"
    ),
    "{name} {value} is not between {low} and {high} in matrix {matrix}": (
        "{name} {value} n'est pas entre {low} et {high} dans la matrice {matrix}"
    ),
    # resolve_info
    "layer {layer} has no feature info": "la couche {layer} n'a pas d'informations",
    # faults of our own
    "The tile could not be rendered.": "La tuile n'a pas pu être produite.",
    "What is there could not be told.": "Ce qui s'y trouve n'a pas pu être dit.",
    "A server from which this layer comes failed.": (
        "Un serveur dont vient cette couche a défailli."
    ),
    "The store of tiles cannot be reached.": "L'entrepôt des tuiles est inaccessible.",
    "The server met a fault of its own.": "Le serveur a rencontré un défaut de sa part.",
}
"""By template: the places in braces stay."""


def said_in(language: str, template: str, values: Mapping[str, object]) -> str:
    """Return a sentence in a language; in English where it is not known in another."""
    told = FRENCH.get(template, template) if language == "fr" else template
    return told.format_map(values) if values else told
