"""Where an assertion of the suite contradicts the standard, or another one: the standard wins.

The table of docs/reference/conformance.md has these rows; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DIFFERENCES", "Difference"]


class Difference(NamedTuple):
    """One assertion that is not met as it stands.

    Attributes:
        assertion: its name, and the encodings that are meant.
        wanted: what the suite wants.
        given: what the server does.
        runs: whether a run of the suite reaches the test, and so tells a failure.
    """

    assertion: str
    wanted: str
    given: str
    runs: bool


POST_OF_NOTHING = Difference(
    "HTTP.Mandatory (KVP.POST, XML.POST, SOAP.POST)", "404", "400, with a report", runs=False
)
I_OUTSIDE = Difference(
    "GetFeatureInfo.Invalid.Pixel.Col.I", "TileOutOfRange, I", "PointIJOutOfRange, I", runs=True
)
J_OUTSIDE = Difference(
    "GetFeatureInfo.Invalid.Pixel.Row.J", "TileOutOfRange, J", "PointIJOutOfRange, J", runs=True
)
ENVELOPES = Difference(
    "GetCapabilities.Request.AcceptFormats (SOAP.POST)",
    "the format as Content-Type",
    "`application/soap+xml; charset=utf-8`",
    runs=False,
)
INFO_ENVELOPES = Difference(
    "GetFeatureInfo.Mandatory, Optional, Valid.InfoFormat (SOAP.POST)",
    "the InfoFormat as Content-Type",
    "`application/soap+xml; charset=utf-8`",
    runs=False,
)
BARE_XML = Difference(
    "GetTile.* (XML.POST)",
    "a `BinaryPayload` in base64",
    "the picture itself",
    runs=False,
)
MIXED = Difference(
    "GetTile.Valid.Tile.Format, where a layer has `image/vnd.jpeg-png`",
    "the kind of picture in the format's name",
    "`image/jpeg` or `image/png`, as the tile is",
    runs=True,
)
LIMITS = Difference(
    "Table 11, not asserted",
    "TileMatrixLimits for every matrix",
    "none for matrices one tile wide or high",
    runs=False,
)

DIFFERENCES = (
    POST_OF_NOTHING,
    I_OUTSIDE,
    J_OUTSIDE,
    ENVELOPES,
    INFO_ENVELOPES,
    BARE_XML,
    MIXED,
    LIMITS,
)
