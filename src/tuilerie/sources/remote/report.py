"""What was discovered, as it may be shown: one flat document, addresses without keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from tuilerie.protocols.outline import LayerOutline, ServiceOutline, outline_service
from tuilerie.sources.remote.discover import Discovered, Offer
from tuilerie.sources.remote.redact import Redactor

__all__ = [
    "ServiceReport",
    "WarningReport",
    "can_be_served",
    "report",
    "report_json",
    "report_schema",
]

_shown: Final = Redactor()


@dataclass(frozen=True, slots=True)
class WarningReport:
    """One thing that was corrected or left out.

    Attributes:
        code: which kind; what `overrides.literal` of a source names.
        message: what was done.
        reason: what in the document made it necessary.
        where: the part of the document, "" = the whole.
    """

    code: str
    message: str
    reason: str
    where: str


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What `tuilerie inspect --json` prints of a remote service or its document.

    Attributes:
        inspect: version of this form.
        kind: of the source that serves it.
        document: what its document is: "wmts", "wms", "tilejson", "arcgis", "tms-map",
            "tms-service", "ogc-tiles", or "template" where there is none.
        address: that worked, or the path of a file; without keys.
        version: of the protocol, "" if it has none.
    """

    inspect: Literal[1]
    kind: Literal["wmts", "wms", "xyz"]
    document: str
    address: str
    version: str
    title: str
    abstract: str
    provider: str
    fees: str
    access_constraints: str
    layers: tuple[LayerOutline, ...]
    warnings: tuple[WarningReport, ...]


def report(found: Discovered, only: Collection[str] | None = None) -> ServiceReport:
    """Return what may be shown of a discovery.

    Args:
        only: identifiers of the layers that are wanted; None = all.
    """
    outlines = [outline_service(offer.service, only) for offer in found.offers]
    first: ServiceOutline = outlines[0]
    corrected = (w for offer in found.offers for w in offer.warnings)
    return ServiceReport(
        inspect=1,
        kind=found.offers[0].family,
        document=found.kind,
        address=_shown(found.address),
        version=first.version,
        title=first.title,
        abstract=first.abstract,
        provider=first.provider,
        fees=first.fees,
        access_constraints=first.access_constraints,
        layers=tuple(
            _without_keys(layer, offer)
            for offer, outline in zip(found.offers, outlines, strict=True)
            for layer in outline.layers
        ),
        warnings=(
            *(WarningReport("discovery", _shown(text), "", "") for text in found.warnings),
            *(
                WarningReport(w.code, _shown(w.message), _shown(w.reason), w.where)
                for w in corrected
            ),
        ),
    )


def _without_keys(layer: LayerOutline, offer: Offer) -> LayerOutline:
    return replace(
        layer,
        document=_shown(offer.address),
        map=_shown(layer.map),
        styles=tuple(
            replace(
                style,
                legends=tuple(
                    replace(legend, address=_shown(legend.address)) for legend in style.legends
                ),
            )
            for style in layer.styles
        ),
        matrix_sets=tuple(
            replace(
                matrix_set,
                tile=_shown(matrix_set.tile),
                matrices=tuple(
                    replace(matrix, tile=_shown(matrix.tile)) for matrix in matrix_set.matrices
                ),
            )
            for matrix_set in layer.matrix_sets
        ),
    )


def can_be_served(layer: LayerOutline) -> bool:
    """Return whether there are pictures of a layer that can be asked for."""
    pictures = not layer.formats or any(name.startswith("image/") for name in layer.formats)
    return pictures and bool(layer.map or any(found.tile for found in layer.matrix_sets))


def report_json(document: ServiceReport) -> dict[str, Any]:
    """Return a report as JSON has it."""
    return asdict(document)


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a report."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(ServiceReport).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:tuilerie:schema:inspect:1",
        **schema,
        "title": "What tuilerie inspect --json prints of a remote service",
    }
