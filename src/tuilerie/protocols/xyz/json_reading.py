"""JSON of strangers: bounded, an object, with values asked for by type."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from tuilerie.errors import UnreadableDocument
from tuilerie.grids import BoundingBox

__all__ = ["MAX_JSON_BYTES", "degrees", "number_of", "open_json", "text_of", "texts_of"]

MAX_JSON_BYTES: Final = 8 * 1024 * 1024
_LONGEST: Final = 100_000
_MOST: Final = 1_000


def open_json(data: bytes, what: str) -> Mapping[str, Any]:
    """Return the object that a document is.

    Raises: UnreadableDocument: "too-large", "not-json" or "service-exception".
    """
    if len(data) > MAX_JSON_BYTES:
        raise UnreadableDocument(
            "too-large", f"The document is longer than {MAX_JSON_BYTES:,} bytes: {len(data):,}."
        )
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableDocument("not-json", "The document is not JSON.") from None
    if not isinstance(document, dict):
        raise UnreadableDocument("not-json", f"The document is no object, so not {what}.")
    error = document.get("error")
    if error:
        said = error.get("message") if isinstance(error, dict) else error
        raise UnreadableDocument(
            "service-exception", f"The server answers with an error: {str(said)[:300]!r}."
        )
    return document


def text_of(document: Mapping[str, Any], *names: str) -> str:
    """Return the first text among some members, "" if there is none."""
    for name in names:
        value = document.get(name)
        if isinstance(value, str):
            return value[:_LONGEST].strip()
    return ""


def texts_of(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts of a member that is a list, or a single text."""
    value = document.get(name)
    found = value if isinstance(value, list) else [value]
    return tuple(text for text in found[:_MOST] if isinstance(text, str))


def number_of(document: Mapping[str, Any], *names: str) -> float | None:
    """Return the first finite number among some members, also of a text; None if none."""
    for name in names:
        value = document.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                continue
            if math.isfinite(number):
                return number
    return None


def degrees(value: object) -> BoundingBox | None:
    """Return four numbers as a box in degrees, None if they are none."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    edges = [number_of({"": edge}, "") for edge in value]
    west, south, east, north = edges
    if west is None or south is None or east is None or north is None or south > north:
        return None
    if west < -540 or east > 540:
        return None
    return BoundingBox(west, max(south, -90.0), east, min(north, 90.0))
