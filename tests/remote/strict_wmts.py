"""A WMTS that judges its clients: each request is held against its document and the standard.

Layer "ground" has the whole world in Web Mercator, green east of 10° and blue west of it; layer
"names" has degrees, limits, and red where it is east of 10° and north of 45°, else nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote

import numpy as np

from tests.remote.fake import Answer, FakeRemote, Request
from tests.sources.archives import image

__all__ = ["COAST", "GREEN", "NORTH", "RED", "StrictWmts"]

COAST, NORTH = 10.0, 45.0
BLUE, GREEN, RED = (20, 60, 200), (40, 160, 60), (220, 30, 30)
LIMITS = {"d:1": (1, 3, 0, 0), "d:2": (4, 6, 0, 1)}
"""First and last column, first and last row of "names", by matrix."""
_TILE = ("TILEMATRIXSET", "TILEMATRIX", "TILEROW", "TILECOL")
_STYLES = {"ground": ("day", "night & day"), "names": ("plain",)}
_FORMATS = {"ground": ("image/png",), "names": ("image/png; mode=24bit",)}
_INFO = {"ground": ("text/html", "application/json"), "names": ()}
_DIMENSIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "ground": {"Time": ("2019-01-01", "2020-07-01"), "Band": ("visible", "infra red")},
    "names": {},
}
_DEFAULTS = {"Time": "2020-07-01", "Band": "visible"}
_SETS = {"ground": "PM", "names": "Degrees"}

_OPERATION = """<ows:Operation name="{name}"><ows:DCP><ows:HTTP>
<ows:Get xlink:href="{base}/kvp?map=a%20b"><ows:Constraint name="GetEncoding"><ows:AllowedValues>
<ows:Value>KVP</ows:Value></ows:AllowedValues></ows:Constraint></ows:Get></ows:HTTP></ows:DCP></ows:Operation>"""

_MATRIX = """<TileMatrix><ows:Identifier>{name}</ows:Identifier>
<ScaleDenominator>{scale!r}</ScaleDenominator><TopLeftCorner>{corner}</TopLeftCorner>
<TileWidth>256</TileWidth><TileHeight>256</TileHeight><MatrixWidth>{width}</MatrixWidth>
<MatrixHeight>{height}</MatrixHeight></TileMatrix>"""

_EXCEPTION = """<?xml version="1.0"?><ExceptionReport xmlns="http://www.opengis.net/ows/1.1"
 version="1.0.0"><Exception exceptionCode="InvalidParameterValue" locator="{locator}">
<ExceptionText>{text}</ExceptionText></Exception></ExceptionReport>"""


class StrictWmts:
    """Answers at /wmts (its document), /kvp and /rest.

    Args:
        remote: where it lives.
        encodings: in which it can be asked: "kvp", "rest" or both.

    Attributes:
        faults: of its clients, in words; empty if they do all that the standard says.
        sequence: of updates of its document.
    """

    def __init__(self, remote: FakeRemote, encodings: Sequence[str]) -> None:
        self.faults: list[str] = []
        self.sequence = "7"
        self._encodings = encodings
        self._base = remote.url("")
        remote.otherwise(self.answer)

    def answer(self, request: Request) -> Answer:
        """Judge a request, and answer it."""
        try:
            if request.method != "GET":
                raise ValueError("method")
            if request.path == "/wmts":
                return self._capabilities(request)
            if request.path == "/kvp":
                return self._by_kvp(request)
            return self._by_rest(request)
        except (ValueError, KeyError) as error:
            fault = f"{error.args[0]}: {request.method} {request.target}"
            self.faults.append(fault)
            text = _EXCEPTION.format(locator=error.args[0], text=error)
            return Answer(400, text.encode(), "application/xml")

    def _capabilities(self, request: Request) -> Answer:
        """A request is mandatory in both: Table 17."""
        asked = {name.lower(): value for name, value in request.query.items()}
        _must(asked.pop("service", "") == "WMTS", "service")
        _must(asked.pop("request", "") == "GetCapabilities", "request")
        _must("1.0.0" in asked.pop("acceptversions", "1.0.0").split(","), "AcceptVersions")
        _must(not asked, f"unknown {sorted(asked)}")
        etag = {"ETag": f'"{self.sequence}"'}
        if request.headers.get("if-none-match") == etag["ETag"]:
            return Answer(304, headers=etag)
        return Answer(200, self.document(), "application/xml", headers=etag)

    def _by_kvp(self, request: Request) -> Answer:
        """All of Table 29 or 30, each once, in their order, after what the address has."""
        _must("kvp" in self._encodings, "GetEncoding")
        pairs = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
        _must(pairs[:1] == [("map", "a b")], "href")
        names = [name.upper() for name, _ in pairs[1:]]
        given = dict(zip(names, (value for _, value in pairs[1:]), strict=True))
        layer = given["LAYER"]
        dimensions = [name.upper() for name in _DIMENSIONS[layer]]
        order = ["SERVICE", "REQUEST", "VERSION", "LAYER", "STYLE", "FORMAT", *dimensions, *_TILE]
        info = given["REQUEST"] == "GetFeatureInfo"
        _must(names == order + ["J", "I", "INFOFORMAT"] * info, "order of parameters")
        _must(given["SERVICE"] == "WMTS" and given["VERSION"] == "1.0.0", "version")
        _must(info or given["REQUEST"] == "GetTile", "request")
        _must(given["FORMAT"] in _FORMATS[layer], "FORMAT")
        found = {name: given[name.upper()] for name in _DIMENSIONS[layer]}
        place = [given[name] for name in _TILE]
        asked = (int(given["J"]), int(given["I"]), given["INFOFORMAT"]) if info else None
        return self._tile(layer, given["STYLE"], found, place, asked)

    def _by_rest(self, request: Request) -> Answer:
        _must("rest" in self._encodings and "?" not in request.target, "GetEncoding")
        empty, rest, layer, style, *more = map(unquote, request.path.split("/"))
        _must((empty, rest) == ("", "rest"), "template")
        more[-1], _, extension = more[-1].rpartition(".")
        names = list(_DIMENSIONS[layer])
        found = dict(zip(names, more, strict=False))
        place = more[len(names) :]
        asked = None
        if len(place) == 6:
            kind = {"html": "text/html", "json": "application/json"}[extension]
            asked = (int(place[4]), int(place[5]), kind)
        else:
            _must(extension == "png", "extension")
        return self._tile(layer, style, found, place[:4], asked)

    def _tile(
        self,
        layer: str,
        style: str,
        dimensions: Mapping[str, str],
        place: Sequence[str],
        asked: tuple[int, int, str] | None,
    ) -> Answer:
        """Every value is one of the document's, every index within its matrix and limits."""
        _must(style in _STYLES[layer], "STYLE")
        for name, value in dimensions.items():
            _must(value in _DIMENSIONS[layer][name], name)
        matrix_set, matrix, row, col = place[0], place[1], int(place[2]), int(place[3])
        _must(matrix_set == _SETS[layer], "TILEMATRIXSET")
        level = int(matrix.removeprefix("PM:" if layer == "ground" else "d:"))
        wide = 1 if layer == "ground" else 2
        whole = (0, wide * 2**level - 1, 0, 2**level - 1)
        first, last, top, bottom = whole if layer == "ground" else LIMITS[matrix]
        _must(first <= col <= last and top <= row <= bottom, "TileOutOfRange")
        if asked is not None:
            j, i, kind = asked
            _must(0 <= j < 256 and 0 <= i < 256, "PointIJOutOfRange")
            _must(kind in _INFO[layer], "INFOFORMAT")
            return Answer(200, f"{matrix} {row} {col} {j} {i}".encode(), kind)
        return Answer(200, _picture(layer, level, col, row), "image/png")

    def document(self) -> bytes:
        """Return what it says of itself."""
        operations = "".join(
            _OPERATION.format(name=name, base=self._base)
            for name in ("GetTile", "GetFeatureInfo")
            if "kvp" in self._encodings
        )
        layers = "".join(map(self._layer, _STYLES))
        mercator = "".join(
            _MATRIX.format(
                name=f"PM:{n}",
                scale=559082264.0287178 / 2**n,
                corner="-20037508.3427892 20037508.3427892",
                width=2**n,
                height=2**n,
            )
            for n in range(4)
        )
        degrees = "".join(
            _MATRIX.format(
                name=f"d:{n}",
                scale=279541132.0143589 / 2**n,
                corner="90 -180",
                width=2 * 2**n,
                height=2**n,
            )
            for n in range(4)
        )
        return f"""<?xml version="1.0"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"
 xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0" updateSequence="{self.sequence}">
<ows:OperationsMetadata>{operations}</ows:OperationsMetadata><Contents>{layers}
<TileMatrixSet><ows:Identifier>PM</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857
</ows:SupportedCRS>{mercator}</TileMatrixSet><TileMatrixSet><ows:Identifier>Degrees
</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::4326</ows:SupportedCRS>{degrees}
</TileMatrixSet></Contents></Capabilities>""".encode()

    def _layer(self, name: str) -> str:
        styles = "".join(
            f'<Style isDefault="{str(not n).lower()}"><ows:Identifier>'
            f"{style.replace('&', '&amp;')}</ows:Identifier></Style>"
            for n, style in enumerate(_STYLES[name])
        )
        formats = "".join(f"<Format>{each}</Format>" for each in _FORMATS[name])
        formats += "".join(f"<InfoFormat>{each}</InfoFormat>" for each in _INFO[name])
        dimensions = "".join(
            f"<Dimension><ows:Identifier>{each}</ows:Identifier><Default>{_DEFAULTS[each]}"
            f"</Default>{''.join(f'<Value>{value}</Value>' for value in values)}</Dimension>"
            for each, values in _DIMENSIONS[name].items()
        )
        limits = "".join(
            f"<TileMatrixLimits><TileMatrix>{matrix}</TileMatrix><MinTileRow>{top}</MinTileRow>"
            f"<MaxTileRow>{bottom}</MaxTileRow><MinTileCol>{first}</MinTileCol>"
            f"<MaxTileCol>{last}</MaxTileCol></TileMatrixLimits>"
            for matrix, (first, last, top, bottom) in LIMITS.items()
        )
        limits = f"<TileMatrixSetLimits>{limits}</TileMatrixSetLimits>" * (name == "names")
        return f"""<Layer><ows:Title>{name}</ows:Title><ows:Identifier>{name}</ows:Identifier>
{styles}{formats}{dimensions}<TileMatrixSetLink><TileMatrixSet>{_SETS[name]}</TileMatrixSet>
{limits}</TileMatrixSetLink>{self._templates(name) * ("rest" in self._encodings)}</Layer>"""

    def _templates(self, name: str) -> str:
        between = "".join(f"/{{{each}}}" for each in _DIMENSIONS[name])
        path = f"{self._base}/rest/{name}/{{Style}}{between}/{{TileMatrixSet}}/{{TileMatrix}}"
        path += "/{TileRow}/{TileCol}"
        tiles = f'<ResourceURL resourceType="tile" format="{_FORMATS[name][0]}" '
        tiles += f'template="{path}.png"/>'
        return tiles + "".join(
            f'<ResourceURL resourceType="FeatureInfo" format="{each}" '
            f'template="{path}/{{J}}/{{I}}.{each.rpartition("/")[2]}"/>'
            for each in _INFO[name]
        )


def _must(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)


def _picture(layer: str, level: int, col: int, row: int) -> bytes:
    across, down = (np.arange(256) + 0.5) / 256 + col, (np.arange(256) + 0.5) / 256 + row
    if layer == "ground":
        lon = np.broadcast_to(across * 360 / 2**level - 180, (256, 256))
        return image(np.where((lon >= COAST)[..., None], GREEN, BLUE).astype(np.uint8))
    lon, lat = np.meshgrid(across * 180 / 2**level - 180, 90 - down * 180 / 2**level)
    there = (lon >= COAST) & (lat >= NORTH)
    return image(np.where(there[..., None], (*RED, 255), (0, 0, 0, 0)).astype(np.uint8))
