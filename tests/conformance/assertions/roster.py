"""The 310 tests of ets-wmts10 by their names, each with the encodings it is written for.

G is KVP by GET, P KVP by POST, X XML by POST, S SOAP, R resources.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BEYOND", "ENCODINGS", "SUITE", "names"]

ENCODINGS = {
    "G": "KVP.GET", "P": "KVP.POST", "X": "XML.POST", "S": "SOAP.POST", "R": "RESTful",
}  # fmt: skip


def _under(prefix: str, letters: str, names: str) -> dict[str, str]:
    return {prefix + name: letters for name in names.split()}


_REQUEST, _RESPONSE = "GetCapabilities.Request.", "GetCapabilities.Response."

SUITE: Mapping[str, str] = {
    **_under("", "GPXSR", "InvalidQueryString"),
    **_under("", "GPXS", "InvalidService InvalidRequest"),
    **_under("", "PXSR", "HTTP.Mandatory"),
    **_under(_REQUEST, "GPXSR", "Mandatory"),
    **_under(_REQUEST, "GP", "CaseInsensitive.KVP.Names"),
    **_under(
        _REQUEST,
        "GPXS",
        "NoService InvalidService AcceptVersions.Valid AcceptVersions.Invalid Sections.All "
        "Sections.ServiceIdentification Sections.ServiceProvider Sections.OperationsMetadata "
        "Sections.Contents Sections.Themes Sections.Multiple Sections.Invalid Sections.Missing "
        "UpdateSequence AcceptFormats",
    ),
    **_under(
        _RESPONSE,
        "GPXS",
        "XML.Well.Formed SchemaValid SchemaReferenced AdvertisedFormat OnlineResource "
        "Encoding.Constraint Layer.Identifiers.Unique Layer.TileMatrixSet.Valid "
        "Theme.LayerRef.Valid Layer.LegendURL.Correct.Resource Layer.LegendURL.Correct.Format "
        "Layer.LegendURL.Correct.Size TileMatrixSet.Identifiers.Unique "
        "TileMatrix.Identifiers.Unique TileMatrixSet.ScaleDenominators.Unique "
        "TileMatrixSet.WellKnownScaleSet",
    ),
    **{
        f"{operation}.{name}": "GPXSR"
        for operation in ("GetTile", "GetFeatureInfo")
        for name in (
            "Mandatory", "Optional", "Missing", "Invalid.Layer", "Invalid.TileMatrixSet",
            "Invalid.TileMatrix", "Invalid.Tile.Row.TileMatrixSetLimits",
            "Invalid.Tile.Col.TileMatrixSetLimits", "Invalid.Tile.Style",
            "Invalid.SampleDimension.Value", "Default.SampleDimension", "Current.SampleDimension",
        )
    },
    **_under("GetTile.", "GPXS", "Invalid.Tile.Format"),
    **_under("GetTile.", "GPXSR", "Valid.Tile.Format Valid.Tile.Size Valid.Tile.Transparency"),
    **_under("GetFeatureInfo.", "GPXS", "NonQueryable.Layer Invalid.InfoFormat"),
    **_under(
        "GetFeatureInfo.", "GPXSR", "Valid.InfoFormat Invalid.Pixel.Col.I Invalid.Pixel.Row.J"
    ),
}  # fmt: skip

BEYOND: Mapping[str, str] = {
    **_under("", "G", "HTTP.Mandatory"),
    **_under(_RESPONSE, "GPXS", "Style.Identifiers.Unique Dimension.Identifiers.Unique"),
    **{
        f"{operation}.Invalid.Tile.{axis}.No.TileMatrixSetLimits": "GPXSR"
        for operation in ("GetTile", "GetFeatureInfo")
        for axis in ("Row", "Col")
    },
    **_under("GetTile.", "GPXS", "Invalid.SampleDimension.Name"),
}
"""Names that the suite's own scripts prepare for, but for which it has no test any more."""


def names(tests: Mapping[str, str]) -> set[str]:
    """Return the names of tests as the suite writes them."""
    return {
        f"Server.{ENCODINGS[letter]}.{name}"
        for name, letters in tests.items()
        for letter in letters
    }
