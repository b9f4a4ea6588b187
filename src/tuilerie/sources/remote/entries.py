"""What was discovered as entries of a catalogue: a source and a layer for each remote layer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tuilerie.protocols.outline import layer_names
from tuilerie.sources.remote.discover import Discovered, Offer
from tuilerie.sources.remote.redact import Redactor

__all__ = ["KeyInAddress", "entries_for", "identifier_of"]

_LONGEST: Final = 100
_shown: Final = Redactor()


class KeyInAddress(Exception):
    """An address holds a secret, which does not belong into a catalogue."""


def entries_for(
    found: Discovered,
    layers: Sequence[str],
    *,
    name: str = "",
    options: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    encoding: str = "auto",
    key: str = "",
) -> dict[str, dict[str, Any]]:
    """Return "sources" and "layers", by identifier, as a catalogue has them.

    Titles, styles, dimensions and the rest are left out: they are the remote's own.

    Args:
        layers: identifiers, of `Discovered.layers`.
        name: of the entries, where it is one layer; "" = made of the remote's identifier.
        options, overrides: blocks of the source; empty ones are left out.
        encoding: of a WMTS.
        key: name of the parameter that `options` have as key: it is taken out of addresses.

    Raises: KeyInAddress: an address has a key within.
    """
    sources: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for wanted in layers:
        offer = next(each for each in found.offers if wanted in layer_names(each.service))
        identifier = name or _unique(identifier_of(wanted), sources)
        entry = _source(offer, wanted, key)
        if offer.family == "wmts" and encoding != "auto":
            entry["encoding"] = encoding
        if overrides and offer.family != "xyz":
            entry["overrides"] = dict(overrides)
        if options:
            entry["options"] = dict(options)
        sources[identifier] = entry
        shown[identifier] = {"source": identifier}
    return {"sources": sources, "layers": shown}


def identifier_of(remote: str) -> str:
    """Return an identifier that goes into addresses as it is."""
    return re.sub(r"[^\w.-]+", "_", remote).strip("._")[:_LONGEST] or "layer"


def _source(offer: Offer, layer: str, key: str) -> dict[str, Any]:
    address = _without(offer.address, key)
    if _shown(address) != address:
        raise KeyInAddress(_shown(address))
    entry: dict[str, Any] = {"kind": offer.family, "url": address}
    if offer.family == "wmts":
        entry["layer"] = layer
    if offer.family == "wms":
        entry["layers"] = [layer]
    return entry


def _without(address: str, key: str) -> str:
    path, mark, query = address.partition("?")
    if not key or not mark:
        return address
    kept = [p for p in query.split("&") if p.partition("=")[0].lower() != key.lower()]
    return f"{path}?{'&'.join(kept)}" if kept else path


def _unique(name: str, taken: Mapping[str, Any]) -> str:
    identifier, number = name, 1
    while identifier in taken:
        number += 1
        identifier = f"{name}-{number}"
    return identifier
