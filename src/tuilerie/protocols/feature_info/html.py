"""Feature info as HTML: the operator's template, or our own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from tuilerie.catalogue.info import Attribute, Value
from tuilerie.errors import FeatureInfoError
from tuilerie.protocols.feature_info.found import Feature, Found
from tuilerie.protocols.feature_info.plain import info_language, shown, words_in
from tuilerie.protocols.feature_info.template import TemplateFault, render

__all__ = ["template_fault", "write_html"]


def write_html(found: Found, languages: Sequence[str]) -> bytes:
    """Return the page, in UTF-8.

    `languages` is what the client reads, the best first.

    Raises: FeatureInfoError: the operator's template failed.
    """
    template = found.layer.info.template or _default()
    try:
        return render(template, _given(found, tuple(languages))).encode("utf-8", "replace")
    except TemplateFault as fault:
        raise FeatureInfoError(
            f"the feature info template of layer {found.layer.identifier!r} failed: {fault}"
        ) from fault


def template_fault(text: str) -> str:
    """Return what is wrong with a template, "" if it can be used.

    It is tried with a feature that has all that a feature can have, with one that has no values,
    and with none.
    """
    try:
        for features in ([_SAMPLE], [_EMPTY_SAMPLE], []):
            given = {**_SAMPLE_PAGE, "features": features}
            render(text, given)
    except TemplateFault as fault:
        return f"the template cannot be used: {fault}"
    return ""


@cache
def _default() -> str:
    place = resources.files("tuilerie.protocols.feature_info") / "default.html"
    return place.read_text(encoding="utf-8")


def _given(found: Found, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return what a template is given: plain lists, texts and numbers."""
    layer, place = found.layer, found.place
    language = info_language(languages)
    return {
        "language": language,
        "text": dict(words_in(language)),
        "layer": {
            "identifier": layer.identifier,
            "title": layer.title.best(languages),
            "abstract": layer.abstract.best(languages),
            "attribution": layer.attribution.best(languages),
        },
        "place": None
        if place is None
        else {
            "longitude": place.longitude,
            "latitude": place.latitude,
            "x": place.x,
            "y": place.y,
            "crs": place.crs.text if place.crs.authority_code else place.crs.name,
        },
        "features": [_feature(feature, languages) for feature in found.features],
    }


def _feature(feature: Feature, languages: tuple[str, ...]) -> dict[str, Any]:
    return {
        "attributes": [_attribute(attribute, value, languages) for attribute, value in feature],
        "values": {attribute.name: value for attribute, value in feature},
    }


def _attribute(attribute: Attribute, value: Value, languages: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "title": attribute.title.best(languages),
        "value": value,
        "shown": shown(value),
        "unit": attribute.unit,
        "colour": value if attribute.keys and str(value)[:1] == "#" else None,
    }


def _sample(value: Value) -> dict[str, Any]:
    attribute = {
        "name": "elevation",
        "title": "Elevation",
        "value": value,
        "shown": shown(value),
        "unit": "m",
        "colour": None,
    }
    return {"attributes": [attribute], "values": _Values(value)}


class _Values(dict[str, Any]):
    """Values by names of which nothing is known before there is a layer."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, name: str) -> Value:
        return self._value


_SAMPLE: Final = _sample(712.5)
_EMPTY_SAMPLE: Final = _sample(None)
_SAMPLE_PAGE: Final[dict[str, Any]] = {
    "language": "en",
    "text": dict(words_in("en")),
    "layer": {"identifier": "layer", "title": "Layer", "abstract": "", "attribution": ""},
    "place": {
        "longitude": 2.5,
        "latitude": 46.5,
        "x": 662000.0,
        "y": 6600000.0,
        "crs": "EPSG:2154",
    },
}
