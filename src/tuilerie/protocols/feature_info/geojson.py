"""Feature info as GeoJSON (RFC 7946): points in WGS 84, and what the names in them mean."""

from __future__ import annotations

import json
from typing import Any

from tuilerie.catalogue.info import Attribute
from tuilerie.catalogue.texts import Text
from tuilerie.protocols.feature_info.found import Feature, Found, Place

__all__ = ["write_geojson"]


def write_geojson(found: Found) -> bytes:
    """Return a FeatureCollection, in UTF-8.

    Properties are flat, as every client shows them. Titles, in all languages, and units stand
    once beside the features, in `attributes`, which is not GeoJSON's own (RFC 7946, 6.1).
    """
    place = found.place
    document = {
        "type": "FeatureCollection",
        "features": []
        if place is None
        else [_feature(found.layer.identifier, place, each) for each in found.features],
        "layer": found.layer.identifier,
        "attributes": [_attribute(each) for each in found.layer.info.attributes],
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _feature(layer: str, place: Place, feature: Feature) -> dict[str, Any]:
    properties: dict[str, Any] = {"layer": layer}
    if place.crs.authority_code is not None:
        properties |= {"crs": place.crs.text, "x": place.x, "y": place.y}
    properties |= {attribute.name: value for attribute, value in feature}
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]},
        "properties": properties,
    }


def _attribute(attribute: Attribute) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": attribute.name,
        "title": _text(attribute.title),
        "type": attribute.kind,
    }
    return told | ({"unit": attribute.unit} if attribute.unit else {})


def _text(text: Text) -> str | dict[str, str]:
    """Return a text as a string if it has one variant, else by language."""
    if len(text.variants) <= 1:
        return text.variants[0][1] if text.variants else ""
    return dict(text.variants)
