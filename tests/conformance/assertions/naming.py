"""Tests by the names that they have in the suite: `Server.KVP.GET.GetTile.Mandatory`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.conformance.assertions.asking import Encoding

__all__ = ["assertion", "assertions"]


def assertion(name: str, encodings: Sequence[Encoding]) -> pytest.MarkDecorator:
    """Run a test of one assertion in each of these encodings."""
    return pytest.mark.parametrize(
        "encoding",
        [pytest.param(encoding, id=f"Server.{encoding.name}.{name}") for encoding in encodings],
    )


def assertions(
    argument: str, cases: Mapping[str, Any], encodings: Sequence[Encoding]
) -> pytest.MarkDecorator:
    """Run a test of several assertions, each with a value of its own."""
    return pytest.mark.parametrize(
        ("encoding", argument),
        [
            pytest.param(encoding, value, id=f"Server.{encoding.name}.{name}")
            for name, value in cases.items()
            for encoding in encodings
        ],
    )
