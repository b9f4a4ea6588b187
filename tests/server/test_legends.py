"""The pictures of legends over HTTP: given files as they are, drawn ones by the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.protocols.schemas import assert_valid
from tests.server.served import ask, catalogue, layer, live_of, serving
from tuilerie.catalogue.metadata import Legend
from tuilerie.catalogue.model import StylePlan, Text

GIVEN = b"\x89PNG\r\n\x1a\nof the operator"
PATH = "/wmts/1.0.0/world/given/legend.png"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("legends") / "given.png"
    path.write_bytes(GIVEN)
    return path


@pytest.fixture(scope="module")
def port(filled: Path, file: Path) -> Iterator[int]:
    """A server of one layer with given legends and one with drawn ones."""
    given = StylePlan(
        "given",
        Text(),
        is_default=True,
        legends=(
            Legend("image/png", file=str(file)),
            Legend("image/png", "https://example.org/away.png"),
            Legend("image/gif", file=str(file.parent / "gone.gif")),
        ),
    )
    drawn = StylePlan(
        "drawn",
        Text(),
        legends=tuple(
            Legend(kind, width=9, height=8, language=language, drawn=True)
            for language in ("en", "fr")
            for kind in ("image/png", "image/svg+xml")
        ),
    )
    published = catalogue(replace(layer(), styles=(given, drawn)))
    with serving(live_of(filled, published)) as (_, port):
        yield port


def test_a_given_file_is_handed_out(port: int) -> None:
    """Its bytes, type and validator; for browsers on other sites too."""
    status, fields, body = ask(port, PATH)
    assert (status, fields["content-type"], body) == (200, "image/png", GIVEN)
    assert fields["cache-control"] == "max-age=3600"
    assert fields["access-control-allow-origin"] == "*"
    status, _, body = ask(port, PATH, f"If-None-Match: {fields['etag']}")
    assert (status, body) == (304, b"")
    status, headed, body = ask(port, PATH, method="HEAD")
    assert (status, body, headed["content-length"]) == (200, b"", str(len(GIVEN)))


def test_a_given_file_may_change(port: int, file: Path) -> None:
    """The operator's new picture would be seen after a restart only."""
    before = ask(port, PATH)[1]["etag"]
    file.write_bytes(GIVEN + b" again")
    status, fields, body = ask(port, PATH, f"If-None-Match: {before}")
    file.write_bytes(GIVEN)
    assert (status, body) == (200, GIVEN + b" again")
    assert fields["etag"] != before


@pytest.mark.parametrize(
    "name", ["legend-2.png", "legend-3.gif", "legend-4.png", "legend.fr.png", "legend.svg"]
)
def test_what_there_is_not_is_reported(port: int, name: str) -> None:
    """One elsewhere, one whose file is gone, others: 404 with a report, and no path in it."""
    status, fields, body = ask(port, f"/wmts/1.0.0/world/given/{name}", "Accept-Language: fr")
    assert (status, fields["content-type"]) == (404, "application/xml")
    (exception,) = assert_valid(body)
    assert exception.get("exceptionCode") == "NoApplicableCode"
    assert b"gone" not in body
    assert "légende".encode() in body


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("legend.png", b"world drawn en image/png"),
        ("legend.svg", b"world drawn en image/svg+xml"),
        ("legend.fr.png", b"world drawn fr image/png"),
        ("legend.fr.svg", b"world drawn fr image/svg+xml"),
    ],
)
def test_a_drawn_legend_comes_from_the_service(port: int, name: str, asked: bytes) -> None:
    """The wrong language or format would be drawn."""
    status, fields, body = ask(port, f"/wmts/1.0.0/world/drawn/{name}")
    assert (status, body) == (200, asked)
    assert fields["content-type"] == asked.split(b" ")[-1].decode()
