"""The suite's Java machine sees schemas under their public addresses, and no other host."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from conformance.__main__ import SCHEMAS  # noqa: E402 - found by the line above
from conformance.offline import SchemaProxy, schema_proxy  # noqa: E402 - found by the line above


@pytest.fixture
def proxy() -> Iterator[SchemaProxy]:
    with schema_proxy(SCHEMAS) as running:
        yield running


def fetch(proxy: SchemaProxy, url: str) -> bytes:
    through = urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{proxy.port}"})
    with urllib.request.build_opener(through).open(url, timeout=10) as answer:
        return answer.read()


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("http://www.w3.org/2001/xml.xsd", "w3c/2001/xml.xsd"),
        ("http://www.w3.org/1999/xlink.xsd", "w3c/1999/xlink.xsd"),
        ("http://schemas.opengis.net/ows/1.1.0/owsAll.xsd", "ows/1.1.0/owsAll.xsd"),
    ],
)
def test_schemas_come_from_the_copies(proxy: SchemaProxy, url: str, file: str) -> None:
    """The suite would stop at its first schema on a machine without a network."""
    assert fetch(proxy, url) == (SCHEMAS / file).read_bytes()
    assert proxy.refused == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/2001/xml.xsd",
        "http://www.w3.org/2001/absent.xsd",
        "http://www.w3.org/../NOTICE.md",
        "http://www.w3.org/../../conftest.py",
        "http://www.w3.org/",
    ],
)
def test_everything_else_is_refused_and_told(proxy: SchemaProxy, url: str) -> None:
    """A verdict must not depend on what the world answers that day, nor files leak."""
    request = urllib.request.Request(url)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        fetch(proxy, request)
    refusal.value.close()
    assert refusal.value.code == 403
    assert len(proxy.refused) == 1
