"""Assertions of the shipped examination are shown in full, as those of tests are."""

import pytest

pytest.register_assert_rewrite("tuilerie.caches.conformance")
