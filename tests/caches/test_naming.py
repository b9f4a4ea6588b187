"""Names of files from any text: safe everywhere, and no two texts share one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.caches.conformance.samples import HOSTILE
from tuilerie.caches.naming import dimension_segment, safe_name

ANY = st.text(st.characters(codec=None)) | st.sampled_from(HOSTILE)


@given(ANY, ANY)
def test_names_are_safe_and_apart(one, other):
    """A shared name would mix two layers' tiles; an unsafe one would leave the directory."""
    for text in (one, other):
        name = safe_name(text)
        assert re.fullmatch(r"[a-z0-9_~.-]{1,80}", name)
        assert not name.startswith(".")
        assert not name.endswith(".")
        assert safe_name(text) == name
    assert (safe_name(one) == safe_name(other)) == (one == other)


@given(ANY)
def test_case_makes_no_two_names_alike(text):
    """On a file system that ignores case, A and a must still be two files."""
    if text.lower() != text:
        assert safe_name(text).lower() != safe_name(text.lower()).lower()


@pytest.mark.parametrize("text", ["world", "relief_2020", "sentinel-2.l2a", "7", "_"])
def test_plain_names_stand_for_themselves(text):
    """An operator looks for the layer's name in the directory."""
    assert safe_name(text) == text


def test_names_stay_readable():
    """The stem says what it is even where the name cannot be the text."""
    assert safe_name("WebMercatorQuad").startswith("webmercatorquad~")
    assert safe_name("Carte d'état-major").startswith("carte-d-")
    assert dimension_segment("time", "2020-01-01") == "time=2020-01-01"
    assert dimension_segment("time", "T/..").startswith("time=t~")
