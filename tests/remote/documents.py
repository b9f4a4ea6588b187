"""Small documents of services that fake remotes serve, with parts that a test may change."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["wms_document", "wmts_document"]

_LAYER = """
<Layer><ows:Title>{title}</ows:Title><ows:Abstract>About {name}</ows:Abstract>
<ows:WGS84BoundingBox><ows:LowerCorner>5 45</ows:LowerCorner>
<ows:UpperCorner>11 48</ows:UpperCorner></ows:WGS84BoundingBox>
<ows:Identifier>{name}</ows:Identifier>
<Style isDefault="true"><ows:Identifier>plain</ows:Identifier>
<LegendURL format="image/png" xlink:href="{base}/legend.png?key=abcdefgh"/></Style>
<Format>image/png</Format><InfoFormat>text/plain</InfoFormat>
<Dimension><ows:Identifier>time</ows:Identifier><Default>2020</Default>
<Value>2019</Value><Value>2020</Value></Dimension>
<TileMatrixSetLink><TileMatrixSet>PM</TileMatrixSet></TileMatrixSetLink>
<ResourceURL format="image/png" resourceType="tile"
 template="{base}/{name}/{{Style}}/{{time}}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}.png"/>
</Layer>"""

_WMTS = """<?xml version="1.0"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"
 xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
<ows:ServiceIdentification><ows:Title>{service}</ows:Title>
<ows:ServiceType>OGC WMTS</ows:ServiceType></ows:ServiceIdentification>
<Contents>{layers}
<TileMatrixSet><ows:Identifier>PM</ows:Identifier>
<ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>
{matrices}</TileMatrixSet></Contents></Capabilities>"""

_MATRIX = """<TileMatrix><ows:Identifier>{n}</ows:Identifier>
<ScaleDenominator>{scale!r}</ScaleDenominator>
<TopLeftCorner>-20037508.3427892 20037508.3427892</TopLeftCorner><TileWidth>256</TileWidth>
<TileHeight>256</TileHeight><MatrixWidth>{side}</MatrixWidth><MatrixHeight>{side}</MatrixHeight>
</TileMatrix>"""


def wmts_document(
    base: str,
    layers: Sequence[str] = ("roads", "relief"),
    *,
    service: str = "Maps",
    titles: dict[str, str] | None = None,
    matrices: int = 4,
) -> bytes:
    """Return the capabilities of a WMTS whose tiles are below `base`."""
    return _WMTS.format(
        service=service,
        layers="".join(
            _LAYER.format(name=name, title=(titles or {}).get(name, name.title()), base=base)
            for name in layers
        ),
        matrices="".join(
            _MATRIX.format(n=n, scale=559082264.0287178 / 2**n, side=2**n) for n in range(matrices)
        ),
    ).encode()


_WMS = """<?xml version="1.0"?>
<WMS_Capabilities xmlns="http://www.opengis.net/wms" xmlns:xlink="http://www.w3.org/1999/xlink"
 version="1.3.0"><Service><Name>WMS</Name><Title>Maps</Title></Service><Capability><Request>
<GetMap><Format>image/png</Format><DCPType><HTTP><Get>
<OnlineResource xlink:href="{base}/wms?"/></Get></HTTP></DCPType></GetMap></Request>
<Layer><Title>All</Title><CRS>EPSG:3857</CRS><CRS>EPSG:4326</CRS>
<EX_GeographicBoundingBox><westBoundLongitude>5</westBoundLongitude>
<eastBoundLongitude>11</eastBoundLongitude><southBoundLatitude>45</southBoundLatitude>
<northBoundLatitude>48</northBoundLatitude></EX_GeographicBoundingBox>
<Attribution><Title>The agency</Title></Attribution>{layers}</Layer></Capability>
</WMS_Capabilities>"""


def wms_document(base: str, layers: Sequence[str] = ("rivers",)) -> bytes:
    """Return the capabilities of a WMS 1.3.0 at `base`/wms."""
    each = "".join(
        f'<Layer queryable="1"><Name>{name}</Name><Title>{name.title()}</Title></Layer>'
        for name in layers
    )
    return _WMS.format(base=base, layers=each).encode()
