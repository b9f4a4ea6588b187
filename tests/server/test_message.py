"""What a client's headers say it wants."""

from __future__ import annotations

import pytest

from tuilerie.server.message import accepts, best_encoding, languages_of

XML = "application/xml"


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        (None, True),
        (b"", True),
        (b"*/*", True),
        (b"application/xml", True),
        (b"application/*;q=0.1", True),
        (b"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", True),
        (b"*", True),
        (b"image/png", False),
        (b"application/xml;q=0", False),
        (b"*/*, application/xml;q=0", False),
        (b"*/*;q=2", False),
    ],
)
def test_a_document_is_refused_only_to_clients_that_do_not_take_it(accept, taken):
    """Older Java clients, which write ".2" and "*", would get 406 instead of capabilities."""
    assert accepts(accept, XML) is taken


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [(None, ""), (b"gzip", "gzip"), (b"gzip;q=.5", "gzip"), (b"gzip;q=0", ""), (b"br", "")],
)
def test_gzip_is_sent_only_to_clients_that_take_it(accept, encoding):
    """A client that cannot inflate would see noise."""
    assert best_encoding(accept) == encoding


def test_languages_come_in_the_order_of_their_weights():
    """A French reader would get English titles."""
    assert languages_of(b"en;q=.5, fr-CA, *;q=0.1, de;q=0") == ("fr-ca", "en")
