"""Identifiers with / ? # & < %, blanks and other scripts find their way there and back."""

from __future__ import annotations

from urllib.parse import quote, quote_plus, urlsplit

import numpy as np
import pytest

from tests.journeys.noise import ODD_LAYERS, ODD_MATRICES, ODD_SET, ODD_STYLES, TILE_PX
from tests.journeys.pictures import decode
from tests.journeys.published import Capabilities
from tests.journeys.running import Server


def path_of(address: str, server: Server) -> str:
    """Return what a client sends for an address of this server."""
    assert address.startswith(f"{server.url}/")
    parts = urlsplit(address)
    assert not parts.fragment
    assert not parts.query
    return parts.path


def by_kvp(layer: str, style: str, media_type: str, matrix: str, *, plus: bool) -> str:
    """Return the KVP request for a tile in the middle, blanks as "+" or as "%20"."""
    escape = quote_plus if plus else lambda text: quote(text, safe="")
    values = {
        "service": "WMTS",
        "request": "GetTile",
        "version": "1.0.0",
        "layer": layer,
        "style": style,
        "format": media_type,
        "tilematrixset": ODD_SET,
        "tilematrix": matrix,
        "tilerow": "2",
        "tilecol": "1",
    }
    return "/wmts?" + "&".join(f"{name}={escape(value)}" for name, value in values.items())


def test_they_are_published_as_they_are(noise_capabilities: Capabilities) -> None:
    """An identifier that is escaped twice, or not at all, in the document."""
    assert set(ODD_LAYERS) < set(noise_capabilities.layers)
    for layer in ODD_LAYERS:
        assert noise_capabilities.layers[layer].styles == ODD_STYLES
        assert set(noise_capabilities.layers[layer].limits) == {ODD_SET}
    assert tuple(noise_capabilities.matrix_sets[ODD_SET].matrices) == ODD_MATRICES


@pytest.mark.parametrize("layer", ODD_LAYERS, ids=lambda layer: layer[:12])
def test_their_tiles_are_had_by_template_and_by_kvp(
    noise_server: Server, noise_capabilities: Capabilities, layer: str
) -> None:
    """A tile that one way of asking finds and the other does not, or another layer's tile."""
    published = noise_capabilities.layers[layer]
    pictures = {}
    for style in ODD_STYLES:
        for matrix in ODD_MATRICES:
            for media_type in published.formats:
                address = published.resource(media_type, ODD_SET, matrix, 2, 1, style)
                answer = noise_server.get(path_of(address, noise_server))
                assert answer.status == 200, answer.body
                for plus in (False, True):
                    target = by_kvp(layer, style, media_type, matrix, plus=plus)
                    assert noise_server.get(target).body == answer.body
                if media_type == "image/png":
                    pictures[style, matrix] = decode(answer.body, (TILE_PX, TILE_PX)).colours
    # Red from band 1 or from band 2; the default has the same as the first.
    for matrix in ODD_MATRICES:
        plain, other, default = (pictures[style, matrix] for style in ODD_STYLES)
        assert np.array_equal(plain, default)
        assert not np.array_equal(plain, other)
        assert np.array_equal(plain[..., 1:], other[..., 1:])
    assert not np.array_equal(*(pictures["default", matrix] for matrix in ODD_MATRICES))


def test_what_they_would_mean_unescaped_is_nothing(noise_server: Server) -> None:
    """An escape that is resolved before the path is cut."""
    tail = f"/default/{quote(ODD_SET, safe='')}/{quote(ODD_MATRICES[0], safe='')}/2/1.png"
    for layer in ("a/b?c#d&e<f>%25g", "..%2F..", "..", "%252E%252E", "%41%2500", "two%2520words"):
        answer = noise_server.get(f"/wmts/1.0.0/{layer.replace('#', '%23')}{tail}")
        assert answer.status in (400, 404), layer


def test_nothing_is_written_beside_the_data_directory(noise_server: Server) -> None:
    """A layer called ../.. whose tiles land outside the cache."""
    folder = noise_server.log.parent
    expected = {"data", "catalogue.yaml", "log.txt", "access.txt"}
    assert {path.name for path in folder.iterdir() if path.suffix != ".tif"} == expected
    outside = [path.name for path in folder.parent.iterdir()]
    assert not [name for name in outside if name in ("g", "etc", "%41%00") or ".png" in name]


def test_front_page_names_them_without_markup(noise_server: Server) -> None:
    """A title or an identifier that runs as a script in the visitor's browser."""
    page = noise_server.get("/").body.decode()
    assert "<b>EPSG:3035" not in page
    assert "Noise <&>" not in page
