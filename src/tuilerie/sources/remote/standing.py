"""How it stands with the remote sources of a catalogue, for `/health` and for capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tuilerie.catalogue.broken_layers import layers_on
from tuilerie.catalogue.document import SourceSettings
from tuilerie.catalogue.model import Catalogue
from tuilerie.catalogue.remote_sources import (
    RemoteSourceSettings,
    WmsSource,
    WmtsSource,
    XyzSource,
)

if TYPE_CHECKING:
    from tuilerie.sources.remote.descriptions import RemoteDescriptions

__all__ = ["broken_sources", "remote_notes", "remote_ones"]


def remote_ones(sources: Mapping[str, SourceSettings]) -> dict[str, RemoteSourceSettings]:
    """Return the sources that are other servers."""
    return {
        identifier: settings
        for identifier, settings in sources.items()
        if isinstance(settings, WmtsSource | WmsSource | XyzSource)
    }


def broken_sources(catalogue: Catalogue, remotes: RemoteDescriptions) -> frozenset[str]:
    """Return the sources whose server answers and no longer offers what they want."""
    states = remotes.states(remote_ones(catalogue.sources))
    return frozenset(name for name, state in states.items() if state.state == "broken")


def remote_notes(catalogue: Catalogue, remotes: RemoteDescriptions) -> dict[str, dict[str, Any]]:
    """Return by source how it stands with what its server says, with the layers on it.

    Templates have no document that could be out of date.
    """
    return {
        source: {**asdict(state), "layers": layers_on(catalogue, {source})}
        for source, state in remotes.states(remote_ones(catalogue.sources)).items()
    }
